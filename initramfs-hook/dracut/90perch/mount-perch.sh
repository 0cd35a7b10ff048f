#!/bin/sh
# Sourced at the mount stage (dracut.bootup(7)), up to twenty times. perch-init does it all; switching to the new root and
# choosing its init stays with dracut.

# shellcheck disable=SC2154
if [ "$root" = perch ] && ! ismounted "$NEWROOT"; then
    /usr/lib/perch/perch-init mount --root "$NEWROOT" || die "perch has no system to start; what it found is above."
fi
