//! Where the system and the store are found, and what happens when they are not.

use perch_tests::base::mark;
use perch_tests::disk::{EXT4, ISO9660, Table, VFAT};
use perch_tests::scenario::{Boot, PartSpec, Scenario};
use perch_tests::vm::Bus;

pub fn scenarios() -> Vec<Scenario> {
    let mut all = vec![
        Scenario::new("a vfat stick boots in RAM and says why")
            .medium(VFAT)
            .boot(
                Boot::with("perch")
                    .sh("echo one >/keep")
                    .in_ram_instead()
                    .warned(&["vfat", "native"]),
            )
            .store_missing("session.json"),
        Scenario::new("a vfat stick boots without perch and without a warning")
            .medium(VFAT)
            .boot(
                Boot::with("")
                    .boot_json("/outcome/status", "ram")
                    .boot_json("/reasons/0/code", "persistence-not-asked"),
            ),
        Scenario::new("a disc boots in RAM and says why")
            .medium(ISO9660)
            .bus(Bus::Cdrom)
            .boot(
                Boot::with("perch")
                    .in_ram_instead()
                    .warned(&["cannot be written"]),
            )
            .boot(
                Boot::with("perch perchmode=raw")
                    .in_ram_instead()
                    .warned(&["cannot be written"]),
            )
            .boot(
                Boot::with("perch perchmode=dynfilefs")
                    .in_ram_instead()
                    .warned(&["cannot be written"]),
            ),
        // Contract, check 24.
        Scenario::new("a write-protected stick boots in RAM and says why")
            .write_protected()
            .boot(
                Boot::with("perch")
                    .in_ram_instead()
                    .warned(&["cannot be written"]),
            ),
        Scenario::new("a stick pulled out while it ran boots without perch and then with it")
            .boot(
                Boot::with("perch")
                    .sh("echo one >/keep; sync; echo two >/lost")
                    .cut(),
            )
            .boot(Boot::with("").boot_json("/outcome/status", "ram"))
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /keep", "one")
                    .in_session("1", "native"),
            ),
        Scenario::new("a stick pulled out while it ran and then write-protected still boots")
            .boot(
                Boot::with("perch")
                    .sh("echo one >/keep; sync; echo two >/lost")
                    .cut(),
            )
            .boot(
                Boot::with("perch")
                    .write_protected()
                    .in_ram_instead()
                    .warned(&["write-protected"])
                    .cut(),
            )
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /keep", "one")
                    .in_session("1", "native"),
            ),
        Scenario::new("a stick that takes eight seconds to answer is waited for, and that is said")
            .bus(Bus::Usb)
            .boot(
                Boot::with("perch usb-storage.delay_use=8")
                    .console("waiting for a device with /minios, up to 45 s")
                    .in_session("1", "native"),
            ),
        Scenario::new("the right partition is found among others")
            .table(Table::Gpt)
            .partition(PartSpec::new(VFAT, "DATA", 40).file("photo.txt", "not a system"))
            .second_disk(
                PartSpec::new(EXT4, "OTHER", 16).file("minios/readme.txt", "no bundle here"),
            )
            .boot(
                Boot::with("perch")
                    .sh("echo one >/keep")
                    .in_session("1", "native"),
            )
            .store_file("1/changes/keep", "one"),
        Scenario::new("without a system every device is listed with the reason against it")
            .without("minios")
            .file("readme.txt", "an empty stick")
            .second_disk(PartSpec::new(VFAT, "PHOTOS", 40).file("photo.txt", ""))
            .boot(Boot::with("perch fromwait=2").stops_with(&[
                "system was not found",
                "/dev/vda",
                "/dev/vdb",
            ])),
        Scenario::new("a damaged user bundle is named and left out")
            .file("minios/modules/11-broken.sb", vec![0x55; 8192])
            .boot(
                Boot::with("perch")
                    .in_session("1", "native")
                    .boot_json("/left_out/0/path", "modules/11-broken.sb")
                    .console("11-broken.sb"),
            ),
        Scenario::new("a user bundle cut short by an interrupted copy is named and left out")
            .cut_short("minios/modules/10-user.sb", 300)
            .boot(
                Boot::with("")
                    .expect_sh("cat /etc/perch-test/top", "02")
                    .boot_json("/left_out/0/path", "modules/10-user.sb")
                    .console("10-user.sb"),
            ),
        Scenario::new("a damaged core bundle stops with its name")
            .file("minios/00-core-amd64.sb", vec![0x55; 8192])
            .boot(Boot::with("perch").stops_with(&[
                "bundle that the system needs is damaged",
                "00-core-amd64.sb",
            ]))
            .store_missing("session.json"),
        Scenario::new("bundles without a system stop with a clear screen")
            .without("minios/00-core-amd64.sb")
            .bundle("minios/00-other.sb", mark("00"))
            .boot(Boot::with("").stops_with(&["no system that can be started"])),
    ];
    for (name, bus) in [
        ("a SATA disk", Bus::Ahci),
        ("an NVMe disk", Bus::Nvme),
        ("a USB stick", Bus::Usb),
    ] {
        all.push(
            Scenario::new(format!("{name} is found and keeps a file"))
                .bus(bus)
                .table(Table::Mbr)
                .boot(
                    Boot::with("perch")
                        .sh("echo one >/keep")
                        .in_session("1", "native"),
                )
                .boot(Boot::with("perch").expect_sh("cat /keep", "one")),
        );
    }
    all
}
