//! Containers in real files.

use super::*;
use crate::container::{Container, create};
use crate::error::Error;
use crate::geometry::{BLOCK, MIB};
use rustix::fs::{CWD, openat, symlinkat};

fn files(dir: &tempfile::TempDir, access: Access) -> Files {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let dir = openat(CWD, dir.path(), flags, Mode::empty()).unwrap();
    Files::new(dir, "changes.dat", access).unwrap()
}

#[test]
fn a_container_lives_in_real_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = files(&dir, Access::Write);
    create(&store, 4 * MIB, 6 * MIB).unwrap();
    let container = Container::open(store, Access::Write).unwrap();
    container.write(4 * MIB - 5000, &[7; 10_000]).unwrap();
    container.grow(9 * MIB).unwrap();
    container.write(9 * MIB - 1, &[8]).unwrap();
    container.flush().unwrap();
    container.trim(4 * MIB - BLOCK, BLOCK).unwrap();
    container.flush().unwrap();
    drop(container);

    let container = Container::open(files(&dir, Access::Read), Access::Read).unwrap();
    let mut bytes = vec![1; 9 << 20];
    container.read(0, &mut bytes).unwrap();
    let mut want = vec![0; 9 << 20];
    let start = (4 << 20) - 5000;
    want[start..start + 10_000].fill(7);
    want[(4 << 20) - 4096..4 << 20].fill(0);
    want[(9 << 20) - 1] = 8;
    assert!(bytes == want);
    assert_eq!(container.check().unwrap().findings, []);
    let mut names: Vec<_> = dir
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "changes.dat",
            "changes.dat.0",
            "changes.dat.1",
            "changes.dat.2"
        ]
    );
}

#[test]
fn rule_10_a_container_that_is_open_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = files(&dir, Access::Write);
    create(&store, 4 * MIB, 6 * MIB).unwrap();
    let container = Container::open(store, Access::Write).unwrap();
    let busy = |access| match Container::open(files(&dir, access), access) {
        Err(Error::Io { source, .. }) => source.kind() == io::ErrorKind::ResourceBusy,
        _ => false,
    };
    assert!(busy(Access::Write) && busy(Access::Read));
    drop(container);
    let readers =
        [(); 2].map(|()| Container::open(files(&dir, Access::Read), Access::Read).unwrap());
    assert!(busy(Access::Write));
    drop(readers);
    Container::open(files(&dir, Access::Write), Access::Write).unwrap();
}

/// dynfilefs takes no locks: what it has open is found through `/proc`, however the process came by it.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a process that is really another one"
)]
fn rule_10_files_that_a_process_without_locks_has_open_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = files(&dir, Access::Write);
    create(&store, 4 * MIB, 6 * MIB).unwrap();
    drop(store);
    for (name, is_ours) in [("changes.dat.1", true), ("changes.dat.9", false)] {
        let file = openat(
            CWD,
            dir.path().join(name),
            OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC,
            Mode::RUSR | Mode::WUSR,
        );
        // `cat` waits for the other end of the pipe.
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .stdout(file.unwrap())
            .spawn()
            .unwrap();
        let result = Container::open(files(&dir, Access::Write), Access::Write);
        let later = files(&dir, Access::Write);
        match is_ours {
            true => {
                let Err(Error::Io { source, file, .. }) = result else {
                    panic!("{result:?}");
                };
                assert_eq!(file, FileName::Part(1));
                assert_eq!(source.kind(), io::ErrorKind::ResourceBusy);
                let want = format!("process {} (cat) has it open", child.id());
                assert_eq!(source.to_string(), want);
                // Who only reads changes nothing.
                Container::open(files(&dir, Access::Read), Access::Read).unwrap();
            }
            false => drop(result.unwrap()),
        }
        drop(child.stdin.take());
        child.wait().unwrap();
        // Seen when the directory was taken, gone since.
        Container::open(later, Access::Write).unwrap();
    }
    Container::open(files(&dir, Access::Write), Access::Write).unwrap();
}

/// Whoever prepares a stick could else have any file of the system written.
#[test]
fn links_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let store = files(&dir, Access::Write);
    create(&store, 4 * MIB, 6 * MIB).unwrap();
    drop(store);
    let (part, aside) = (dir.path().join("changes.dat.1"), dir.path().join("aside"));
    renameat(CWD, &part, CWD, &aside).unwrap();
    symlinkat("aside", CWD, &part).unwrap();
    let error = Container::open(files(&dir, Access::Write), Access::Write).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Io {
                file: FileName::Part(1),
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(error.to_string(), "cannot look at the container's part 1");
}

/// 263 parts, of which nearly nothing takes space.
#[test]
fn a_tebibyte_fits_on_a_small_disk() {
    let dir = tempfile::tempdir().unwrap();
    let size = 1 << 40;
    let store = files(&dir, Access::Write);
    create(&store, crate::geometry::DEFAULT_SPLIT, size).unwrap();
    let container = Container::open(store, Access::Write).unwrap();
    container.write(0, &[1; 4096]).unwrap();
    container.write(size - 4096, &[2; 4096]).unwrap();
    container.flush().unwrap();
    drop(container);
    let container = Container::open(files(&dir, Access::Read), Access::Read).unwrap();
    let mut bytes = [0; 8192];
    container.read(size - 8192, &mut bytes).unwrap();
    assert!(bytes[..4096] == [0; 4096] && bytes[4096..] == [2; 4096]);
    assert_eq!(container.geometry().parts(), 263);
}

/// Long requests go past the page cache and short ones through it: each sees what the other wrote, wherever the bytes
/// lie in memory, also at the end of the file.
#[test]
fn long_and_short_requests_see_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let store = files(&dir, Access::Write);
    let part = FileName::Part(0);
    store.create(part).unwrap();
    let long = direct::LEAST * 40;
    let mut numbers = crate::fuzzing::Numbers(3);
    let mut want = vec![0; 2 * long];
    let mut memory = vec![0; 2 * long + 8192];
    let path = dir.path().join("changes.dat.0");
    let mut file = Vec::new();
    for round in 0..200_u64 {
        let block = BLOCK as usize;
        let any = |most: usize, numbers: &mut crate::fuzzing::Numbers| {
            usize::try_from(numbers.below(most as u64)).unwrap()
        };
        let len = match round % 3 {
            0 => any(long / block, &mut numbers) * block + block,
            1 => any(5000, &mut numbers) + 1,
            _ => any(long, &mut numbers) + 1,
        };
        let at = any(long / block, &mut numbers) * block + usize::from(round % 5 == 0);
        let place = memory.as_ptr().align_offset(4096) + usize::from(round % 2 == 0) * 16;
        let bytes = &mut memory[place..place + len];
        bytes.fill(u8::try_from(round).unwrap());
        store.write_at(part, bytes, at as u64).unwrap();
        want[at..at + len].copy_from_slice(bytes);
        let fd = openat(CWD, &path, OFlags::RDONLY, Mode::empty()).unwrap();
        file.resize(2 * long, 0);
        let len = read_all(fd.as_fd(), &mut file, 0).unwrap();
        file.truncate(len);
        let from = any(file.len(), &mut numbers) / block * block;
        let bytes = &mut memory[place..place + long];
        let read = store.read_at(part, bytes, from as u64).unwrap();
        assert_eq!(read, long.min(file.len() - from));
        assert!(bytes[..read] == want[from..from + read], "round {round}");
        assert!(file[..] == want[..file.len()], "round {round}");
        store.sync(part).unwrap();
    }
}

/// Where the file system takes no direct requests, it is asked once.
#[test]
fn a_file_system_that_refuses_is_not_asked_again() {
    let direct = Direct::new(0);
    assert!(direct.takes(1 << 20) && !direct.takes(4096));
    let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    // A socket has no offsets, as a file system without O_DIRECT has no direct requests.
    let mut bytes = vec![0; 1 << 20];
    assert!(direct.read(Some(socket.as_fd()), &mut bytes, 0).is_err());
    assert!(direct.takes(1 << 20), "another error says nothing");
    // Nothing of proc is ever read directly.
    let proc = openat(
        CWD,
        "/proc",
        OFlags::DIRECTORY | OFlags::RDONLY,
        Mode::empty(),
    )
    .unwrap();
    let version = openat(&proc, "version", OFlags::RDONLY, Mode::empty()).unwrap();
    assert!(
        direct
            .open((&proc, "version"), &version, OFlags::RDONLY)
            .is_none()
    );
    assert!(!direct.takes(1 << 20));
    assert_eq!(direct.read(Some(socket.as_fd()), &mut bytes, 0).unwrap(), 0);
}
