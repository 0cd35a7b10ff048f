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

/// Ctrl-C, or an end at once, while a session is converted, rolled back or made larger.
#[test]
fn privileged_other_forms_are_had_whole_or_not_at_all() {
    let store = Store::with(&[1, 2]);
    fs::write(store.path("2/changes/large"), vec![7; 20 << 20]).unwrap();
    store.perch("snapshot 2").ok();
    let is_same = |what: &str| {
        store.perch("convert 2 native --purge --yes");
        let file = fs::read(store.path("2/changes/etc/file")).unwrap();
        assert_eq!(file, b"content", "{what}");
        let large = fs::metadata(store.path("2/changes/large")).unwrap();
        assert_eq!(large.len(), 20 << 20, "{what}");
    };
    let signals = [rustix::process::Signal::INT, rustix::process::Signal::KILL];
    for round in 0..12_u64 {
        for signal in signals {
            for args in ["convert 2 raw --size 64", "rollback 2 1", "resize 2 80"] {
                let what = format!("{args} {round} {signal:?}");
                let words: Vec<&str> = args.split(' ').collect();
                let mut child = store.command(&words).spawn().unwrap();
                std::thread::sleep(Duration::from_millis(round * 37));
                let pid = rustix::process::Pid::from_child(&child);
                let _ = rustix::process::kill_process(pid, signal);
                child.wait().unwrap();
                assert_eq!(store.ids(), ["1", "2"], "{what}");
                // Whoever is killed leaves a mount and a server for a moment.
                let mut tries = 0;
                while store.perch("rename 2 x").status != 0 || in_use(&store) {
                    std::thread::sleep(Duration::from_millis(20));
                    tries += 1;
                    assert!(tries < 3000, "{what}");
                }
            }
            is_same(&format!("{round} {signal:?}"));
        }
    }
    let trash = store.perch("trash list --json").json();
    for item in trash.as_array().unwrap() {
        assert_eq!(item["id"], "2", "{trash}");
    }
    let cleaned = store.perch("cleanup --json").ok();
    let holds = |name: &str| -> Vec<_> {
        let entries = fs::read_dir(store.path(name)).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    };
    for entry in fs::read_dir(store.dir.path()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.starts_with(".tmp_") {
            assert!(
                holds(&name).is_empty(),
                "{name} {:?} {cleaned}",
                holds(&name)
            );
        }
    }
}

fn in_use(store: &Store) -> bool {
    store
        .perch("snapshot 2 --dry-run --json")
        .out
        .contains("in-use")
}
