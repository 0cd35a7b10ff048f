//! Which session is opened when nothing is damaged.

use perch_tests::scenario::{Boot, Scenario};

use crate::metadata_text::natives;

const TEN: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"];

/// A store with these sessions; the first one is the default.
fn with_sessions(name: &str, ids: &[&str]) -> Scenario {
    let scenario = Scenario::new(name).store("session.json", natives(ids[0], ids));
    ids.iter()
        .fold(scenario, |scenario, id| scenario.session(id))
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        // Contract, check 3.
        with_sessions("a new session after ten is the eleventh", TEN)
            .boot(
                Boot::with("perchdir=new")
                    .sh("test ! -e /from")
                    .in_session("11", "native"),
            )
            .store_file("10/changes/from", "10")
            .store_json("session.json", "/default", "11")
            .store_sessions(&["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]),
        // Check 4.
        with_sessions(
            "names that merely look like numbers are no sessions",
            &["1", "10", "999"],
        )
        .store_dir("1.bak/changes")
        .store_dir("7x/changes")
        .store_dir("007/changes")
        .boot(
            Boot::with("perchdir=new")
                .in_session("1000", "native")
                .noted(&["1.bak"])
                .noted(&["7x"])
                .noted(&["007"]),
        )
        .store_sessions(&["1", "10", "999", "1000"]),
        // Check 5.
        with_sessions(
            "a session asked for by number becomes the default",
            &["2", "1"],
        )
        .boot(
            Boot::with("perchdir=1")
                .expect_sh("cat /from", "1")
                .in_session("1", "native"),
        )
        .store_json("session.json", "/default", "1"),
        // Check 6.
        with_sessions(
            "a number without a session is not replaced by another session",
            &["1", "2"],
        )
        .boot(
            Boot::with("perchdir=5 asktimeout=1")
                .sh("test ! -e /from")
                .in_ram_instead()
                .warned(&["session 5", "1 and 2"]),
        )
        .store_sessions(&["1", "2"])
        .store_json("session.json", "/default", "1"),
        // Check 7.
        with_sessions("a fresh start leaves the sessions alone", &["1"])
            .boot(
                Boot::with("perchdir=fresh")
                    .sh("test ! -e /from; echo one >/keep")
                    .boot_json("/outcome/status", "ram"),
            )
            .store_missing("1/changes/keep")
            .store_json("session.json", "/default", "1")
            .store_json("session.json", "/running", serde_json::Value::Null),
        // Check 9.
        with_sessions(
            "a boot without perch clears the mark of the session that ran",
            &["1"],
        )
        .boot(Boot::with("").boot_json("/outcome/status", "ram"))
        .store_json("session.json", "/default", "1")
        .store_json("session.json", "/running", serde_json::Value::Null),
        // Check 23.
        Scenario::new("a default that is gone gives way to the session used last")
            .store("session.json", natives("77", &["77", "1"]))
            .session("1")
            .boot(
                Boot::with("perch")
                    .expect_sh("cat /from", "1")
                    .in_session("1", "native")
                    .warned(&["77", "session 1"]),
            )
            .store_sessions(&["1"])
            .store_json("session.json", "/default", "1")
            .store_json("session.json", "/sessions/77", serde_json::Value::Null),
        with_sessions(
            "switching to another session and back loses nothing",
            &["1", "2"],
        )
        .boot(
            Boot::with("perchdir=2")
                .sh("echo two >/keep")
                .in_session("2", "native"),
        )
        .boot(
            Boot::with("perchdir=1")
                .sh("test ! -e /keep")
                .expect_sh("cat /from", "1"),
        )
        .boot(Boot::with("perchdir=2").expect_sh("cat /keep", "two")),
        with_sessions(
            "an unknown word after perchmode is named and does not start a new session",
            &["1"],
        )
        .boot(
            Boot::with("perch perchmode=foo")
                .in_session("1", "native")
                .noted(&["foo"]),
        )
        .boot(Boot::with("perch perchmode=foo").in_session("1", "native"))
        .store_sessions(&["1"]),
    ]
}
