//! The target that everything for the initramfs is built for: static, without a C library to install.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{command, run, workspace_dir};

/// Its name as rustc has it.
pub const STATIC_TARGET: &str = "x86_64-unknown-linux-musl";

/// Makes sure that programs can be built for [`STATIC_TARGET`]. `rust-toolchain.toml` names it, but rustup does not add
/// a target to a toolchain that is there already where automatic installation is switched off.
///
/// # Errors
/// If its standard library is missing and rustup cannot get it; the error names the command.
pub fn ensure_static_target() -> Result<()> {
    let sysroot = run(command("rustc")
        .args(["--print", "sysroot"])
        .current_dir(workspace_dir()))?;
    let sysroot = String::from_utf8_lossy(&sysroot);
    let library = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(STATIC_TARGET);
    if library.join("lib").is_dir() {
        return Ok(());
    }
    run(command("rustup")
        .args(["target", "add", STATIC_TARGET])
        .current_dir(workspace_dir()))
    .with_context(|| {
        format!("the Rust target {STATIC_TARGET} is missing and cannot be added by rustup")
    })?;
    Ok(())
}

/// Builds a program of `package` that needs nothing of the system it runs on; returns where it is.
///
/// # Errors
/// If it does not build.
pub fn static_program(package: &str, name: &str) -> Result<PathBuf> {
    ensure_static_target()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(command(cargo)
        .current_dir(workspace_dir())
        .args(["build", "--quiet", "--release", "--target", STATIC_TARGET])
        .args(["--package", package, "--bin", name]))?;
    let target = workspace_dir().join("target").join(STATIC_TARGET);
    Ok(target.join("release").join(name))
}

/// Builds perch-init as it is shipped; returns where it is.
///
/// # Errors
/// If it does not build.
pub fn perch_init() -> Result<PathBuf> {
    static_program("perch-boot", "perch-init")
}
