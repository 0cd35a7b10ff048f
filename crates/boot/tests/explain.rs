//! `perch-init explain` as a user runs it: without root, on recorded facts.

#![allow(clippy::expect_used, reason = "a test")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

const FACTS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/fixtures/facts/base.json"
);

fn perch_init(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_perch-init"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("perch-init starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A program that does not read its input closes the pipe: no error of ours.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("perch-init ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_decision_is_explained_from_recorded_facts() {
    let output = perch_init(&["explain", "--cmdline", "perch", "--facts", FACTS], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    for line in [
        "cmdline: perch",
        "decision: start new session 1, mode native (union overlayfs)",
        "because: the store has no session yet: starting session 1 [first-session]",
        "afterwards: record the sessions: default 1, running 1",
    ] {
        assert!(
            said.lines().any(|it| it == line),
            "{line:?} is not in {said}"
        );
    }
}

#[test]
fn a_whole_record_brings_its_own_command_line() {
    let facts = std::fs::read_to_string(FACTS).expect("the fixture");
    let record = format!("{{\"cmdline\": \"perchdir=fresh\", \"facts\": {facts}}}");
    let output = perch_init(&["explain", "--json", "--facts", "-"], &record);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(said["decision"]["choice"], "ram");
    assert_eq!(said["decision"]["reasons"][0]["code"], "fresh-asked");
}

#[test]
fn what_cannot_be_explained_says_why_and_how_it_failed() {
    for (arguments, input, code, says) in [
        (
            &["explain", "--cmdline", "x"][..],
            "",
            2,
            "--facts FILE is missing",
        ),
        (
            &["explain", "--facts", FACTS],
            "",
            2,
            "--cmdline is missing",
        ),
        (
            &["explain", "--facts", "-"],
            "{\"a\": 1}",
            1,
            "no boot record",
        ),
        (
            &["explain", "--facts", "-"],
            "not json",
            1,
            "no boot record",
        ),
        (
            &["explain", "--facts", "/nonexistent"],
            "",
            1,
            "/nonexistent",
        ),
        (&["frobnicate"], "", 2, "frobnicate"),
        (&[], "", 2, "--help"),
    ] {
        let output = perch_init(arguments, input);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let said = text(&output.stderr);
        assert!(said.contains(says), "{arguments:?} says {said:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_work_anywhere() {
    for arguments in [["--help"], ["--version"]] {
        let output = perch_init(&arguments, "");
        assert!(output.status.success(), "{arguments:?}");
        assert!(
            text(&output.stdout).starts_with("perch-init"),
            "{arguments:?}"
        );
    }
}
