#!/bin/sh
# A clean power-off, run as process 1. If the boot left a shutdown program in /run/initramfs it is used the way systemd
# does (systemd, bootup(7), "The initrd"): the old root is handed to it. Otherwise everything is made read-only here.
export PATH=/bin:/sbin
exec 3>&- </dev/null >/dev/console 2>&1

sync
if [ -x /run/initramfs/shutdown ]; then
	grep -q ' /run/initramfs ' /proc/mounts || mount -o rbind /run/initramfs /run/initramfs
	cd /run/initramfs # after the mount: the directory below it is another one
	mkdir -p oldroot proc sys dev run
	for dir in proc sys dev run; do
		# Not recursive: a mount below these must not survive in a copy and keep a file system busy.
		mount -o bind "/$dir" "$dir"
	done
	pivot_root . oldroot && exec chroot . /shutdown poweroff
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
poweroff -f
