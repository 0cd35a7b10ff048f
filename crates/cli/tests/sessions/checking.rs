//! `perch check` on sessions that are in order, and on such that are not.

use std::fs;

use serde_json::Value;

use crate::perch::Said;
use crate::store::assert_refused;
use crate::union::Union;

/// Verdict and codes of one session.
fn of(said: &Said, id: &str) -> (String, Vec<String>) {
    let json = said.json();
    let sessions = json["sessions"].as_array().unwrap();
    let session = sessions.iter().find(|it| it["id"] == id).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = session["findings"].as_array().unwrap();
    let codes = findings.iter().map(|finding| text(&finding["code"]));
    (text(&session["verdict"]), codes.collect())
}

fn is(said: &Said, id: &str, verdict: &str, codes: &[&str]) {
    let (got, found) = of(said, id);
    assert_eq!(
        (got.as_str(), found),
        (verdict, codes.iter().map(|it| (*it).to_owned()).collect()),
        "{said:?}"
    );
}

#[test]
fn privileged_sessions_of_all_modes_that_are_in_order_are_healthy() {
    let union = Union::after("rm etc/gone; rm -r var/cache/app; mkdir var/cache/app; echo x > y");
    for mode in ["native", "raw 64", "dynfilefs 64"] {
        union.perch(&format!("create {mode}")).ok();
    }
    let before = union
        .shell("find changes -type f -newer bundles | xargs sha256sum")
        .ok();
    let said = union.perch("check --json");
    assert_eq!(said.status, 0, "{said:?}");
    for id in ["1", "2", "3", "4"] {
        is(&said, id, "healthy", &[]);
    }
    let json = said.json();
    assert_eq!(json["success"], true);
    assert_eq!(json["sessions"][0]["files"]["deleted"], 1);
    assert_eq!(json["sessions"][0]["files"]["opaque"], 1);
    let after = union
        .shell("find changes -type f -newer bundles | xargs sha256sum")
        .ok();
    assert_eq!(before, after, "a check writes nothing");
    let text = union.perch("check 1 3").ok();
    assert_eq!(
        text,
        "session 1: healthy\nsession 3: healthy\nsessions: 2 healthy\n"
    );
    assert_refused(&union.perch("check 9 --json"), 1, "not-found");
    assert_refused(&union.perch("check x --json"), 2, "invalid-id");
}

/// A container that was mounted has no `lost+found` any more, which e2fsck would make again.
#[test]
fn privileged_containers_that_were_filled_are_healthy() {
    let union = Union::after("echo x > y");
    for mode in ["raw", "dynfilefs"] {
        let said = union.perch(&format!("copy 1 {mode} --json")).json();
        let id = said["id"].as_str().unwrap();
        let said = union.perch(&format!("check {id} --json"));
        is(&said, id, "healthy", &[]);
    }
}

#[test]
fn privileged_what_is_odd_about_files_is_told() {
    let union = Union::after("echo x > y");
    union.shell("touch changes/1/changes/.wh.kept changes/1/workdir/work/left; echo x > changes/1/outside").ok();
    union
        .shell("setfattr -n trusted.overlay.metacopy changes/1/changes/y 2>/dev/null || true")
        .ok();
    let said = union.perch("check --json");
    assert_eq!(said.status, 1);
    let (verdict, codes) = of(&said, "1");
    assert_eq!(verdict, "needs-you");
    for code in ["files-outside", "foreign-marks", "work-left"] {
        assert!(codes.iter().any(|it| it == code), "{code} {said:?}");
    }
    assert_eq!(said.json()["code"], "needs-you");
    // What only metadata knows, and what metadata does not know.
    fs::remove_dir_all(union.dir.path().join("changes/1")).unwrap();
    fs::create_dir(union.dir.path().join("changes/5")).unwrap();
    is(
        &union.perch("check 1 --json"),
        "1",
        "healthy",
        &["never-finished"],
    );
    union
        .shell("sed -i 's/null/\"1\"/' changes/session.json")
        .ok();
    let said = union.perch("check --json");
    is(&said, "1", "lost", &["no-directory"]);
    is(&said, "5", "healthy", &["not-recorded"]);
    assert_eq!(said.json()["code"], "lost");
}

/// Errors in an ext4: a wrong count of links, which e2fsck -p repairs, and a lost root directory, which needs a decision.
#[test]
fn privileged_file_systems_are_repaired_where_no_decision_is_needed() {
    let union = Union::after("true");
    union.perch("create raw 64").ok();
    union.perch("create dynfilefs 64").ok();
    let debugfs = |image: &str, command: &str| {
        union
            .shell(&format!("debugfs -w -R '{command}' {image}"))
            .ok();
    };
    let perch = env!("CARGO_BIN_EXE_perch");
    let served = |script: &str| {
        union
            .shell(&format!("mkdir -p served; {perch} dynfilefs mount changes/3/changes.dat served; {script}; {perch} dynfilefs umount served"))
            .ok();
    };
    debugfs("changes/2/changes.img", "set_inode_field / links_count 9");
    served("debugfs -w -R 'set_inode_field / links_count 9' served/virtual.dat");
    let before = fs::read(union.dir.path().join("changes/2/changes.img")).unwrap();
    let said = union.perch("check --json");
    for id in ["2", "3"] {
        is(&said, id, "needs-you", &["file-system"]);
    }
    assert!(before == fs::read(union.dir.path().join("changes/2/changes.img")).unwrap());
    let repaired = union.perch("check --repair --json");
    assert_eq!(repaired.status, 0, "{repaired:?}");
    for id in ["2", "3"] {
        is(&repaired, id, "repaired", &["file-system"]);
    }
    let again = union.perch("check --json");
    for id in ["2", "3"] {
        is(&again, id, "healthy", &[]);
    }
    debugfs("changes/2/changes.img", "clri /");
    for args in ["check 2 --json", "check 2 --repair --json"] {
        let said = union.perch(args);
        assert_eq!(said.status, 1);
        is(&said, "2", "needs-you", &["file-system-errors"]);
        let text = said.json()["sessions"][0]["findings"][0]["text"].to_string();
        assert!(
            text.contains("With yes to everything e2fsck would"),
            "{text}"
        );
    }
    union
        .shell("dd if=/dev/zero of=changes/2/changes.img bs=1M count=1 conv=notrunc")
        .ok();
    is(
        &union.perch("check 2 --json"),
        "2",
        "needs-you",
        &["no-file-system"],
    );
    union
        .shell("rm changes/2/changes.img changes/3/changes.dat")
        .ok();
    is(
        &union.perch("check 2 --json"),
        "2",
        "lost",
        &["no-container"],
    );
    is(
        &union.perch("check 3 --json"),
        "3",
        "lost",
        &["container-lost"],
    );
}

/// A container that is mounted elsewhere is not touched, and one that was cut off is no damage.
#[test]
fn privileged_containers_in_use_and_cut_off_are_told_apart_from_damaged_ones() {
    let union = Union::after("true");
    union.perch("create raw 64").ok();
    union
        .shell("mount -o loop changes/2/changes.img mnt/core; echo x > mnt/core/file; sync")
        .ok();
    // As a power cut leaves it: a copy of what is on the disk while it is mounted.
    union
        .shell("mkdir changes/3; cp changes/2/changes.img changes/3/")
        .ok();
    let said = union.perch("check 2 --repair --json");
    is(&said, "2", "healthy", &["in-use"]);
    let cut = union.perch("check 3 --json");
    let (verdict, codes) = of(&cut, "3");
    assert_eq!(verdict, "needs-you", "{cut:?}");
    assert!(codes.contains(&"files-outside".to_owned()), "{cut:?}");
    assert!(codes.contains(&"cut-off".to_owned()), "{cut:?}");
    union.shell("umount mnt/core").ok();
}

/// An index that points behind the end of its part, as a power cut on a full disk leaves it: it reads as zeros before and
/// after.
#[test]
fn privileged_the_index_of_a_container_is_put_right() {
    let union = Union::after("true");
    union.perch("create dynfilefs 64").ok();
    // The last entry of the first part, which no file system of 64 MiB reaches the meaning of.
    union
        .shell("printf '\\377\\377\\377\\377\\0\\0\\0\\0' | dd of=changes/2/changes.dat.0 bs=1 seek=$((4096 + 8 * 16000)) conv=notrunc")
        .ok();
    let before = union.shell("sha256sum changes/2/*").ok();
    is(
        &union.perch("check 2 --json"),
        "2",
        "needs-you",
        &["container-index"],
    );
    assert_eq!(before, union.shell("sha256sum changes/2/*").ok());
    let repaired = union.perch("check 2 --repair --json");
    let (verdict, codes) = of(&repaired, "2");
    assert_eq!(verdict, "repaired", "{repaired:?}");
    assert_eq!(codes, ["container-index"]);
    is(&union.perch("check 2 --json"), "2", "healthy", &[]);
}
