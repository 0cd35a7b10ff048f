//! Media as `perch image` makes them, started by their own boot loaders: each entry of the menu does what it says.

use perch_medium::image::{Bios, Table};
use perch_tests::disk::{EXT4, GROWABLE, ISO9660, Medium, VFAT};
use perch_tests::scenario::{Boot, Loaders, Offline, PartSpec, Scenario, StoreAt};
use perch_tests::vm::Firmware;

/// The first and the last entry, on a terminal of 80 by 24.
const MENU: [&str; 2] = ["Resume previous session", "Copy to RAM"];
const QUESTION: &str = "Which session do you want to open?";

const GRUB: Loaders = Loaders {
    firmware: Firmware::Bios,
    bios: Bios::Grub,
    table: Table::Gpt,
    confirm: "",
    options: "",
};
/// Its menu only goes to an entry by its letter.
const SYSLINUX: Loaders = Loaders {
    bios: Bios::Syslinux,
    confirm: "\r",
    ..GRUB
};

/// The entry with this letter, picked on the serial line.
fn picks(key: &str, loaders: Loaders) -> Boot {
    Boot::with(&format!("entry {key}"))
        .when_shown(&MENU)
        .type_keys(&format!("{key}{}", loaders.confirm))
}

/// Four boots: a new session by its entry, the same one by itself, by the question, and none of it from a fresh start.
fn each_entry(scenario: Scenario, loaders: Loaders, mode: &str) -> Scenario {
    scenario
        .started_by(loaders)
        .boot(
            picks("n", loaders)
                .sh("echo one >/keep")
                .in_session("1", mode)
                .boot_json("/outcome/new", true),
        )
        .boot(
            Boot::with("nobody picks an entry")
                .expect_sh("cat /keep", "one")
                .sh("echo two >/keep")
                .in_session("1", mode)
                .boot_json("/outcome/new", false),
        )
        .boot(
            picks("s", loaders)
                .when_shown(&[QUESTION, "*  1"])
                .type_keys("1\r")
                .expect_sh("cat /keep", "two")
                .in_session("1", mode),
        )
        .boot(
            picks("f", loaders)
                .sh("test ! -e /keep")
                .boot_json("/outcome/status", "ram"),
        )
}

fn disk(name: &str, medium: Medium, size_mib: u64, loaders: Loaders) -> Scenario {
    let mode = match medium.name {
        "vfat" => "dynfilefs",
        _ => "native",
    };
    let scenario = Scenario::new(name).medium(medium).size_mib(size_mib);
    let scenario = each_entry(scenario.label("PERCH"), loaders, mode);
    match mode {
        "native" => scenario.store_file("1/changes/keep", "two"),
        _ => scenario.store_container_unmounted("1/changes.dat"),
    }
}

/// Sessions are in the partition that perch grows in the first boot.
fn stick_of_disc(name: &str, loaders: Loaders) -> Scenario {
    let loaders = Loaders {
        options: "perchgrow",
        ..loaders
    };
    let scenario = Scenario::new(name)
        .medium(ISO9660)
        .label("PERCH")
        .partition(PartSpec::new(VFAT, "PERCHEFI", 0))
        .partition(PartSpec::new(GROWABLE, "resizeme", 0));
    each_entry(scenario, loaders, "native").offline_at(
        StoreAt::new(0, 3, ""),
        Offline::File {
            path: "1/changes/keep".into(),
            text: "two".into(),
        },
    )
}

pub fn scenarios() -> Vec<Scenario> {
    let uefi = |loaders| Loaders {
        firmware: Firmware::Uefi,
        ..loaders
    };
    let mbr = |loaders| Loaders {
        table: Table::Mbr,
        ..loaders
    };
    vec![
        disk("GRUB starts each entry from BIOS", EXT4, 192, GRUB),
        disk("GRUB starts each entry from UEFI", VFAT, 512, uefi(GRUB)),
        disk(
            "SYSLINUX starts each entry from FAT",
            VFAT,
            512,
            mbr(SYSLINUX),
        ),
        disk("EXTLINUX starts each entry from ext4", EXT4, 192, SYSLINUX),
        stick_of_disc("ISOLINUX starts each entry from a stick", SYSLINUX),
        stick_of_disc("GRUB starts each entry from a stick of a disc", uefi(GRUB)),
        // Firmware of 32 bits, and the table and file system that the others leave out.
        Scenario::new("GRUB of 32 bits starts a system of 64")
            .label("PERCH")
            .started_by(Loaders {
                firmware: Firmware::Uefi32,
                ..mbr(GRUB)
            })
            .boot(
                picks("n", GRUB)
                    .sh("echo one >/keep")
                    .expect_sh("cat /sys/firmware/efi/fw_platform_size", "32")
                    .in_session("1", "native"),
            )
            .store_file("1/changes/keep", "one"),
    ]
}
