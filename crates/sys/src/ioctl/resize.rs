//! Growing what is in use: a loop device, and the ext4 on it.

use std::os::fd::AsFd;

use linux_raw_sys::ioctl::EXT4_IOC_RESIZE_FS;
use linux_raw_sys::loop_device::LOOP_SET_CAPACITY;
use rustix::io::Result;
use rustix::ioctl::{NoArg, Opcode, Setter, ioctl};

/// Gives a loop device the size that its file has now, as far as the kernel knows it. loop(4), Linux 2.6.30.
pub(crate) fn loop_set_capacity(device: impl AsFd) -> Result<()> {
    // SAFETY: LOOP_SET_CAPACITY takes no argument.
    unsafe { ioctl(device, NoArg::<{ LOOP_SET_CAPACITY as Opcode }>::new()) }
}

/// Makes the mounted ext4 that `dir` is on this many of its blocks large; nothing happens if it is. `EINVAL` if it is
/// larger, `EOPNOTSUPP` or `EPERM` where it was made in a way that cannot grow, `ENOTTY` for another file system.
/// `Documentation/filesystems/ext4/ioctl` (`EXT4_IOC_RESIZE_FS`), Linux 3.3.
pub(crate) fn ext4_resize(dir: impl AsFd, blocks: u64) -> Result<()> {
    // SAFETY: EXT4_IOC_RESIZE_FS reads one 64-bit number.
    unsafe {
        ioctl(
            dir,
            Setter::<{ EXT4_IOC_RESIZE_FS as Opcode }, u64>::new(blocks),
        )
    }
}
