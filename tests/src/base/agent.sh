#!/bin/sh
# The init of the test system: tells the kernel log that it runs, then serves commands from the second serial port.
# One line in, "<n> <script in base64>"; one JSON object out (tests/src/vm/agent.rs). It never ends by itself.
export PATH=/bin:/sbin HOME=/root
set -o pipefail

# What the boot handed over is left as it is; only what is missing is mounted.
[ -e /proc/self ] || mount -t proc proc /proc
[ -e /sys/kernel ] || mount -t sysfs sysfs /sys
[ -c /dev/ttyS1 ] || mount -t devtmpfs devtmpfs /dev
grep -q ' /run ' /proc/mounts || mount -t tmpfs tmpfs /run
# Urgent, so that it is on the console of a quiet boot too.
echo "<1>perch-test: real init" >/dev/kmsg

exec 3<>/dev/ttyS1
stty raw -echo <&3
printf '{"event":"up","cmdline":"%s"}\n' "$(base64 </proc/cmdline | tr -d '\n')" >&3

while read -r number script <&3; do
	script=$(printf %s "$script" | base64 -d)
	case $script in
	# Words, not a script: the verb, and how the end is brought about.
	poweroff) exec /sbin/perch-test-shutdown poweroff ;;
	"end "*) exec /sbin/perch-test-shutdown ${script#end } ;;
	esac
	# The script's own output never touches a file of the guest, so that a check changes nothing it looks at.
	output=$(sh -c "$script" 2>&1 </dev/null | base64 | tr -d '\n')
	printf '{"n":%s,"rc":%s,"out":"%s"}\n' "$number" "$?" "$output" >&3
done
