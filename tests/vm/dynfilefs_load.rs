//! A container's server where it is hard to live: too little memory, or stopped for a while.

use perch_tests::disk::VFAT;
use perch_tests::scenario::{Boot, Scenario};

/// The server's process number.
const PID: &str = "pid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' /run/perch/dynfilefs.json)";

/// Writes so many MiB of lines to a file of the session, and waits until they are on the medium.
fn write(file: &str, mib: u64) -> String {
    format!("yes perch | dd of={file} bs=1M count={mib} iflag=fullblock conv=fsync 2>/dev/null")
}

/// What came out has to be what went in, read from the medium again.
fn read_back(file: &str, mib: u64) -> String {
    format!(
        "echo 3 >/proc/sys/vm/drop_caches; \
         test \"$(md5sum <{file})\" = \"$(yes perch | dd bs=1M count={mib} iflag=fullblock 2>/dev/null | md5sum)\""
    )
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        // Check 27: twice the memory, dirty at once, through a server that needs memory to write it down.
        Scenario::new("a dynfilefs session takes twice the memory in dirty data")
            .medium(VFAT)
            .size_mib(1500)
            .boot(
                Boot::with("perch perchsize=900")
                    .memory_mib(192)
                    .sh("echo 90 >/proc/sys/vm/dirty_ratio; echo 80 >/proc/sys/vm/dirty_background_ratio")
                    .sh(&write("/first", 192))
                    .sh(&write("/second", 192))
                    .sh(&read_back("/first", 192))
                    .sh(&read_back("/second", 192))
                    .sh(&format!("{PID}; grep -q ^@dynfilefs /proc/$pid/cmdline"))
                    .sh("! dmesg | grep -i 'out of memory\\|blocked for more than'")
                    .in_session("1", "dynfilefs"),
            )
            .store_container_unmounted("1/changes.dat"),
        // Check 28: whoever writes waits, and goes on.
        Scenario::new("a dynfilefs session waits for a server that is stopped")
            .medium(VFAT)
            .size_mib(400)
            .boot(
                Boot::with("perch perchsize=128")
                    .sh(&format!(
                        "{PID}; kill -STOP $pid; ({}; echo $? >/run/status) & \
                         sleep 5; test ! -e /run/status && kill -CONT $pid && wait; \
                         test \"$(cat /run/status)\" = 0",
                        write("/first", 8)
                    ))
                    .sh(&read_back("/first", 8))
                    .sh("! dmesg | grep -i 'i/o error'")
                    .in_session("1", "dynfilefs"),
            )
            .store_container_unmounted("1/changes.dat"),
    ]
}
