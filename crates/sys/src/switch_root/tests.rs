//! These run as process 1 of a process namespace of their own, in a mount namespace, with a tmpfs
//! for an initramfs: the test starts itself again there.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::mount::{MountPropagationFlags, mount_change};

use super::*;
use crate::mount::{Api, Options, attach_path, mount_api, set_mount_read_only, tmpfs};
use crate::mountinfo;

struct Proof;
impl Committed for Proof {}

/// Says to the second start that it is the one in the namespaces, and names a directory to use
/// as its root.
const INSIDE: &str = "PERCH_TEST_SWITCH_ROOT";

/// Starts the test `name` again as process 1; returns what it and what follows it printed.
fn start_inside(name: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .args(["--mount", "--pid", "--fork", "--propagation", "private"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .arg(format!("switch_root::tests::{name}"))
        .env(INSIDE, dir.path())
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{text}");
    text
}

fn inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

fn mount_tmpfs(target: &str) -> OwnedFd {
    fs::create_dir_all(target).unwrap();
    let mount = tmpfs(target, None, 0o755, &Options::default()).unwrap();
    attach_path(&mount, target).unwrap();
    mount
}

/// Makes a tmpfs with files the root directory, API filesystems in it, and a new root with a
/// busybox at `new_root`, whose init is a link in the manner of systemd.
fn initramfs(new_root: &str) {
    let busybox = fs::read("/usr/bin/busybox").unwrap();
    let dir = std::env::var_os(INSIDE).unwrap();
    let root = tmpfs("initramfs", None, 0o755, &Options::default()).unwrap();
    attach_path(root, &dir).unwrap();
    rustix::process::chdir(Path::new(&dir)).unwrap();
    rustix::process::chroot(".").unwrap();
    for (kind, target) in [(Api::Proc, "/proc"), (Api::Sys, "/sys"), (Api::Dev, "/dev")] {
        fs::create_dir(target).unwrap();
        mount_api(kind, target).unwrap();
    }
    mount_tmpfs("/run");
    fs::write("/run/record", "kept").unwrap();
    fs::create_dir_all("/usr/lib/deep/er").unwrap();
    fs::write("/usr/lib/deep/er/file", "old").unwrap();
    fs::write("/init", "old").unwrap();
    symlink("/usr/lib", "/lib").unwrap();
    // A mount that does not come along: its files must survive.
    mount_tmpfs("/elsewhere");
    fs::write("/elsewhere/file", "kept").unwrap();

    mount_tmpfs(new_root);
    let new_root = Path::new(new_root);
    for dir in ["bin", "sbin", "lib/init", "proc", "dev"] {
        fs::create_dir_all(new_root.join(dir)).unwrap();
    }
    let executable = fs::Permissions::from_mode(0o755);
    fs::write(new_root.join("bin/busybox"), busybox).unwrap();
    fs::set_permissions(new_root.join("bin/busybox"), executable.clone()).unwrap();
    let script = "#!/bin/busybox sh\n\
        echo; echo pid=$$ args=$* cwd=$(/bin/busybox pwd)\n\
        echo root=$(/bin/busybox ls /)\n\
        echo old=$(/bin/busybox find /proc/self/fd/$1/ -mindepth 1)\n\
        echo record=$(/bin/busybox cat /run/record)\n\
        echo mounts=$(/bin/busybox awk '{print $5}' /proc/self/mountinfo)\n";
    fs::write(new_root.join("lib/init/real"), script).unwrap();
    fs::set_permissions(new_root.join("lib/init/real"), executable).unwrap();
    symlink("/lib/init/real", new_root.join("sbin/init")).unwrap();
}

const KEEP: [&str; 5] = ["/proc", "/sys", "/dev", "/run", "/no/such/mount"];

fn keep() -> [&'static Path; 5] {
    KEEP.map(Path::new)
}

/// What the new init printed after `key=`.
fn printed<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let line = line.unwrap_or_else(|| panic!("no {key} in {text}"));
    line.split_ascii_whitespace().collect()
}

fn switch_from(new_root: &str) {
    initramfs(new_root);
    // Stays open over execve(2), so that the new init can look at what is left.
    let old_root = crate::dir::open_dir("/").unwrap();
    fcntl_setfd(&old_root, FdFlags::empty()).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&old_root).to_string();
    let error = switch_root(
        Proof,
        &NewSystem {
            root: Path::new(new_root),
            keep: &keep(),
            init: Path::new("/sbin/init"),
            args: &[number.into(), "two words".into()],
        },
    );
    panic!("{error:?}");
}

fn check_switched(text: &str) {
    let started = printed(text, "pid=");
    assert_eq!(started[0], "1", "{text}");
    assert_eq!(started[2..], ["two", "words", "cwd=/"], "{text}");
    let root = printed(text, "root=");
    assert_eq!(root, ["bin", "dev", "lib", "proc", "run", "sbin", "sys"]);
    assert_eq!(printed(text, "record="), ["kept"]);
    let mut mounts = printed(text, "mounts=");
    mounts.sort_unstable();
    assert_eq!(mounts, ["/", "/dev", "/proc", "/run", "/sys"], "{text}");
    // Only the mount that did not come along is left, and its file.
    let left: Vec<_> = printed(text, "old=")
        .into_iter()
        .map(|path| {
            path.rsplit_once("fd/")
                .unwrap()
                .1
                .split_once('/')
                .unwrap()
                .1
        })
        .collect();
    assert_eq!(left, ["elsewhere", "elsewhere/file"], "{text}");
}

#[test]
fn privileged_the_new_system_starts_and_the_old_files_are_gone() {
    if inside() {
        switch_from("/new");
    }
    check_switched(&start_inside(
        "privileged_the_new_system_starts_and_the_old_files_are_gone",
    ));
}

#[test]
fn privileged_the_new_root_may_lie_below_a_mount_that_comes_along() {
    if inside() {
        switch_from("/run/perch/union");
    }
    check_switched(&start_inside(
        "privileged_the_new_root_may_lie_below_a_mount_that_comes_along",
    ));
}

/// The mounts as a set: moving one there and back changes their order.
fn mounts() -> BTreeSet<(u32, PathBuf)> {
    let table = mountinfo::read().unwrap();
    table
        .into_iter()
        .map(|mount| (mount.id, mount.target))
        .collect()
}

#[test]
fn privileged_failures_leave_everything_as_it_was() {
    if !inside() {
        let text = start_inside("privileged_failures_leave_everything_as_it_was");
        assert!(text.contains("1 passed"), "{text}");
        return;
    }
    let new_root = "/run/perch/union";
    initramfs(new_root);
    // A mount in a shared one cannot be moved, mount_namespaces(7).
    mount_tmpfs("/shared");
    mount_change("/shared", MountPropagationFlags::SHARED).unwrap();
    mount_tmpfs("/shared/stuck");
    fs::write(format!("{new_root}/text"), "").unwrap();
    let missing = Path::new("/shared/stuck");
    let before = mounts();
    for (root, init, keep, want) in [
        (
            "/missing",
            "/sbin/init",
            &keep()[..],
            "cannot open /missing",
        ),
        (
            "/usr",
            "/sbin/init",
            &keep(),
            "/usr is not the root of a mount",
        ),
        (
            new_root,
            "/sbin/nothing",
            &keep(),
            "/sbin/nothing in the new root",
        ),
        (new_root, "/text", &keep(), "/text in the new root"),
        (new_root, "/bin", &keep(), "/bin in the new root"),
        (new_root, "/dev/null", &keep(), "/dev/null in the new root"),
        (
            new_root,
            "/sbin/init",
            &[missing],
            "no directory /shared/stuck",
        ),
    ] {
        let root = Path::new(root);
        let init = Path::new(init);
        let new = NewSystem {
            root,
            keep,
            init,
            args: &[],
        };
        let error = switch_root(Proof, &new).unwrap_err();
        assert!(error.to_string().contains(want), "{want}: {error}");
        assert_eq!(mounts(), before, "{want}");
    }
    let new = NewSystem {
        root: Path::new(new_root),
        keep: &["/proc", "/run", "/shared/stuck", "/dev"].map(Path::new),
        init: Path::new("/sbin/init"),
        args: &[],
    };
    fs::create_dir_all(format!("{new_root}/shared")).unwrap();
    let error = switch_root(Proof, &new).unwrap_err();
    assert!(
        matches!(&error, SwitchError::Move { from, .. } if from == Path::new("/shared/stuck")),
        "{error:?}"
    );
    assert_eq!(mounts(), before, "the moved ones are back");
    assert!(!Path::new(STAGE).exists());
    assert_eq!(fs::read_to_string("/init").unwrap(), "old");

    // A read-only new root that lacks a directory is found out before anything moves.
    let union = crate::dir::open_dir(new_root).unwrap();
    fs::remove_dir(format!("{new_root}/proc")).unwrap();
    set_mount_read_only(&union, true).unwrap();
    let error = switch_root(Proof, &new).unwrap_err();
    assert!(
        matches!(
            error,
            SwitchError::NoPlace {
                source: Errno::ROFS,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(mounts(), before);
}

#[test]
fn only_process_one_may_try() {
    let new = NewSystem {
        root: Path::new("/"),
        keep: &[],
        init: Path::new("/sbin/init"),
        args: &[],
    };
    let error = switch_root(Proof, &new).unwrap_err();
    assert!(matches!(error, SwitchError::NotFirst), "{error:?}");
}
