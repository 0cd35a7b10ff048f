//! A store that is made once for each command, and copied for each cut.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cases::Case;
use crate::perch::Namespace;
use crate::store::Store;

/// The directory for archives. No program takes it for a session.
pub(crate) const BESIDE: &str = "archives";

/// The store that a command finds.
pub(crate) struct Template(Store);

impl Template {
    /// Makes it.
    pub(crate) fn of(case: &Case) -> Self {
        let store = Store::with(&[1, 2]);
        fs::create_dir(store.path(BESIDE)).unwrap();
        fill(&store.path("1/changes"), "one");
        fill(&store.path("2/changes"), "two");
        for command in case.first {
            if let Some(id) = command.strip_prefix("fill ") {
                fill_image(&store.path(&format!("{id}/changes.img")));
                continue;
            }
            let said = run(&store, command);
            assert_eq!(said.status, 0, "{command}: {said:?}");
        }
        backdate(&store);
        Self(store)
    }

    /// A store just like it.
    pub(crate) fn copy(&self) -> Store {
        let copy = Store::empty();
        let from = self.0.dir.path().join(".");
        let mut cp = Command::new("cp");
        cp.args(["-a", "--sparse=always", "--reflink=auto"]);
        assert!(
            cp.arg(from)
                .arg(copy.dir.path())
                .status()
                .unwrap()
                .success()
        );
        copy
    }
}

/// The command on that store.
pub(crate) fn command(store: &Store, words: &str) -> Command {
    let beside = store.path(BESIDE);
    let beside = beside.to_str().unwrap();
    let words: Vec<String> = words
        .split_ascii_whitespace()
        .map(|word| word.replace("{dir}", beside))
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    store.command(&words)
}

/// Runs the command on that store to its end.
pub(crate) fn run(store: &Store, words: &str) -> crate::perch::Said {
    command(store, words).output().unwrap().into()
}

/// Waits until no program has anything of the store open: a kill does not reach what the killed one has started.
pub(crate) fn wait_for_others(store: &Store) -> Result<(), String> {
    const LIMIT: Duration = Duration::from_secs(60);
    let begin = Instant::now();
    loop {
        let Some(who) = who_is_in(store.dir.path()) else {
            return Ok(());
        };
        if begin.elapsed() > LIMIT {
            return Err(format!("{who} is still there"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A process with a file below `dir`, or one of the same file system whose path is not seen from here.
fn who_is_in(dir: &Path) -> Option<String> {
    let device = fs::metadata(dir).ok()?.dev();
    let me = std::process::id().to_string();
    for process in fs::read_dir("/proc").ok()?.flatten() {
        let name = process.file_name().into_string().unwrap_or_default();
        if !name.bytes().all(|byte| byte.is_ascii_digit()) || name == me {
            continue;
        }
        for fd in fs::read_dir(process.path().join("fd"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let Ok(target) = fs::read_link(fd.path()) else {
                continue;
            };
            let here = fs::metadata(fd.path()).is_ok_and(|found| found.dev() == device);
            if here && target.starts_with(dir) {
                let command = fs::read_to_string(process.path().join("comm"));
                return Some(format!("{} {}", name, command.unwrap_or_default().trim()));
            }
        }
    }
    None
}

/// Makes everything in it old, so that a cleanup takes it, and does not take what a command made just now.
fn backdate(store: &Store) {
    let mut find = Command::new("find");
    find.arg(store.dir.path());
    find.args([
        "-mindepth",
        "1",
        "-exec",
        "touch",
        "-h",
        "-d",
        "2020-01-01",
        "{}",
        "+",
    ]);
    assert!(find.status().unwrap().success());
    for piece in fs::read_dir(store.path(".trash")).into_iter().flatten() {
        let path = piece.unwrap().path().join("record.json");
        let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        record["deleted"] = 1_577_836_800.into();
        fs::write(path, record.to_string()).unwrap();
    }
}

/// Puts something into a raw container.
fn fill_image(image: &Path) {
    let namespace = Namespace::new();
    let point = tempfile::tempdir().unwrap();
    namespace
        .run("mount", &[&"-oloop", &image, &point.path()])
        .ok();
    let within = format!("/proc/{}/root{}", namespace.id(), point.path().display());
    fill(&Path::new(&within).join("changes"), "three");
    namespace.run("umount", &[&point.path()]).ok();
}

/// Something of everything that a session can hold.
fn fill(dir: &Path, what: &str) {
    let home = dir.join("home/user");
    fs::create_dir_all(&home).unwrap();
    fs::create_dir(home.join("empty")).unwrap();
    fs::write(home.join("note"), what).unwrap();
    fs::write(home.join("large"), what.repeat(50_000)).unwrap();
    fs::hard_link(home.join("note"), home.join("again")).unwrap();
    symlink("note", home.join("link")).unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(home.join("note"), "user.of", what.as_bytes(), flags).unwrap();
    rustix::fs::setxattr(&home, "trusted.overlay.opaque", b"y", flags).unwrap();
    // A whiteout: overlayfs's mark of a deleted file.
    let (kind, mode) = (
        rustix::fs::FileType::CharacterDevice,
        rustix::fs::Mode::empty(),
    );
    rustix::fs::mknodat(rustix::fs::CWD, dir.join("gone"), kind, mode, 0).unwrap();
}
