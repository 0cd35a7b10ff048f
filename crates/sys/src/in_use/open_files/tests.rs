use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::*;

/// cat(1) waits for input, with this file as its standard output, in this directory.
fn cat(out: Stdio, dir: &Path) -> Child {
    let mut cat = Command::new("cat");
    cat.stdin(Stdio::piped()).stdout(out).current_dir(dir);
    cat.spawn().unwrap()
}

fn end(mut child: Child) {
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn a_process_that_has_a_file_open_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("changes.dat");
    let file = File::create(&path).unwrap();
    let stat = fstat(&file).unwrap();
    assert_eq!(of_files(&[stat]), [], "oneself does not count");
    let child = cat(file.try_clone().unwrap().into(), Path::new("/"));
    let other = File::create(dir.path().join("other")).unwrap();
    assert_eq!(of_files(&[fstat(&other).unwrap()]), []);
    let users = of_files(&[stat]);
    let pid = child.id();
    end(child);
    let pids: Vec<u32> = users.iter().map(|user| user.pid).collect();
    assert_eq!(pids, [pid]);
    assert_eq!(users[0].to_string(), format!("process {pid} (cat)"));
}

/// A working directory keeps a file system from being unmounted just as an open file does.
#[test]
fn a_process_that_stands_in_a_file_system_is_named() {
    let place = PathBuf::from("/proc/self/");
    let found = statx(CWD, &place, AtFlags::empty(), StatxFlags::INO).unwrap();
    let child = cat(Stdio::null(), Path::new("/proc/self/"));
    let pid = child.id();
    let users = of_device((found.stx_dev_major, found.stx_dev_minor));
    end(child);
    assert!(users.iter().any(|user| user.pid == pid), "{users:?}");
}

/// Whatever way it is used: `mount` is told by its number, which other mounts of the same file system do not have.
#[test]
fn privileged_a_process_that_keeps_a_mount_busy_is_named() {
    crate::test_namespace::isolated(|dir| {
        let id = |path: &Path| {
            let found = statx(CWD, path, AtFlags::empty(), StatxFlags::MNT_ID).unwrap();
            u32::try_from(found.stx_mnt_id).unwrap()
        };
        fs::copy("/bin/cat", dir.join("cat")).unwrap();
        let file = || File::create(dir.join("file")).unwrap();
        for how in ["a file", "a directory", "its program"] {
            let child = match how {
                "a file" => cat(file().into(), Path::new("/")),
                "a directory" => cat(Stdio::null(), dir),
                _ => {
                    let mut own = Command::new(dir.join("cat"));
                    own.stdin(Stdio::piped()).stdout(Stdio::null());
                    own.current_dir("/").spawn().unwrap()
                }
            };
            let pid = child.id();
            let users = of_mount(id(dir));
            let of_root = of_mount(id(Path::new("/proc/thread-self/root/proc")));
            end(child);
            assert_eq!(users.len(), 1, "{how}: {users:?}");
            assert_eq!(users[0].pid, pid, "{how}");
            assert!(of_root.iter().all(|user| user.pid != pid), "{how}");
        }
    });
}

#[test]
fn whoever_took_a_lock_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = File::create(dir.path().join("changes.dat")).unwrap();
    assert_eq!(lock_holder(&file), None);
    file.lock().unwrap();
    assert_eq!(lock_holder(&file).unwrap().pid, std::process::id());
}
