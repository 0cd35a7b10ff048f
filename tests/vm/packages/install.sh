# Run in a clean Debian: the packages in /exchange are installed, used and purged. What was found is left in /exchange.

# Every file with its content, everything else with what it is; but for what dpkg, apt and ldconfig keep for themselves.
everything() {
    cd /
    set -- -xdev \( -path ./exchange -o -path ./proc -o -path ./tmp -o -path ./var/cache -o -path ./var/log \
        -o -path ./var/lib/apt -o -path ./var/lib/dpkg \) -prune -o
    find . "$@" -printf '%p %y %m %U %G %l\n' | sort
    find . "$@" -type f -exec sha256sum {} + | sort -k 2
    # Packages, and the files that dpkg keeps for them.
    dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'
    ls /var/lib/dpkg/info
}
everything >/exchange/before

cp /exchange/*.deb /tmp
cd /tmp
apt-get install -y ./perch*.deb
update-initramfs -u

cp /boot/initrd.img-* /exchange/initrd.img
lsinitramfs /boot/initrd.img-* >/exchange/content
for name in perch minios-session dynfilefs mount.dynfilefs; do
    "$name" --help >/dev/null
done
# polkit lets anybody at the machine run this as root.
if /usr/libexec/perch/minios-session-read dynfilefs info /etc/passwd 2>/exchange/refused; then
    exit 1
fi

apt-get purge -y perch perch-initramfs
everything >/exchange/after
