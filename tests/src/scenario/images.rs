//! What every scenario boots: the kernel, the initramfs with perch in it, and the test system.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use perch_core::session::UnionKind;

use super::{Boot, Program, union};
use crate::base::{self, cpio};
use crate::host::{cache_dir, command, kernel, packages, run, workspace_dir};

/// Names a ready initramfs to be used instead of building one, for work on the harness itself.
const OVERRIDE: &str = "PERCH_INITRAMFS";

/// Where the programs in the initramfs come from.
const PROGRAMS: &[&str] = &["dosfstools", "e2fsprogs", "exfatprogs", "ntfs-3g"];

/// The images all scenarios share.
pub struct Images {
    /// The kernel.
    pub kernel: kernel::Kernel,
    /// The initramfs of the default system.
    pub initramfs: PathBuf,
    /// The directory with the system's bundles.
    pub system: PathBuf,
}

impl Images {
    /// Fetches or builds them.
    ///
    /// # Errors
    /// If packages are missing, without a network, or if perch does not build.
    pub fn prepare() -> Result<Self> {
        let kernel = kernel::chosen()?;
        if union::chosen()? == Some(UnionKind::Aufs) {
            ensure!(
                kernel.has_module("aufs"),
                "kernel {} has no aufs; name one that has: cargo xtask test --kernel FILE --kernel-modules DIR --union aufs",
                kernel.version
            );
        }
        let system = base::system(&kernel.version)?;
        let initramfs = match std::env::var_os(OVERRIDE) {
            Some(path) => PathBuf::from(path),
            None => build_initramfs(&kernel)?,
        };
        Ok(Self {
            kernel,
            initramfs,
            system,
        })
    }

    /// Writes to `target` the initramfs of `boot`: its system's version and edition, its programs.
    ///
    /// # Errors
    /// Those of reading and writing; if an image of its own cannot be made.
    pub fn initramfs_for(&self, boot: &Boot, target: &Path) -> Result<()> {
        let base = match boot.image_options.as_slice() {
            [] => &self.initramfs,
            options => {
                let root = target.with_extension("root");
                with_microcode(&self.kernel, &root)?;
                make_initramfs(&self.kernel.version, &root, options, target)?;
                target
            }
        };
        let (version, edition) = &boot.system;
        let release = format!("NAME=\"MiniOS\"\nVERSION=\"{version}\"\nEDITION=\"{edition}\"\n");
        let mut image =
            fs::read(base).with_context(|| format!("cannot read {}", base.display()))?;
        cpio::append(&mut image, &cpio::segment("etc/minios-release", &release));
        for (path, program) in &boot.programs {
            let bytes = match program {
                Program::Text(text) => text.clone().into_bytes(),
                Program::Busybox => fs::read(base::busybox()?)?,
            };
            cpio::append(&mut image, &cpio::segment_with(path, &bytes, 0o755));
        }
        Ok(fs::write(target, image)?)
    }
}

/// Builds the initramfs that the scenarios share.
fn build_initramfs(kernel: &kernel::Kernel) -> Result<PathBuf> {
    packages::ensure(PROGRAMS)?;
    fs::create_dir_all(cache_dir())?;
    let file = cache_dir().join("initramfs.img");
    make_initramfs(&kernel.version, &kernel.root, &[], &file)?;
    Ok(file)
}

/// Makes an image as a user would: by `perch mkinitramfs`, for which the project's own command builds perch-init first.
fn make_initramfs(version: &str, root: &Path, options: &[String], target: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut xtask = command(cargo);
    xtask.current_dir(workspace_dir());
    xtask.args(["xtask", "initramfs", "--kernel-version", version]);
    xtask.arg("--root").arg(root).arg("--output").arg(target);
    xtask.args(["--programs-root", "/", "--system-name", "MiniOS"]);
    xtask.args(["--system-version", base::VERSION]);
    xtask.args(["--system-edition", base::EDITION]);
    run(xtask.args(options))?;
    Ok(())
}

/// Makes in `root` a system that has `kernel`, and a piece of microcode for a processor of Intel's. An emulated
/// processor takes none: only its place in the image matters.
fn with_microcode(kernel: &kernel::Kernel, root: &Path) -> Result<()> {
    let firmware = root.join("lib/firmware/intel-ucode");
    fs::create_dir_all(&firmware)?;
    fs::write(firmware.join("06-9e-0a"), [0x5a; 2048])?;
    for part in ["lib/modules", "boot"] {
        let whole = std::path::absolute(kernel.root.join(part))?;
        symlink(whole, root.join(part))?;
    }
    Ok(())
}
