//! Started by Ventoy (contract §1.7): the system on a read-only image, a table of Ventoy's in the initramfs, and
//! the stick with the image file as a disk of its own.
//!
//! Ventoy shows the image as a device of the device mapper; here it is a disk, which looks the same to the boot.

use perch_tests::disk::{EXT4, ISO9660, Table, VFAT};
use perch_tests::scenario::{Boot, Offline, PartSpec, Scenario, StoreAt};
use perch_tests::vm::Bus;

/// The table as Ventoy's hooks leave it: where the image lies, in sectors of the partition that holds it.
const TABLE: (&str, &str) = (
    "ventoy/ventoy_dm_table",
    "0 32768 linear /dev/vdb1 204800\n",
);

/// The image and the stick, whose first partition holds image files.
fn stick(name: &str) -> Scenario {
    Scenario::new(name).medium(ISO9660).disk_of(
        Table::Mbr,
        Bus::Virtio,
        vec![
            PartSpec::new(EXT4, "Ventoy", 48).file("minios.iso", "an image"),
            PartSpec::new(VFAT, "VTOYEFI", 40),
        ],
    )
}

fn boot(cmdline: &str) -> Boot {
    Boot::with(cmdline).program(TABLE.0, TABLE.1)
}

fn kept(text: &str) -> Offline {
    Offline::File {
        path: "1/changes/keep".into(),
        text: text.into(),
    }
}

pub fn scenarios() -> Vec<Scenario> {
    let with_dat = |name| stick(name).second_disk(PartSpec::new(EXT4, "persistence", 32));
    vec![
        with_dat("started by Ventoy, its file for persistence keeps the sessions")
            .boot(
                boot("perch")
                    .sh("echo one >/keep")
                    .in_session("1", "native")
                    .boot_json("/facts/store/device", "vdc"),
            )
            .offline_at(StoreAt::new(2, 1, ""), kept("one"))
            .boot(boot("perch").expect_sh("cat /keep", "one")),
        stick("started by Ventoy without such a file, the stick itself keeps the sessions")
            .boot(
                boot("perch")
                    .sh("echo one >/keep")
                    .in_session("1", "native")
                    .boot_json("/facts/store/device", "vdb1"),
            )
            .offline_at(StoreAt::new(1, 1, "minios/changes"), kept("one"))
            .boot(boot("perch").expect_sh("cat /keep", "one")),
        with_dat("started by Ventoy, a place that was named goes before its file")
            .second_disk(PartSpec::new(EXT4, "MYP", 32))
            .boot(
                boot("perchdir=label:MYP/work")
                    .sh("echo one >/keep")
                    .in_session("1", "native")
                    .boot_json("/facts/store/device", "vdd"),
            )
            .offline_at(StoreAt::new(3, 1, "work"), kept("one"))
            .offline_at(StoreAt::new(2, 1, ""), Offline::Sessions(Vec::new())),
        with_dat("of two files for persistence none is used, and that is said")
            .second_disk(PartSpec::new(EXT4, "persistence", 32))
            .boot(
                boot("perch")
                    .in_ram_instead()
                    .warned(&["/dev/vdc", "/dev/vdd", "persistence"]),
            )
            .offline_at(
                StoreAt::new(1, 1, "minios"),
                Offline::Missing("changes".into()),
            )
            .offline_at(StoreAt::new(2, 1, ""), Offline::Sessions(Vec::new())),
    ]
}
