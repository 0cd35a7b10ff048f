//! A small ext4 of our own: it gets full, and turns read-only. Needs root.

use std::io::Write;
use std::path::PathBuf;
use std::process::Output;

use dynfilefs::error::Error;

use super::*;

/// An ext4 in an image, mounted as long as this lives.
struct Ext4 {
    dir: tempfile::TempDir,
}

impl Ext4 {
    /// `None`, with the reason on the terminal, where nothing can be mounted.
    fn new(mib: u64) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            eprintln!("skipped: needs root");
            return None;
        }
        if !["mke2fs", "mount"].into_iter().all(has) {
            return None;
        }
        let ext4 = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let image = std::fs::File::create(ext4.image()).unwrap();
        image.set_len(mib * MIB).unwrap();
        let mke2fs = ["-q", "-F", "-t", "ext4", "-m", "0"];
        run(Command::new("mke2fs").args(mke2fs).arg(ext4.image()));
        std::fs::create_dir(ext4.path()).unwrap();
        ext4.mount("loop,errors=remount-ro");
        Some(ext4)
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join("image")
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("mounted")
    }

    fn mount(&self, options: &str) {
        let mut mount = Command::new("mount");
        let mount = mount
            .args(["-o", options])
            .args([self.image(), self.path()]);
        // The device that others let go of at this moment seems to be mounted still (mount(8), status 32).
        let is_busy = |output: &Output| String::from_utf8_lossy(&output.stderr).contains("busy");
        let mut tries = (0..100).map(|_| mount.output().unwrap());
        let output = tries.find(|output| !is_busy(output)).unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// Leaves no space, not even what was kept until delayed writes were done.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.path().join("full")).unwrap();
        for len in [1 << 20, 4096, 4096] {
            let bytes = vec![1; len];
            while file.write_all(&bytes).is_ok() {}
            file.sync_all().unwrap();
        }
    }

    fn unmount(&self) {
        run(Command::new("umount").arg(self.path()));
    }
}

impl Drop for Ext4 {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

/// Checks 16 and 17: on a full medium new blocks fail, also where a page of the index is a hole; what is there can be
/// written, and after some space was freed all goes on, with every block its own.
#[test]
fn privileged_checks_16_17_a_full_medium_fails_new_blocks_only() {
    let Some(ext4) = Ext4::new(48) else { return };
    let filler = ext4.path().join("filler");
    std::fs::write(&filler, vec![1; 8 << 20]).unwrap();
    let container = create(&ext4.path(), 256, 256);
    // One block in each page of the index, and then all others, until it is full.
    let blocks = (0..128)
        .map(|page| page * 512)
        .chain((0..65536).filter(|at| at % 512 > 0));
    let content = |block: u64, round: u64| {
        [block + 1, round]
            .map(u64::to_le_bytes)
            .concat()
            .repeat(256)
    };
    let mut written = Vec::new();
    let mut failed = Vec::new();
    for block in blocks {
        match container.write(block * 4096, &content(block, 1)) {
            Ok(()) => written.push(block),
            Err(Error::Full) => failed.push(block),
            Err(error) => panic!("block {block}: {error}"),
        }
        if failed.len() == 30 {
            break;
        }
    }
    assert!(written.len() > 5000, "{} blocks", written.len());
    container.flush().unwrap();
    for block in &written {
        container.write(block * 4096, &content(*block, 2)).unwrap();
    }
    container.flush().unwrap();
    drop(container);
    std::fs::remove_file(filler).unwrap();
    let container = open(&ext4.path());
    assert_eq!(container.check().unwrap().findings, []);
    for block in &failed {
        assert!(read(&container, block * 4096, 4096) == [0; 4096]);
        container.write(block * 4096, &content(*block, 3)).unwrap();
    }
    container.flush().unwrap();
    drop(container);
    let container = open(&ext4.path());
    for (blocks, round) in [(written, 2), (failed, 3)] {
        for block in blocks {
            assert!(read(&container, block * 4096, 4096) == content(block, round));
        }
    }
    assert_eq!(container.check().unwrap().findings, []);
}

/// The same where only the index needs space: its pages are holes, and the slots are there already.
#[test]
fn privileged_check_17_a_page_of_the_index_finds_no_space() {
    let Some(ext4) = Ext4::new(32) else { return };
    let container = create(&ext4.path(), 256, 256);
    for block in 0..512 {
        container.write(block * 4096, &[7; 4096]).unwrap();
    }
    container.flush().unwrap();
    // What was reserved ahead serves blocks; index pages have nothing.
    ext4.fill();
    let results: Vec<_> = (1..128)
        .map(|page| container.write(page * 2 * MIB, &[8; 4096]))
        .collect();
    let full = results
        .iter()
        .filter(|result| matches!(result, Err(Error::Full)));
    assert!(full.count() > 100, "{results:?}");
    container.write(0, &[9; 4096]).unwrap();
    container.flush().unwrap();
    drop(container);
    let container = open(&ext4.path());
    assert_eq!(container.check().unwrap().findings, []);
    assert_eq!(read(&container, 0, 4096), [9; 4096]);
    assert_eq!(read(&container, 4096, 511 * 4096), vec![7; 511 * 4096]);
}

/// Check 20: a medium that is read-only can be read; one that turns read-only says so, and keeps what was flushed.
#[test]
fn privileged_check_20_a_medium_turns_read_only() {
    let Some(ext4) = Ext4::new(32) else { return };
    let container = create(&ext4.path(), 16, 24);
    container.write(0, &[1; 8192]).unwrap();
    container.flush().unwrap();
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    let path = ext4.path();
    let line = mounts
        .lines()
        .find(|line| line.contains(path.to_str().unwrap()));
    let device = line.unwrap().split_whitespace().next().unwrap().to_owned();
    let name = device.rsplit('/').next().unwrap();
    // As after damage that the kernel met: it makes the file system read-only.
    let trigger = format!("/sys/fs/ext4/{name}/trigger_fs_error");
    std::fs::write(trigger, "test").unwrap();
    let result = container
        .write(4096, &[2; 8192])
        .and_then(|()| container.flush());
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert!(
        container.flush().is_err(),
        "and nothing becomes durable later"
    );
    assert_eq!(read(&container, 0, 4096), [1; 4096]);
    drop(container);
    ext4.unmount();
    // The error is on the medium too; 1 says that it was put right.
    let mut e2fsck = Command::new("e2fsck");
    let status = e2fsck
        .args(["-f", "-y"])
        .arg(ext4.image())
        .output()
        .unwrap()
        .status;
    assert!(status.code() <= Some(1), "{status}");
    ext4.mount("loop,ro");
    let refused = Container::open(files(&ext4.path(), Access::Write), Access::Write);
    match refused.unwrap_err() {
        Error::Io { source, .. } => {
            assert_eq!(source.kind(), std::io::ErrorKind::ReadOnlyFilesystem)
        }
        error => panic!("{error}"),
    }
    let container = Container::open(files(&ext4.path(), Access::Read), Access::Read).unwrap();
    assert_eq!(read(&container, 0, 4096), [1; 4096]);
    assert_eq!(container.check().unwrap().findings, []);
}
