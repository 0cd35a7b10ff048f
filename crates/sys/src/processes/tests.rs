use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::*;

#[test]
fn lines_of_the_kernel() {
    let line = |name: &str, flags: &str| {
        format!("70 ({name}) S 1 70 70 0 -1 {flags} 1 0 0 0 0 0 0 0 20 0 1 0 4711 8192 1\n")
    };
    let status = |name: &str, of_kernel| {
        Some(Status {
            name: name.to_owned(),
            state: 'S',
            of_kernel,
            start: 4711,
        })
    };
    for (text, want) in [
        (line("cat", "4194560"), status("cat", false)),
        (line("kthreadd", "2129984"), status("kthreadd", true)),
        (line("a) Z (b c", "0"), status("a) Z (b c", false)),
        (line("\u{1b}[2J", "0"), status("\\u{1b}[2J", false)),
        (line("x", "?"), None),
        ("70 (x) S 1".to_owned(), None),
        ("70 x S".to_owned(), None),
        (String::new(), None),
    ] {
        assert_eq!(Status::parse(text.as_bytes()), want, "{text:?}");
    }
}

#[test]
fn only_a_storage_server_of_root_is_told_from_others_by_its_name() {
    let start = |name: &str| {
        let mut cat = Command::new("cat");
        cat.arg0(name).stdin(Stdio::piped()).stdout(Stdio::null());
        cat.spawn().unwrap()
    };
    let root = rustix::process::geteuid().is_root();
    for (name, want) in [("@cat", root), ("cat", false), ("c@t", false)] {
        let mut child = start(name);
        let found = others().into_iter().find(|other| other.pid == child.id());
        let found = found.unwrap();
        assert_eq!(found.serves_storage, want, "{name}");
        let shown = if want { name } else { "cat" };
        let pid = child.id();
        assert_eq!(found.to_string(), format!("process {pid} ({shown})"));
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}

#[test]
fn whoever_ignores_a_signal_is_left_and_ends_by_the_next() {
    let mut child = Command::new("sh")
        .args(["-c", "trap '' TERM; echo ready; exec cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
    let process = Process::find(child.id()).unwrap();
    process.send(Signal::TERM).unwrap();
    let left = wait_for(vec![process], Duration::from_millis(50));
    assert_eq!(left.len(), 1);
    left[0].send(Signal::KILL).unwrap();
    assert_eq!(wait_for(left, Duration::from_secs(60)).len(), 0);
    // Somebody else may have waited for it: all processes of this test are one.
    let _ = child.wait();
    assert!(Process::find(child.id()).is_none_or(|process| process.pid != child.id()));
}
