//! The end of the system: everything unmounted and clean, whatever is still going on, however it is called.
//!
//! That media are clean after a power-off is required of every scenario; here it is made difficult.

use perch_tests::disk::{EXT4, Medium, VFAT};
use perch_tests::scenario::{Boot, Scenario};

/// What perch says when nothing is left.
const CLEAN: &str = "perch: everything is unmounted and written";

/// The root directory of the medium in the running system.
const DATA: &str = "/run/initramfs/memory/data";

/// A process that ignores SIGTERM, with a file open on the medium, a directory in the session and writes in both.
fn stubborn() -> String {
    format!(
        "mkdir -p /deep; cat >/stubborn <<'END'\n\
        #!/bin/sh\n\
        trap '' TERM HUP INT\n\
        exec 5>{DATA}/open 6>/deep/open\n\
        cd /deep\n\
        echo ready >/ready\n\
        while :; do echo x >&5; echo x >&6; usleep 10000; done\n\
        END\n\
        sed -i 's/^ *//' /stubborn; chmod +x /stubborn\n\
        setsid /stubborn </dev/null >/dev/null 2>&1 &\n\
        until [ -e /ready ]; do usleep 20000; done"
    )
}

/// Data that is not on the disk yet, and what users mount.
const WORK: &str = "dd if=/dev/zero of=/big bs=1M count=24 2>/dev/null; \
    mkdir /lo /tm; truncate -s 8M /lo.img; mkfs.ext2 /lo.img >/dev/null 2>&1; \
    losetup /dev/loop30 /lo.img && mount -t ext4 /dev/loop30 /lo && echo x >/lo/x; \
    mount -t tmpfs none /tm; mkdir /tm/data; mount -o bind /run/initramfs/memory/data /tm/data; \
    mkdir /tm/data/made 2>/dev/null; echo one >/keep";

fn working(cmdline: &str, ended_by: &str) -> Boot {
    Boot::with(cmdline)
        .sh(WORK)
        .sh(&stubborn())
        .ended_by(ended_by)
        .console("perch: killed, since they did not end: process ")
}

/// Two ends under load, then what was written is looked for.
fn scenario(name: &str, medium: Medium, mode: &str, container: Option<&str>) -> Scenario {
    let cmdline = &format!("perch perchmode={mode} perchsize=128");
    let mut scenario = Scenario::new(name).medium(medium).size_mib(400);
    for _ in 0..2 {
        scenario = scenario.boot(
            working(cmdline, "poweroff")
                .console(CLEAN)
                .console_never("cannot be unmounted")
                .in_session("1", mode),
        );
        if let Some(container) = container {
            scenario = scenario.store_container_unmounted(container);
        }
    }
    scenario.boot(Boot::with("perch").expect_sh("cat /keep; stat -c %s /big", "one\n25165824"))
}

pub fn scenarios() -> Vec<Scenario> {
    let raw = "perch perchmode=raw perchsize=128";
    vec![
        scenario("shutdown under load, native on ext4", EXT4, "native", None),
        scenario(
            "shutdown under load, raw on ext4",
            EXT4,
            "raw",
            Some("1/changes.img"),
        ),
        scenario(
            "shutdown under load, raw on vfat",
            VFAT,
            "raw",
            Some("1/changes.img"),
        ),
        // With a server that has to be waited for.
        scenario(
            "shutdown under load, dynfilefs on vfat",
            VFAT,
            "dynfilefs",
            Some("1/changes.dat"),
        ),
        Scenario::new("shutdown by an init that does not prepare it")
            .medium(VFAT)
            .size_mib(400)
            .boot(working(raw, "reboot direct").console(CLEAN))
            .store_container_unmounted("1/changes.img")
            .boot(working("perch", "halt").console(CLEAN))
            .store_container_unmounted("1/changes.img")
            // Without a kernel that was loaded, it restarts.
            .boot(Boot::with("perch").ended_by("kexec direct").console(CLEAN)),
        Scenario::new("shutdown beside an init that stays")
            .medium(VFAT)
            .size_mib(400)
            .boot(
                working(raw, "poweroff child")
                    .console("perch: / is in use by process 1 (")
                    .console("perch: every file system was made read-only by force"),
            )
            .store_container_unmounted("1/changes.img")
            .boot(Boot::with("perch").expect_sh("cat /keep", "one")),
        // Nobody may end it, so that the union stays: all is written nevertheless.
        Scenario::new("shutdown with a server of somebody's storage in the union")
            .medium(VFAT)
            .size_mib(400)
            .boot(
                Boot::with(raw)
                    .sh(WORK)
                    // What it calls itself begins with `@`; busybox looks at the end of it.
                    .sh(
                        "mkdir /@hold; cp /bin/busybox /@hold/sleep; cd /; exec 5>/held; \
                        setsid @hold/sleep 99999 </dev/null >/dev/null 2>&1 & \
                        until grep -q ^@hold /proc/[0-9]*/cmdline; do usleep 20000; done",
                    )
                    .console("perch: / is in use by process ")
                    .console_never("perch: killed")
                    .console("perch: / cannot be unmounted")
                    .console("perch: every file system was made read-only by force"),
            )
            .store_container_unmounted("1/changes.img")
            .boot(Boot::with("perch").expect_sh("cat /keep", "one")),
        Scenario::new("shutdown of a fresh system from RAM")
            .boot(working("toram", "poweroff").console(CLEAN)),
    ]
}
