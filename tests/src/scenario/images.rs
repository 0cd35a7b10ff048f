//! What every scenario boots: the kernel, the initramfs with perch in it, and the test system.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use perch_core::session::UnionKind;

use super::{Boot, Program, union};
use crate::base::{self, cpio};
use crate::host::{cache_dir, command, kernel, packages, perch_init, run, workspace_dir};
use crate::initramfs::{Kind, foreign};

/// Names a ready initramfs to be used instead of building one, for work on the harness itself.
const OVERRIDE: &str = "PERCH_INITRAMFS";

/// Where the programs in the initramfs come from.
const PROGRAMS: &[&str] = &["dosfstools", "e2fsprogs", "exfatprogs", "ntfs-3g"];

/// The images all scenarios share.
pub struct Images {
    /// The kernel.
    pub kernel: kernel::Kernel,
    /// perch's own initramfs, of the default system.
    pub initramfs: PathBuf,
    /// The directory with the system's bundles.
    pub system: PathBuf,
    /// perch-init itself.
    program: PathBuf,
    /// The images of other kinds that were asked for.
    foreign: Mutex<Vec<(Kind, PathBuf)>>,
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
        let program = perch_init()?;
        let initramfs = match std::env::var_os(OVERRIDE) {
            Some(path) => PathBuf::from(path),
            None => build_initramfs(&kernel, &program)?,
        };
        Ok(Self {
            kernel,
            initramfs,
            system,
            program,
            foreign: Mutex::default(),
        })
    }

    /// A kernel with an image of its own, of whichever kind, in which perch is already.
    ///
    /// # Errors
    /// If the system cannot be made, or perch does not build.
    pub fn given(kernel: kernel::Kernel, initramfs: PathBuf) -> Result<Self> {
        Ok(Self {
            system: base::system(&kernel.version)?,
            program: perch_init()?,
            kernel,
            initramfs,
            foreign: Mutex::default(),
        })
    }

    /// The image of a kind, made when it is first asked for.
    ///
    /// # Errors
    /// As [`foreign`].
    pub fn of(&self, kind: Kind) -> Result<PathBuf> {
        if kind == Kind::Own {
            return Ok(self.initramfs.clone());
        }
        let mut made = self.foreign.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, image)) = made.iter().find(|(of, _)| *of == kind) {
            return Ok(image.clone());
        }
        let image = foreign(kind, &self.kernel, &self.program)?;
        made.push((kind, image.clone()));
        Ok(image)
    }

    /// Writes to `target` the initramfs of `boot`, of this kind: its system's version and edition, its programs.
    ///
    /// # Errors
    /// Those of reading and writing; if an image of its own cannot be made.
    pub fn initramfs_for(&self, kind: Kind, boot: &Boot, target: &Path) -> Result<()> {
        let base = match boot.image_options.as_slice() {
            [] => self.of(kind)?,
            options => {
                let root = target.with_extension("root");
                with_microcode(&self.kernel, &root)?;
                make_initramfs(&self.program, &self.kernel.version, &root, options, target)?;
                target.to_owned()
            }
        };
        let (version, edition) = &boot.system;
        let release = base::release(version, edition);
        let mut image =
            fs::read(&base).with_context(|| format!("cannot read {}", base.display()))?;
        cpio::append(&mut image, &cpio::segment("etc/minios-release", &release));
        if kind != Kind::Own {
            let program = fs::read(&self.program)?;
            let place = "usr/lib/perch/perch-init";
            cpio::append(&mut image, &cpio::segment_with(place, &program, 0o755));
        }
        for (path, program) in &boot.programs {
            let bytes = match program {
                Program::Text(text) => text.clone().into_bytes(),
                // Others have a shell of their own, and links in place of the directories for it.
                Program::Busybox if kind != Kind::Own => continue,
                Program::Busybox => fs::read(base::busybox()?)?,
            };
            let path = match kind != Kind::Own && path.starts_with("bin/") {
                true => &format!("usr/{path}"),
                false => path,
            };
            cpio::append(&mut image, &cpio::segment_with(path, &bytes, 0o755));
        }
        Ok(fs::write(target, image)?)
    }
}

/// Builds the initramfs that the scenarios share.
fn build_initramfs(kernel: &kernel::Kernel, program: &Path) -> Result<PathBuf> {
    packages::ensure(PROGRAMS)?;
    fs::create_dir_all(cache_dir())?;
    let file = cache_dir().join("initramfs.img");
    make_initramfs(program, &kernel.version, &kernel.root, &[], &file)?;
    Ok(file)
}

/// Makes an image as a user would: by `perch mkinitramfs`, with `program` as perch-init.
fn make_initramfs(
    program: &Path,
    version: &str,
    root: &Path,
    options: &[String],
    target: &Path,
) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut xtask = command(cargo);
    xtask.current_dir(workspace_dir());
    xtask.args(["xtask", "initramfs", "--kernel-version", version]);
    xtask.arg("--init").arg(program);
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
