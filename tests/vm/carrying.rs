//! Sessions that went through archives and copies, and boot with everything in them.

use perch_tests::base::Bundle;
use perch_tests::disk::{EXFAT, Medium, VFAT};
use perch_tests::scenario::{Boot, Scenario};

use crate::managing::managed;

/// What a session wrote, deleted and replaced is there after a boot of its copy.
const CHANGES: &str = "test \"$(cat /home/kept)\" = kept && test ! -e /share/gone \\
    && test \"$(ls /share/replaced)\" = new";

/// With mke2fs, as every system has it that perch is for.
fn with_programs(name: &str) -> Scenario {
    managed(name)
        .bundle(
            "minios/modules/21-programs.sb",
            Bundle::default().installed("sbin/mke2fs"),
        )
        .bundle(
            "minios/modules/22-share.sb",
            Bundle::default()
                .file("share/gone", "old")
                .file("share/replaced/old", "old"),
        )
}

/// A boot that changes something in its session.
fn changing() -> Boot {
    Boot::with("perch").sh(&format!(
        "mkdir -p /home && echo kept >/home/kept && rm /share/gone && rm -r /share/replaced \\
            && mkdir /share/replaced && touch /share/replaced/new && {CHANGES}"
    ))
}

/// Another session runs, in a container, so that the kernel has all that those need: there a session is made of session 1
/// by way of an archive, and a second one of that.
fn carried(medium: &str, modes: [&str; 2]) -> Boot {
    let archive = format!("/run/initramfs/memory/data/{medium}.tar.zst");
    let [first, second] = modes;
    Boot::with("perchdir=new perchmode=dynfilefs")
        .in_session("2", "dynfilefs")
        .sh(&format!(
            "perch export 1 {archive} && ! perch export 1 {archive}"
        ))
        .expect_sh(
            &format!(
                "perch import {archive} {first} --json | grep -o '\"id\":\"[0-9]*\"' | head -1"
            ),
            "\"id\":\"3\"",
        )
        .expect_sh(
            &format!("perch copy 3 {second}"),
            "session 3 was copied to session 4",
        )
        .sh("! cat /sys/block/loop*/loop/backing_file 2>/dev/null | grep changes/")
        .sh("perch activate 4")
}

fn copied_and_booted() -> Scenario {
    with_programs("a session that went through an archive and was copied boots with everything")
        .size_mib(1200)
        .boot(changing().in_session("1", "native"))
        .boot(carried("ext4", ["dynfilefs", "raw"]))
        .boot(
            Boot::with("perch")
                .in_session("4", "raw")
                .sh(CHANGES)
                .expect_sh("perch copy 1 native", "session 1 was copied to session 5")
                .sh("perch copy 4 2>&1 | grep 'this system runs from it'")
                .sh("perch activate 5"),
        )
        .boot(Boot::with("perch").in_session("5", "native").sh(CHANGES))
        .store_sessions(&["1", "2", "3", "4", "5"])
}

fn copied_on(medium: Medium) -> Scenario {
    let name = medium.name;
    with_programs(&format!(
        "on {name} a session is copied by way of an archive and boots"
    ))
    .medium(medium)
    .size_mib(1200)
    .boot(changing().in_session("1", "dynfilefs"))
    .boot(carried(name, ["raw", "dynfilefs"]))
    .boot(Boot::with("perch").in_session("4", "dynfilefs").sh(CHANGES))
    .store_sessions(&["1", "2", "3", "4"])
}

pub fn scenarios() -> Vec<Scenario> {
    vec![copied_and_booted(), copied_on(VFAT), copied_on(EXFAT)]
}
