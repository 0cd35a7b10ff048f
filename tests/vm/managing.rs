//! Sessions that are managed on the system that runs from one of them.

use perch_tests::base::Bundle;
use perch_tests::disk::VFAT;
use perch_tests::scenario::{Boot, Scenario};

const RUNNING: &str = "error: cannot delete session 1: this system runs from it
hint: boot another session, or without one, and try again";

/// A scenario whose system has the program `perch`.
pub fn managed(name: &str) -> Scenario {
    Scenario::new(name).bundle(
        "minios/modules/20-perch.sb",
        Bundle::default().perch("bin/perch"),
    )
}

/// The id of the session that a command answers with.
fn id_of(command: &str) -> String {
    format!("perch {command} --json | sed -n 's/^  \"id\": \"\\(.*\\)\",$/\\1/p'")
}

fn made_and_booted() -> Scenario {
    managed("a session that was made and activated on the running system boots next")
        .boot(
            Boot::with("perch")
                .in_session("1", "native")
                .expect_sh("perch create --name second", "session 2 was made (native)")
                .expect_sh(
                    "perch activate 2",
                    "session 2 boots next, in place of session 1",
                )
                .expect_sh(&id_of("running"), "1")
                .expect_sh(&id_of("active"), "2")
                .expect_sh("perch delete 1 2>&1 || true", RUNNING)
                .sh("perch delete 2 2>&1 | grep 'it is the active one'"),
        )
        .store_json("session.json", "/sessions/2/name", "second")
        .boot(
            Boot::with("perch")
                .in_session("2", "native")
                .expect_sh(&id_of("running"), "2")
                .expect_sh(
                    "perch delete 1",
                    "session 1 is in the trash; it comes back with: trash restore 1",
                )
                .expect_sh("perch trash restore 1", "session 1 is back")
                .expect_sh("perch delete --purge --yes 1", "session 1 is gone for good"),
        )
        .store_json("session.json", "/sessions/2/name", "second")
        .store_sessions(&["2"])
}

/// Neither links nor permissions, and names without a case.
fn on_fat() -> Scenario {
    let store = "/run/initramfs/memory/data/minios/changes";
    managed("sessions on a vfat stick are deleted, restored and named")
        .medium(VFAT)
        .size_mib(500)
        .boot(
            Boot::with("perch")
                .in_session("1", "dynfilefs")
                .expect_sh(&id_of("running"), "1")
                .expect_sh("perch delete 1 2>&1 || true", RUNNING)
                .sh("perch create 2>&1 | grep 'vfat, which cannot hold a native session'")
                .sh("perch create raw 4096 2>&1 | grep 'holds none longer than 4095 MiB'")
                .sh("perch info | grep 'no file is longer than 4095 MiB'")
                .sh(&format!(
                    "mkdir {store}/2 && head -c 1000000 /dev/zero >{store}/2/changes.img"
                ))
                .expect_sh("perch rename 2 kept", "session 2 is called kept")
                .expect_sh(
                    "perch delete 2",
                    "session 2 is in the trash; it comes back with: trash restore 2",
                )
                .sh(&format!("test ! -e {store}/2"))
                .expect_sh("perch trash restore 2", "session 2 is back")
                .expect_sh(&format!("stat -c %s {store}/2/changes.img"), "1000000")
                .sh(&format!(
                    "mkdir -p {store}/.tmp_ab12cd34/.perch-old && perch cleanup"
                ))
                .sh(&format!("test ! -e {store}/.tmp_ab12cd34"))
                .expect_sh(
                    "perch activate 2",
                    "session 2 boots next, in place of session 1",
                ),
        )
        .store_json("session.json", "/default", "2")
        .store_json("session.json", "/sessions/2/name", "kept")
        .store_sessions(&["1", "2"])
}

/// A small FAT with session 1, whose directory has a leftover as its second name: what a power cut can leave of a rename.
/// An entry of FAT has 32 bytes, with the name at 0 and the first cluster at 26.
const TWO_NAMES: &str = r#"
set -e
cd /tmp
dd if=/dev/zero of=fat bs=1M count=4 2>/dev/null
mkdosfs fat
mkdir -p /mnt
mount -o loop fat /mnt
mkdir -p /mnt/1 /mnt/.tmp_ab12cd34/.perch-new
head -c 100000 /dev/zero >/mnt/1/changes.img
umount /mnt
entry() { hexdump -v -e '32/1 "%02x" "\n"' fat | grep -n "^$1" | cut -d: -f1; }
one=$(entry 312020202020202020202010)
new=$(entry 50455243482d7e3120202010)
dd if=fat of=fat bs=1 conv=notrunc count=2 skip=$(((one - 1) * 32 + 26)) seek=$(((new - 1) * 32 + 26)) 2>/dev/null
mount -o loop fat /mnt
test "$(stat -c %s /mnt/.tmp_ab12cd34/.perch-new/changes.img)" = 100000
"#;

fn two_names() -> Scenario {
    let cleanup = "perch --sessions-dir /mnt cleanup --yes";
    managed("a directory that a power cut left under two names is not deleted")
        .medium(VFAT)
        .boot(
            Boot::with("perch perchdir=fresh")
                .sh(TWO_NAMES)
                .sh(&format!("! {cleanup} >/tmp/said 2>&1"))
                .sh("grep '.tmp_ab12cd34 and 1 are the same directory since a power cut' /tmp/said")
                .expect_sh("stat -c %s /mnt/1/changes.img", "100000")
                .sh("test -e /mnt/.tmp_ab12cd34/.perch-new/changes.img")
                // Nothing else is in the way of a leftover.
                .sh("mkdir -p /mnt/.tmp_ab12cd35/.perch-new && echo x >/mnt/.tmp_ab12cd35/.perch-new/changes.img")
                .sh(&format!("{cleanup} >/tmp/said 2>&1; test ! -e /mnt/.tmp_ab12cd35")),
        )
}

/// What a user asks of the running system: why it is as it is, what the session changed, and whether it is in order.
fn asked_about(name: &str, mode: &str) -> Scenario {
    let lines = |command: &str| format!("{command} | sed 's/  */ /g; s/^ //'");
    managed(name)
        // Containers want some room.
        .size_mib(900)
        .boot(
            Boot::with(&format!("perch perchmode={mode}"))
                .in_session("1", mode)
                .sh("mkdir -p /srv/new && echo x > /srv/new/file")
                .expect_sh(
                    "perch why | head -1",
                    &format!("This boot made session 1 ({mode}, overlayfs): changes are kept."),
                )
                .sh(&format!("perch why | grep -x '  perchmode={mode}, on the kernel command line'"))
                .expect_sh(
                    &lines("perch diff 1 /srv"),
                    "added /srv/\nadded /srv/new/\nadded 2.0B /srv/new/file\n\nsession 1 changed 3 entries\nadded 3 2.0B",
                )
                .expect_sh(&lines("perch check 1 | head -1"), "session 1: healthy"),
        )
        .boot(
            Boot::with(&format!("perchdir=new perchmode={mode}"))
                .in_session("2", mode)
                .expect_sh(
                    "perch why | head -1",
                    &format!("This boot made session 2 ({mode}, overlayfs): changes are kept."),
                )
                .expect_sh(
                    &lines("perch diff 1 /srv --summary"),
                    "session 1 changed 3 entries\nadded 3 2.0B",
                )
                .expect_sh(&lines("perch check 1 | head -1"), "session 1: healthy"),
        )
}

/// Where the file system cannot exchange two directories in one step.
fn forms_on_fat() -> Scenario {
    let store = "/run/initramfs/memory/data/minios/changes";
    let fill = format!(
        "mkdir -p /mnt && mount -o loop {store}/2/changes.img /mnt && mkdir /mnt/changes &&
         echo old >/mnt/changes/kept && umount /mnt"
    );
    let programs = ["sbin/mke2fs", "sbin/e2fsck", "sbin/resize2fs"];
    let programs = programs
        .into_iter()
        .fold(Bundle::default(), Bundle::installed);
    managed("sessions on a vfat stick get other forms and sizes, and go back")
        .bundle("minios/modules/21-e2fsprogs.sb", programs)
        .medium(VFAT)
        .size_mib(800)
        .boot(
            Boot::with("perch")
                .in_session("1", "dynfilefs")
                .expect_sh("perch create raw 40", "session 2 was made (raw)")
                .sh(&fill)
                .expect_sh("perch snapshot 2", "snapshot 1 of session 2 was made")
                .expect_sh("perch resize 2 60", "the container of session 2 has 60 MiB")
                .expect_sh(
                    "perch convert 2 dynfilefs --purge --yes",
                    "session 2 is dynfilefs now",
                )
                .sh("perch convert 2 native 2>&1 | grep 'cannot hold a native session'")
                .expect_sh(
                    "perch resize 2 130",
                    "the container of session 2 has 130 MiB",
                )
                .expect_sh(
                    "perch convert 2 raw",
                    "session 2 is raw now; the form that it had is in the trash",
                )
                .expect_sh(
                    "perch rollback 2",
                    "session 2 is what it was at snapshot 1; take that back with: rollback 2",
                )
                .expect_sh(&format!("stat -c %s {store}/2/changes.img"), "41943040")
                .expect_sh(
                    "perch rollback 2",
                    "session 2 is what it was at snapshot 2; take that back with: rollback 2",
                )
                .expect_sh(&format!("stat -c %s {store}/2/changes.img"), "136314880")
                .sh(&format!("test -z \"$(ls -A {store} | grep tmp_)\""))
                .expect_sh(
                    "perch activate 2",
                    "session 2 boots next, in place of session 1",
                ),
        )
        .store_json("session.json", "/sessions/2/mode", "raw")
        .boot(
            Boot::with("perch")
                .in_session("2", "raw")
                .expect_sh("cat /kept", "old"),
        )
        .store_sessions(&["1", "2"])
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        made_and_booted(),
        on_fat(),
        forms_on_fat(),
        two_names(),
        asked_about(
            "why, diff and check tell of a native session that runs",
            "native",
        ),
        asked_about(
            "why, diff and check tell of a dynfilefs session that runs",
            "dynfilefs",
        ),
    ]
}
