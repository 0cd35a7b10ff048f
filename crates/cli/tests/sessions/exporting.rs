//! `export`

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::content::{assert_tidy, with_everything};
use crate::store::{Store, assert_refused};

/// Names in a directory.
fn names(dir: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn privileged_check_52_what_is_there_stays_whatever_fails() {
    let store = Store::with(&[1]);
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("b.tar.zst");
    fs::write(&path, "the user's backup").unwrap();
    let path = path.to_str().unwrap();
    for (args, code) in [
        (["99", path, "--json"], "not-found"),
        (["1", path, "--json"], "exists"),
        (["1", "/nowhere/b", "--json"], "not-found"),
    ] {
        let said = store.run(&[&["export"][..], &args].concat());
        assert_refused(&said, 1, code);
    }
    // A name gets its ending, so this is the same file.
    let short = path.strip_suffix(".tar.zst").unwrap();
    assert_refused(&store.run(&["export", "1", short, "--json"]), 1, "exists");
    assert_refused(
        &store.run(&["export", "1", short, "--dry-run", "--json"]),
        1,
        "exists",
    );
    assert_eq!(fs::read(path).unwrap(), b"the user's backup");
    store.run(&["export", "1", path, "--force"]).ok();
    assert!(
        fs::read(path).unwrap().starts_with(b"\x28\xb5\x2f\xfd"),
        "zstd"
    );
    assert_eq!(names(out.path()), ["b.tar.zst"]);
}

#[test]
fn privileged_check_53_a_killed_export_leaves_the_old_file_and_nothing_else() {
    let store = Store::with(&[1]);
    let noise: Vec<u8> = (0..40_000_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    fs::write(store.path("1/changes/noise"), noise).unwrap();
    let out = tempfile::tempdir_in("/var/tmp").unwrap();
    let path = out.path().join("b.tar.zst");
    fs::write(&path, "the user's backup").unwrap();
    for (round, signal) in ["KILL", "INT"].into_iter().cycle().take(12).enumerate() {
        let args = ["export", "1", path.to_str().unwrap(), "--force", "--json"];
        let mut command = store.command(&args);
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        sleep(Duration::from_millis(
            20 + 30 * u64::try_from(round).unwrap(),
        ));
        let kill = Command::new("kill")
            .args([format!("-{signal}"), child.id().to_string()])
            .status();
        let running = kill.unwrap().success();
        let status = child.wait().unwrap();
        if running && !status.success() {
            assert_eq!(fs::read(&path).unwrap(), b"the user's backup", "{round}");
        }
        assert_eq!(names(out.path()), ["b.tar.zst"], "{round}");
        fs::write(&path, "the user's backup").unwrap();
    }
    assert_tidy(&store);
}

#[test]
fn privileged_an_archive_is_private_and_named_after_its_session() {
    let store = with_everything();
    let out = tempfile::tempdir().unwrap();
    let dir = out.path().to_str().unwrap();
    let said = store
        .run(&["export", "1", dir, "--level", "1", "--json"])
        .json();
    let path = said["path"].as_str().unwrap();
    assert!(path.starts_with(&format!("{dir}/session-1-20")), "{said}");
    assert!(path.ends_with(".tar.zst"), "{said}");
    assert_eq!(said["verified"], true);
    let metadata = fs::metadata(path).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(said["packed"], metadata.len());
    assert!(said["files"].as_u64().unwrap() > 20, "{said}");
    // Whoever has tar and zstd can look into it.
    let list = Command::new("tar").args(["-tf", path]).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let first: Vec<&str> = list.lines().take(4).collect();
    assert_eq!(
        first,
        ["metadata.json", "session.info", "data/", "data/.wh.gone"]
    );
    assert!(list.contains("data/home/user/workdir/kept"), "{list}");
}

#[test]
fn check_export_without_root_is_refused() {
    if !rustix::process::geteuid().is_root() {
        let store = Store::with(&[1]);
        assert_refused(&store.perch("export 1 /tmp --json"), 1, "no-root");
    }
}
