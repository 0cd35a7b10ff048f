//! What a command finds that another one was cut off in while it replaced a session: each state in which that can be.

use std::fs;
use std::os::unix::fs::MetadataExt;

use serde_json::json;

use crate::store::Store;

/// Session 1, raw in place of native or the other way round; what is new says so.
struct Cut {
    store: Store,
}

const WORKING: &str = ".tmp_ab12cd34";

impl Cut {
    /// Metadata says no mode, as while the two change places.
    fn new() -> Self {
        let store = Store::with(&[1, 2]);
        store.perch("rename 1 x").ok();
        let mut json = store.json();
        json["sessions"]["1"]
            .as_object_mut()
            .unwrap()
            .remove("mode");
        store.write_json(&json.to_string());
        fs::remove_file(store.path("session.conf")).unwrap();
        fs::remove_dir_all(store.path("1")).unwrap();
        fs::create_dir(store.path(WORKING)).unwrap();
        Self { store }
    }

    fn old(self, name: &str) -> Self {
        let dir = self.store.path(name).join("changes");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("old"), "").unwrap();
        self
    }

    fn new_form(self, name: &str) -> Self {
        let dir = self.store.path(name);
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("changes.img"), "new").unwrap();
        self
    }

    /// The note, with the inode of the new form that is there.
    fn note(self, inode: Option<&str>, former: serde_json::Value) -> Self {
        let inode = inode.map(|name| fs::metadata(self.store.path(name)).unwrap().ino());
        let note = json!({
            "id": "1",
            "before": {"mode": "native", "version": "5.1.1", "edition": "standard",
                "union": "overlayfs", "extra": {"name": "x"}},
            "after": {"mode": "raw", "size": 16, "version": "5.1.1", "edition": "standard",
                "union": "overlayfs", "extra": {"name": "x"}},
            "former": former,
            "inode": inode,
        });
        fs::write(self.store.path(WORKING).join("swap.json"), note.to_string()).unwrap();
        self
    }

    /// The next command, whatever it changes. The mode of session 1 then, in both files.
    fn finish(&self) -> String {
        self.store.perch("rename 2 y").ok();
        let record = self.store.json()["sessions"]["1"].clone();
        assert_eq!(record["name"], "x", "{record}");
        let mode = record["mode"].as_str().unwrap().to_owned();
        let conf = fs::read_to_string(self.store.path("session.conf")).unwrap();
        assert!(
            conf.contains(&format!("session_mode[1]={mode}\n")),
            "{conf}"
        );
        assert_eq!(record["size"].as_u64(), (mode == "raw").then_some(16));
        let list = self.store.perch("list --json").json();
        assert_eq!(list[0]["mode"], *mode, "{list}");
        self.store.perch("cleanup").ok();
        assert!(!self.store.path(WORKING).exists());
        mode
    }

    fn has(&self, path: &str) -> bool {
        self.store.path(path).exists()
    }
}

fn ready() -> String {
    format!("{WORKING}/.perch-ready")
}

fn was() -> String {
    format!("{WORKING}/.perch-was")
}

#[test]
fn privileged_before_they_changed_places_the_old_one_stays() {
    let new = format!("{WORKING}/.perch-new");
    for made in [new, ready()] {
        let cut = Cut::new().old("1").new_form(&made);
        let cut = cut.note(Some(&made), json!("trash"));
        assert_eq!(cut.finish(), "native");
        assert!(cut.has("1/changes/old") && !cut.has(".trash"));
    }
}

#[test]
fn privileged_after_it_the_old_one_goes_where_it_was_to_go() {
    for (former, place) in [
        (json!("trash"), Some(".trash/1-1/session/changes/old")),
        (
            json!({"snapshot": {"made": 7, "record": {"mode": "native"}}}),
            Some(".snapshots/1/1/session/changes/old"),
        ),
        (json!("gone"), None),
    ] {
        let cut = Cut::new().old(&ready()).new_form("1");
        let cut = cut.note(Some("1"), former);
        assert_eq!(cut.finish(), "raw");
        assert!(cut.has("1/changes.img"));
        if let Some(place) = place {
            assert!(cut.has(place), "{place}");
        }
    }
}

#[test]
fn privileged_without_an_exchange_each_of_both_steps_is_finished() {
    // Between them nobody has the number.
    let cut = Cut::new().old(&was()).new_form(&ready());
    let cut = cut.note(None, json!("trash"));
    let list = cut.store.perch("list");
    assert!(
        list.err.contains("Session 1 was being replaced"),
        "{list:?}"
    );
    assert_eq!(cut.finish(), "raw");
    assert!(cut.has("1/changes.img") && cut.has(".trash/1-1/session/changes/old"));
    // Behind them.
    let cut = Cut::new().old(&was()).new_form("1");
    let cut = cut.note(None, json!("trash"));
    assert_eq!(cut.finish(), "raw");
    assert!(cut.has("1/changes.img") && cut.has(".trash/1-1/session/changes/old"));
    // Before them.
    let cut = Cut::new().old("1").new_form(&ready());
    let cut = cut.note(None, json!("trash"));
    assert_eq!(cut.finish(), "native");
    assert!(cut.has("1/changes/old") && !cut.has(".trash"));
}

/// A boot between both steps, which found no session 1 and made one.
#[test]
fn privileged_a_session_made_meanwhile_stays_and_the_old_one_is_in_the_trash() {
    let cut = Cut::new().old(&was()).new_form(&ready());
    let cut = cut.note(None, json!("gone"));
    fs::create_dir_all(cut.store.path("1/changes/of the boot")).unwrap();
    assert_eq!(cut.finish(), "native");
    assert!(cut.has("1/changes/of the boot"));
    assert!(cut.has(".trash/1-1/session/changes/old"));
}

#[test]
fn privileged_a_note_that_was_not_written_to_its_end_tells_of_nothing() {
    for name in ["swap.json", "swap.json.new"] {
        let cut = Cut::new()
            .old("1")
            .new_form(&format!("{WORKING}/.perch-new"));
        fs::write(cut.store.path(WORKING).join(name), "{").unwrap();
        cut.store.perch("cleanup").ok();
        assert!(cut.has("1/changes/old") && !cut.has(WORKING) && !cut.has(".trash"));
    }
}

#[test]
fn privileged_nothing_is_deleted_whose_note_cannot_be_read() {
    let cut = Cut::new().old(&was()).new_form(&ready());
    fs::write(cut.store.path(WORKING).join("swap.json"), "{").unwrap();
    cut.store.perch("rename 2 y").ok();
    cut.store.perch("cleanup").ok();
    assert!(cut.has(&was()) && cut.has(&ready()));
}

/// Whoever is at work holds the lock of its directory.
#[test]
fn privileged_nobody_meddles_with_one_that_is_at_work() {
    let cut = Cut::new().old(&was()).new_form(&ready());
    let cut = cut.note(None, json!("trash"));
    let dir = fs::File::open(cut.store.path(WORKING)).unwrap();
    dir.lock().unwrap();
    cut.store.perch("rename 2 y").ok();
    assert!(cut.has(&was()) && cut.has(&ready()));
    drop(dir);
    assert_eq!(cut.finish(), "raw");
}
