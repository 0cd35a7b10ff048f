//! `export`

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use perch_manage::tree::compare::{What, compare};
use perch_sys::dir::open_dir;

use crate::content::{assert_tidy, go_on, with_everything};
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

/// As the session manager of MiniOS 1.1.7 reads it: `metadata.json` where it finds it, then `data/*` without its first
/// name.
#[test]
fn privileged_check_57_tar_unpacks_the_same_tree() {
    let store = with_everything();
    let out = tempfile::tempdir_in("/var/tmp").unwrap();
    let archive = out.path().join("a.tar.zst");
    store.run(&["export", "1", archive.to_str().unwrap()]).ok();
    let tree = out.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let script = "tar -xOf a.tar.zst metadata.json > metadata.json
        tar --xattrs --xattrs-include='*' --acls -xpf a.tar.zst -C tree --strip-components=1 --wildcards 'data/*'";
    let unpacked = Command::new("sh")
        .args(["-ec", script])
        .current_dir(out.path())
        .output()
        .unwrap();
    assert!(unpacked.status.success(), "{unpacked:?}");
    let metadata = fs::read_to_string(out.path().join("metadata.json")).unwrap();
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!(metadata["session"]["mode"], "native");
    assert!(metadata["session"]["size"].as_u64().unwrap() >= 1 << 20);
    let (a, b) = (store.path("1/changes"), tree);
    let (a, b) = (open_dir(a).unwrap(), open_dir(b).unwrap());
    let found = compare(a.as_fd(), b.as_fd(), &mut go_on).unwrap();
    let found: Vec<String> = found
        .iter()
        // The tree's own directory is not among them, and tar takes ACLs in words only.
        .filter(|found| !found.path.is_empty() && found.what != What::Xattrs)
        .map(ToString::to_string)
        .collect();
    assert_eq!(found, Vec::<String>::new());
}
