//! live-boot's initramfs, made by Debian's own tools in a Debian of its own.

use std::path::PathBuf;

use anyhow::Result;
use perch_tests::host::{Key, cached, command, packages, run};
use perch_tests::scenario::Images;

/// The release whose kernel the machines run.
const RELEASE: &str = "bookworm";
/// What makes the initramfs; zstd is what initramfs-tools recommends and Debian's live images have. That all drivers
/// go into it (`MODULES=most`) is the default of initramfs-tools.
const PACKAGES: &str = "live-boot,live-boot-initramfs-tools,initramfs-tools,zstd";

/// Builds it, which takes some minutes, or finds it in the cache.
pub fn initramfs(images: &Images) -> Result<PathBuf> {
    packages::ensure(&["mmdebstrap"])?;
    let version = &images.kernel.version;
    let name = format!("initrd.img-{version}");
    let key = Key::new("bench live-boot 1")
        .with(version)
        .with(RELEASE)
        .with(PACKAGES);
    let dir = cached("bench/live-boot", &key, |dir| {
        let mut bootstrap = command("mmdebstrap");
        bootstrap.args(["--quiet", "--variant=minbase", "--format=null"]);
        bootstrap.arg(format!("--include={PACKAGES},linux-image-{version}"));
        // Installing the kernel makes the initramfs; it is all that is wanted of this Debian.
        bootstrap.arg(format!(
            "--customize-hook=copy-out /boot/{name} '{}'",
            dir.display()
        ));
        run(bootstrap.args([RELEASE, "-"]))?;
        Ok(())
    })?;
    Ok(dir.join(name))
}
