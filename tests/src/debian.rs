//! A clean Debian with a kernel, to install packages in: made once, and never changed, since each use writes to a layer in
//! memory that is gone afterwards.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::host::{Key, cached, command, packages, run};

/// The release.
const RELEASE: &str = "bookworm";
/// What is in it beside the essential packages: a kernel for virtual machines, which has what perch needs at a tenth of
/// the usual size, and what our packages recommend, so that installing them needs no network.
const PACKAGES: &str = "initramfs-tools,linux-image-cloud-amd64,zstd,\
    e2fsprogs,squashfs-tools,dosfstools,exfatprogs,ntfs-3g";

/// Mounts the layer in memory over `$1`, and runs the script `$2` in it; `/exchange` there is the directory `$3`.
const ENTER: &str = r#"
set -e
mount -t tmpfs -o mode=0755 layer "$3/layer"
cd "$3/layer"
mkdir upper work root
mount -t overlay -o "lowerdir=$1,upperdir=upper,workdir=work" debian root
mount -t proc proc root/proc
mkdir root/exchange
mount --bind "$3/exchange" root/exchange
exec chroot root /bin/sh -e -c "$2"
"#;

/// The Debian.
pub struct Debian {
    root: PathBuf,
}

impl Debian {
    /// From the cache, or made by mmdebstrap in about a minute, with a network. Needs root.
    ///
    /// # Errors
    /// If packages are missing, without a network, or without root.
    pub fn prepare() -> Result<Self> {
        packages::ensure(&["mmdebstrap"])?;
        let key = Key::new("clean debian 1").with(RELEASE).with(PACKAGES);
        let dir = cached("debian/clean", &key, |dir| {
            run(command("mmdebstrap")
                .args(["--quiet", "--variant=minbase", "--format=directory"])
                .arg(format!("--include={PACKAGES}"))
                // Images are compared byte by byte; their times follow this one (initramfs-tools, since 0.130).
                .env("SOURCE_DATE_EPOCH", EPOCH)
                .arg(RELEASE)
                .arg(dir.join("root")))?;
            Ok(())
        })?;
        Ok(Self {
            root: dir.join("root"),
        })
    }

    /// Runs the shell script `script` as root in it, in a mount namespace of its own and with the directory `exchange` as
    /// `/exchange`. Nothing else of what it does stays.
    ///
    /// # Errors
    /// If a command of the script fails; the error holds what was printed.
    pub fn run(&self, script: &str, exchange: &Path) -> Result<()> {
        ensure!(
            exchange.join("exchange").is_dir() && exchange.join("layer").is_dir(),
            "{} lacks its directories exchange and layer",
            exchange.display()
        );
        run(command("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child"])
            .args(["sh", "-c", ENTER, "sh"])
            .arg(&self.root)
            .arg(script)
            .arg(exchange)
            .env("SOURCE_DATE_EPOCH", EPOCH)
            .env("DEBIAN_FRONTEND", "noninteractive"))?;
        Ok(())
    }

    /// The version of its kernel.
    ///
    /// # Errors
    /// If there is none.
    pub fn kernel_version(&self) -> Result<String> {
        let modules = std::fs::read_dir(self.root.join("lib/modules"))?;
        let version = modules.flatten().next().context("it has no kernel")?;
        Ok(version.file_name().to_string_lossy().into_owned())
    }

    /// The image of its kernel.
    ///
    /// # Errors
    /// If there is none.
    pub fn vmlinuz(&self) -> Result<PathBuf> {
        Ok(self
            .root
            .join(format!("boot/vmlinuz-{}", self.kernel_version()?)))
    }

    /// Its root directory, to be read only.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// The time of everything that is made in it, in seconds since 1970.
const EPOCH: &str = "1763733558";
