//! Stores on real file systems: what they cannot hold is refused, what they can is made. FAT, which not every kernel
//! has, is for a machine to show: `managing` among the scenarios.

use std::fs::File;
use std::path::Path;

use tempfile::TempDir;

use crate::perch::{Namespace, Said};
use crate::store::assert_refused;

/// A file system in a file, mounted where nobody else sees it.
pub(crate) struct Medium {
    namespace: Namespace,
    dir: TempDir,
}

impl Medium {
    pub(crate) fn new(mib: u64, format: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("image");
        File::create(&image).unwrap().set_len(mib << 20).unwrap();
        std::fs::create_dir(dir.path().join("store")).unwrap();
        let medium = Self {
            namespace: Namespace::new(),
            dir,
        };
        let script = format!("{format} $1/image >/dev/null && mount -o loop $1/image $1/store");
        medium.shell(&script).ok();
        medium
    }

    pub(crate) fn shell(&self, script: &str) -> Said {
        let dir: &Path = self.dir.path();
        self.namespace.run("sh", &[&"-ec", &script, &"sh", &dir])
    }

    pub(crate) fn perch(&self, args: &str) -> Said {
        let program = env!("CARGO_BIN_EXE_perch");
        self.shell(&format!("{program} --sessions-dir $1/store {args}"))
    }
}

#[test]
fn privileged_check_47_a_native_session_needs_no_room() {
    let medium = Medium::new(260, "mke2fs -q -t ext4");
    medium.perch("create native").ok();
    assert_refused(&medium.perch("create raw 1000 --json"), 1, "no-space");
    assert_refused(&medium.perch("create dynfilefs 300 --json"), 1, "no-space");
    let json = medium.perch("create raw 1000 --json").json();
    assert!(
        json["hint"]
            .as_str()
            .unwrap()
            .starts_with("choose at most "),
        "{json}"
    );
    // The usual size is what there is room for, which is said.
    let said = medium.perch("create raw --json").json();
    assert_eq!(said["notices"].as_array().unwrap().len(), 1, "{said}");
    let list = medium.perch("list --json").json();
    assert_eq!(list.as_array().unwrap().len(), 2, "{list}");
}

#[test]
fn privileged_btrfs_and_xfs_hold_every_mode() {
    for format in ["mkfs.btrfs -q", "mkfs.xfs -q"] {
        let medium = Medium::new(600, format);
        for args in [
            "create",
            "create raw 32",
            "create dynfilefs 32",
            "delete 2",
            "activate 1",
        ] {
            medium.perch(args).ok();
        }
        let list = medium.perch("list --json").json();
        assert_eq!(list[1]["mode"], "dynfilefs", "{format} {list}");
        assert_eq!(list.as_array().unwrap().len(), 2, "{format} {list}");
        assert_eq!(
            medium.perch("info --json").json()["compatible_modes"][0],
            "native"
        );
    }
}

#[test]
fn privileged_a_read_only_store_is_read_and_not_changed() {
    let medium = Medium::new(200, "mke2fs -q -t ext4");
    medium.perch("create").ok();
    medium.perch("create").ok();
    medium.shell("mount -o remount,ro $1/store").ok();
    assert_eq!(
        medium.perch("list --json").json().as_array().unwrap().len(),
        2
    );
    let status = medium.perch("status --json").json();
    assert_eq!(
        (&status["success"], &status["writable"]),
        (&true.into(), &false.into())
    );
    assert!(
        status["error"].as_str().unwrap().contains("read-only"),
        "{status}"
    );
    let info = medium.perch("info --json").json();
    assert_eq!(info["filesystem"]["is_readonly"], true);
    assert_eq!(info["compatible_modes"], serde_json::json!([]));
    for args in [
        "create",
        "activate 2",
        "delete 2",
        "cleanup",
        "trash empty --yes",
    ] {
        assert_refused(&medium.perch(&format!("{args} --json")), 1, "read-only");
    }
    let said = medium.perch("delete 2 --json").json();
    assert!(
        said["hint"].as_str().unwrap().contains("remount,rw"),
        "{said}"
    );
}

/// An ext4 that is mounted with `errors=remount-ro` is not read-only for that.
#[test]
fn privileged_options_are_not_taken_for_others() {
    let medium = Medium::new(100, "mke2fs -q -t ext4 -e remount-ro");
    medium
        .shell("mount -o remount,errors=remount-ro $1/store")
        .ok();
    let info = medium.perch("info --json").json();
    assert_eq!(info["filesystem"]["is_readonly"], false, "{info}");
}

/// What two sessions share takes no room, so three of 200 MiB fit where two would not.
#[test]
fn privileged_native_copies_share_their_blocks_where_they_can() {
    for format in ["mkfs.btrfs -q", "mkfs.xfs -q"] {
        let medium = Medium::new(600, format);
        medium.perch("create").ok();
        medium
            .shell("mkdir $1/store/1/changes && head -c 200M /dev/urandom > $1/store/1/changes/large; sync -f $1/store")
            .ok();
        for id in ["2", "3"] {
            medium.perch("copy 1").ok();
            let same = format!("cmp $1/store/1/changes/large $1/store/{id}/changes/large");
            medium.shell(&same).ok();
        }
        medium.shell("sync -f $1/store").ok();
        let free = medium.shell("df -m --output=avail $1/store | tail -1").ok();
        assert!(
            free.trim().parse::<u32>().unwrap() > 150,
            "{format}: {free}"
        );
        // A container takes what it needs, which is told before anything is made.
        assert_refused(&medium.perch("copy 1 raw 500 --json"), 1, "no-space");
        medium
            .shell("rm $1/store/[23]/changes/large; truncate -s 5M $1/store/1/changes/large")
            .ok();
        for mode in ["raw", "dynfilefs"] {
            medium.perch(&format!("copy 1 {mode}")).ok();
        }
        medium.perch("copy 5 native").ok();
        medium
            .shell("cmp $1/store/1/changes/large $1/store/6/changes/large")
            .ok();
    }
}

#[test]
fn privileged_a_full_medium_leaves_no_part_of_a_copy() {
    let medium = Medium::new(300, "mke2fs -q -t ext4");
    medium.perch("create").ok();
    medium
        .shell("mkdir $1/store/1/changes && head -c 120M /dev/urandom > $1/store/1/changes/large")
        .ok();
    assert_refused(&medium.perch("copy 1 --json"), 1, "no-space");
    let out = medium
        .shell("head -c 130M /dev/zero > $1/store/fill; ls -A $1/store")
        .ok();
    assert!(!out.contains(".tmp_"), "{out}");
    let script = format!(
        "{} --sessions-dir $1/store export 1 $1/store/b --json",
        env!("CARGO_BIN_EXE_perch")
    );
    assert_refused(&medium.shell(&script), 1, "no-space");
    assert_eq!(medium.shell("ls -A $1/store").ok(), out);
}
