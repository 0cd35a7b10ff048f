//! From the first order to the end.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use perch_core::serving::{Access, FailureKind};
use perch_core::units::{Bytes, Mib};
use perch_sys::container::dynfilefs::ServeError;
use perch_sys::dir;

use crate::machine::*;

fn names(directory: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn privileged_what_is_written_through_ext4_is_there_again() {
    let temp = tempfile::tempdir().unwrap();
    let served = create(temp.path(), 256);
    let data = noise(1, 20 << 20);
    let mounted = Mounted::new(&served.file(true).unwrap());
    fs::write(mounted.path("file"), &data).unwrap();
    fs::File::open(mounted.path("file"))
        .unwrap()
        .sync_all()
        .unwrap();
    assert!(fs::read(mounted.path("file")).unwrap() == data);
    drop(mounted);
    // Nobody has the disk any more: the server ends by itself.
    assert!(served.wait(LONG));
    assert_clean(temp.path());

    let served = open(temp.path());
    assert_eq!(served.size(), Mib(256).bytes());
    let mounted = Mounted::new(&served.file(true).unwrap());
    assert!(fs::read(mounted.path("file")).unwrap() == data);
    drop(mounted);
    assert!(served.wait(LONG));
}

#[test]
fn privileged_the_server_serves_on_when_its_starter_has_gone() {
    let temp = tempfile::tempdir().unwrap();
    let served = create(temp.path(), 64);
    let mounted = Mounted::new(&served.file(true).unwrap());
    let id = served.process();
    assert!(id.start.is_some());
    drop(served);
    fs::write(mounted.path("file"), b"after").unwrap();
    let comm = fs::read(format!("/proc/{}/cmdline", id.pid)).unwrap();
    assert!(comm.starts_with(b"@dynfilefs\0"));
    drop(mounted);
    let pid = rustix::process::Pid::from_raw(id.pid as i32).unwrap();
    // Our child, whom nobody else reaps.
    rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty()).unwrap();
    assert_clean(temp.path());
}

#[test]
fn privileged_what_is_not_committed_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let directory = dir::open_dir(temp.path()).unwrap();
    let served = server().create(directory.as_fd(), Mib(8192)).unwrap();
    assert_eq!(
        names(temp.path()),
        [
            "changes.dat.0",
            "changes.dat.1",
            "changes.dat.2",
            "changes.dat.new"
        ]
    );
    let disk = served.file(true).unwrap();
    disk.write_all_at(&noise(2, 8 << 20), 0).unwrap();
    drop(disk);
    drop(served);
    assert_eq!(names(temp.path()), [""; 0]);
}

#[test]
fn privileged_a_creation_that_was_killed_begins_anew() {
    let temp = tempfile::tempdir().unwrap();
    let directory = dir::open_dir(temp.path()).unwrap();
    let served = server().create(directory.as_fd(), Mib(64)).unwrap();
    let disk = served.file(true).unwrap();
    disk.write_all_at(&noise(3, 1 << 20), 0).unwrap();
    disk.sync_all().unwrap();
    let pid = rustix::process::Pid::from_raw(served.process().pid as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    drop((disk, served));
    assert_eq!(names(temp.path()), ["changes.dat.0", "changes.dat.new"]);
    let error = server().open(directory.as_fd(), Access::Write).unwrap_err();
    assert!(
        matches!(&error, ServeError::Refused(failure) if failure.kind == FailureKind::Damaged),
        "{error}"
    );
    let served = create(temp.path(), 32);
    let mut start = [1; 512];
    served
        .file(false)
        .unwrap()
        .read_exact_at(&mut start, 0)
        .unwrap();
    assert_eq!(start, [0; 512]);
    assert!(served.wait(LONG));
    assert_clean(temp.path());
}

#[test]
fn privileged_a_second_server_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let served = create(temp.path(), 64);
    let directory = dir::open_dir(temp.path()).unwrap();
    let error = server().open(directory.as_fd(), Access::Write).unwrap_err();
    let ServeError::Refused(failure) = &error else {
        panic!("{error}");
    };
    assert_eq!(failure.kind, FailureKind::InUse);
    assert!(
        failure.message.ends_with("another program has it open"),
        "{failure}"
    );
    let error = server().create(directory.as_fd(), Mib(64)).unwrap_err();
    assert!(matches!(error, ServeError::Refused(_)), "{error}");
    assert!(served.wait(LONG));
}

#[test]
fn privileged_the_disk_grows_below_its_users() {
    let temp = tempfile::tempdir().unwrap();
    let mut served = create(temp.path(), 64);
    let disk = served.file(true).unwrap();
    assert_eq!(disk.metadata().unwrap().len(), 64 << 20);
    let held = fs::File::open(path_of(disk.as_fd())).unwrap();
    assert_eq!(served.grow(Mib(4100)).unwrap(), Bytes(4100 << 20));
    assert_eq!(held.metadata().unwrap().len(), 4100 << 20);
    disk.write_all_at(b"end", (4100 << 20) - 3).unwrap();
    let error = served.grow(Mib(10)).unwrap_err();
    assert!(
        matches!(&error, ServeError::Refused(failure) if failure.kind == FailureKind::Size),
        "{error}"
    );
    drop((disk, held));
    assert!(served.wait(LONG));
    assert_clean(temp.path());
}

/// Only the container decides how large the disk is, and only root reads it.
#[test]
fn privileged_the_file_stays_what_it_is() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let temp = tempfile::tempdir().unwrap();
    let served = create(temp.path(), 64);
    let disk = served.file(true).unwrap();
    assert!(disk.set_len(1 << 20).is_err() && disk.set_len(65 << 20).is_err());
    disk.set_len(64 << 20).unwrap();
    assert_eq!(disk.metadata().unwrap().mode(), 0o100_600);
    let mode = fs::Permissions::from_mode(0o666);
    assert!(disk.set_permissions(mode).is_err());
    assert!(disk.write_all_at(&[1; 10], (64 << 20) - 5).is_err());
    assert_eq!(names(&path_of(served.mount())), ["virtual.dat"]);
    assert!(fs::write(path_of(served.mount()).join("other"), b"x").is_err());
    assert!(fs::remove_file(path_of(served.mount()).join("virtual.dat")).is_err());
    drop(disk);
    assert!(served.wait(LONG));
}

#[test]
fn privileged_a_disk_that_is_read_only_takes_nothing() {
    let temp = tempfile::tempdir().unwrap();
    assert!(create(temp.path(), 64).wait(LONG));
    let directory = dir::open_dir(temp.path()).unwrap();
    let served = server().open(directory.as_fd(), Access::Read).unwrap();
    let disk = served.file(true).unwrap();
    let error = disk.write_all_at(&[1; 4096], 0).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(30), "{error}");
    disk.sync_all().unwrap();
    let mut superblock = [0; 2];
    disk.read_exact_at(&mut superblock, 1024 + 0x38).unwrap();
    assert_eq!(superblock, [0x53, 0xef]);
    drop(disk);
    assert!(served.wait(LONG));
}
