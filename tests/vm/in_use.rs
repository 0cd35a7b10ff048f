//! A disk that two machines share: one that is really in use is left alone, and what a power cut left
//! behind holds up nobody for long (contract, B31).

use perch_core::lease::{FILE, Lease};
use perch_core::units::SessionId;
use perch_tests::disk::{EXT4, VFAT};
use perch_tests::scenario::{Boot, PartSpec, Scenario};

const ON_MEDIUM: &str = "/run/initramfs/memory/data/.perch-lease";

/// A lease of a machine that is gone.
fn left_behind() -> Vec<u8> {
    let lease = Lease {
        interval: 1,
        ..Lease::new("Gone Inc. Model 1", "0badcafe", SessionId::new(1))
    };
    lease.to_block().to_vec()
}

/// Says how many processes renew a lease.
const RENEWERS: &str =
    "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -cx 'perch-leas[e]'";

/// Tells them to end, as an init does, and waits until they have. A process that ends while the list is gone through is no
/// news.
fn end_renewers() -> String {
    format!(
        "exec 2>/dev/null; for dir in /proc/[0-9]*; do tr '\\0' '\\n' <$dir/cmdline 2>/dev/null | head -n 1 | grep -qx 'perch-leas[e]' && kill ${{dir#/proc/}}; done; \
         tries=100; until [ \"$({RENEWERS})\" = 0 ] || [ $tries = 0 ]; do tries=$((tries - 1)); usleep 50000; done; {RENEWERS} || true"
    )
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new("a mark that a power cut left behind is watched and taken over")
            .file(FILE, left_behind())
            .boot(
                Boot::with("perch perchlease")
                    .sh("echo one >/keep; sync")
                    .in_session("1", "native")
                    .console("/dev/vda may be open on another machine (Gone Inc. Model 1)")
                    .console("it was left behind and is taken over")
                    .expect_sh(RENEWERS, "1")
                    .sh(&format!("grep -q QEMU {ON_MEDIUM}"))
                    .cut(),
            )
            .boot(
                Boot::with("perch perchlease")
                    .expect_sh("cat /keep", "one")
                    .console("it was left behind and is taken over")
                    .expect_sh(&end_renewers(), "0")
                    .sh(&format!("grep -q '\"released\":true' {ON_MEDIUM}")),
            )
            .boot(
                Boot::with("perch perchlease")
                    .expect_sh("cat /keep", "one")
                    .console_never("may be open on another machine"),
            ),
        Scenario::new("a disk that only one machine can have is neither marked nor watched")
            .file(FILE, left_behind())
            .boot(
                Boot::with("perch")
                    .in_session("1", "native")
                    .console_never("may be open on another machine")
                    .expect_sh(&format!("{RENEWERS} || true"), "0")
                    .sh(&format!("grep -q Gone {ON_MEDIUM}")),
            ),
        Scenario::new("a session that is open on another machine is not opened a second time")
            .boot(
                Boot::with("perch perchlease")
                    .meanwhile(refused("perch perchlease"))
                    .meanwhile(refused("perchdir=1 perchlease"))
                    .sh("echo one >/keep; sync")
                    .in_session("1", "native")
                    .expect_sh(RENEWERS, "1")
                    .sh("! dmesg | grep 'was taken over'"),
            ),
        Scenario::new("sessions on another disk that is open on another machine stay closed")
            .medium(VFAT)
            .second_disk(PartSpec::new(EXT4, "MYP", 64))
            .boot(
                Boot::with("perchdir=label:MYP perchlease")
                    .meanwhile(
                        refused("perchdir=label:MYP perchlease")
                            .expect_sh("awk '{ print $5 }' /sys/block/vdb/stat", "0"),
                    )
                    .in_session("1", "native")
                    .expect_sh(RENEWERS, "2"),
            ),
    ]
}

/// A boot that finds the disk in use, and writes nothing to it.
fn refused(cmdline: &str) -> Boot {
    Boot::with(cmdline)
        .in_ram_instead()
        .boot_json("/reasons/0/code", "session-in-use")
        .warned(&["is in use", "QEMU", "session 1", "perchforce"])
        // Completed writes (Documentation/block/stat.rst).
        .expect_sh("awk '{ print $5 }' /sys/block/vda/stat", "0")
        .cut()
}
