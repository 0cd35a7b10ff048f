//! `copy`

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use perch_core::session::Mode;

use crate::content::{assert_tidy, differences, with_everything};
use crate::perch::Said;
use crate::store::{Store, assert_refused};

/// What debugfs(8) has to say to a request about a raw container.
fn in_image(image: &Path, request: &str) -> String {
    let output = Command::new("/sbin/debugfs")
        .args(["-R", request])
        .arg(image)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn privileged_check_55_a_copy_in_a_container_is_where_overlayfs_looks() {
    let store = with_everything();
    store.perch("copy 1 --to-mode raw").ok();
    assert_eq!(
        in_image(&store.path("2/changes.img"), "cat /changes/shared/ping"),
        "#!"
    );
    let found = differences(&store.path("1"), &store.path("2"), Mode::Raw);
    assert_eq!(found, Vec::<String>::new());
    let fsck = Command::new("/sbin/e2fsck")
        .arg("-fn")
        .arg(store.path("2/changes.img"))
        .output();
    assert!(fsck.unwrap().status.success());
    let record = &store.json()["sessions"]["2"];
    assert_eq!(
        (&record["mode"], &record["union"]),
        (&"raw".into(), &"overlayfs".into())
    );
    assert_tidy(&store);
}

#[test]
fn privileged_check_62_every_form_makes_the_copy_that_is_meant() {
    let store = Store::with(&[1, 2]);
    for (args, want) in [
        ("copy 1 7 raw 300", ("7", "raw", Some(300))),
        ("copy 1 raw 200", ("8", "raw", Some(200))),
        ("copy 1 --to-mode raw --size 300", ("9", "raw", Some(300))),
        ("copy 1 3", ("3", "native", None)),
        ("copy 1", ("10", "native", None)),
        ("copy 8", ("11", "raw", Some(200))),
        ("copy 1 12 dynfilefs", ("12", "dynfilefs", None)),
        ("copy 12 native", ("13", "native", None)),
    ] {
        let (id, mode, size) = want;
        let said = store.perch(&format!("{args} --json")).json();
        assert_eq!(said["success"], true, "{args}: {said}");
        assert_eq!(said["id"], id, "{args}: {said}");
        let record = &store.json()["sessions"][id];
        assert_eq!(record["mode"], mode, "{args}: {record}");
        assert_eq!(record["version"], "5.1.1", "{args}: {record}");
        if size.is_some() {
            assert_eq!(record["size"].as_u64(), size, "{args}: {record}");
        }
    }
    for id in [3, 10, 13] {
        let file = store.path(&format!("{id}/changes/etc/file"));
        assert_eq!(fs::read_to_string(file).unwrap(), "content", "{id}");
    }
    assert_refused(&store.perch("copy 1 2 --json"), 1, "exists");
    assert_refused(&store.perch("copy 99 --json"), 1, "not-found");
    assert_refused(&store.perch("copy 1 raw 20 7 --json"), 2, "bad-size");
    assert_refused(&store.perch("copy 1 bogus --json"), 2, "mode");
    assert_eq!(store.json()["default"], "1");
    assert_tidy(&store);
}

#[test]
fn privileged_files_that_do_not_fit_are_refused_before_anything_is_made() {
    let store = Store::with(&[1]);
    fs::write(store.path("1/changes/large"), vec![7; 60 << 20]).unwrap();
    let before = store.all_paths();
    let said = store.perch("copy 1 raw 40 --json");
    assert_refused(&said, 1, "too-small");
    let hint = said.json()["hint"].as_str().unwrap().to_owned();
    assert_eq!(store.all_paths(), before);
    // What it says is enough.
    let least = hint.rsplit(' ').next().unwrap();
    store.perch(&format!("copy 1 raw {least}")).ok();
}

#[test]
fn privileged_a_container_has_inodes_for_many_small_files() {
    let store = Store::with(&[1]);
    let dir = store.path("1/changes/many");
    fs::create_dir(&dir).unwrap();
    for number in 0..8_000 {
        fs::write(dir.join(format!("file {number}")), "x").unwrap();
    }
    let said = store.perch("copy 1 raw 100 --json");
    assert_refused(&said, 1, "too-small");
    let hint = said.json()["hint"].as_str().unwrap().to_owned();
    let least = hint.rsplit(' ').next().unwrap();
    store.perch(&format!("copy 1 raw {least}")).ok();
    assert_eq!(
        differences(&store.path("1"), &store.path("2"), Mode::Raw),
        Vec::<String>::new()
    );
}

#[test]
fn privileged_check_66_six_at_once_get_numbers_and_entries_of_their_own() {
    for (first, mode) in [("create", "native"), ("create raw 20", "raw")] {
        let store = Store::on_disk();
        store.perch(first).ok();
        store.perch("activate 1").ok();
        let children: Vec<_> = (0..6)
            .map(|_| {
                let mut command = store.command(&["copy", "1", "--json"]);
                command.stdout(Stdio::piped()).stderr(Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        let mut ids = BTreeSet::new();
        for child in children {
            let said = Said::from(child.wait_with_output().unwrap());
            assert_eq!(said.status, 0, "{said:?}");
            ids.insert(said.json()["id"].as_str().unwrap().to_owned());
        }
        let want: BTreeSet<String> = (2..=7).map(|id| id.to_string()).collect();
        assert_eq!(ids, want, "{mode}");
        let json = store.json();
        assert_eq!(json["default"], "1");
        for id in ids {
            assert_eq!(json["sessions"][&id]["mode"], mode);
        }
        assert_tidy(&store);
    }
}

#[test]
fn privileged_a_dry_run_tells_the_steps_and_makes_nothing() {
    let store = Store::with(&[1, 2]);
    let before = store.all_paths();
    let said = store.perch("copy 1 raw --dry-run").ok();
    assert_eq!(
        said,
        "Would:\n  make session 3: a raw container of 116 MiB with an ext4\n  \
         copy the files of session 1 to session 3\n  record session 3 in the metadata\n"
    );
    assert_eq!(store.all_paths(), before);
}

/// An aufs session's files lie directly in its directory, whose time is that of the copy all the same (contract C23).
#[test]
fn privileged_a_copy_of_an_old_session_is_not_old() {
    let store = Store::on_disk();
    fs::create_dir_all(store.path("1/etc")).unwrap();
    fs::write(store.path("1/.wh..wh.aufs"), "").unwrap();
    fs::write(store.path("1/etc/.wh.gone"), "").unwrap();
    store
        .write_json(r#"{"default": null, "sessions": {"1": {"mode": "native", "union": "aufs"}}}"#);
    let touch = Command::new("touch")
        .args(["-d", "@1500000000"])
        .arg(store.path("1"))
        .status();
    assert!(touch.unwrap().success());
    store.perch("copy 1").ok();
    store.perch("copy 1 raw").ok();
    assert!(store.path("2/etc/.wh.gone").exists());
    let said = store.perch("cleanup --days 30 --yes --json").json();
    assert_eq!(said["deleted_count"], 1, "{said}");
    assert_eq!(store.ids(), ["2", "3"]);
    assert_eq!(store.json()["sessions"]["3"]["union"], "aufs");
    let image = store.path("3/changes.img");
    assert!(in_image(&image, "ls /etc").contains(".wh.gone"));
    assert!(!in_image(&image, "ls /").contains("changes"));
}

/// What the existing manager of MiniOS put where overlayfs does not look is not lost to a copy (contract C3).
#[test]
fn privileged_files_that_went_astray_are_found() {
    let store = Store::on_disk();
    store.perch("create raw 32").ok();
    let image = store.path("1/changes.img");
    let file = store.path("astray");
    fs::write(&file, "found").unwrap();
    let write = Command::new("/sbin/debugfs")
        .args(["-w", "-R", &format!("write {} astray", file.display())])
        .arg(&image)
        .status();
    assert!(write.unwrap().success());
    store.write_json(
        r#"{"default": null, "sessions": {"1": {"mode": "raw", "union": "overlayfs"}}}"#,
    );
    let said = store.perch("copy 1 native --json").json();
    assert!(
        said["notices"].to_string().contains("does not look"),
        "{said}"
    );
    let found = fs::read_to_string(store.path("2/changes/astray"));
    assert_eq!(found.unwrap(), "found");
}
