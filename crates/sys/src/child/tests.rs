use super::*;

const LONG: Duration = Duration::from_secs(60);

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).env_clear();
    command
}

fn run_all(command: Command, limit: Duration) -> (Result<End, ChildError>, Vec<String>) {
    let mut lines = Vec::new();
    let end = run(command, limit, &mut |line| lines.push(line.to_owned()));
    (end, lines)
}

#[test]
fn ends_and_lines() {
    let long = "x".repeat(MAX_LINE);
    for (script, want, said) in [
        ("true", End::Exited(0), vec![]),
        (
            "echo one; echo two >&2; exit 3",
            End::Exited(3),
            vec!["one", "two"],
        ),
        (
            "printf 'no end of line'",
            End::Exited(0),
            vec!["no end of line"],
        ),
        ("kill -9 $$", End::Killed(9), vec![]),
        ("cat; echo read", End::Exited(0), vec!["read"]),
        (
            "printf 'one\\r\\n\\nthree\\n'",
            End::Exited(0),
            vec!["one", "", "three"],
        ),
        (
            &*format!("printf '{long}yz\\n'"),
            End::Exited(0),
            vec![&*long, "yz"],
        ),
    ] {
        let (end, lines) = run_all(shell(script), LONG);
        assert_eq!(end.unwrap(), want, "{script}");
        assert_eq!(lines, said, "{script}");
    }
}

#[test]
fn a_flood_of_lines_is_cut_and_counted() {
    let mut lines = Vec::new();
    let end = run_logged(shell("yes | head -n 10000"), LONG, &mut |line| {
        lines.push(line.to_owned());
    });
    assert_eq!(end.unwrap(), End::Exited(0));
    assert_eq!(lines.len(), MAX_LINES + 1);
    assert_eq!(
        lines[MAX_LINES],
        format!("{} more lines", 10_000 - MAX_LINES)
    );
}

#[test]
fn a_program_that_hangs_is_stopped() {
    for script in [
        "echo begun; sleep 1000",
        // Deaf to SIGTERM.
        "trap '' TERM; echo begun; while :; do sleep 1000; done",
    ] {
        let (end, lines) = run_all(shell(script), Duration::from_millis(300));
        assert_eq!(end.unwrap(), End::TimedOut, "{script}");
        assert_eq!(lines, ["begun"], "{script}");
    }
}

#[test]
fn a_program_that_never_stops_talking_is_stopped() {
    let (end, _) = run_all(shell("exec yes"), Duration::from_millis(300));
    assert_eq!(end.unwrap(), End::TimedOut);
}

#[test]
fn what_a_program_leaves_running_ends_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let note = dir.path().join("pid");
    // The background process holds the output open: nothing waits for its end.
    let (end, lines) = run_all(
        shell(&format!("sleep 1000 & echo $! >{}", note.display())),
        LONG,
    );
    assert_eq!((end.unwrap(), lines), (End::Exited(0), vec![]));
    let pid: i32 = std::fs::read_to_string(note)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let state = |pid: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let until = Instant::now() + LONG;
    // Whoever inherits it may not have reaped it yet: a zombie runs no more.
    while !(state(pid).is_empty() || state(pid).starts_with('Z')) {
        assert!(Instant::now() < until, "still running: {}", state(pid));
        std::thread::yield_now();
    }
}

#[test]
fn what_cannot_start_says_why() {
    let (end, _) = run_all(Command::new("/nonexistent/program"), LONG);
    let error = end.unwrap_err();
    assert!(error.is_missing());
    assert_eq!(error.to_string(), "cannot start /nonexistent/program");
    let (end, _) = run_all(Command::new("/etc"), LONG);
    assert!(!end.unwrap_err().is_missing());
}
