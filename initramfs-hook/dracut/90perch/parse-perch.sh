#!/bin/sh
# Sourced at the cmdline stage (dracut.bootup(7)): boot=perch asks for perch. So do boot=live and from=, unless root= names
# another root. Without either, nothing here has any effect.

perch_boot=$(getarg boot=)
if [ "$perch_boot" = perch ] || { [ -z "$root" ] && { [ "$perch_boot" = live ] || getarg from= > /dev/null; }; }; then
    # No device is waited for: perch finds it, and says what it waits for.
    root=perch
    # shellcheck disable=SC2034
    rootok=1
fi
unset perch_boot
