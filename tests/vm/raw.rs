//! Sessions in raw containers: made, resumed, checked, grown, and refused where they cannot be had.

use perch_tests::disk::VFAT;
use perch_tests::scenario::{Boot, Offline, Scenario};
use serde_json::{Value, json};

use crate::metadata_text::{json_text, native_but, natives};

/// Prints the length of the container of session `id`, in bytes.
fn length(id: u32) -> String {
    format!("stat -c %s /run/initramfs/memory/data/minios/changes/{id}/changes.img")
}

/// Succeeds if the file system in the open container has at least so many MiB.
fn holds_mib(mib: u64) -> String {
    format!("test $(df -m /run/initramfs/memory/changes | awk 'END {{ print $2 }}') -ge {mib}")
}

/// Another user tries to read and to write the container that root's files are in.
const UNPRIVILEGED: &str = "echo 'u:x:1000:1000::/:/bin/sh' >>/etc/passwd; su u -c 'id -u'; \
    cd /run/initramfs/memory/data/minios/changes/1; \
    for how in 'cat changes.img' 'echo x >>changes.img'; do \
    su u -c \"$how\" >/dev/null 2>&1 && echo done || echo refused; done";

fn bytes(mib: u64) -> String {
    (mib << 20).to_string()
}

/// A store with a raw session of 500 MiB, on a medium that has `size_mib`.
fn with_raw_500(name: &str, size_mib: u64) -> Scenario {
    let entry = native_but("mode", "raw");
    Scenario::new(name)
        .size_mib(size_mib)
        .store("session.json", json_text("1", &[("1", entry)]))
        .raw_session("1", 500)
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new("a raw session is made, keeps a file and is resumed")
            .size_mib(400)
            .boot(
                Boot::with("perch perchmode=raw perchsize=128")
                    .sh("echo one >/keep")
                    .expect_sh(&length(1), &bytes(128))
                    // Written past the page cache of the medium's file system.
                    .sh("grep -qx 1 /sys/block/loop*/loop/dio")
                    .sh("test ! -e /run/initramfs/memory/changes/lost+found")
                    .in_session("1", "raw"),
            )
            .store_json("session.json", "/sessions/1/mode", "raw")
            .store_json("session.json", "/sessions/1/size", 128)
            .store_count("changes.img", 0)
            .store_container("1/changes.img")
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /keep", "one")
                    .in_session("1", "raw"),
            )
            .store_missing("1/changes"),
        Scenario::new("a raw session on a vfat stick is made, keeps a file and is resumed")
            .medium(VFAT)
            .size_mib(400)
            .boot(
                Boot::with("perch perchmode=raw perchsize=128")
                    .sh("echo one >/keep; ln -s keep /link; chown 1000 /keep")
                    // Contract, check 41: root's files are root's, where files have no owners too.
                    .expect_sh(UNPRIVILEGED, "1000\nrefused\nrefused")
                    .in_session("1", "raw"),
            )
            .store_container("1/changes.img")
            .boot(
                Boot::with("perch perchmode=raw perchsize=128")
                    .expect_sh("cat /link; stat -c %u /keep", "one\n1000")
                    .in_session("1", "raw"),
            )
            .store_sessions(&["1"]),
        // Complaint A of the field: power goes while a container is in use.
        Scenario::new("a raw session survives a power cut and is checked before it is resumed")
            .size_mib(400)
            .boot(
                Boot::with("perch perchmode=raw perchsize=128")
                    .sh("echo one >/keep; sync; echo two >/lost")
                    .in_session("1", "raw")
                    .cut(),
            )
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /keep", "one")
                    .in_session("1", "raw")
                    .noted(&["check the file system"]),
            )
            .store_container("1/changes.img"),
        Scenario::new("a raw session on a vfat stick survives a power cut")
            .medium(VFAT)
            .size_mib(400)
            .boot(
                Boot::with("perch perchmode=raw perchsize=128")
                    .sh("echo one >/keep; sync; echo two >/lost")
                    .in_session("1", "raw")
                    .cut(),
            )
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /keep", "one")
                    .in_session("1", "raw")
                    // FAT stays marked as dirty until somebody checks it.
                    .cut(),
            ),
        // Contract, check 12.
        Scenario::new("asking for raw starts a raw session beside the native one")
            .size_mib(400)
            .store("session.json", natives("1", &["1"]))
            .session("1")
            .boot(
                Boot::with("perchdir=resume perchmode=raw perchsize=128")
                    .sh("test ! -e /from")
                    .in_session("2", "raw")
                    .warned(&["native", "raw"]),
            )
            .store_file("1/changes/from", "1")
            .store_json("session.json", "/previous", "1")
            .store_sessions(&["1", "2"]),
        // Check 38, second half.
        Scenario::new("a native session asked for by number stays native, whatever perchmode says")
            .store("session.json", natives("1", &["1"]))
            .session("1")
            .boot(
                Boot::with("perchdir=1 perchmode=raw")
                    .expect_sh("cat /from", "1")
                    .in_session("1", "native")
                    .warned(&["native", "raw"]),
            )
            .store_missing("1/changes.img"),
        // Check 25.
        Scenario::new("a full medium gets no raw session and nothing half-made")
            .size_mib(80)
            .boot(
                Boot::with("perchdir=new perchmode=raw")
                    .in_ram_instead()
                    .warned(&["a container needs 100 MiB", "nothing was made"]),
            )
            .store_sessions(&[])
            .store_missing("session.json"),
        // Check 26.
        with_raw_500("a smaller perchsize does not shrink a container", 800)
            .boot(
                Boot::with("perch perchsize=200")
                    .expect_sh("cat /from", "1")
                    .expect_sh(&length(1), &bytes(500))
                    .in_session("1", "raw")
                    .warned(&["200", "never shrink"]),
            )
            .store_container("1/changes.img"),
        // Check 27.
        with_raw_500(
            "a larger perchsize grows a container and its file system",
            1400,
        )
        .boot(
            Boot::with("perch perchsize=1G")
                .expect_sh("cat /from", "1")
                .expect_sh(&length(1), &bytes(1000))
                .sh(&holds_mib(900))
                .in_session("1", "raw"),
        )
        .store_json("session.json", "/sessions/1/size", 1000)
        .store_container("1/changes.img"),
        // Check 28.
        ["-5", "1.5G", "100K"].iter().zip(1..).fold(
            Scenario::new("a size that is none is named and the default is used").size_mib(1400),
            |scenario, (size, id)| {
                scenario.boot(
                    Boot::with(&format!("perchdir=new perchmode=raw perchsize={size}"))
                        .expect_sh(&length(id), &bytes(1000))
                        .in_session(&id.to_string(), "raw")
                        .noted(&[&format!("perchsize={size}")])
                        .console(&format!("perchsize={size}")),
                )
            },
        ),
        // Check 29.
        Scenario::new("a raw container on a large vfat stick stops at 4095 MiB")
            .medium(VFAT)
            .size_mib(10 << 10)
            .boot(
                Boot::with("perchdir=new perchmode=raw perchsize=8000")
                    .expect_sh(&length(1), &bytes(4095))
                    .sh(&holds_mib(3900))
                    .in_session("1", "raw")
                    .warned(&["8000 MiB", "4095 MiB", "vfat"]),
            ),
        // Check 30.
        Scenario::new("a raw container with a damaged superblock is left alone and marked")
            .store(
                "session.json",
                json!({ "default": "1", "sessions": { "1": { "mode": "raw" } } }).to_string(),
            )
            .store("1/changes.img", vec![0x5a; 2 << 20])
            .boot(
                Boot::with("perch")
                    .in_ram_instead()
                    .warned(&["session 1", "superblock is damaged"]),
            )
            .offline(Offline::Length {
                path: "1/changes.img".into(),
                bytes: 2 << 20,
            })
            .store_json("session.json", "/running", Value::Null)
            .store_json("session.json", "/sessions/1/version", Value::Null)
            .store_count("session.json.corrupt-", 0)
            .store_sessions(&["1"]),
    ]
}
