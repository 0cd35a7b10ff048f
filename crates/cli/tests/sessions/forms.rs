//! Forms, sizes and snapshots of sessions on real file systems.

use crate::places::Medium;

/// What the store's file system has free, in MiB.
fn free(medium: &Medium) -> u64 {
    let said = medium.shell("sync -f $1/store; df -k --output=avail $1/store | tail -n 1");
    said.ok().trim().parse::<u64>().unwrap() / 1024
}

fn with_content(format: &str) -> Medium {
    let medium = Medium::new(1200, format);
    medium.perch("create native").ok();
    medium.perch("create native").ok();
    let script = "mkdir -p $1/store/2/changes/etc $1/store/2/workdir/work
        head -c 60000000 /dev/urandom >$1/store/2/changes/large
        ln $1/store/2/changes/large $1/store/2/changes/etc/same
        cp -a $1/store/2/changes $1/original";
    medium.shell(script).ok();
    medium
}

const SAME: &str = "cd $1 && diff -r --no-dereference original store/2/changes
    test \"$(stat -c %h store/2/changes/large)\" = 2";

#[test]
fn privileged_every_posix_file_system_takes_every_form() {
    for format in ["mke2fs -q -t ext4", "mkfs.btrfs -q", "mkfs.xfs -q"] {
        let medium = with_content(format);
        for args in [
            "convert 2 raw --size 120 --purge --yes",
            "resize 2 140",
            "convert 2 dynfilefs --purge --yes",
            "resize 2 200",
            "convert 2 native",
        ] {
            let said = medium.perch(args);
            assert_eq!(said.status, 0, "{format} {args}: {said:?}");
        }
        medium.shell(SAME).ok();
        let trash = medium.perch("trash list --json").json();
        assert_eq!(trash[0]["mode"], "dynfilefs", "{format}");
    }
}

#[test]
fn privileged_snapshots_share_blocks_where_that_can_be() {
    for (format, shares) in [
        ("mke2fs -q -t ext4", false),
        ("mkfs.btrfs -q", true),
        ("mkfs.xfs -q", true),
    ] {
        let medium = with_content(format);
        let before = free(&medium);
        for _ in 0..3 {
            medium.perch("snapshot 2").ok();
        }
        let taken = before.saturating_sub(free(&medium));
        assert!((taken < 60) == shares, "{format}: {taken} MiB");
        // What the session writes does not reach them.
        medium.shell("echo changed >$1/store/2/changes/large").ok();
        medium.perch("rollback 2 1").ok();
        medium.shell(SAME).ok();
        medium.perch("rollback 2").ok();
        medium
            .shell("grep changed $1/store/2/changes/etc/same")
            .ok();
    }
}

/// What cannot be had beside the old form is refused before anything is begun.
#[test]
fn privileged_without_room_nothing_is_begun() {
    let medium = Medium::new(260, "mke2fs -q -t ext4");
    medium.perch("create native").ok();
    medium.perch("create raw 40").ok();
    let script = "mkdir -p $1/store/1/changes
        head -c 130000000 /dev/urandom >$1/store/1/changes/large";
    medium.shell(script).ok();
    for args in [
        "convert 1 raw",
        "convert 1 dynfilefs --size 160",
        "snapshot 1",
    ] {
        let said = medium.perch(&format!("{args} --json"));
        assert_eq!(said.json()["code"], "no-space", "{args}: {said:?}");
    }
    let said = medium.perch("resize 2 200 --json").json();
    assert_eq!(said["code"], "no-space", "{said}");
    assert_eq!(
        medium.shell("ls -A $1/store").ok().matches(".tmp_").count(),
        0
    );
}
