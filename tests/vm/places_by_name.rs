//! The medium under each name that stays the same on every machine, without udev: by drive, by partition, by
//! file system. A name that matched nothing would end in the screen for a missing system.

use perch_tests::disk::{EXT4, Table, VFAT};
use perch_tests::scenario::{Boot, PartSpec, Scenario};
use perch_tests::vm::Bus;

pub fn scenarios() -> Vec<Scenario> {
    let boot = |from: &str| {
        Boot::with(&format!("perch from={from}"))
            .sh("echo one >/keep")
            .in_session("1", "native")
    };
    let divided = |name: &str, table: Table| {
        Scenario::new(name)
            .table(table)
            .id(0x1234_abcd)
            .partition(PartSpec::new(VFAT, "DATA", 40))
    };
    let mut all = vec![
        divided("a GPT partition is found by its UUID", Table::Gpt)
            .boot(boot("partuuid:1234ABCD-0000-4000-8000-000000000001/minios"))
            .store_file("1/changes/keep", "one"),
        divided("an MBR partition is found by its UUID", Table::Mbr)
            .boot(boot("/dev/disk/by-partuuid/1234abcd-01"))
            .store_file("1/changes/keep", "one"),
        divided(
            "a GPT partition is found by a name that the kernel garbles",
            Table::Gpt,
        )
        .label("Zürich")
        .boot(boot(r"/dev/disk/by-partlabel/Z\xc3\xbcrich"))
        .store_file("1/changes/keep", "one"),
        Scenario::new("a store on a partition is found by its UUID")
            .table(Table::Mbr)
            .id(0x1234_abcd)
            .partition(PartSpec::new(EXT4, "WORK", 40))
            .boot(
                Boot::with("perchdir=partuuid:1234abcd-02/work")
                    .sh("echo one >/keep")
                    .in_session("1", "native"),
            )
            .boot(
                Boot::with("perchdir=partuuid:1234abcd-02/work")
                    .expect_sh("cat /keep", "one")
                    .in_session("1", "native"),
            )
            .store_sessions(&[]),
        Scenario::new("a store on a drive is found by the name that udev gives it")
            .table(Table::Gpt)
            .serial("perch-77")
            .partition(PartSpec::new(EXT4, "WORK", 40))
            .boot(
                Boot::with("perchdir=/dev/disk/by-id/virtio-perch-77-part2/work")
                    .sh("echo one >/keep")
                    .in_session("1", "native"),
            )
            .store_sessions(&[]),
        divided("a UUID that no partition has is waited for", Table::Gpt).boot(
            Boot::with("perch fromwait=2 from=partuuid:1234abcd-0000-4000-8000-000000000009")
                .stops_with(&[
                    "system was not found",
                    "partuuid:1234abcd-0000-4000-8000-000000000009",
                ]),
        ),
    ];
    for (what, bus, link) in [
        ("a virtio disk", Bus::Virtio, "virtio-perch-77"),
        ("a SATA disk", Bus::Ahci, "ata-QEMU_HARDDISK_perch-77"),
        ("an NVMe disk", Bus::Nvme, "nvme-QEMU_NVMe_Ctrl_perch-77"),
        (
            "a USB stick",
            Bus::Usb,
            "usb-QEMU_QEMU_HARDDISK_perch-77-0:0",
        ),
    ] {
        all.push(
            Scenario::new(format!("{what} is found by the name that udev gives it"))
                .bus(bus)
                .serial("perch-77")
                .second_disk(PartSpec::new(EXT4, "OTHER", 16))
                .boot(boot(&format!("/dev/disk/by-id/{link}")))
                .store_file("1/changes/keep", "one"),
        );
    }
    all.push(
        divided(
            "a partition of a USB stick is found by the name that udev gives it",
            Table::Mbr,
        )
        .bus(Bus::Usb)
        .serial("perch-77")
        .boot(boot("id:usb-QEMU_QEMU_HARDDISK_perch-77-0:0-part1/minios"))
        .store_file("1/changes/keep", "one"),
    );
    all
}
