#!/bin/sh
# The end of the test system, run as process 1: perch-test-shutdown VERB [HOW]. HOW is
#   systemd  (default) return to /run/initramfs as systemd-shutdown does, and run its program there
#   direct   run that program in its place, without any preparation
#   child    run it as another process, which is what inits do that cannot be replaced
# Without such a program everything is made read-only here.
export PATH=/bin:/sbin
verb=$1
how=${2:-systemd}
exec 3>&- </dev/null >/dev/console 2>&1

sync
if [ -x /run/initramfs/shutdown ]; then
	case $how in
	direct) exec /run/initramfs/shutdown "$verb" ;;
	child)
		/run/initramfs/shutdown "$verb" &
		while :; do wait; done
		;;
	esac
	# systemd, src/shared/switch-root.c: none of these binds is recursive, and nothing is shared.
	mount -o bind /run/initramfs /run/initramfs
	mount --make-rprivate /
	cd /run/initramfs # after the mount: the directory below it is another one
	mkdir -p oldroot proc sys dev run
	for dir in proc sys dev run; do
		mount -o bind "/$dir" "$dir"
	done
	pivot_root . oldroot && exec chroot . /shutdown "$verb" --timeout 90000000us --log-level 6
	echo "perch-test: cannot return to the initramfs"
fi

mount -o remount,ro /
# The newest mount first: a container is quiet before the file system its image lives on.
for dir in $(awk '$2 ~ "^/run/initramfs/" && $4 ~ "^rw" && $3 != "tmpfs" { print $2 }' /proc/mounts | tac); do
	umount "$dir" 2>/dev/null || mount -o remount,ro "$dir" 2>/dev/null
done
left=$(awk '$1 ~ "^/dev/" && $4 ~ "^rw" { print $2 }' /proc/mounts)
if [ -n "$left" ]; then
	echo "perch-test: still writable, forced read-only: $left"
	echo u >/proc/sysrq-trigger
	tries=100
	until dmesg | grep -q "Emergency Remount complete" || [ "$tries" -eq 0 ]; do
		tries=$((tries - 1))
		usleep 50000
	done
fi
"$verb" -f
