//! The demo's disk on the user's own terminal, boot menu included. The disk is a copy that keeps what is done on it.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use perch_tests::host::command;

use super::settings::PASSWORD;

/// Runs the machine until the user ends it.
pub fn run(disk: &Path) -> Result<()> {
    println!(
        "Log in as root, password {PASSWORD}. `reboot` shows the menu again, `poweroff` ends the machine, Ctrl-A X at once."
    );
    println!(
        "The disk is {}; it is kept until `cargo xtask demo --clean`.\n",
        disk.display()
    );
    // QEMU ends an option's value at a comma unless it is doubled (qemu-system-x86_64(1)).
    let drive = format!(
        "if=virtio,format=raw,file={}",
        disk.display().to_string().replace(',', ",,")
    );
    let status = command("qemu-system-x86_64")
        .args([
            "-machine", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "1024",
        ])
        .args([
            "-nodefaults",
            "-nic",
            "none",
            "-display",
            "none",
            "-serial",
            "mon:stdio",
            "-drive",
            &drive,
        ])
        .status()
        .context("cannot start qemu-system-x86_64")?;
    ensure!(status.success(), "qemu-system-x86_64 ended with {status}");
    Ok(())
}
