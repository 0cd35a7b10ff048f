//! `cargo xtask initramfs`: builds perch-init from this very source, and makes an image with it by `perch mkinitramfs`,
//! whose options these are.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use perch_tests::host::perch_init;

/// Runs the command with the arguments that follow its name.
pub fn run(mut args: lexopt::Parser) -> Result<()> {
    let given: Vec<OsString> = args.raw_args()?.collect();
    let mut words: Vec<OsString> = vec!["perch".into(), "mkinitramfs".into()];
    let names_or_asks = |word: &OsString| {
        let word = word.to_string_lossy();
        word.starts_with("--init") || matches!(&*word, "--help" | "-h")
    };
    if !given.iter().any(names_or_asks) {
        words.extend(["--init".into(), perch_init()?.into_os_string()]);
    }
    words.extend(given);
    let status = perch_cli::main(words);
    ensure!(status == ExitCode::SUCCESS, "no image was made");
    Ok(())
}
