//! A program that is killed leaves the old state or the new one, whenever that happens.

use std::fs;
use std::time::Duration;

use crate::store::Store;

/// Every session is whole, both files can be read, and the next command works.
fn assert_whole(store: &Store, what: &str) {
    let list = store.perch("list --json");
    assert_eq!(list.status, 0, "{what}: {list:?}");
    for session in list.json().as_array().unwrap() {
        let id = session["id"].as_str().unwrap();
        match session["mode"].as_str() {
            Some("raw") => {
                let image = fs::metadata(store.path(&format!("{id}/changes.img")));
                assert_eq!(image.unwrap().len(), 16 << 20, "{what}: {session}");
            }
            _ => assert!(
                store.path(&format!("{id}/changes/etc/file")).exists(),
                "{what}: {session}"
            ),
        }
    }
    if let Ok(text) = fs::read_to_string(store.path("session.json")) {
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
    }
}

fn kill_after(store: &Store, args: &[&str], delay: Duration) {
    let mut command = store.command(args);
    command.stdout(std::process::Stdio::null());
    command.stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    std::thread::sleep(delay);
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn privileged_a_killed_program_leaves_whole_sessions() {
    let store = Store::with(&[1, 2]);
    for round in 0..24_u64 {
        let delay = Duration::from_millis(round * 6);
        kill_after(&store, &["create", "raw", "16"], delay);
        assert_whole(&store, "create");
        kill_after(&store, &["delete", "2"], delay);
        assert_whole(&store, "delete");
        if !store.path("2").exists() {
            // Wherever it is, it is whole.
            store.perch("trash restore 2").ok();
            assert!(store.path("2/changes/etc/file").exists());
        }
        kill_after(&store, &["activate", "2"], delay);
        assert_whole(&store, "activate");
        store.perch("activate 1").ok();
    }
    store.perch("cleanup").ok();
    let left = store.perch("status --json").json();
    let is_ours = |name: &&serde_json::Value| {
        let dir = store.path(name.as_str().unwrap());
        fs::read_dir(dir).unwrap().count() > 0
    };
    assert_eq!(
        left["leftovers"].as_array().unwrap().iter().find(is_ours),
        None
    );
}

/// Ctrl-C while a container is made: nothing is left of it.
#[test]
fn privileged_an_interrupted_creation_leaves_nothing() {
    let store = Store::with(&[1]);
    let before = store.all_paths();
    for delay in [0, 20, 40, 80, 160] {
        let mut command = store.command(&["create", "raw", "2000", "--json"]);
        command.stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::null());
        let child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        let pid = rustix::process::Pid::from_child(&child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        let output = child.wait_with_output().unwrap();
        if output.status.success() {
            // It was faster than the signal.
            break;
        }
        if output.status.code().is_some() {
            let said = crate::perch::Said::from(output);
            assert_eq!(said.json()["code"], "interrupted", "{said:?}");
        }
        let mut now = store.all_paths();
        // Of a signal before it was watched for.
        now.retain(|path| !path.to_str().unwrap().contains("/.tmp_"));
        assert_eq!(now, before, "{delay}");
    }
}
