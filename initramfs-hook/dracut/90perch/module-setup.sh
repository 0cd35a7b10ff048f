#!/bin/bash
# dracut.modules(7): puts perch into the image, if it is asked for: dracut --no-hostonly --add perch

check() {
    # Only by name: an image for the machine it is made on has no use for it.
    return 255
}

depends() {
    echo base
}

installkernel() {
    # shellcheck source=/dev/null
    . /usr/lib/perch/functions
    # The medium may be plugged into any other machine. Patterns have been matched already.
    # shellcheck disable=SC2046,SC2154
    hostonly='' instmods -s $(perch_modules "${srcmods:-/lib/modules/$kernel}")
}

install() {
    # shellcheck source=/dev/null
    . /usr/lib/perch/functions
    # shellcheck disable=SC2046
    inst_multiple /usr/lib/perch/perch-init $(perch_programs) $(perch_files)
    # shellcheck disable=SC2154
    inst_hook cmdline 30 "$moddir/parse-perch.sh"
    # shellcheck disable=SC2154
    inst_hook mount 30 "$moddir/mount-perch.sh"
}
