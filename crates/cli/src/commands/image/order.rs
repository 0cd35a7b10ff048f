//! From arguments to an order.

use std::path::PathBuf;

use perch_medium::image::{
    Arch, Bios, DiskOrder, Efi, Fs, ImageError, Ingredients, Kind, Order, Table,
};
use perch_medium::menu::Menu;

use crate::args::image::{BiosWord, DiskArgs, EfiWord, FsWord, Image, KindWord, TableWord};

/// What the arguments ask for.
pub(super) fn order(args: Image) -> Result<Order, ImageError> {
    let kind = match args.kind {
        KindWord::Iso if is_given(&args.disk) => {
            return Err(ImageError::Contradiction(
                "--table, --fs, --size and --sessions are for --kind disk; leave them out, or add it",
            ));
        }
        KindWord::Iso => Kind::Iso,
        KindWord::Disk => Kind::Disk(disk(&args.disk)),
    };
    let boot = args.boot;
    Ok(Order {
        kind,
        bios: match boot.bios {
            BiosWord::Grub => Bios::Grub,
            BiosWord::Syslinux => Bios::Syslinux,
            BiosWord::None => Bios::None,
        },
        efi: efi(&boot.efi, &boot.efi_binary),
        label: args.label,
        id: args.uuid,
        menu: Menu {
            title: boot.title,
            options: boot.options,
            timeout: Some(boot.timeout),
            ..Menu::new(&args.live_name)
        },
        font: !boot.no_font,
        from: Ingredients {
            live_name: args.live_name,
            kernel: args.kernel,
            initrd: args.initrd,
            bundles: args.bundles,
            files: args.files,
        },
    })
}

fn is_given(disk: &DiskArgs) -> bool {
    disk.table.is_some() || disk.fs.is_some() || disk.size.is_some() || disk.sessions.is_some()
}

fn disk(args: &DiskArgs) -> DiskOrder {
    DiskOrder {
        table: match args.table {
            Some(TableWord::Mbr) => Table::Mbr,
            Some(TableWord::Gpt) | None => Table::Gpt,
        },
        fs: match args.fs {
            Some(FsWord::Ext4) => Fs::Ext4,
            Some(FsWord::Vfat) | None => Fs::Vfat,
        },
        size: args.size,
        sessions: args.sessions,
    }
}

/// Programs that are given take the place of GRUB.
fn efi(words: &[EfiWord], given: &[String]) -> Efi {
    let arch = |word: &EfiWord| match word {
        EfiWord::X64 => Some(Arch::X64),
        EfiWord::Ia32 => Some(Arch::Ia32),
        EfiWord::None => None,
    };
    let given: Vec<(String, PathBuf)> = given.iter().map(|text| named(text)).collect();
    let arches = match given.is_empty() {
        true => words.iter().filter_map(arch).collect(),
        false => Vec::new(),
    };
    Efi { arches, given }
}

/// `FILE` or `NAME=FILE`.
fn named(text: &str) -> (String, PathBuf) {
    match text.split_once('=') {
        Some((name, file)) => (name.to_owned(), file.into()),
        None => ("BOOT/BOOTX64.EFI".to_owned(), text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_programs_take_the_place_of_grub() {
        let all = [EfiWord::X64, EfiWord::Ia32];
        assert_eq!(efi(&all, &[]).arches, [Arch::X64, Arch::Ia32]);
        assert!(efi(&[EfiWord::None], &[]).is_empty());
        let given = efi(&all, &["shim.efi".into(), "BOOT/grubx64.efi=a=b".into()]);
        let want = [
            ("BOOT/BOOTX64.EFI", "shim.efi"),
            ("BOOT/grubx64.efi", "a=b"),
        ];
        let want = want.map(|(name, file)| (name.to_owned(), PathBuf::from(file)));
        assert!(given.arches.is_empty());
        assert_eq!(given.given, want);
    }
}
