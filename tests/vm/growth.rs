//! The partition that an image brings along, on a stick that is larger than the image.

use perch_tests::disk::{EXT4, GROWABLE, ISO9660, Table};
use perch_tests::scenario::{Boot, Offline, PartSpec, Scenario, StoreAt, TableCheck};

/// A stick of 192 MiB with a hybrid image whose second partition is empty, and can grow.
fn stick(name: &str, table: Table) -> Scenario {
    stick_with(name, table, PartSpec::new(GROWABLE, "resizeme", 0))
}

fn stick_with(name: &str, table: Table, second: PartSpec) -> Scenario {
    Scenario::new(name)
        .medium(ISO9660)
        .table(table)
        .partition(second)
}

fn kept(text: &str) -> Offline {
    Offline::File {
        path: "1/changes/keep".into(),
        text: text.into(),
    }
}

fn grows(name: &str, table: Table) -> Scenario {
    stick(name, table)
        .boot(
            Boot::with("perch perchgrow")
                .sh("echo one >/keep; sync")
                .in_session("1", "native")
                .boot_json("/facts/growth/outcome", "done")
                .boot_json("/facts/growth/device", "vda2")
                .boot_json("/facts/store/device", "vda2")
                .boot_json("/facts/store/fs", "ext4")
                .because(&["/dev/vda2 is now a partition of", "for sessions"])
                .console("partition 2 grows from 128 KiB to"),
        )
        .table_is(TableCheck::ChangedAndSound)
        .offline_at(StoreAt::new(0, 2, ""), kept("one"))
        .boot(
            Boot::with("perch")
                .expect_sh("cat /keep", "one")
                .sh("echo two >/keep")
                .in_session("1", "native")
                .boot_json("/facts/growth", serde_json::Value::Null)
                .not_because("vda2"),
        )
        // Left where it was, the parameter does nothing more.
        .boot(
            Boot::with("perch perchgrow")
                .expect_sh("cat /keep", "two")
                .in_session("1", "native")
                .boot_json("/facts/growth", serde_json::Value::Null)
                .console_never("grows from"),
        )
        .offline_at(StoreAt::new(0, 2, ""), kept("two"))
}

/// Whatever else happens, nothing is written to the table.
fn refused(scenario: Scenario, words: &[&str]) -> Scenario {
    scenario
        .boot(
            Boot::with("perch perchgrow")
                .in_ram_instead()
                .boot_json("/facts/growth/outcome", "refused")
                .warned(words),
        )
        .table_is(TableCheck::Unchanged)
}

pub fn scenarios() -> Vec<Scenario> {
    let with_file = PartSpec::new(GROWABLE, "resizeme", 0).file("photo", "mine");
    let not_last = stick(
        "a partition with another one behind it does not grow",
        Table::HybridMbr,
    )
    .partition(PartSpec::new(EXT4, "MYP", 16));
    vec![
        grows(
            "a partition of an image's MBR grows for sessions, once",
            Table::HybridMbr,
        ),
        grows(
            "a partition of an image's GPT grows for sessions, once",
            Table::HybridGpt,
        ),
        stick(
            "without perchgrow a partition that could grow is only named",
            Table::HybridGpt,
        )
        .boot(
            Boot::with("perch")
                .in_ram_instead()
                .boot_json("/facts/growth/outcome", "possible")
                .because(&["/dev/vda2", "boot once with perch perchgrow"]),
        )
        .boot(Boot::with("perchgrow").boot_json("/outcome/status", "ram"))
        .table_is(TableCheck::Unchanged),
        refused(
            stick_with(
                "a partition with a file in it does not grow",
                Table::HybridMbr,
                with_file,
            ),
            &["it holds files", "nothing in it is given up"],
        )
        .offline_at(
            StoreAt::new(0, 2, ""),
            Offline::File {
                path: "photo".into(),
                text: "mine".into(),
            },
        ),
        stick(
            "where mke2fs fails the stick stays as it was, and the next boot can do it",
            Table::HybridGpt,
        )
        .boot(
            Boot::with("perch perchgrow")
                .image_shell()
                .program("usr/lib/perch/programs/index", "mke2fs /bin/broken\n")
                .program("bin/broken", "#!/bin/sh\necho no luck >&2\nexit 1\n")
                .in_ram_instead()
                .boot_json("/facts/growth/outcome", "failed")
                .warned(&["mke2fs on /dev/vda2 ended with status 1: no luck"])
                .expect_sh("cat /sys/class/block/vda[23]/size", "256\n600"),
        )
        .table_is(TableCheck::Unchanged)
        .boot(
            Boot::with("perch perchgrow")
                .sh("echo one >/keep; sync")
                .in_session("1", "native")
                .cut(),
        )
        .boot(
            Boot::with("perch")
                .expect_sh("cat /keep", "one")
                .in_session("1", "native"),
        ),
        refused(not_last, &["partition 3 is in the way behind it"]),
        refused(
            stick(
                "on a stick that the image fills no partition grows",
                Table::HybridGpt,
            )
            .size_mib(24),
            &["MiB behind it, and 64 are the least"],
        ),
    ]
}
