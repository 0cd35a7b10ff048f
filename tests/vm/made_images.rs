//! Images that `perch mkinitramfs` makes in other ways than the one which all other scenarios boot.

use perch_tests::scenario::{Boot, Scenario};

/// Says whether the image began with microcode: the kernel leaves the early archive's files in its first root.
const SAY: &str = "#!/bin/sh\n\
    test -s /kernel/x86/microcode/GenuineIntel.bin && echo microcode is there\n\
    test ! -e /kernel/x86/microcode/AuthenticAMD.bin && echo of one maker\n";

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new("an image with microcode and modules for one machine boots")
            .only_own_initramfs("the images are what it is about")
            .only_overlayfs("the image has the modules of one union")
            .boot(
                Boot::with("perch")
                    .image_made_with(&[
                        "--modules=virtio_pci,virtio_blk,loop,squashfs,overlay,ext4",
                        "--programs=none",
                    ])
                    .image_shell()
                    .program("etc/perch/hooks/after-data.d/10-say", SAY)
                    .noted(&["after-data/10-say: microcode is there"])
                    .noted(&["after-data/10-say: of one maker"])
                    .in_session("1", "native")
                    .sh("echo kept >/kept"),
            )
            .boot(kept(&["--compress=xz"]))
            .boot(kept(&["--compress=gzip", "--pack=zstd"])),
    ]
}

/// A boot of an image that few machines need more than, in another form.
fn kept(options: &[&str]) -> Boot {
    let common = ["--modules=common", "--programs=none", "--microcode=none"];
    Boot::with("perch")
        .image_made_with(&[&common, options].concat())
        .in_session("1", "native")
        .expect_sh("cat /kept", "kept")
}
