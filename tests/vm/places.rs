//! Where the sessions are: on another device, in another directory, beside an ISO file.

use perch_tests::base::mark;
use perch_tests::disk::{EXT4, ISO9660, Table, VFAT};
use perch_tests::scenario::{Boot, Offline, PartSpec, Scenario, StoreAt};
use perch_tests::vm::Bus;

fn file(path: &str, text: &str) -> Offline {
    Offline::File {
        path: path.into(),
        text: text.into(),
    }
}

/// The medium, and a second disk with an empty ext4 called MYP.
fn with_myp(name: &str) -> Scenario {
    Scenario::new(name).second_disk(PartSpec::new(EXT4, "MYP", 64))
}

fn keeps(cmdline: &str) -> Boot {
    keeps_on(cmdline, "vdb")
}

fn keeps_on(cmdline: &str, device: &str) -> Boot {
    Boot::with(cmdline)
        .sh("echo one >/keep")
        .in_session("1", "native")
        .boot_json("/facts/store/device", device)
}

pub fn scenarios() -> Vec<Scenario> {
    let mut all = vec![
        // Contract, checks 31 and 32: one partition, by its label and by its node.
        with_myp("sessions on another disk, named by label and by node")
            .boot(keeps("perchdir=label:MYP/work"))
            .offline_at(StoreAt::new(1, 1, "work"), file("1/changes/keep", "one"))
            .store_sessions(&[])
            .store_missing("session.json")
            .boot(Boot::with("perchdir=/dev/vdb/work").expect_sh("cat /keep", "one"))
            .boot(
                Boot::with("perchdir=/dev/disk/by-label/MYP/work")
                    .expect_sh("cat /keep", "one")
                    // Tools find the store where it always is.
                    .expect_sh(
                        "ls /run/initramfs/memory/data/minios/changes/1",
                        "changes\nworkdir",
                    ),
            ),
        with_myp("sessions at the root of another disk, and a deeper directory")
            .boot(keeps("perchdir=/dev/vdb"))
            .offline_at(StoreAt::new(1, 1, ""), file("1/changes/keep", "one"))
            .boot(
                Boot::with("perchdir=/dev/vdb/a/b/new")
                    .sh("test ! -e /keep; echo two >/keep")
                    .in_session("1", "native"),
            )
            .offline_at(StoreAt::new(1, 1, "a/b"), file("1/changes/keep", "two")),
        Scenario::new("an action word that names a directory with sessions is that directory")
            .second_disk(
                PartSpec::new(EXT4, "MYP", 64)
                    .file("ask/1/changes/from", "one of the directory")
                    .file("ask/session.json", r#"{"default":"1","sessions":{}}"#),
            )
            .boot(
                Boot::with("perchdir=label:MYP/ask")
                    .expect_sh("cat /from", "one of the directory")
                    .boot_json("/facts/store/dir", "ask"),
            ),
        Scenario::new("sessions in another directory of the boot medium")
            .boot(
                Boot::with("perchdir=/mine/here")
                    .sh("echo one >/keep")
                    .in_session("1", "native"),
            )
            .offline_at(
                StoreAt::new(0, 1, "mine/here"),
                file("1/changes/keep", "one"),
            )
            .store_sessions(&[]),
        // Check 33.
        Scenario::new("a disk for sessions that appears late is waited for")
            .disk_of(Table::Gpt, Bus::Usb, vec![PartSpec::new(EXT4, "MYP", 64)])
            .boot(
                Boot::with("perchdir=label:MYP/work usb-storage.delay_use=8")
                    .sh("echo one >/keep")
                    .console("waiting for label:MYP, up to 20 s")
                    .in_session("1", "native"),
            ),
        // Check 34.
        Scenario::new("a disk for sessions that never appears leaves the medium untouched")
            .boot(
                Boot::with("perchdir=/dev/nonexist/x perchwait=3")
                    .sh("echo one >/keep")
                    .in_ram_instead()
                    .warned(&["/x on /dev/nonexist", "did not appear within 3 s"]),
            )
            .store_sessions(&[])
            .store_missing("session.json"),
        // Complaint E; threat T2.
        Scenario::new("two disks of one name are not guessed between")
            .second_disk(PartSpec::new(EXT4, "MYP", 16))
            .second_disk(PartSpec::new(EXT4, "MYP", 16))
            .boot(
                Boot::with("perchdir=label:MYP/work asktimeout=1")
                    .in_ram_instead()
                    .warned(&["/dev/vdb", "/dev/vdc"]),
            )
            .store_missing("session.json"),
        Scenario::new("of two disks of one name the one on the boot disk is used")
            .table(Table::Gpt)
            .partition(PartSpec::new(EXT4, "MYP", 16))
            .second_disk(PartSpec::new(EXT4, "MYP", 16))
            .boot(
                Boot::with("perchdir=label:MYP/work")
                    .sh("echo one >/keep")
                    .in_session("1", "native")
                    .boot_json("/facts/store/device", "vda2")
                    .console("the one on the boot disk is used"),
            ),
        // Check 35 and §1.7.
        Scenario::new("a partition made for sessions is used unless another place is named")
            .medium(VFAT)
            .table(Table::Mbr)
            .partition(PartSpec::new(EXT4, "persistence", 32))
            .second_disk(PartSpec::new(EXT4, "MYP", 32))
            .boot(
                Boot::with("perch")
                    .sh("echo one >/keep")
                    .in_session("1", "native")
                    .boot_json("/facts/store/device", "vda2"),
            )
            .offline_at(StoreAt::new(0, 2, ""), file("1/changes/keep", "one"))
            .boot(
                Boot::with("perchdir=/dev/vdb/x")
                    .sh("test ! -e /keep; echo two >/keep")
                    .in_session("1", "native")
                    .boot_json("/facts/store/device", "vdb"),
            ),
        Scenario::new("a partition made for sessions on another disk is left alone")
            .second_disk(PartSpec::new(EXT4, "persistence", 32))
            .boot(
                Boot::with("perch")
                    .sh("echo one >/keep")
                    .in_session("1", "native"),
            )
            .store_file("1/changes/keep", "one"),
        Scenario::new("modules beside sessions elsewhere join the system and replace others")
            .second_disk(
                PartSpec::new(EXT4, "MYP", 32)
                    .bundle("minios/modules/12-outside.sb", mark("12"))
                    .bundle("minios/modules/deeper/10-user.sb", mark("10b")),
            )
            .boot(
                Boot::with("perchdir=label:MYP/work")
                    .expect_sh("cat /etc/perch-test/top", "12")
                    .boot_json("/left_out/0/path", "modules/10-user.sb"),
            ),
        Scenario::new("the system in an ISO file keeps sessions beside it")
            .system_in_iso("isos/minios.iso")
            .boot(
                Boot::with("from=/isos/minios.iso perch")
                    .sh("echo one >/keep")
                    .in_session("1", "native")
                    .boot_json("/facts/medium/image", "isos/minios.iso"),
            )
            .store_file("1/changes/keep", "one")
            .boot(Boot::with("from=/dev/vda/isos/minios.iso perch").expect_sh("cat /keep", "one")),
        Scenario::new("a file that is no ISO image is named with the reason")
            .file("isos/minios.iso", vec![0x55; 8192])
            .boot(
                Boot::with("from=/isos/minios.iso fromwait=2")
                    .stops_with(&["system was not found", "it is no ISO 9660 or UDF image"]),
            ),
        Scenario::new("a disc finds its sessions on a stick")
            .medium(ISO9660)
            .bus(Bus::Cdrom)
            .disk_of(
                Table::None,
                Bus::Virtio,
                vec![PartSpec::new(EXT4, "MYP", 32)],
            )
            .boot(keeps_on("perchdir=label:MYP", "vda"))
            .boot(Boot::with("perchdir=label:MYP").expect_sh("cat /keep", "one")),
    ];
    all.push(
        with_myp("a place that is write-protected starts in RAM and says why").boot(
            Boot::with("perchdir=label:MYP")
                .write_protected()
                .in_ram_instead()
                .warned(&["write-protected"])
                .cut(),
        ),
    );
    all
}
