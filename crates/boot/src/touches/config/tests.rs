use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use super::*;

/// A medium's data directory and a system, side by side.
struct Trees(tempfile::TempDir);

impl Trees {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("data/config.conf.d")).unwrap();
        fs::create_dir(dir.path().join("root")).unwrap();
        Self(dir)
    }

    fn data(&self, path: &str) -> PathBuf {
        self.0.path().join("data").join(path)
    }

    fn live(&self, path: &str) -> PathBuf {
        self.0.path().join("root/etc/live").join(path)
    }

    /// Hands over; the result in words, empty if there was nothing.
    fn run(&self) -> (bool, String) {
        let open = |name: &str| dir::open_dir(self.0.path().join(name)).unwrap();
        hand_over(open("data").as_fd(), open("root").as_fd())
            .map_or((true, String::new()), |done| (done.ok, done.result))
    }
}

fn ok(words: &str) -> (bool, String) {
    (true, words.to_owned())
}

#[test]
fn a_medium_without_configuration_changes_nothing() {
    let trees = Trees::new();
    assert_eq!(trees.run(), ok(""));
    fs::remove_dir(trees.data("config.conf.d")).unwrap();
    assert_eq!(trees.run(), ok(""));
    assert_eq!(
        fs::read_dir(trees.0.path().join("root")).unwrap().count(),
        0
    );
}

#[test]
fn files_are_handed_over_once_and_edits_stay() {
    let trees = Trees::new();
    fs::write(trees.data("config.conf"), "A=1\n").unwrap();
    fs::set_permissions(trees.data("config.conf"), PermissionsExt::from_mode(0o700)).unwrap();
    for name in ["x.conf", "x.conf.bak", "notes"] {
        fs::write(trees.data("config.conf.d").join(name), "B=1\n").unwrap();
    }
    assert_eq!(
        trees.run(),
        ok("config.conf, config.conf.d/x.conf written to /etc/live")
    );
    let mode = fs::metadata(trees.live("config.conf"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o644);
    assert_eq!(
        fs::read_dir(trees.live("config.conf.d")).unwrap().count(),
        1
    );
    assert_eq!(trees.run(), ok("2 unchanged"));
    fs::write(trees.live("config.conf"), "A=mine\n").unwrap();
    fs::remove_file(trees.live("config.conf.d/x.conf")).unwrap();
    let kept = ok("config.conf, config.conf.d/x.conf kept as edited in /etc/live");
    assert_eq!(trees.run(), kept);
    fs::write(trees.data("config.conf"), "A=2\n").unwrap();
    assert_eq!(trees.run(), kept);
    assert_eq!(
        fs::read_to_string(trees.live("config.conf")).unwrap(),
        "A=mine\n"
    );
    // The user takes the medium's after all; from then on it is handed over again.
    fs::write(trees.live("config.conf"), "A=2\n").unwrap();
    trees.run();
    fs::write(trees.data("config.conf"), "A=3\n").unwrap();
    trees.run();
    assert_eq!(
        fs::read_to_string(trees.live("config.conf")).unwrap(),
        "A=3\n"
    );
}

#[test]
fn a_power_cut_between_the_two_writes_makes_no_edit() {
    let trees = Trees::new();
    fs::write(trees.data("config.conf"), "A=1\n").unwrap();
    trees.run();
    // As if the second half of the next copy had not happened.
    fs::write(trees.data("config.conf"), "A=2\n").unwrap();
    fs::write(trees.live("config.conf"), "A=2\n").unwrap();
    assert_eq!(trees.run(), ok("1 unchanged"));
    fs::write(trees.data("config.conf"), "A=3\n").unwrap();
    assert_eq!(trees.run(), ok("config.conf written to /etc/live"));
}

#[test]
fn links_and_long_files_are_named_and_the_rest_is_handed_over() {
    let trees = Trees::new();
    let secret = trees.0.path().join("secret");
    fs::write(&secret, "S=1\n").unwrap();
    symlink(&secret, trees.data("config.conf")).unwrap();
    fs::write(trees.data("config.conf.d/long.conf"), vec![b'#'; MAX + 1]).unwrap();
    fs::write(trees.data("config.conf.d/taken.conf"), "T=1\n").unwrap();
    fs::write(trees.data("config.conf.d/z.conf"), "Z=1\n").unwrap();
    fs::create_dir_all(trees.live("config.conf.d")).unwrap();
    symlink(&secret, trees.live("config.conf.d/taken.conf")).unwrap();
    let (fine, words) = trees.run();
    assert!(!fine);
    for want in [
        "config.conf.d/z.conf written",
        "config.conf: is no regular file",
        "long.conf: is longer than 256 KiB",
        "taken.conf: is something else than a regular file in the system",
    ] {
        assert!(words.contains(want), "{want} in {words}");
    }
    assert!(!trees.live("config.conf").exists());
    assert_eq!(fs::read_to_string(secret).unwrap(), "S=1\n");
}

#[test]
fn a_link_in_the_system_leads_nowhere_else() {
    let trees = Trees::new();
    fs::write(trees.data("config.conf"), "A=1\n").unwrap();
    let outside = trees.0.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::create_dir(trees.0.path().join("root/etc")).unwrap();
    symlink(&outside, trees.0.path().join("root/etc/live")).unwrap();
    let (fine, words) = trees.run();
    assert!(!fine, "{words}");
    assert_eq!(fs::read_dir(outside).unwrap().count(), 0);
}
