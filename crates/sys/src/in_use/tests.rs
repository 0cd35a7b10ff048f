use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::fs::fstat;

use super::*;
use crate::loopdev;
use crate::mount::{self, Options};
use crate::overlay;
use crate::test_namespace::isolated;

fn dir(path: &Path) -> OwnedFd {
    crate::dir::open_dir(path).unwrap()
}

/// flock(1) holds the lock until its input ends.
fn other_process(path: &Path) -> Child {
    let mut child = Command::new("flock")
        .args(["--exclusive", "--no-fork"])
        .arg(path)
        .args(["sh", "-c", "echo locked; exec cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let output = child.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();
    assert_eq!(line, "locked\n");
    child
}

#[test]
fn a_lock_is_held_as_long_as_its_process_lives_and_says_whose_it_is() {
    let session = tempfile::tempdir_in("/var/tmp").unwrap();
    let mut child = other_process(session.path());
    let held = Lock::take(dir(session.path())).unwrap_err();
    let LockError::Held(InUse::Lock { pid, program }) = held else {
        panic!("{held:?}");
    };
    assert_eq!(pid, Some(child.id()));
    assert!(program.is_some_and(|program| program == "cat" || program == "sh"));

    child.kill().unwrap();
    child.wait().unwrap();
    let lock = Lock::take(dir(session.path())).unwrap();
    assert!(fstat(lock.dir()).is_ok());
    let second = Lock::take(dir(session.path()));
    assert!(matches!(second, Err(LockError::Held(_))), "{second:?}");
    drop(lock);
    assert!(Lock::take(dir(session.path())).is_ok());
}

#[test]
fn the_table_of_locks_tells_who_and_not_who_waits() {
    let file = tempfile::tempfile().unwrap();
    let stat = fstat(&file).unwrap();
    let (major, minor, inode) = (major(stat.st_dev), minor(stat.st_dev), stat.st_ino);
    let here = format!("{major:02x}:{minor:02x}:{inode}");
    for (table, want) in [
        (
            format!("1: FLOCK  ADVISORY  WRITE 77 {here} 0 EOF"),
            Some(77),
        ),
        (format!("1: FLOCK  ADVISORY  WRITE -1 {here} 0 EOF"), None),
        (format!("1: FLOCK  ADVISORY  WRITE 0 {here} 0 EOF"), None),
        (format!("1: POSIX  ADVISORY  WRITE 77 {here} 0 EOF"), None),
        (
            format!("1: -> FLOCK  ADVISORY  WRITE 77 {here} 0 EOF"),
            None,
        ),
        (format!("1: FLOCK  ADVISORY  WRITE 77 {here}9 0 EOF"), None),
        (
            format!("1: FLOCK A WRITE 5 fe:7f:{inode} 0 EOF\n2: FLOCK A READ 6 {here} 0 EOF\n"),
            Some(6),
        ),
        (format!("1: FLOCK A WRITE 5 fe:7f:{inode} 0 EOF"), Some(5)),
        (String::new(), None),
    ] {
        assert_eq!(in_table(&table, &stat), want, "{table}");
    }
}

#[test]
fn privileged_an_attached_container_is_in_use_until_it_is_let_go() {
    let session = tempfile::tempdir_in("/var/tmp").unwrap();
    let fd = dir(session.path());
    assert_eq!(mounted::find(&fd), None);
    for name in ["changes.img", "changes.dat"] {
        let file = File::create_new(session.path().join(name)).unwrap();
        file.set_len(1 << 20).unwrap();
        assert_eq!(mounted::find(&fd), None);
        let file = File::open(session.path().join(name)).unwrap();
        let device = loopdev::attach(&file, name, &loopdev::Config::default()).unwrap();
        let found = mounted::find(&fd);
        let want = InUse::Mounted {
            device: format!("/dev/loop{}", device.number),
            at: None,
        };
        assert_eq!(found, Some(want));
        drop(device);
        std::fs::remove_file(session.path().join(name)).unwrap();
    }
}

#[test]
fn privileged_a_mounted_session_says_where() {
    isolated(|path| {
        let [session, other, lower, union] = ["1", "2", "lower", "union"].map(|name| {
            let path = path.join(name);
            std::fs::create_dir(&path).unwrap();
            path
        });
        for session in [&session, &other] {
            for name in ["changes", "workdir"] {
                std::fs::create_dir(session.join(name)).unwrap();
            }
        }
        let bundle = mount::tmpfs("lower", None, 0o755, &Options::default()).unwrap();
        mount::attach_path(&bundle, &lower).unwrap();
        let layer = overlay::Lower {
            dir: bundle.as_fd(),
            path: &lower,
        };
        let (upper, work) = (session.join("changes"), session.join("workdir"));
        let farm = path.join("farm");
        overlay::assemble(&[layer], Some((&upper, &work)), &farm, &union).unwrap();
        let want = InUse::Mounted {
            device: "overlay".into(),
            at: Some(union.display().to_string()),
        };
        assert_eq!(mounted::find(dir(&session)), Some(want));
        assert_eq!(mounted::find(dir(&other)), None);
    });
}
