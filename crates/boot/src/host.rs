//! perch as a guest in the initramfs of somebody else: what has to be made ready there before a boot.
//!
//! The scripts of that initramfs call `perch-init mount --root DIR`. Where the boot ends differently is
//! [`crate::handover`]; nothing in between knows of it.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lexopt::prelude::*;
use perch_core::cause::Causes;
use perch_core::notice::Notice;
use perch_sys::layout::{INITRAMFS, Layout};
use perch_sys::{dir, kmsg, mount, mountinfo};
use rustix::fs::{StatVfsMountFlags, statvfs};

/// The command's name.
pub const NAME: &str = "mount";

/// Why the command was refused; nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The arguments are wrong.
    #[error("{0} (perch-init --help tells the usage)")]
    Usage(String),
    /// It was not called by an initramfs.
    #[error(
        "mount is for the scripts of an initramfs, and this system runs from elsewhere: nothing was done"
    )]
    NoInitramfs,
}

/// The directory where the scripts want the root of the system, from the arguments behind the command.
///
/// # Errors
/// If they name none, or this is no initramfs: a system in use must not be touched.
pub fn root(arguments: &[OsString]) -> Result<PathBuf, HostError> {
    let root = parse(arguments).map_err(|error| HostError::Usage(error.to_string()))?;
    let root = root.filter(|root| root.is_absolute() && root.parent().is_some());
    let root = root.ok_or_else(|| {
        HostError::Usage("--root needs the absolute path of a directory".to_owned())
    })?;
    match is_initramfs() {
        true => Ok(root),
        false => Err(HostError::NoInitramfs),
    }
}

fn parse(arguments: &[OsString]) -> Result<Option<PathBuf>, lexopt::Error> {
    let mut root = None;
    let mut arguments = lexopt::Parser::from_args(arguments);
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("root") => root = Some(arguments.value()?.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(root)
}

/// Whether the root directory is that of an initramfs; that of a live system is a union.
fn is_initramfs() -> bool {
    dir::open_dir("/").is_ok_and(mount::is_in_memory)
}

/// Makes the initramfs ready for a boot with this layout. What cannot be done is said, and the boot goes on.
pub fn prepare(layout: &Layout) {
    clear(layout);
    if let Err(error) = let_programs_run(Path::new(INITRAMFS)) {
        kmsg::tell(Notice::ShutdownNotLeft { error });
    }
}

/// Takes away what an earlier try in this initramfs has mounted: somebody left the shell that followed it to try again.
fn clear(layout: &Layout) {
    for mounted in mountinfo::read().unwrap_or_default().iter().rev() {
        let target = &mounted.target;
        if (target.starts_with(layout.memory()) || target == layout.union())
            && let Err(error) = mount::unmount(target, true)
        {
            log::info!("{}", Causes(&error));
        }
    }
}

/// Most hosts mount `/run` with `noexec`, but the program for the end of the system lies below it, and hooks do. The
/// directory is opened for the tools of the running system too, where the host kept it to root.
fn let_programs_run(dir: &Path) -> Result<(), String> {
    const SEARCH: u32 = 0o711;
    let make = || -> io::Result<bool> {
        fs::create_dir_all(dir)?;
        let mode = fs::metadata(dir)?.permissions().mode();
        fs::set_permissions(dir, Permissions::from_mode(mode | SEARCH))?;
        Ok(statvfs(dir)?.f_flag.contains(StatVfsMountFlags::NOEXEC))
    };
    let is_barred = make().map_err(|error| format!("cannot make {}: {error}", dir.display()))?;
    match is_barred {
        true => mount::cover_executable(dir).map_err(|error| Causes(&error).to_string()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<PathBuf, HostError> {
        let words: Vec<OsString> = words.iter().map(Into::into).collect();
        root(&words)
    }

    #[test]
    fn nothing_is_done_outside_an_initramfs_or_without_a_place() {
        for wrong in [
            &[][..],
            &["--root"],
            &["--root", ""],
            &["--root", "sysroot"],
            &["--root", "/"],
            &["--root", "/sysroot", "more"],
        ] {
            assert!(
                matches!(parsed(wrong), Err(HostError::Usage(_))),
                "{wrong:?}"
            );
        }
        // Where the tests run from memory the answer is the other one.
        assert_eq!(parsed(&["--root", "/sysroot"]).is_ok(), is_initramfs());
    }
}
