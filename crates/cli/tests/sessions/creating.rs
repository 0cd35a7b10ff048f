//! `create`

use std::collections::BTreeSet;
use std::fs;

use crate::store::{Store, assert_refused};

#[test]
fn privileged_check_46_the_first_session_is_1_and_no_default() {
    let store = Store::empty();
    let said = store.perch("create --json").json();
    assert_eq!(said["success"], true, "{said}");
    assert_eq!(said["id"], "1", "{said}");
    assert_eq!(store.json()["default"], serde_json::Value::Null);
    assert_eq!(store.perch("active --json").ok(), "null\n");
    let conf = fs::read_to_string(store.path("session.conf")).unwrap();
    assert!(conf.contains("session_mode[1]=native"), "{conf}");
    assert_eq!(fs::read_dir(store.path("1")).unwrap().count(), 0);
    // Numbers go on behind the largest.
    fs::create_dir(store.path("999")).unwrap();
    assert_eq!(store.perch("create native --json").json()["id"], "1000");
}

#[test]
fn privileged_check_48_a_raw_container_has_the_size_asked_for() {
    let store = Store::empty();
    store.perch("create raw 64").ok();
    let session = store.perch("list --json").json()[0].clone();
    assert_eq!(session["mode"], "raw");
    assert_eq!(session["size"], 67_108_864);
    assert_eq!(session["size_formatted"], "64.0MB");
    // Holes take no room.
    assert!(
        session["allocated"].as_u64().unwrap() < 32 << 20,
        "{session}"
    );
    assert_eq!(store.json()["sessions"]["1"]["size"], 64);
    let label = std::process::Command::new("blkid")
        .args(["-p", "-o", "export"])
        .arg(store.path("1/changes.img"))
        .output()
        .unwrap();
    let label = String::from_utf8(label.stdout).unwrap();
    assert!(
        label.contains("TYPE=ext4") && !label.contains("LABEL="),
        "{label}"
    );
}

#[test]
fn privileged_containers_of_both_modes_are_in_order() {
    let store = Store::empty();
    let said = store.run(&[
        "create",
        "--mode",
        "dynfilefs",
        "--size",
        "40",
        "--name",
        "My one",
    ]);
    assert_eq!(said.ok(), "session 1 was made (dynfilefs)\n");
    let session = store.perch("list --json").json()[0].clone();
    assert_eq!(session["total_size"], 40 << 20);
    assert_eq!(session["name"], "My one");
    let file = store.path("1/changes.dat");
    let check = crate::perch::command(&["dynfilefs", "check", file.to_str().unwrap()]);
    crate::perch::Said::from({ check }.output().unwrap()).ok();
    store.perch("create raw 16").ok();
    let fsck = std::process::Command::new("/sbin/e2fsck")
        .args(["-fn"])
        .arg(store.path("2/changes.img"))
        .output()
        .unwrap();
    assert!(fsck.status.success(), "{fsck:?}");
    let left = store.all_paths();
    let hidden = |path: &&std::path::PathBuf| path.to_str().unwrap().contains("/.tmp_");
    assert_eq!(left.iter().find(hidden), None);
}

#[test]
fn check_49_what_is_no_size_or_mode_makes_nothing() {
    let store = Store::empty();
    for (args, code) in [
        (&["create", "raw", "0"][..], "bad-size"),
        (&["create", "raw", "-5"], "bad-size"),
        (&["create", "raw", "1.5G"], "bad-size"),
        (&["create", "bogus"], "mode"),
        (&["create", ""], "mode"),
        (&["create", "raw", "64", "7"], "usage"),
        (&["create", "--name", "a\nb"], "bad-name"),
    ] {
        let mut args = args.to_vec();
        args.push("--json");
        assert_refused(&store.run(&args), 2, code);
        assert!(store.all_paths().is_empty(), "{args:?}");
    }
}

#[test]
fn privileged_check_66_twelve_at_once_get_numbers_and_entries_of_their_own() {
    let store = Store::with(&[1, 2]);
    let children: Vec<_> = (0..12)
        .map(|_| {
            let mut command = store.command(&["create", "--json"]);
            command.stdout(std::process::Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let mut ids = BTreeSet::new();
    for child in children {
        let said = crate::perch::Said::from(child.wait_with_output().unwrap());
        ids.insert(said.json()["id"].as_str().unwrap().to_owned());
    }
    let want: BTreeSet<String> = (3..=14).map(|id| id.to_string()).collect();
    assert_eq!(ids, want);
    let json = store.json();
    assert_eq!(json["default"], "1");
    assert_eq!(json["sessions"].as_object().unwrap().len(), 14);
    assert_eq!(json["sessions"]["2"]["version"], "5.1.1");
    assert_eq!(store.ids().len(), 14);
}

#[test]
fn privileged_a_dry_run_changes_nothing_and_tells_the_steps() {
    let store = Store::with(&[1, 2]);
    let before = store.all_paths();
    let said = store.perch("create raw 64 --dry-run").ok();
    assert_eq!(
        said,
        "Would:\n  make session 3: a raw container of 64 MiB with an ext4\n  \
         record session 3 in the metadata\n"
    );
    let said = store.perch("delete 2 --dry-run --json").json();
    assert_eq!(said["dry_run"], true);
    assert_eq!(said["steps"][0]["step"], "move-to-trash");
    store.perch("activate 2 --dry-run").ok();
    store.perch("rename 2 x --dry-run").ok();
    store.perch("cleanup --days 0 --dry-run").ok();
    assert_eq!(store.all_paths(), before);
    assert_eq!(store.json()["default"], "1");
}
