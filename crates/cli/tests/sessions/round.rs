//! A session with everything in it, through every mode and an archive.

use perch_core::session::Mode;

use crate::content::{assert_tidy, differences, with_everything};

#[test]
fn privileged_check_54_nothing_is_lost_on_the_way_round() {
    let store = with_everything();
    let same = |id: &str, mode| {
        let found = differences(&store.path("1"), &store.path(id), mode);
        assert_eq!(found, Vec::<String>::new(), "session {id}");
    };
    store.perch("copy 1 raw").ok();
    same("2", Mode::Raw);
    store.perch("copy 2 dynfilefs").ok();
    let out = store.path("a.tar.zst");
    let out = out.to_str().unwrap();
    let said = store.run(&["export", "3", out, "--json"]).json();
    assert_eq!(said["success"], true, "{said}");
    let said = store
        .run(&["import", out, "native", "--trust", "--json"])
        .json();
    assert_eq!(said["id"], "4", "{said}");
    same("4", Mode::Native);
    assert!(!store.path("4/metadata.json").exists());
    let user = std::fs::read_to_string(store.path("4/changes/metadata.json"));
    assert_eq!(user.unwrap(), "the user's");
    for id in ["2", "3"] {
        store.perch(&format!("copy {id} native")).ok();
    }
    same("5", Mode::Native);
    same("6", Mode::Native);
    assert_tidy(&store);
}
