//! Metadata that is damaged, old, contradictory or hostile: no session is lost, nothing is opened by accident.

use perch_tests::scenario::{Boot, Scenario};
use serde_json::{Value, json};

use crate::metadata_text::{conf_text, json_text, native, natives};

/// How a damaged file is kept.
const CORRUPT: &str = "session.json.corrupt-";

/// Two sessions, of which the native one was used last, and a `session.json` nobody can read.
fn unreadable(name: &str, text: impl Into<Vec<u8>>) -> Scenario {
    Scenario::new(name)
        .store("session.json", text)
        .session("1")
        .store("2/changes.dat", "a container")
        .used("2", 3)
        .boot(
            Boot::with("perch")
                .expect_sh("cat /from", "1")
                .in_session("1", "native")
                .noted(&["session.json"]),
        )
        .store_sessions(&["1", "2"])
        .store_count(CORRUPT, 1)
        .store_json("session.json", "/default", "1")
        .store_json("session.json", "/sessions/1/mode", "native")
        .store_json("session.json", "/sessions/2/mode", "dynfilefs")
        .boot(Boot::with("perch").in_session("1", "native"))
        .store_count(CORRUPT, 1)
}

pub fn scenarios() -> Vec<Scenario> {
    let whole = natives("1", &["1", "2"]);
    vec![
        // Contract, check 17.
        unreadable(
            "metadata cut in the middle is set aside and rebuilt",
            &whole[..whole.len() / 2],
        ),
        // Check 18.
        unreadable("metadata of 0 bytes is set aside and rebuilt", ""),
        unreadable(
            "metadata of 10 MB garbage is set aside and rebuilt",
            vec![0xa5; 10 << 20],
        ),
        unreadable(
            "metadata that is a list is set aside and rebuilt",
            "[1, 2, 3]",
        ),
        // Check 19: the mode is found, even if it is no container that can be opened.
        Scenario::new("a container without a recorded mode is not opened as a directory")
            .store(
                "session.json",
                json_text("1", &[("1", json!({ "version": "5.1.1" }))]),
            )
            .store("1/changes.dat", "a container")
            .boot(Boot::with("perch").in_ram_instead().warned(&["dynfilefs"]))
            .store_missing("1/changes")
            .store_missing("2"),
        // Check 20.
        Scenario::new("a store with only session.conf is understood and gets its json")
            .store("session.conf", conf_text("2", &["1", "2"]))
            .session("1")
            .session("2")
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /from", "2")
                    .in_session("2", "native"),
            )
            .store_json("session.json", "/default", "2")
            .store_json("session.json", "/sessions/1/version", "5.1.1"),
        // Check 21.
        Scenario::new("a store with only last_session.txt resumes that session")
            .store("last_session.txt", "3\n")
            .session("1")
            .session("3")
            .used("3", 3)
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /from", "3")
                    .in_session("3", "native"),
            ),
        // Check 22.
        Scenario::new("of two files that disagree the newer names the default")
            .store("session.json", natives("1", &["1", "2"]))
            .used("session.json", 2)
            .store("session.conf", conf_text("2", &["1", "2"]))
            .session("1")
            .session("2")
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /from", "2")
                    .in_session("2", "native"),
            )
            .store_json("session.json", "/default", "2"),
        Scenario::new("numbers in place of texts are understood")
            .store(
                "session.json",
                json!({ "default": 1, "running": 1, "sessions": { "1": native() } }).to_string(),
            )
            .session("1")
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /from", "1")
                    .in_session("1", "native"),
            )
            .store_json("session.json", "/default", "1"),
        Scenario::new("an id that points out of the store leads nowhere")
            .store(
                "session.json",
                json_text(
                    "../1",
                    &[("../1", native()), ("/etc", native()), ("1", native())],
                ),
            )
            .file("minios/1/changes/from", "outside")
            .session("1")
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /from", "1")
                    .in_session("1", "native"),
            )
            .store_json("session.json", "/default", "1")
            .store_sessions(&["1"]),
        Scenario::new("a session that is a file is no session")
            .store("session.json", natives("1", &["1"]))
            .store("1", "not a directory")
            .boot(
                Boot::with("perch")
                    .sh("echo one >/keep")
                    .in_session("2", "native"),
            )
            .store_file("1", "not a directory"),
        // Check 30, for the mode this image has.
        Scenario::new("a session that cannot be opened is left as it is and not recorded as run")
            .only_overlayfs("there is no upper directory that could be in the way")
            .store(
                "session.json",
                json!({ "default": "1", "sessions": { "1": native() } }).to_string(),
            )
            .store("1/changes", "a file where a directory belongs")
            .boot(Boot::with("perch").in_ram_instead().warned(&["session 1"]))
            .store_file("1/changes", "a file where a directory belongs")
            .store_json("session.json", "/running", Value::Null)
            .store_sessions(&["1"]),
    ]
}
