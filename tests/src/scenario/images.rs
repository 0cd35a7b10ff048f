//! What every scenario boots: the kernel, the initramfs with perch in it, and the test system.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use perch_core::session::UnionKind;

use super::{Program, union};
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

    /// Writes to `target` an initramfs whose system calls itself `version` and `edition`, with programs added.
    ///
    /// # Errors
    /// Those of reading and writing.
    pub fn initramfs_for(
        &self,
        (version, edition): (&str, &str),
        programs: &[(String, Program)],
        target: &Path,
    ) -> Result<()> {
        let release = format!("NAME=\"MiniOS\"\nVERSION=\"{version}\"\nEDITION=\"{edition}\"\n");
        let mut image = fs::read(&self.initramfs)
            .with_context(|| format!("cannot read {}", self.initramfs.display()))?;
        cpio::append(&mut image, &cpio::segment("etc/minios-release", &release));
        for (path, program) in programs {
            let bytes = match program {
                Program::Text(text) => text.clone().into_bytes(),
                Program::Busybox => fs::read(base::busybox()?)?,
            };
            cpio::append(&mut image, &cpio::segment_with(path, &bytes, 0o755));
        }
        Ok(fs::write(target, image)?)
    }
}

/// Builds the initramfs with the project's own command, as a user would.
fn build_initramfs(kernel: &kernel::Kernel) -> Result<PathBuf> {
    packages::ensure(PROGRAMS)?;
    fs::create_dir_all(cache_dir())?;
    let file = cache_dir().join("initramfs.img");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut xtask = command(cargo);
    xtask.current_dir(workspace_dir()).args([
        "xtask",
        "initramfs",
        "--kernel-version",
        &kernel.version,
    ]);
    xtask
        .arg("--root")
        .arg(&kernel.root)
        .arg("--output")
        .arg(&file);
    xtask.args(["--programs-root", "/", "--system-name", "MiniOS"]);
    xtask.args([
        "--system-version",
        base::VERSION,
        "--system-edition",
        base::EDITION,
    ]);
    run(&mut xtask)?;
    Ok(file)
}
