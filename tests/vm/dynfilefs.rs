//! Sessions in dynfilefs containers: made, resumed, checked, grown, and refused where they cannot be had.

use perch_tests::disk::{EXFAT, EXT4, Medium, NTFS, VFAT};
use perch_tests::scenario::{Boot, Offline, Scenario};
use serde_json::Value;

use crate::metadata_text::{json_text, native_but};

/// Where the running system sees the session's directory.
const SESSION: &str = "/run/initramfs/memory/data/minios/changes/1";

/// Prints the lengths of these files of the session's container, in bytes.
fn lengths(files: &str) -> String {
    format!("cd {SESSION} && stat -c %s {files}")
}

/// Prints the size in MiB that the container's header tells.
fn promised() -> String {
    format!(
        "hexdump -s 2064 -n 8 -e '2/4 \"%u \"' {SESSION}/changes.dat | awk '{{ print $1 / 1048576 + $2 * 4096 }}'"
    )
}

/// Succeeds if the file system in the open container has at least so many MiB.
fn holds_mib(mib: u64) -> String {
    format!("test $(df -m /run/initramfs/memory/changes | awk 'END {{ print $2 }}') -ge {mib}")
}

/// The server is the one that the note names, and it is fit for its life.
const SERVED: &str = "pid=$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' /run/perch/dynfilefs.json); \
    tr '\\0' ' ' </proc/$pid/cmdline; cat /proc/$pid/oom_score_adj; \
    n=$(sed 's/.*\"loop\":\\([0-9]*\\).*/\\1/' /run/perch/dynfilefs.json); cat /sys/block/loop$n/loop/dio";

/// Contract check 10 on each kind of medium that holds no native session, and the mode asked for on one that does.
fn kept(medium: Medium, cmdline: &str) -> Scenario {
    let name = format!(
        "a dynfilefs session on a stick with {} is made, kept and resumed",
        medium.name
    );
    let falls_back = !cmdline.contains("perchmode=dynfilefs");
    let said = |boot: Boot| match falls_back {
        true => boot.warned(&[medium.name, "native", "dynfilefs"]),
        false => boot,
    };
    let again = Boot::with(cmdline)
        .expect_sh("cat /link; stat -c %u /keep", "one\n1000")
        .sh("test ! -e /etc/perch-test/from-00")
        .in_session("1", "dynfilefs");
    Scenario::new(name)
        .medium(medium)
        .size_mib(512)
        .boot(said(
            Boot::with(cmdline)
                .sh("echo one >/keep; ln -s keep /link; chown 1000 /keep; rm /etc/perch-test/from-00; sync")
                .expect_sh(&lengths("changes.dat"), "4096")
                .sh(&format!("test $(ls {SESSION} | wc -l) = 2"))
                .expect_sh(SERVED, "@dynfilefs -1000\n1")
                .in_session("1", "dynfilefs")
                // A container in use is not unmounted before the power goes, until that is looked after.
                .cut(),
        ))
        .boot(said(again.clone().cut()))
        .boot(said(again.cut()))
        .store_sessions(&["1"])
}

pub fn scenarios() -> Vec<Scenario> {
    let mut all = vec![
        kept(VFAT, "perch perchmode=native"),
        kept(EXFAT, "perch perchmode=native"),
        kept(NTFS, "perch perchmode=native"),
        kept(EXT4, "perch perchmode=dynfilefs"),
    ];
    all.extend(sizes());
    all.extend(growth());
    all.extend(unclean());
    all.extend(refused());
    all
}

/// How large containers become.
fn sizes() -> Vec<Scenario> {
    vec![
        // Contract check 29, second half.
        Scenario::new("a dynfilefs container on a large vfat stick has parts below 4 GiB")
            .medium(VFAT)
            .size_mib(10 << 10)
            .boot(
                Boot::with("perchdir=new perchmode=dynfilefs perchsize=8000")
                    .expect_sh(&lengths("changes.dat"), "4096")
                    .sh(&format!("test $(ls {SESSION} | wc -l) = 3"))
                    // The second part is there, and what it can become stays below what FAT holds.
                    .sh(&format!(
                        "test $(stat -c %s {SESSION}/changes.dat.1) -lt 4294967296"
                    ))
                    .expect_sh(&promised(), "8000")
                    .sh(&holds_mib(7600))
                    .in_session("1", "dynfilefs")
                    .cut(),
            )
            .store_json("session.json", "/sessions/1/size", 8000),
        Scenario::new("perchsize=0 gives a dynfilefs container most of the medium at once")
            .medium(VFAT)
            .size_mib(1000)
            .boot(
                Boot::with("perch perchsize=0")
                    .sh(&format!("test $({}) -ge 700", promised()))
                    .sh(&holds_mib(650))
                    .in_session("1", "dynfilefs")
                    .cut(),
            ),
        Scenario::new(
            "a larger perchsize grows a dynfilefs container, and a smaller one does not shrink it",
        )
        .medium(VFAT)
        .size_mib(2500)
        .boot(
            Boot::with("perch perchsize=200")
                .sh("echo one >/keep; sync")
                .expect_sh(&promised(), "200")
                .in_session("1", "dynfilefs")
                .cut(),
        )
        .boot(
            Boot::with("perch perchsize=2G")
                .expect_sh("cat /keep", "one")
                .expect_sh(&promised(), "2000")
                .sh(&holds_mib(1850))
                .in_session("1", "dynfilefs")
                .cut(),
        )
        .boot(
            Boot::with("perch perchsize=500")
                .expect_sh("cat /keep", "one")
                .expect_sh(&promised(), "2000")
                .warned(&["500", "never shrink"])
                .in_session("1", "dynfilefs")
                .cut(),
        )
        .store_json("session.json", "/sessions/1/size", 2000),
    ]
}

/// Writes so many MiB that are not zeros, which take space, to a file of the session.
fn fill(file: &str, mib: u64) -> String {
    format!(
        "tr '\\0' x </dev/zero | dd of={file} bs=1M count={mib} iflag=fullblock conv=fsync 2>/dev/null"
    )
}

/// Waits until the container has grown to so many MiB.
fn grown(mib: u64) -> String {
    format!(
        "tries=600; until test \"$({})\" = {mib}; do tries=$((tries - 1)); test $tries -gt 0 || exit 1; usleep 100000; done",
        promised()
    )
}

/// A container that is nearly full grows, at boot and while it is used.
fn growth() -> Vec<Scenario> {
    let limited = Boot::with("perch perchsize=100").in_session("1", "dynfilefs");
    vec![
        Scenario::new("a dynfilefs session grows by itself while it is used")
            .medium(VFAT)
            .size_mib(2000)
            .boot(limited.clone().expect_sh(&promised(), "100").cut())
            .boot(
                Boot::with("perch")
                    .expect_sh(&promised(), "100")
                    .sh(&fill("/first", 78))
                    .sh(&grown(1100))
                    .sh(&holds_mib(1000))
                    // More than there was room for before.
                    .sh(&fill("/second", 100))
                    .sh("dmesg | grep 'session 1: .* % full, grown from 100 to 1100 MiB; .* free on the medium' || { dmesg | tail -n 15; exit 1; }")
                    .sh("cat /proc/$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' /run/perch/dynfilefs.json)/cmdline | grep @dynfilefs")
                    .in_session("1", "dynfilefs")
                    .cut(),
            )
            .boot(
                Boot::with("perch")
                    .expect_sh("stat -c %s /first /second", "81788928\n104857600")
                    .sh(&holds_mib(1000))
                    .in_session("1", "dynfilefs")
                    .cut(),
            )
            .store_json("session.json", "/sessions/1/size", 1100),
        Scenario::new("a dynfilefs session that is nearly full grows at boot, and not beyond perchsize")
            .medium(VFAT)
            .size_mib(2000)
            .boot(
                limited
                    .clone()
                    .sh(&fill("/first", 78))
                    .sh(&format!("! {}", fill("/second", 100)))
                    .sh("rm /second; sync; echo one >/keep; sync")
                    .expect_sh(&promised(), "100")
                    .sh("dmesg | grep 'session 1: .* % of 100 MiB full, and perchsize=100 is its limit'")
                    .cut(),
            )
            .boot(
                Boot::with("perch perchsize=0")
                    .expect_sh("cat /keep", "one")
                    .expect_sh(&promised(), "1100")
                    .sh(&holds_mib(1000))
                    .in_session("1", "dynfilefs")
                    .cut(),
            ),
    ]
}

/// Power goes.
fn unclean() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "a dynfilefs session survives a power cut and is checked before it is resumed",
        )
        .medium(VFAT)
        .size_mib(512)
        .boot(
            Boot::with("perch")
                .sh("echo one >/keep; sync; echo two >/lost")
                .in_session("1", "dynfilefs")
                .cut(),
        )
        .boot(
            Boot::with("perch")
                .expect_sh("cat /keep", "one")
                .in_session("1", "dynfilefs")
                .noted(&["check the file system"])
                .cut(),
        ),
    ]
}

/// What cannot be opened starts in RAM, with the reason, and is left as it is.
fn refused() -> Vec<Scenario> {
    let entry = || json_text("1", &[("1", native_but("mode", "dynfilefs"))]);
    let header = |split: u64, size: u64| {
        let mut bytes = vec![0; 4096];
        bytes[..16].copy_from_slice(b"DynfilefsFS 4.00");
        for (at, number) in [(0x800, 400), (0x808, split << 20), (0x810, size << 20)] {
            bytes[at..at + 8].copy_from_slice(&u64::to_le_bytes(number));
        }
        bytes
    };
    let part = |split: u64| [header(split, split), vec![0; 2048 * split as usize]].concat();
    let left = |scenario: Scenario| {
        scenario
            .store_json("session.json", "/running", Value::Null)
            .store_sessions(&["1"])
    };
    vec![
        left(
            Scenario::new("a dynfilefs container without one of its parts is left alone")
                .store("session.json", entry())
                .store("1/changes.dat", header(16, 32))
                .store("1/changes.dat.0", part(16))
                .boot(
                    Boot::with("perch")
                        .in_ram_instead()
                        .warned(&["session 1", "part 1 of the container is missing"]),
                )
                .store_missing("1/changes.dat.1")
                .offline(Offline::Length {
                    path: "1/changes.dat.0".into(),
                    bytes: 4096 + 2048 * 16,
                }),
        ),
        left(
            Scenario::new("a dynfilefs container of 2023 in one file is left alone and named")
                .store("session.json", entry())
                .store("1/changes.dat", part(16))
                .boot(
                    Boot::with("perch")
                        .in_ram_instead()
                        .warned(&["session 1", "perch dynfilefs import"]),
                )
                .store_missing("1/changes.dat.0"),
        ),
        left(
            Scenario::new(
                "a dynfilefs container whose main file is gone is not taken for a native session",
            )
            .store("session.json", entry())
            .store("1/changes.dat.0", [part(16), vec![1; 8192]].concat())
            .boot(
                Boot::with("perch")
                    .in_ram_instead()
                    .warned(&["session 1", "main file is missing"]),
            )
            .store_missing("1/changes.dat"),
        ),
        Scenario::new("a full medium under a dynfilefs session is told to who writes, and the server lives")
            .medium(VFAT)
            .size_mib(400)
            .boot(
                Boot::with("perch")
                    .sh("echo one >/keep; sync")
                    // Somebody else fills the medium.
                    .sh("! dd if=/dev/zero of=/run/initramfs/memory/data/filler bs=1M 2>/dev/null")
                    .sh(&format!("! {}", fill("/big", 150)))
                    .sh("cat /proc/$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' /run/perch/dynfilefs.json)/cmdline | grep @dynfilefs")
                    .expect_sh("cat /keep", "one")
                    .sh("rm /run/initramfs/memory/data/filler; sync")
                    .in_session("1", "dynfilefs")
                    .cut(),
            )
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /keep", "one")
                    .sh(&fill("/big", 60))
                    .in_session("1", "dynfilefs")
                    .cut(),
            ),
    ]
}
