//! Sessions written by another system: never opened by accident, never touched, always named.

use perch_tests::scenario::{Boot, Scenario};
use serde_json::{Value, json};

use crate::metadata_text::{json_text, native, native_but};

fn with_session(name: &str, entry: Value) -> Scenario {
    Scenario::new(name)
        .store("session.json", json_text("1", &[("1", entry)]))
        .session("1")
}

pub fn scenarios() -> Vec<Scenario> {
    vec![
        // Contract, check 12, with the modes this image can make.
        with_session(
            "asking for another mode starts a new session beside the old one",
            native_but("mode", "raw"),
        )
        .store("1/changes.img", "an image")
        .boot(
            Boot::with("perchdir=resume perchmode=native")
                .sh("test ! -e /from")
                .in_session("2", "native")
                .warned(&["raw", "native"]),
        )
        .store_file("1/changes.img", "an image")
        .store_json("session.json", "/sessions/1/mode", "raw"),
        // Check 13.
        with_session(
            "a session of another version is passed over by name of both versions",
            native_but("version", "5.0"),
        )
        .boot(
            Boot::with("perch")
                .sh("test ! -e /from")
                .in_session("2", "native")
                .warned(&["session 1", "5.0", "5.1.1"])
                .not_because("edition"),
        )
        .store_file("1/changes/from", "1")
        .store_json("session.json", "/sessions/1/version", "5.0")
        .store_json("session.json", "/default", "2")
        .store_json("session.json", "/previous", "1"),
        // Check 14.
        with_session(
            "a session of another edition is passed over by name of both editions",
            native_but("edition", "toolbox"),
        )
        .boot(
            Boot::with("perch")
                .in_session("2", "native")
                .warned(&["toolbox", "standard"])
                .not_because("version 5.1.1"),
        )
        .store_json("session.json", "/sessions/1/edition", "toolbox"),
        Scenario::new("an update of the stick keeps the old session and can return to it")
            .boot(
                Boot::with("perch")
                    .system("5.0", "standard")
                    .sh("echo old >/keep")
                    .in_session("1", "native"),
            )
            .boot(
                Boot::with("perch")
                    .sh("test ! -e /keep")
                    .in_session("2", "native")
                    .warned(&["5.0", "5.1.1"]),
            )
            .boot(Boot::with("perch").in_session("2", "native"))
            .boot(
                Boot::with("perchdir=1")
                    .system("5.0", "standard")
                    .expect_sh("cat /keep", "old"),
            )
            .store_sessions(&["1", "2"]),
        with_session(
            "a session of another version opens when asked for by number",
            native_but("version", "5.0"),
        )
        .boot(
            Boot::with("perchdir=1")
                .expect_sh("cat /from", "1")
                .in_session("1", "native")
                .warned(&["5.0", "5.1.1"]),
        ),
        // Check 15.
        with_session(
            "a session written through aufs is not opened through overlayfs",
            native_but("union", "aufs"),
        )
        .boot(
            Boot::with("perch")
                .sh("test ! -e /from")
                .in_session("2", "native")
                .warned(&["aufs", "overlayfs"]),
        )
        .store_json("session.json", "/sessions/1/union", "aufs"),
        // Contract, C22.
        Scenario::new("union=aufs on a kernel without aufs says so and keeps to one session")
            .boot(
                Boot::with("perch union=aufs")
                    .sh("echo one >/keep")
                    .in_session("1", "native")
                    .warned(&["no aufs", "overlayfs"]),
            )
            .boot(
                Boot::with("perch union=aufs")
                    .expect_sh("cat /keep", "one")
                    .in_session("1", "native"),
            )
            .store_json("session.json", "/sessions/1/union", "overlayfs")
            .store_sessions(&["1"]),
        // Likewise: the session manager made it, and guessed the union.
        Scenario::new("an empty session belongs to the union that opens it first")
            .store(
                "session.json",
                json_text("1", &[("1", native_but("union", "aufs"))]),
            )
            .store_dir("1")
            .boot(
                Boot::with("perch")
                    .sh("echo one >/keep")
                    .in_session("1", "native"),
            )
            .store_json("session.json", "/sessions/1/union", "overlayfs")
            .boot(Boot::with("perch").expect_sh("cat /keep", "one")),
        // Check 16.
        with_session(
            "a session without recorded version and union is resumed",
            json!({ "mode": "native" }),
        )
        .boot(
            Boot::with("perch")
                .expect_sh("cat /from", "1")
                .in_session("1", "native"),
        ),
        with_session("entries nobody knows survive a boot", {
            let mut entry = native();
            entry["name"] = "my desktop".into();
            entry
        })
        .boot(Boot::with("perch").in_session("1", "native"))
        .store_json("session.json", "/sessions/1/name", "my desktop"),
    ]
}
