//! The system calls that no crate wraps safely: the `unsafe` of this workspace lives here, and
//! only here.
//!
//! Each function is one call of the kernel. It checks nothing that the kernel checks itself and
//! gives back the bare error number; the modules that call it name the object in their errors.
#![allow(
    unsafe_code,
    reason = "raw ioctls, mount_setattr(2) and signalfd(2) have no safe wrapper"
)]

mod ending;
mod resize;

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

pub use ending::{close_inherited, hold_back_signals};
pub(crate) use ending::{eject, swap_off};

use linux_raw_sys::general::mount_attr;
use linux_raw_sys::ioctl::{BLKGETSIZE64, BLKPG, BLKRASET, FIFREEZE, FITHAW};
use linux_raw_sys::loop_device::{
    LOOP_CLR_FD, LOOP_CONFIGURE, LOOP_CTL_GET_FREE, LOOP_GET_STATUS64, loop_config, loop_info64,
};
use rustix::io::{Errno, Result};
use rustix::ioctl::{Getter, IntegerSetter, Ioctl, IoctlOutput, NoArg, Opcode, Setter, ioctl};
use rustix::mount::MountPropagationFlags;
use rustix::process::Signal;
use rustix::thread::{UnshareFlags, unshare_unsafe};

pub(crate) use resize::{ext4_resize, loop_set_capacity};

/// Why a call of libc failed.
fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// `LOOP_CTL_GET_FREE`: its answer is the return value of the call itself.
struct GetFree;

// SAFETY: the opcode takes no argument (a null pointer is passed) and writes nothing; the
// answer is the return value, which the kernel documents as the device's number.
unsafe impl Ioctl for GetFree {
    type Output = u32;
    const IS_MUTATING: bool = false;

    fn opcode(&self) -> Opcode {
        LOOP_CTL_GET_FREE as Opcode
    }

    fn as_ptr(&mut self) -> *mut std::ffi::c_void {
        std::ptr::null_mut()
    }

    unsafe fn output_from_ptr(out: IoctlOutput, _: *mut std::ffi::c_void) -> Result<u32> {
        u32::try_from(out).map_err(|_| Errno::RANGE)
    }
}

/// Sets how much the kernel reads ahead of whoever reads a block device in order, in sectors of 512 bytes.
/// block/ioctl.c, `BLKRASET`.
pub(crate) fn set_read_ahead(device: impl AsFd, sectors: usize) -> Result<()> {
    // SAFETY: BLKRASET takes a number.
    unsafe {
        let setter = IntegerSetter::<{ BLKRASET as Opcode }>::new_usize(sectors);
        ioctl(device, setter)
    }
}

/// Finds or makes a loop device that nobody uses, and returns its number; `control` is
/// `/dev/loop-control`. Another process may take the device before we do. loop(4), Linux 3.1.
pub(crate) fn loop_get_free(control: impl AsFd) -> Result<u32> {
    // SAFETY: `GetFree` describes the opcode truthfully, see its implementation.
    unsafe { ioctl(control, GetFree) }
}

/// Ties a file to a loop device and sets all its properties in one step. loop(4), Linux 5.8.
///
/// `config.fd` is taken from `image`, so that the descriptor is open for the whole call.
pub(crate) fn loop_configure(
    device: impl AsFd,
    image: impl AsFd,
    mut config: loop_config,
) -> Result<()> {
    config.fd = u32::try_from(image.as_fd().as_raw_fd()).map_err(|_| Errno::BADF)?;
    // SAFETY: LOOP_CONFIGURE reads one `struct loop_config`, the type given here, and keeps no
    // pointer to it.
    unsafe {
        ioctl(
            device,
            Setter::<{ LOOP_CONFIGURE as Opcode }, loop_config>::new(config),
        )
    }
}

/// Reads the properties of a loop device back; `ENXIO` when no file is tied to it. loop(4).
pub(crate) fn loop_status(device: impl AsFd) -> Result<loop_info64> {
    // SAFETY: on success LOOP_GET_STATUS64 has filled one `struct loop_info64`.
    unsafe {
        ioctl(
            device,
            Getter::<{ LOOP_GET_STATUS64 as Opcode }, loop_info64>::new(),
        )
    }
}

/// Unties the file from a loop device: at once, or with the last user when it is mounted. loop(4).
pub(crate) fn loop_clear(device: impl AsFd) -> Result<()> {
    // SAFETY: LOOP_CLR_FD takes no argument.
    unsafe { ioctl(device, NoArg::<{ LOOP_CLR_FD as Opcode }>::new()) }
}

/// Returns the size of a block device in bytes; `ENOTTY` for anything else. `linux/fs.h`.
pub fn block_device_size(device: impl AsFd) -> Result<u64> {
    // SAFETY: on success BLKGETSIZE64 has stored one `u64` (its definition says `size_t`, its
    // implementation in block/ioctl.c stores 64 bits on every architecture).
    unsafe { ioctl(device, Getter::<{ BLKGETSIZE64 as Opcode }, u64>::new()) }
}

/// Writes everything of the file system to its place on the disk, empties its journal, and lets writers
/// wait until [`thaw`]. Needs CAP_SYS_ADMIN; `EOPNOTSUPP` where it cannot be done. `linux/fs.h`.
pub(crate) fn freeze(dir: impl AsFd) -> Result<()> {
    // SAFETY: FIFREEZE ignores its argument.
    unsafe { ioctl(dir, NoArg::<{ FIFREEZE as Opcode }>::new()) }
}

/// Ends what [`freeze`] began.
pub(crate) fn thaw(dir: impl AsFd) -> Result<()> {
    // SAFETY: FITHAW ignores its argument.
    unsafe { ioctl(dir, NoArg::<{ FITHAW as Opcode }>::new()) }
}

/// As [`watch_signals`], for SIGTERM alone.
pub fn watch_sigterm() -> Result<OwnedFd> {
    watch_signals(&[Signal::TERM])
}

/// Holds signals back from the calling thread, and those it starts later, and returns a descriptor that has something to
/// read when one came. sigprocmask(2), signalfd(2).
pub fn watch_signals(signals: &[Signal]) -> Result<OwnedFd> {
    // SAFETY: zeroed is a valid `sigset_t`, which sigemptyset(3) then sets properly.
    let mut set = unsafe { std::mem::zeroed::<libc::sigset_t>() };
    // SAFETY: it is given a set of ours.
    unsafe { libc::sigemptyset(&raw mut set) };
    for signal in signals {
        // SAFETY: it is given a set of ours, and the number of a signal.
        unsafe { libc::sigaddset(&raw mut set, signal.as_raw()) };
    }
    // SAFETY: reads `set`; the old mask is not asked for.
    if unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) } != 0
    {
        return Err(Errno::INVAL);
    }
    // SAFETY: reads `set` and makes a new descriptor.
    let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
    if fd < 0 {
        return Err(last_error());
    }
    // SAFETY: the kernel has just made it, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// What the kernel is told of one partition; `struct blkpg_partition` of `linux/blkpg.h`, which
/// linux-raw-sys leaves out.
#[repr(C)]
struct BlkpgPartition {
    start: i64,
    length: i64,
    number: i32,
    /// Unused names.
    names: [[u8; 64]; 2],
}

/// `struct blkpg_ioctl_arg` of `linux/blkpg.h`.
#[repr(C)]
struct BlkpgArgument {
    operation: i32,
    flags: i32,
    length: i32,
    data: *mut BlkpgPartition,
}

/// Tells the kernel of a partition that `disk` has from now on, in bytes; its table is not looked at.
/// `EBUSY` where it would overlap another one or the number is taken. `BLKPG_ADD_PARTITION`,
/// block/ioctl.c.
pub(crate) fn add_partition(disk: impl AsFd, number: u32, start: u64, length: u64) -> Result<()> {
    const BLKPG_ADD_PARTITION: i32 = 1;
    blkpg(disk, BLKPG_ADD_PARTITION, number, start, length)
}

/// Makes the kernel forget a partition; `EBUSY` while anybody has it open or mounted.
/// `BLKPG_DEL_PARTITION`, block/ioctl.c.
pub(crate) fn delete_partition(disk: impl AsFd, number: u32) -> Result<()> {
    const BLKPG_DEL_PARTITION: i32 = 2;
    blkpg(disk, BLKPG_DEL_PARTITION, number, 0, 0)
}

fn blkpg(disk: impl AsFd, operation: i32, number: u32, start: u64, length: u64) -> Result<()> {
    let mut partition = BlkpgPartition {
        start: i64::try_from(start).map_err(|_| Errno::OVERFLOW)?,
        length: i64::try_from(length).map_err(|_| Errno::OVERFLOW)?,
        number: i32::try_from(number).map_err(|_| Errno::OVERFLOW)?,
        names: [[0; 64]; 2],
    };
    let argument = BlkpgArgument {
        operation,
        flags: 0,
        length: size_of::<BlkpgPartition>() as i32,
        data: &raw mut partition,
    };
    // SAFETY: BLKPG reads one `struct blkpg_ioctl_arg` and the `struct blkpg_partition` that it points
    // to; both have the layout of linux/blkpg.h, outlive the call, and no pointer to them is kept.
    unsafe {
        ioctl(
            disk,
            Setter::<{ BLKPG as Opcode }, BlkpgArgument>::new(argument),
        )
    }
}

/// Sets and clears `MOUNT_ATTR_*` flags of the mount whose root `mount` is open on, and changes how mounts
/// below it are propagated unless `propagation` is empty. mount_setattr(2), Linux 5.12.
pub(crate) fn mount_setattr(
    mount: impl AsFd,
    set: u32,
    clear: u32,
    propagation: MountPropagationFlags,
) -> Result<()> {
    let attributes = mount_attr {
        attr_set: set.into(),
        attr_clr: clear.into(),
        propagation: propagation.bits().into(),
        userns_fd: 0,
    };
    let fd: RawFd = mount.as_fd().as_raw_fd();
    // SAFETY: the path is an empty C string, as AT_EMPTY_PATH wants it; the pointer and the
    // length describe `attributes`, which outlives the call and is only read.
    let outcome = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            fd,
            c"".as_ptr(),
            libc::AT_EMPTY_PATH,
            &raw const attributes,
            size_of::<mount_attr>(),
        )
    };
    match outcome {
        0 => Ok(()),
        _ => Err(last_error()),
    }
}

/// Gives the calling thread a working directory, root and umask of its own. unshare(2).
pub(crate) fn unshare_working_directory() -> Result<()> {
    // SAFETY: CLONE_FS leaves the table of descriptors shared, and that is what the wrapper's
    // contract is about.
    unsafe { unshare_unsafe(UnshareFlags::FS) }
}

/// Gives the calling thread a mount namespace of its own, and a working directory. unshare(2).
pub(crate) fn unshare_mounts() -> Result<()> {
    // SAFETY: as above, descriptors stay shared.
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }
}
