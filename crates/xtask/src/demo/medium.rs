//! The content of the live medium: bundles, kernel, initial file system, boot menu; and the disk made of it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use perch_tests::host::kernel::Kernel;
use perch_tests::host::workspace_dir;

use super::{disk, system};

/// Room on the data partition for sessions, in MiB.
const FREE_MIB: u64 = 512;
/// Seconds the menu waits; a demo that misses its own menu would resume, which the checks notice.
const MENU_TIMEOUT: &str = "10";
/// Kernel parameters of every entry. The last console is the one systemd and perch talk to. A panic ends the emulator
/// at once, with its text on the console, instead of after the longest wait.
const OPTIONS: &str = "boot=live quiet panic=1 console=tty0 console=ttyS0,115200";

/// Makes the disk `image` from `kernel` and the initial file system `initrd`.
pub fn build(kernel: &Kernel, initrd: &Path, image: &Path, scratch: &Path) -> Result<()> {
    let tree = scratch.join("medium");
    let live = tree.join("minios");
    for dir in ["minios/boot", "minios/changes", "boot/grub"] {
        let dir = tree.join(dir);
        fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    }
    system::bundles(kernel, &live, scratch)?;
    for (from, to) in [
        (kernel.vmlinuz.as_path(), "vmlinuz"),
        (initrd, "initrd.img"),
    ] {
        fs::copy(from, live.join("boot").join(to))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    let menu = tree.join("boot/grub/grub.cfg");
    fs::write(&menu, boot_menu()?).with_context(|| format!("cannot write {}", menu.display()))?;
    disk::build(image, &tree, FREE_MIB, scratch)
}

/// The template of the boot menu, filled in.
fn boot_menu() -> Result<String> {
    let path: PathBuf = workspace_dir().join("grub/grub.cfg.in");
    let template =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    // Comments name the words to be filled in, and stay behind.
    let code: Vec<&str> = template
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect();
    let menu = code
        .join("\n")
        .replace("@TIMEOUT@", MENU_TIMEOUT)
        .replace("@OPTIONS@", OPTIONS)
        + "\n";
    ensure!(
        !menu.contains(" @") && !menu.contains("=@"),
        "{} has words that nobody fills in",
        path.display()
    );
    Ok(menu)
}

#[cfg(test)]
mod tests {
    use super::*;
    use perch_tests::host::{command, packages, run};

    #[test]
    fn grub_understands_the_menu() {
        packages::ensure(&["grub-common"]).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("grub.cfg");
        fs::write(&file, boot_menu().unwrap()).unwrap();
        run(command("grub-script-check").arg(&file)).unwrap();
    }

    #[test]
    fn the_entries_are_those_of_the_contract_in_their_order() {
        let menu = boot_menu().unwrap();
        let mut entries = Vec::new();
        let mut lines = menu.lines();
        while let Some(line) = lines.next() {
            if let Some(rest) = line.strip_prefix("menuentry \"") {
                let (title, _) = rest.split_once('"').unwrap();
                entries.push((title, lines.next().unwrap().trim()));
            }
        }
        let want = [
            ("Resume previous session", "live perchdir=resume"),
            ("Start a new session", "live perchdir=new"),
            ("Choose session during startup", "live perchdir=ask"),
            ("Fresh start", "live"),
            ("Copy to RAM", "live toram"),
        ];
        assert_eq!(entries, want);
        assert!(
            menu.contains("set default=resume\n") && menu.contains("set timeout=10\n"),
            "{menu}"
        );
        assert!(
            menu.contains(&format!("linux /minios/boot/vmlinuz {OPTIONS} $@")),
            "{menu}"
        );
    }
}
