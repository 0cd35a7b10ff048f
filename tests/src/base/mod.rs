//! A live system small enough to boot in seconds: busybox in four bundles, an agent as its init.
//!
//! The bundles tell their own order: every one of them writes `/etc/perch-test/top` (the highest must win), each brings a
//! file of its own, and `02-extra` deletes one that `00-core` brought.

mod bundle;
pub mod cpio;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use perch_core::session::UnionKind;

use crate::host::{Key, cached, command, packages, run};
use crate::scenario::union;
pub use bundle::Bundle;

/// The packages the system is made with. `perch`, which some scenarios have in it, holds C code for zstd: as a static
/// program it wants musl's compiler.
pub const PACKAGES: &[&str] = &["busybox-static", "musl-tools", "squashfs-tools"];

/// The version the system calls itself unless a boot says otherwise.
pub const VERSION: &str = "5.1.1";
/// The edition the system calls itself unless a boot says otherwise.
pub const EDITION: &str = "standard";

/// What the agent writes to the kernel log when it starts; the end of the boot, for everyone who measures it.
pub const REAL_INIT: &str = "perch-test: real init";

/// Where each bundle's own mark is, followed by its leading number.
pub const MARK: &str = "/etc/perch-test/from-";

const AGENT: &str = include_str!("agent.sh");
const SHUTDOWN: &str = include_str!("shutdown.sh");

/// The directory that holds the system as `minios/…`, ready to be copied to a medium. Made once per kernel and content.
///
/// # Errors
/// If packages are missing or a bundle cannot be made.
pub fn system(kernel_version: &str) -> Result<PathBuf> {
    packages::ensure(PACKAGES)?;
    let busybox = busybox()?;
    let aufs = union::chosen()? == Some(UnionKind::Aufs);
    let key = Key::new("base 2")
        .with(kernel_version)
        .with(AGENT)
        .with(SHUTDOWN)
        .with(aufs)
        .with_file(&busybox)?;
    cached("base", &key, |dir| {
        let minios = dir.join("minios");
        fs::create_dir_all(minios.join("modules"))?;
        core(&busybox)?.write(&minios.join("00-core-amd64.sb"))?;
        let modules = format!("lib/modules/{kernel_version}/modules.dep");
        mark("01")
            .file(&modules, "")
            .write(&minios.join(format!("01-kernel-{kernel_version}.sb")))?;
        let deleted = "etc/perch-test/deleted-by-02";
        let extra = if aufs {
            mark("02").aufs_whiteout(deleted)
        } else {
            mark("02").whiteout(deleted)
        };
        extra.write(&minios.join("02-extra.sb"))?;
        mark("10").write(&minios.join("modules/10-user.sb"))?;
        Ok(())
    })
}

/// A bundle that says which one it is.
pub fn mark(number: &str) -> Bundle {
    Bundle::default()
        .file("etc/perch-test/top", number)
        .file(&format!("etc/perch-test/from-{number}"), number)
}

/// The file that says which system it is, `/etc/minios-release`.
pub fn release(version: &str, edition: &str) -> String {
    format!("NAME=\"MiniOS\"\nVERSION=\"{version}\"\nEDITION=\"{edition}\"\n")
}

fn core(busybox: &Path) -> Result<Bundle> {
    let release = release(VERSION, EDITION);
    let mut bundle = mark("00")
        .file("etc/perch-test/deleted-by-02", "still there")
        .file("etc/minios-release", &release)
        // systemd enters no other directory (systemctl(1), "switch-root").
        .file("etc/os-release", "ID=perch-test\n")
        .file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        .executable("sbin/init", AGENT.as_bytes())
        .executable("sbin/perch-test-shutdown", SHUTDOWN.as_bytes())
        .executable("bin/busybox", &fs::read(busybox)?);
    for dir in [
        "dev", "proc", "sys", "run", "tmp", "root", "home", "mnt", "var/log", "usr/bin",
    ] {
        bundle = bundle.directory(dir);
    }
    for applet in applets(busybox)? {
        bundle = bundle.link(&format!("bin/{applet}"), "busybox");
    }
    Ok(bundle)
}

/// Debian's static busybox; the package has moved between `/bin` and `/usr/bin`.
///
/// # Errors
/// If the package is not installed.
pub fn busybox() -> Result<PathBuf> {
    ["/bin/busybox", "/usr/bin/busybox"]
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
        .context("busybox-static is installed but there is no busybox")
}

fn applets(busybox: &Path) -> Result<Vec<String>> {
    let list = run(command(busybox).arg("--list"))?;
    let list = String::from_utf8_lossy(&list);
    Ok(list
        .lines()
        .filter(|name| !["busybox", "init"].contains(name))
        .map(str::to_owned)
        .collect())
}

/// Makes `path` executable for everyone.
fn make_executable(path: &Path) -> Result<()> {
    Ok(fs::set_permissions(
        path,
        fs::Permissions::from_mode(0o755),
    )?)
}

/// A symbolic link whose directory may be missing yet.
fn make_link(path: &Path, target: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(symlink(target, path)?)
}
