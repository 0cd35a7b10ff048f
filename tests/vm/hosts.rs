//! perch inside the initramfs images of others: the same boot, begun and ended by their scripts.
//!
//! These run by default; `cargo xtask test --initramfs KIND` runs every other scenario in such an image too.

use perch_tests::disk::VFAT;
use perch_tests::initramfs::Kind;
use perch_tests::scenario::{Boot, Scenario};

use crate::metadata_text::natives;

/// What perch says when nothing is left.
const CLEAN: &str = "perch: everything is unmounted and written";

/// Says what became of the initramfs: its program for the end can be started, nothing of it is in the way, and what serves
/// the system's storage has survived.
const LEFT: &str = "test -x /run/initramfs/shutdown && /run/initramfs/shutdown nonsense 2>&1 | grep -q nonsense; \
    grep -c ' /run/initramfs/memory/data ' /proc/mounts; awk '$2 == \"/\" { print $3 }' /proc/mounts | tail -n 1";

pub fn scenarios() -> Vec<Scenario> {
    [Kind::InitramfsTools, Kind::Dracut]
        .into_iter()
        .flat_map(in_host)
        .collect()
}

fn in_host(kind: Kind) -> Vec<Scenario> {
    let scenario = |what: &str| {
        Scenario::new(format!("in an initramfs of {}: {what}", kind.word())).initramfs(kind)
    };
    vec![
        scenario("a native session is made and resumed")
            .boot(
                Boot::with("perch perchlease")
                    .sh("echo one >/keep")
                    .expect_sh(LEFT, "1\noverlay")
                    .expect_sh(
                        "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -cx 'perch-leas[e]'",
                        "1",
                    )
                    // The host's own: nothing is left that would hide what belongs to the system.
                    .sh("test ! -e /usr/lib/perch && test -e /etc/perch-test/from-00")
                    .in_session("1", "native"),
            )
            .store_file("1/changes/keep", "one")
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /keep", "one")
                    .in_session("1", "native")
                    .console(CLEAN),
            )
            .store_sessions(&["1"])
            .store_json("session.json", "/sessions/1/version", "5.1.1"),
        scenario("a container's server survives the change of the root")
            .medium(VFAT)
            .size_mib(400)
            .boot(
                Boot::with("perch perchsize=128")
                    .sh("echo one >/keep; dd if=/dev/zero of=/big bs=1M count=24 2>/dev/null; sync")
                    .sh("mkdir -p /run/perch && cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -qx @dynfilefs")
                    .in_session("1", "dynfilefs")
                    .console(CLEAN),
            )
            .store_container_unmounted("1/changes.dat")
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /keep; stat -c %s /big", "one\n25165824")
                    .in_session("1", "dynfilefs")
                    .console(CLEAN),
            )
            .store_container_unmounted("1/changes.dat"),
        scenario("a place that is not there means RAM, by the old name boot=live too")
            .boot(
                Boot::with("boot=live perchdir=/dev/nothing/there perchwait=1")
                    .in_ram_instead()
                    .warned(&["/dev/nothing"])
                    .expect_sh(LEFT, "1\noverlay"),
            )
            .store_sessions(&[]),
        scenario("without a system its own way on from an error is taken").boot(
            Boot::with("perch from=/nothing fromwait=2 frommissing=shell").stops_with(&[
                "the medium with the system was not found",
                "/dev/vda holds ext4 \"MINIOS\", but no directory /nothing",
                "perch ends here",
                "perch has no system to start",
            ]),
        ),
        scenario("the question is asked and answered on the serial line")
            .store("session.json", natives("1", &["1", "2"]))
            .session("1")
            .session("2")
            .boot(
                Boot::with("perchdir=ask")
                    .when_shown(&["Which session do you want to open?", "> *  1"])
                    .type_keys("2\r")
                    .expect_sh("cat /from", "2")
                    .in_session("2", "native"),
            ),
    ]
}
