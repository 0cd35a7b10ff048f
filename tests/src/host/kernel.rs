//! The kernel that is tested: Debian's, or one given by path.
//!
//! Debian's is fetched as a package and unpacked, never installed, so no hook of the host runs.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::packages::{apt_get, update_lists};
use super::{Key, cached, command, packages, run};

mod given;

/// Names the kernel image to test with, in place of Debian's.
pub const KERNEL: &str = "PERCH_TEST_KERNEL";
/// Names the directory with the modules of that kernel.
pub const MODULES: &str = "PERCH_TEST_MODULES";

/// The package that depends on the current kernel of the distribution.
const META_PACKAGE: &str = "linux-image-amd64";

/// An unpacked kernel.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// Its release, as `uname -r` prints it.
    pub version: String,
    /// The kernel image, to be booted directly.
    pub vmlinuz: PathBuf,
    /// The unpacked package; the modules with depmod's files are in `lib/modules/<version>`.
    pub root: PathBuf,
}

impl Kernel {
    /// Whether the kernel has this module, built in or not; by depmod's lists.
    pub fn has_module(&self, name: &str) -> bool {
        let dir = self.root.join("lib/modules").join(&self.version);
        let lists = ["modules.dep", "modules.builtin"].map(|list| {
            let text = fs::read_to_string(dir.join(list)).unwrap_or_default();
            given::lists_module(&text, name)
        });
        lists.contains(&true)
    }
}

/// The kernel to test with: the one that [`KERNEL`] and [`MODULES`] name, else Debian's.
///
/// # Errors
/// If what is named is no kernel or has no modules; as [`debian`].
pub fn chosen() -> Result<Kernel> {
    match std::env::var_os(KERNEL) {
        Some(vmlinuz) => {
            let modules = std::env::var_os(MODULES).map(PathBuf::from);
            given::kernel(Path::new(&vmlinuz), modules.as_deref())
        }
        None => debian(),
    }
}

/// The kernel Debian installs by default on this release, from the cache or fetched through apt.
///
/// # Errors
/// If apt knows no such package, without a network, or if depmod fails.
pub fn debian() -> Result<Kernel> {
    packages::ensure(&["kmod"])?;
    let package = match current_package()? {
        Some(package) => package,
        None => {
            update_lists()?;
            current_package()?
                .with_context(|| format!("apt knows no kernel behind {META_PACKAGE}"))?
        }
    };
    let root = cached(
        "kernel",
        &Key::new("debian kernel 1").with(&package),
        |dir| unpack(&package, dir),
    )?;
    let modules = root.join("lib/modules");
    let version = only_name_in(&modules)?;
    let vmlinuz = root.join(format!("boot/vmlinuz-{version}"));
    ensure!(
        vmlinuz.exists(),
        "the package {package} holds no {}",
        vmlinuz.display()
    );
    Ok(Kernel {
        version,
        vmlinuz,
        root,
    })
}

/// `linux-image-6.1.0-…` as name and version, joined the way apt-get wants them; `None` with empty package lists.
fn current_package() -> Result<Option<String>> {
    let depends = run(command("apt-cache").args(["depends", "--important", META_PACKAGE]))?;
    let Some(name) = parse_dependency(&String::from_utf8_lossy(&depends)) else {
        return Ok(None);
    };
    let shown = run(command("apt-cache").args(["show", "--no-all-versions", &name]))?;
    let shown = String::from_utf8_lossy(&shown);
    let version = shown
        .lines()
        .find_map(|line| line.strip_prefix("Version: "));
    Ok(version.map(|version| format!("{name}={version}")))
}

fn parse_dependency(depends: &str) -> Option<String> {
    depends
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "))
        .find(|name| name.starts_with("linux-image-"))
        .map(str::to_owned)
}

fn unpack(package: &str, dir: &Path) -> Result<()> {
    let download = tempfile::tempdir_in(dir)?;
    // apt would otherwise drop to a user who cannot write below a private directory.
    let as_self = ["-o", "APT::Sandbox::User=root"];
    run(apt_get()
        .args(as_self)
        .args(["download", package])
        .current_dir(download.path()))?;
    let deb = download.path().join(only_name_in(download.path())?);
    run(command("dpkg-deb").arg("-x").arg(&deb).arg(dir))?;
    if !dir.join("lib").exists() {
        // Releases with a merged /usr package the modules below usr/lib.
        std::os::unix::fs::symlink("usr/lib", dir.join("lib"))?;
    }
    let version = only_name_in(&dir.join("lib/modules"))?;
    run(command("depmod").arg("-b").arg(dir).arg(version))?;
    Ok(())
}

fn only_name_in(dir: &Path) -> Result<String> {
    let names: Vec<_> = fs::read_dir(dir)
        .with_context(|| format!("cannot read {}", dir.display()))?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, _>>()?;
    match names.as_slice() {
        [name] => Ok(name.clone()),
        _ => bail!(
            "{} holds {names:?} where one entry was expected",
            dir.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_the_versioned_dependency() {
        let text =
            "linux-image-amd64\n  Depends: linux-base\n  Depends: linux-image-6.1.0-9-amd64\n";
        assert_eq!(
            parse_dependency(text).as_deref(),
            Some("linux-image-6.1.0-9-amd64")
        );
        assert_eq!(parse_dependency(""), None);
    }
}
