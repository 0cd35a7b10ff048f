//! The live medium: bundles, kernel, initial file system and boot menu, on a disk as `perch image` makes it.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use perch_medium::image::{self, Arch, Bios, DiskOrder, Efi, Fs, Ingredients, Kind, Order, Table};
use perch_medium::menu::Menu;
use perch_tests::host::kernel::Kernel;

use super::system;

/// Seconds the menu waits; a demo that misses its own menu would resume, which the checks notice.
const MENU_TIMEOUT: u32 = 10;
/// Kernel parameters of every entry. The last console is the one systemd and perch talk to. A panic ends the emulator
/// at once, with its text on the console, instead of after the longest wait.
const OPTIONS: &str = "boot=live quiet panic=1 console=tty0 console=ttyS0,115200";

/// What a medium is made from.
pub struct Parts {
    /// Its kernel.
    pub kernel: Kernel,
    /// The initial file system.
    pub initrd: PathBuf,
    /// The bundle with Debian.
    pub core: PathBuf,
    /// The program for the running system.
    pub perch: PathBuf,
}

/// Makes the disk `image`.
pub fn build(parts: &Parts, image: &Path, scratch: &Path) -> Result<()> {
    let bundles = scratch.join("bundles");
    fs::create_dir_all(&bundles).with_context(|| format!("cannot create {}", bundles.display()))?;
    system::bundles(parts, &bundles, scratch)?;
    let order = Order {
        from: Ingredients {
            live_name: "minios".into(),
            kernel: parts.kernel.vmlinuz.clone(),
            initrd: parts.initrd.clone(),
            bundles: vec![bundles],
            files: Vec::new(),
        },
        kind: Kind::Disk(DiskOrder {
            table: Table::Gpt,
            fs: Fs::Ext4,
            size: None,
            sessions: None,
        }),
        bios: Bios::Grub,
        efi: Efi {
            arches: vec![Arch::X64],
            given: Vec::new(),
        },
        label: "PERCH".into(),
        id: None,
        menu: boot_menu(),
        font: false,
    };
    let plan = image::plan(order)?;
    image::make(&plan, image, true, &mut |_| ControlFlow::Continue(()))?;
    Ok(())
}

/// What the boot menu offers.
fn boot_menu() -> Menu {
    Menu {
        title: "the perch demo".into(),
        options: OPTIONS.into(),
        timeout: Some(MENU_TIMEOUT),
        ..Menu::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use perch_medium::menu::{self, Loader};

    #[test]
    fn the_entries_are_those_of_the_contract_in_their_order() {
        let files = menu::render(&boot_menu(), Loader::Grub).unwrap();
        let menu = files.iter().find(|file| file.path.ends_with("grub.cfg"));
        let menu = &menu.unwrap().text;
        let mut entries = Vec::new();
        let mut lines = menu.lines();
        while let Some(line) = lines.next() {
            if let Some(rest) = line.strip_prefix("menuentry \"$") {
                let (variable, _) = rest.split_once('"').unwrap();
                let set = format!("    set {variable}='");
                // Without a font and a choice: in English.
                let title = menu
                    .lines()
                    .find_map(|line| line.strip_prefix(&set))
                    .unwrap();
                entries.push((title.trim_end_matches('\''), lines.next().unwrap().trim()));
            }
        }
        let want = [
            ("Resume previous session", "perch_live perchdir=resume"),
            ("Start a new session", "perch_live perchdir=new"),
            ("Choose session during startup", "perch_live perchdir=ask"),
            ("Fresh start", "perch_live"),
            ("Copy to RAM", "perch_live toram"),
        ];
        assert_eq!(entries, want);
        assert!(
            menu.contains("set default=resume\n") && menu.contains("set timeout=10\n"),
            "{menu}"
        );
        assert!(
            menu.contains(&format!("linux /minios/boot/vmlinuz {OPTIONS} ")),
            "{menu}"
        );
    }
}
