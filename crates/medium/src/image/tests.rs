//! Images with real loaders, made by the real programs; what they do when they start is for the virtual machines.

use std::ops::ControlFlow;
use std::process::Command;

use perch_core::units::Mib;

use super::*;
use crate::menu::Menu;

/// Any file can be read as a kernel that has the magic.
fn order(dir: &Path, kind: Kind, bios: Bios) -> Order {
    let mut kernel = vec![0; 40_000];
    kernel[0x202..0x206].copy_from_slice(b"HdrS");
    fs::write(dir.join("vmlinuz"), kernel).unwrap();
    fs::write(dir.join("initrd"), "i").unwrap();
    fs::create_dir_all(dir.join("live/modules")).unwrap();
    fs::write(dir.join("live/00-core.sb"), [7; 9000]).unwrap();
    fs::write(dir.join("live/modules/10 my=own.sb"), "mine").unwrap();
    Order {
        from: Ingredients {
            live_name: "minios".into(),
            kernel: dir.join("vmlinuz"),
            initrd: dir.join("initrd"),
            bundles: vec![dir.join("live")],
            files: Vec::new(),
        },
        kind,
        bios,
        efi: Efi {
            arches: vec![Arch::X64, Arch::Ia32],
            given: Vec::new(),
        },
        label: "PERCH".into(),
        id: None,
        menu: Menu::default(),
        font: false,
    }
}

fn disk(table: Table, fs: Fs) -> Kind {
    Kind::Disk(DiskOrder {
        table,
        fs,
        size: Some(Mib(156)),
        sessions: Some(Mib(16)),
    })
}

/// Whether the packages are here: `cargo xtask test` installs them.
fn can_be_made() -> bool {
    [
        "/usr/lib/grub/i386-pc/boot.img",
        "/usr/lib/grub/i386-efi",
        "/usr/lib/ISOLINUX",
        "/usr/bin/mcopy",
    ]
    .iter()
    .all(|path| Path::new(path).exists())
}

fn made(order: Order, output: &Path) -> Plan {
    let plan = plan(order).unwrap();
    make(&plan, output, true, &mut |_| ControlFlow::Continue(())).unwrap();
    plan
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{program} {args:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_same_order_gives_the_same_bytes_and_sound_file_systems() {
    if !can_be_made() {
        return;
    }
    for (name, kind, bios) in [
        ("iso-grub", Kind::Iso, Bios::Grub),
        ("iso-isolinux", Kind::Iso, Bios::Syslinux),
        ("gpt-vfat-grub", disk(Table::Gpt, Fs::Vfat), Bios::Grub),
        (
            "mbr-vfat-syslinux",
            disk(Table::Mbr, Fs::Vfat),
            Bios::Syslinux,
        ),
        ("mbr-ext4-grub", disk(Table::Mbr, Fs::Ext4), Bios::Grub),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let images = ["one", "two"].map(|image| dir.path().join(image));
        let order = order(dir.path(), kind, bios);
        println!("{name}"); // where it fails
        let plan = made(order.clone(), &images[0]);
        made(order, &images[1]);
        let [one, two] = images.each_ref().map(|image| image.display().to_string());
        said("cmp", &[&one, &two]);
        assert_eq!(
            dir.path().read_dir().unwrap().count(),
            5,
            "{name}: something was left behind"
        );
        match plan.layout() {
            Some(layout) => check_disk(name, layout, &one),
            None => {
                let listed = said("xorriso", &["-indev", &one, "-find", "/minios/modules"]);
                assert!(listed.contains("/minios/modules/10 my=own.sb"), "{listed}");
                let table = said("sfdisk", &["--dump", &one]);
                assert_eq!(table.matches("type=").count(), 3, "{name}: {table}");
                assert!(!table.contains("label-id: 0x00000000"), "{name}: {table}");
            }
        }
    }
}

fn check_disk(name: &str, layout: &Layout, image: &str) {
    assert!(
        said("sfdisk", &["--verify", image]).contains("No errors"),
        "{name}"
    );
    for part in &layout.parts {
        let vfat = match part.role {
            Role::BiosBoot => continue,
            Role::Data => name.contains("vfat"),
            Role::Sessions => false,
            Role::Esp => true,
        };
        let place = part.start.to_string();
        if vfat {
            let slice = format!("{image}.slice");
            let skip = (part.start >> 20).to_string();
            let count = (part.length >> 20).to_string();
            let args = [
                ("if", image),
                ("of", &slice),
                ("bs", "1M"),
                ("skip", &skip),
                ("count", &count),
            ];
            let args = args.map(|(key, value)| format!("{key}={value}"));
            said("dd", &args.each_ref().map(String::as_str));
            said("fsck.vfat", &["-n", &slice]);
            let listed = said("mdir", &["-b", "-/", "-i", &format!("{image}@@{place}")]);
            assert!(listed.contains("EFI/BOOT/BOOTX64.EFI"), "{name}: {listed}");
            assert_eq!(
                listed.contains("10 my=own.sb"),
                part.role == Role::Data,
                "{listed}"
            );
        } else {
            let fs = format!("{image}?offset={place}");
            said("e2fsck", &["-fn", &fs]);
            let listed = said("debugfs", &["-R", "ls -p /minios/modules", &fs]);
            let owned = listed.contains("/100644/0/0/10 my=own.sb/4/");
            assert_eq!(owned, part.role == Role::Data, "{listed}");
        }
    }
}

#[test]
fn whoever_stops_it_finds_nothing_left() {
    if !can_be_made() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let order = order(dir.path(), disk(Table::Gpt, Fs::Vfat), Bios::Grub);
    let plan = plan(order).unwrap();
    let output = dir.path().join("out.img");
    let stopped = make(&plan, &output, false, &mut |_| ControlFlow::Break(()));
    assert_eq!(stopped.unwrap_err().code(), "interrupted");
    assert_eq!(dir.path().read_dir().unwrap().count(), 3);
}

#[test]
fn orders_that_no_medium_can_have_are_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let good = order(dir.path(), disk(Table::Gpt, Fs::Vfat), Bios::Grub);
    let refused = |change: &dyn Fn(&mut Order)| {
        let mut changed = good.clone();
        change(&mut changed);
        let error = plan(changed).unwrap_err();
        (error.code(), error.hint().unwrap_or_default())
    };
    let huge = dir.path().join("live/20-huge.sb");
    let file = fs::File::create(&huge).unwrap();
    file.set_len(4 << 30).unwrap();
    let (code, hint) = refused(&|_| {});
    assert_eq!(code, "file-too-long");
    assert!(hint.contains("--fs ext4"), "{hint}");
    fs::remove_file(&huge).unwrap();

    let none = |it: &mut Order| {
        it.bios = Bios::None;
        it.efi = Efi::default();
    };
    assert_eq!(refused(&none).0, "usage");
    assert_eq!(
        refused(&|it| it.label = "too long a label".into()).0,
        "bad-label"
    );
    assert_eq!(refused(&|it| it.from.bundles.clear()).0, "no-bundle");
    let small = |it: &mut Order| {
        it.kind = Kind::Disk(DiskOrder {
            table: Table::Mbr,
            fs: Fs::Vfat,
            size: Some(Mib(40)),
            sessions: None,
        });
    };
    assert_eq!(refused(&small).0, "bad-size");
    fs::write(dir.path().join("live/a:b.sb"), "").unwrap();
    assert_eq!(refused(&|_| {}).0, "bad-name");
}

#[test]
fn only_an_ordinary_file_is_replaced_and_only_if_that_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.img");
    for (path, replace, want) in [
        (file.as_path(), false, None),
        (dir.path(), true, Some("not-a-file")),
        (Path::new("/dev/null"), true, Some("not-a-file")),
    ] {
        let got = check_output(path, replace).err().map(|error| error.code());
        assert_eq!(got, want, "{}", path.display());
    }
    fs::write(&file, "mine").unwrap();
    assert_eq!(check_output(&file, false).unwrap_err().code(), "exists");
    assert!(check_output(&file, true).is_ok());
}
