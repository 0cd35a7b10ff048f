//! `cargo xtask initramfs`: builds perch-init from this very source, and makes an image with it by `perch mkinitramfs`,
//! whose options these are.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use perch_tests::host::{STATIC_TARGET, ensure_static_target};

/// Runs the command with the arguments that follow its name.
pub fn run(mut args: lexopt::Parser) -> Result<()> {
    let given: Vec<OsString> = args.raw_args()?.collect();
    let mut words: Vec<OsString> = vec!["perch".into(), "mkinitramfs".into()];
    let names_or_asks = |word: &OsString| {
        let word = word.to_string_lossy();
        word.starts_with("--init") || matches!(&*word, "--help" | "-h")
    };
    if !given.iter().any(names_or_asks) {
        words.extend(["--init".into(), build_program()?.into_os_string()]);
    }
    words.extend(given);
    let status = perch_cli::main(words);
    ensure!(status == ExitCode::SUCCESS, "no image was made");
    Ok(())
}

/// Builds perch-init as it is shipped and tells where it is.
pub fn build_program() -> Result<PathBuf> {
    ensure_static_target()?;
    // The workspace of this very source: the command works from any directory.
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let done = Command::new(cargo)
        .current_dir(workspace)
        .args(["build", "--release", "--quiet", "--package", "perch-boot"])
        .args([
            "--target",
            STATIC_TARGET,
            "--message-format",
            "json-render-diagnostics",
        ])
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(
        done.status.success(),
        "perch-init does not build ({})",
        done.status
    );
    // Cargo says where: the target directory is a matter of configuration.
    let messages = String::from_utf8_lossy(&done.stdout);
    let executable = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)))
        .next_back();
    executable.context("cargo does not tell where perch-init is")
}
