//! What users of other live systems complain about, and the scenario in which this one does better. Numbers are those
//! of the survey of public threads; those without a scenario here are met by one elsewhere.
//!
//! | complaint | in our words | scenario |
//! |---|---|---|
//! | 1, 12 | the device for changes is late, and nothing says so | a disk for sessions that appears late is waited for |
//! | 1 | it never comes, and nothing says so | a disk for sessions that never appears leaves the medium untouched |
//! | 2, 4 | Ventoy's file for persistence keeps nothing | started by Ventoy, its file for persistence keeps the sessions |
//! | 3, 35 | offered where the medium cannot do it | a vfat stick boots in RAM and says why |
//! | 5 | the partition has another system's label | a partition of another live system keeps sessions once it is named |
//! | 6, 10 | a parameter was renamed or mistyped | a word of another live system for persistence is answered with ours |
//! | 7, 8 | found, switched on, and empty after a restart | files and deletions survive a clean power-off |
//! | 9 | the container is made and stays empty | a raw session is made, keeps a file and is resumed |
//! | 11 | by UUID it works only with magic directories | a store on a partition is found by its UUID |
//! | 20, 23 | full: no login, no way out | a full store starts all the same and says so |
//! | 21, 22 | FAT ends a file at 4 GiB | a raw container on a large vfat stick stops at 4095 MiB |
//! | 24 | the advice is to throw the container away | a raw container with a damaged superblock is left alone and marked |
//! | 30, 34 | a time-out that delays or cuts the search | a stick that takes eight seconds to answer is waited for, and that is said |
//! | 31 | not found: another port, another try | a name that only udev gives is refused, not searched in vain |
//! | 32 | NVMe partitions are named otherwise | sessions on a partition of an NVMe disk, named by its node |
//! | 33 | the wrong one of several disks is taken | two sticks with the name of the medium are said; two disks of one name are not guessed between |
//! | 36 | nothing can be kept beside an image file | the system in an ISO file keeps sessions beside it |
//! | 37 | a container on the FAT that holds the system | a raw session on a vfat stick is made, keeps a file and is resumed |

use perch_tests::disk::{EXT4, Table};
use perch_tests::scenario::{Boot, Offline, PartSpec, Scenario, StoreAt};
use perch_tests::vm::Bus;

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new("a word of another live system for persistence is answered with ours")
            .boot(
                Boot::with("persistent")
                    .boot_json("/outcome/status", "ram")
                    .boot_json("/oddities/0/parameter", "persistent")
                    .console("persistent: is no parameter of perch")
                    .console("perch keeps changes"),
            )
            .store_missing("session.json"),
        Scenario::new("a partition of another live system keeps sessions once it is named")
            .table(Table::Gpt)
            .partition(PartSpec::new(EXT4, "casper-rw", 32).file("upper/etc/theirs", "theirs"))
            .boot(
                Boot::with("perchdir=label:casper-rw")
                    .sh("echo one >/keep")
                    .in_session("1", "native")
                    .boot_json("/facts/store/device", "vda2"),
            )
            .offline_at(
                StoreAt::new(0, 2, ""),
                Offline::File {
                    path: "1/changes/keep".into(),
                    text: "one".into(),
                },
            )
            .offline_at(
                StoreAt::new(0, 2, ""),
                Offline::File {
                    path: "upper/etc/theirs".into(),
                    text: "theirs".into(),
                },
            ),
        Scenario::new("a full store starts all the same and says so")
            .boot(
                Boot::with("perch")
                    .sh("echo one >/keep")
                    // Until not even a byte fits, also of what is kept for root.
                    .sh("cd /run/initramfs/memory/data; dd if=/dev/zero of=fill bs=1M; dd if=/dev/zero of=rest bs=1k; sync")
                    .sh("! dd if=/dev/zero of=/more bs=1k count=64")
                    .in_session("1", "native"),
            )
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /keep", "one")
                    .in_session("1", "native")
                    .warned(&["only 0.0B free", "delete what is not needed"])
                    // The way out works from inside.
                    .sh("rm /run/initramfs/memory/data/fill; echo two >/keep"),
            )
            .store_file("1/changes/keep", "two")
            .boot(Boot::with("perch").not_because("free")),
        Scenario::new("sessions on a partition of an NVMe disk, named by its node")
            .bus(Bus::Nvme)
            .table(Table::Gpt)
            .partition(PartSpec::new(EXT4, "WORK", 32))
            .boot(
                Boot::with("perchdir=/dev/nvme0n1p2/work")
                    .sh("echo one >/keep")
                    .in_session("1", "native")
                    .boot_json("/facts/store/device", "nvme0n1p2"),
            )
            .store_sessions(&[]),
        Scenario::new("two sticks with the name of the medium are said")
            .second_disk(PartSpec::new(EXT4, "MINIOS", 32).file("minios/00-other.sb", "another system"))
            .boot(
                Boot::with("perch from=label:MINIOS")
                    .in_session("1", "native")
                    .boot_json("/facts/medium/device", "vda")
                    .boot_json("/reasons/0/code", "several-media")
                    .warned(&["/dev/vda", "/dev/vdb", "several devices"]),
            ),
        Scenario::new("a name that only udev gives is refused, not searched in vain").boot(
            Boot::with("perchdir=/dev/disk/by-path/pci-0000:00:04.0/x")
                .boot_json("/outcome/status", "ram")
                .console("by-path/pci-0000:00:04.0/x: names no device in a way that lasts")
                .console("the system starts in RAM"),
        ),
    ]
}
