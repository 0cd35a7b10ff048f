//! What must not lose anything: a full disk, a killed server, a stopped one, signals.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use perch_sys::container::dynfilefs::Served;
use perch_sys::mount;
use rustix::fs::statvfs;
use rustix::process::{Pid, Signal, kill_process};

use crate::machine::*;

fn signal(served: &Served, signal: Signal) {
    let pid = Pid::from_raw(served.process().pid.cast_signed()).unwrap();
    kill_process(pid, signal).unwrap();
}

fn allocated(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().metadata().unwrap().blocks() * 512)
        .sum()
}

#[test]
fn privileged_trimming_gives_space_back() {
    let temp = tempfile::tempdir().unwrap();
    let served = create(temp.path(), 512);
    let mounted = Mounted::new(&served.file(true).unwrap());
    let before = allocated(temp.path());
    fs::write(mounted.path("large"), noise(4, 100 << 20)).unwrap();
    mounted.sync();
    let full = allocated(temp.path());
    // Some of it went where space was reserved ahead.
    assert!(full - before >= 84 << 20, "{before} {full}");
    fs::remove_file(mounted.path("large")).unwrap();
    mounted.sync();
    // fstrim resolves its argument, and a mount that is attached nowhere has the path of the root.
    let place = temp.path().join("place");
    fs::create_dir(&place).unwrap();
    mount::attach_path(&mounted.mount, &place).unwrap();
    // ext4 lets the blocks go a moment after the commit that it reports (fs/jbd2/commit.c, `j_commit_callback`).
    let deadline = Instant::now() + LONG;
    let trim = || {
        let trimmed = Command::new("fstrim").arg(&place).status();
        assert!(trimmed.unwrap().success());
        // A slot is given back behind the flush that makes its clearing durable: ext4 asks for one with its next change.
        fs::write(mounted.path("small"), b"x").unwrap();
        mounted.sync();
        allocated(temp.path())
    };
    // All but what is reserved ahead for the next blocks, 16 MiB.
    let is_back = |after: u64| after - before <= 18 << 20;
    let mut after = trim();
    while !is_back(after) && Instant::now() < deadline {
        after = trim();
    }
    mount::unmount(&place, true).unwrap();
    assert!(is_back(after), "{before} {full} {after}");
    drop(mounted);
    assert!(served.wait(LONG));
    assert_clean(temp.path());
}

/// The medium is full: the guest is told ENOSPC, what has its place can be written on, and the server lives.
#[test]
fn privileged_a_full_medium_is_no_end() {
    let temp = tempfile::tempdir().unwrap();
    let image = File::create_new(temp.path().join("medium")).unwrap();
    image.set_len(192 << 20).unwrap();
    format(&image);
    let medium = Mounted::new(&reopened(&temp.path().join("medium")));
    let served = create(&medium.path("."), 256);
    let disk = served.file(true).unwrap();
    let block = noise(5, 1 << 20);
    let full = (0..256).find_map(|mib| {
        disk.write_all_at(&block, mib << 20)
            .err()
            .map(|error| (mib, error))
    });
    let (mib, error) = full.unwrap();
    assert_eq!(error.raw_os_error(), Some(28), "at {mib} MiB: {error}");
    assert!(mib > 50, "{mib}");
    // An overwrite takes no space.
    let other = noise(6, 1 << 20);
    disk.write_all_at(&other, 10 << 20).unwrap();
    disk.sync_all().unwrap();
    let mut read = vec![0; 1 << 20];
    disk.read_exact_at(&mut read, 10 << 20).unwrap();
    assert!(read == other);
    disk.read_exact_at(&mut read, (mib - 1) << 20).unwrap();
    assert!(read == block);
    drop(disk);
    assert!(served.wait(LONG));
    assert_clean(&medium.path("."));
}

/// The same through ext4 and the loop device, which pass the reason on.
#[test]
fn privileged_a_full_medium_is_enospc_in_the_session() {
    let temp = tempfile::tempdir().unwrap();
    let image = File::create_new(temp.path().join("medium")).unwrap();
    image.set_len(192 << 20).unwrap();
    format(&image);
    let medium = Mounted::new(&reopened(&temp.path().join("medium")));
    let served = create(&medium.path("."), 256);
    let mounted = Mounted::new(&served.file(true).unwrap());
    fs::write(mounted.path("small"), b"kept").unwrap();
    File::open(mounted.path("small"))
        .unwrap()
        .sync_all()
        .unwrap();
    let mut large = File::create(mounted.path("large")).unwrap();
    let block = noise(7, 1 << 20);
    let error = (0..200)
        .find_map(|_| {
            large
                .write_all(&block)
                .and_then(|()| large.sync_data())
                .err()
        })
        .unwrap();
    assert_eq!(error.raw_os_error(), Some(28), "{error}");
    drop(large);
    let comm = fs::read(format!("/proc/{}/cmdline", served.process().pid)).unwrap();
    assert!(comm.starts_with(b"@dynfilefs"));
    fs::remove_file(mounted.path("large")).unwrap();
    assert_eq!(fs::read(mounted.path("small")).unwrap(), b"kept");
    drop(mounted);
    assert!(served.wait(LONG));
    assert_clean(&medium.path("."));
}

fn reopened(path: &Path) -> File {
    File::options().read(true).write(true).open(path).unwrap()
}

/// What was synced is there after the server was killed among writes; the container is in order.
#[test]
fn privileged_a_killed_server_leaves_a_container() {
    for round in 0..4_u64 {
        let temp = tempfile::tempdir().unwrap();
        let served = create(temp.path(), 128);
        let synced = AtomicU64::new(0);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let disk = served.file(true).unwrap();
            let (synced, stop, served) = (&synced, &stop, &served);
            // Random writes elsewhere, whole blocks and not.
            let other = served.file(true).unwrap();
            scope.spawn(move || {
                for number in 0_u64.. {
                    let at = (64 << 20) + number.wrapping_mul(0x9e37_79b9) % (60 << 20);
                    let len = 1 + number as usize * 977 % 20_000;
                    if stop.load(Ordering::Relaxed)
                        || other.write_all_at(&noise(number, len), at).is_err()
                    {
                        break;
                    }
                }
            });
            scope.spawn(move || {
                for number in 1.. {
                    let written =
                        disk.write_all_at(&noise(number, 9000), number * 9000 + (8 << 20));
                    if written.and_then(|()| disk.sync_data()).is_err() {
                        break;
                    }
                    synced.store(number, Ordering::Relaxed);
                }
            });
            // At other places of the work in every round.
            while synced.load(Ordering::Relaxed) < 20 + 37 * round {
                std::thread::yield_now();
            }
            signal(served, Signal::KILL);
            stop.store(true, Ordering::Relaxed);
        });
        assert!(served.wait(LONG));
        let container = assert_clean(temp.path());
        let synced = synced.into_inner();
        assert!(synced >= 20);
        for number in 1..=synced {
            let mut bytes = vec![0; 9000];
            container
                .read(number * 9000 + (8 << 20), &mut bytes)
                .unwrap();
            assert!(bytes == noise(number, 9000), "{number} of {synced}");
        }
        drop(container);
        // And it is served again.
        let served = open(temp.path());
        let disk = served.file(true).unwrap();
        disk.write_all_at(&[9; 4096], 127 << 20).unwrap();
        disk.sync_all().unwrap();
        drop(disk);
        assert!(served.wait(LONG));
        assert_clean(temp.path());
    }
}

/// systemd stops every process for a moment when it shuts down.
#[test]
fn privileged_a_stopped_server_goes_on() {
    let temp = tempfile::tempdir().unwrap();
    let served = create(temp.path(), 64);
    let disk = served.file(true).unwrap();
    signal(&served, Signal::STOP);
    let data = noise(8, 3 << 20);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            disk.write_all_at(&data, 20 << 20).unwrap();
            disk.sync_all().unwrap();
            done.store(true, Ordering::Release);
        });
        let state = format!("/proc/{}/stat", served.process().pid);
        while !fs::read_to_string(&state).unwrap().contains(") T ") {
            std::thread::yield_now();
        }
        // Stopped, it cannot have answered.
        assert!(!done.load(Ordering::Acquire));
        signal(&served, Signal::CONT);
    });
    let mut read = vec![0; 3 << 20];
    disk.read_exact_at(&mut read, 20 << 20).unwrap();
    assert!(read == data);
    drop(disk);
    assert!(served.wait(LONG));
}

/// They make durable what was written and end nothing.
#[test]
fn privileged_signals_that_end_programs_do_not_end_the_server() {
    let temp = tempfile::tempdir().unwrap();
    let mut served = create(temp.path(), 64);
    let disk = served.file(true).unwrap();
    disk.write_all_at(&noise(9, 1 << 20), 8 << 20).unwrap();
    for each in [
        Signal::TERM,
        Signal::INT,
        Signal::HUP,
        Signal::QUIT,
        Signal::USR1,
        Signal::ALARM,
        Signal::PIPE,
    ] {
        signal(&served, each);
    }
    // Behind the signals, since the server takes them first.
    served.commit().unwrap();
    let mut read = vec![0; 1 << 20];
    disk.read_exact_at(&mut read, 8 << 20).unwrap();
    assert!(read == noise(9, 1 << 20));
    drop(disk);
    assert!(served.wait(LONG));
    assert_clean(temp.path());
}

/// 263 parts: their headers, their descriptors, and what of the index was used.
#[test]
fn privileged_a_tebibyte_takes_little_memory() {
    let temp = tempfile::tempdir().unwrap();
    let directory = perch_sys::dir::open_dir(temp.path()).unwrap();
    let size = perch_core::units::Mib(1 << 20);
    let mut served = server().create(directory.as_fd(), size).unwrap();
    let disk = served.file(true).unwrap();
    let data = noise(10, 1 << 20);
    for gib in 0..1024 {
        disk.write_all_at(&data[..4096], gib << 30).unwrap();
    }
    for mib in 0..64 {
        disk.write_all_at(&data, mib << 20).unwrap();
        disk.read_exact_at(&mut vec![0; 1 << 20], mib << 20)
            .unwrap();
    }
    served.commit().unwrap();
    let status = fs::read_to_string(format!("/proc/{}/status", served.process().pid)).unwrap();
    let value = |key: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_ascii_whitespace()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap()
    };
    assert!(value("VmHWM") <= 32 << 10, "{status}");
    // All of it is locked that is there.
    assert!(value("VmLck") >= value("VmRSS"), "{status}");
    let left = statvfs(path_of(served.mount())).unwrap();
    assert_eq!(left.f_bsize, 4096);
    drop(disk);
    assert!(served.wait(LONG));
}
