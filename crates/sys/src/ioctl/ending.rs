//! Calls for the end of the system.

use std::ffi::CString;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::io::{Errno, Result};
use rustix::ioctl::{IntegerSetter, NoArg, ioctl};

use super::last_error;

/// `CDROMEJECT` of `linux/cdrom.h`.
const CDROMEJECT: rustix::ioctl::Opcode = 0x5309;
/// `CDROM_LOCKDOOR` of `linux/cdrom.h`.
const CDROM_LOCKDOOR: rustix::ioctl::Opcode = 0x5329;

/// Closes every descriptor but standard input, output and error. Only before anything was opened: whoever
/// owns one would find another file under its number. close_range(2), Linux 5.9.
pub fn close_inherited() -> Result<()> {
    // SAFETY: the caller promises that no descriptor above 2 has an owner yet.
    match unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) } {
        0 => Ok(()),
        _ => Err(last_error()),
    }
}

/// Holds every signal back that can be, from the calling thread and those it starts. sigprocmask(2).
pub fn hold_back_signals() -> Result<()> {
    // SAFETY: zeroed is a valid `sigset_t`, which sigfillset(3) then sets properly.
    let mut set = unsafe { std::mem::zeroed::<libc::sigset_t>() };
    // SAFETY: is given a set of ours.
    unsafe { libc::sigfillset(&raw mut set) };
    // SAFETY: reads `set`; the old mask is not asked for.
    match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) } {
        0 => Ok(()),
        number => Err(Errno::from_raw_os_error(number)),
    }
}

/// Takes a swap file or partition out of use; what is in it goes back into memory. swapoff(2).
pub(crate) fn swap_off(path: &Path) -> Result<()> {
    let path = CString::new(path.as_os_str().as_bytes()).map_err(|_| Errno::INVAL)?;
    // SAFETY: a C string that outlives the call.
    match unsafe { libc::swapoff(path.as_ptr()) } {
        0 => Ok(()),
        _ => Err(last_error()),
    }
}

/// Unlocks the tray of a CD drive and opens it. `Documentation/userspace-api/ioctl/cdrom.rst`.
pub(crate) fn eject(drive: impl AsFd) -> Result<()> {
    let drive = drive.as_fd();
    // SAFETY: CDROM_LOCKDOOR takes a number: 0 unlocks.
    let unlocked = unsafe { ioctl(drive, IntegerSetter::<CDROM_LOCKDOOR>::new_usize(0)) };
    // SAFETY: CDROMEJECT takes no argument.
    unsafe { ioctl(drive, NoArg::<CDROMEJECT>::new()) }.and(unlocked)
}
