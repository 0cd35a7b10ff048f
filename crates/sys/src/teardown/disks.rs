//! Disks at the end: whether a file system still has one, what is not written yet, and the last ways to leave
//! it clean.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;

use crate::ioctl;
use crate::mount::{self, MountError};

/// What the kernel says when it has done it: `do_emergency_remount` of its fs/super.c.
const FORCED: &str = "Emergency Remount complete";

/// Makes the file system that is mounted at `target` read-only: what was written is then on the disk, and it is
/// marked as clean. `EBUSY` while a file in it is open for writing.
pub fn make_read_only(target: &Path) -> Result<(), MountError> {
    let failed = |source| MountError::Unmount {
        target: target.into(),
        source,
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mount = open(target, flags, Mode::empty()).map_err(failed)?;
    mount::set_superblock_read_only(mount.as_fd(), true)
}

/// Whether a file system has the block device with this number, mounted where we cannot see it. Nothing is
/// said of what is no block device.
pub fn in_use(device: (u32, u32)) -> bool {
    let Some(node) = node(device) else {
        return false;
    };
    // Without O_CREAT, O_EXCL asks for a device that nobody else claims. open(2).
    let flags = OFlags::RDONLY | OFlags::EXCL | OFlags::NONBLOCK | OFlags::CLOEXEC;
    open(node, flags, Mode::empty()).is_err_and(|error| error == Errno::BUSY)
}

/// The device's node, by the name that the kernel gave it.
fn node((major, minor): (u32, u32)) -> Option<PathBuf> {
    let text = fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/uevent")).ok()?;
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("DEVNAME="))?;
    Some(Path::new("/dev").join(name))
}

/// Has the kernel make every file system read-only, whoever writes to it, and waits until it has, `limit` at the
/// most. `Documentation/admin-guide/sysrq.rst`, `u`.
pub fn force_read_only(limit: Duration) -> io::Result<()> {
    let mut log = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open("/dev/kmsg")?;
    // From its end on: what comes after is about this.
    rustix::fs::seek(&log, rustix::fs::SeekFrom::End(0))?;
    fs::write("/proc/sysrq-trigger", "u")?;
    let until = Instant::now() + limit;
    loop {
        let mut record = [0; 8192];
        match log.read(&mut record) {
            Ok(len) => {
                let record = record.get(..len).unwrap_or_default();
                if String::from_utf8_lossy(record).contains(FORCED) {
                    return Ok(());
                }
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // EPIPE: records were overwritten before they were read; the next read goes on behind them.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => continue,
            Err(error) => return Err(error),
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut fds = [PollFd::new(&log, PollFlags::IN)];
        match poll(&mut fds, Timespec::try_from(left).ok().as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// How much is in memory that has to go to disks, in KiB; `None` where the kernel does not tell. proc_meminfo(5),
/// `Dirty` and `Writeback`.
pub fn unwritten() -> Option<u64> {
    parse_unwritten(&fs::read_to_string("/proc/meminfo").ok()?)
}

fn parse_unwritten(text: &str) -> Option<u64> {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok()
    };
    Some(value("Dirty:")?.saturating_add(value("Writeback:")?))
}

/// Opens the tray of the CD drive `name` (`sr0`).
pub fn eject(name: &str) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let drive = open(Path::new("/dev").join(name), flags, Mode::empty())?;
    ioctl::eject(drive)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn what_the_kernel_has_still_to_write() {
        let text = "MemTotal: 1 kB\nDirty:               120 kB\nWriteback:    3 kB\n\
            WritebackTmp: 9 kB\n";
        assert_eq!(parse_unwritten(text), Some(123));
        assert_eq!(parse_unwritten("Dirty: 1 kB\n"), None);
        assert_eq!(parse_unwritten("Dirty: x kB\nWriteback: 1 kB\n"), None);
        assert!(unwritten().is_some());
    }

    #[test]
    fn privileged_a_mounted_device_is_in_use_until_it_is_unmounted() {
        use crate::loopdev::{self, Config};
        let image = tempfile::NamedTempFile::new().unwrap();
        image.as_file().set_len(16 << 20).unwrap();
        let made = std::process::Command::new("mke2fs")
            .args(["-q", "-t", "ext4"])
            .arg(image.path())
            .status();
        assert!(made.unwrap().success());
        let device = loopdev::attach(image.as_file(), "test", &Config::default()).unwrap();
        let number = (perch_core::teardown::LOOP_MAJOR, device.number);
        assert!(!in_use(number));
        let options = mount::Options {
            read_only: true,
            ..Default::default()
        };
        let mount = mount::mount_device("ext4", &device.path, &options).unwrap();
        assert!(in_use(number));
        drop(mount);
        // A child that another test starts at this moment holds it until it becomes its program.
        let deadline = Instant::now() + Duration::from_secs(60);
        while in_use(number) {
            assert!(Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!in_use((0, 1)), "no block device");
    }
}
