//! Hook directories: which files in them are hooks, and a copy in memory that can be started.
//!
//! The medium is mounted so that nothing on it can be started, and may keep no modes; a hook on it is
//! copied to a directory of ours in memory. Whether it may run at all is decided elsewhere.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use perch_core::hook;
use rustix::fs::{AtFlags, FileType, statat};

use crate::dir::{self, Content, DirError, Kind};
use crate::replace::{self, ReplaceError};

/// The most hooks of one directory.
const MAX_HOOKS: usize = 64;
/// The longest hook, in bytes: a static program, or a script.
const MAX_LEN: usize = 32 << 20;

/// Why a file in a hook directory cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// It is not marked as executable.
    #[error("is not executable (chmod +x)")]
    NotExecutable,
    /// It begins neither as a program nor as a script.
    #[error("is no program, and no script that begins with #! and its interpreter")]
    NoProgram,
    /// A script with line ends that no interpreter understands.
    #[error("has the line ends of Windows: save it with those of Unix")]
    WindowsLines,
    /// A directory, link, device or fifo.
    #[error("is no regular file")]
    NoFile,
    /// It is longer than 32 MiB.
    #[error("is longer than {} MiB", MAX_LEN >> 20)]
    TooLong,
    /// It could not be read.
    #[error(transparent)]
    Directory(#[from] DirError),
    /// The directory for copies could not be made.
    #[error("cannot make {}", .path.display())]
    Place {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The copy could not be written.
    #[error(transparent)]
    Copy(#[from] ReplaceError),
}

/// The hooks in `dir` by name, in the order they run; what else is there is passed over, as
/// [`hook::is_name`] says.
pub fn list(dir: BorrowedFd<'_>) -> Result<Vec<String>, DirError> {
    let mut names = Vec::new();
    for entry in dir::list(dir)? {
        let Some(name) = entry.name.to_str().filter(|name| hook::is_name(name)) else {
            continue;
        };
        if entry.kind == Kind::File {
            names.push(name.to_owned());
        } else {
            log::debug!("{name} in a hook directory is no regular file");
        }
    }
    if names.len() > MAX_HOOKS {
        return Err(DirError::TooMany);
    }
    Ok(names)
}

/// Copies the hook `name` of `dir` to the directory `to`, ready to be started; returns its path.
pub fn copy(dir: BorrowedFd<'_>, name: &str, to: &Path) -> Result<PathBuf, HookError> {
    let status = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|source| DirError::Open {
        path: name.into(),
        source,
    })?;
    if FileType::from_raw_mode(status.st_mode) == FileType::RegularFile
        && status.st_mode & 0o111 == 0
    {
        return Err(HookError::NotExecutable);
    }
    let bytes = match dir::read_bounded(dir, name, MAX_LEN)? {
        Content::Bytes { bytes, .. } => bytes,
        Content::TooLarge { .. } => return Err(HookError::TooLong),
        Content::Absent | Content::NotAFile => return Err(HookError::NoFile),
    };
    if !hook::is_program(&bytes) {
        return Err(HookError::NoProgram);
    }
    if hook::has_windows_lines(&bytes) {
        return Err(HookError::WindowsLines);
    }
    let place = |source| HookError::Place {
        path: to.into(),
        source,
    };
    fs::create_dir_all(to).map_err(place)?;
    let target = dir::open_dir(to)?;
    replace::replace_file(target.as_fd(), name, &bytes, 0o700)?;
    Ok(to.join(name))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn executable(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, PermissionsExt::from_mode(0o700)).unwrap();
    }

    #[test]
    fn only_files_with_fitting_names_in_order() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["20-b", "10-a", "a~", "a.bak", ".hidden", "a b"] {
            executable(&dir.path().join(name), "#!/bin/sh\n");
        }
        fs::create_dir(dir.path().join("dir")).unwrap();
        symlink("10-a", dir.path().join("link")).unwrap();
        let open = dir::open_dir(dir.path()).unwrap();
        assert_eq!(list(open.as_fd()).unwrap(), ["10-a", "20-b"]);
        for number in 0..=MAX_HOOKS {
            executable(&dir.path().join(format!("n{number}")), "#!/bin/sh\n");
        }
        assert!(matches!(list(open.as_fd()), Err(DirError::TooMany)));
    }

    #[test]
    fn a_copy_can_be_started_and_what_is_no_program_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("memory/after-data");
        executable(&dir.path().join("fine"), "#!/bin/sh\nexit 7\n");
        executable(&dir.path().join("text"), "echo\n");
        executable(&dir.path().join("windows"), "#!/bin/sh\r\nexit 0\r\n");
        fs::write(dir.path().join("plain"), "#!/bin/sh\n").unwrap();
        symlink("fine", dir.path().join("link")).unwrap();
        let open = dir::open_dir(dir.path()).unwrap();
        let path = copy(open.as_fd(), "fine", &to).unwrap();
        let status = std::process::Command::new(path).status().unwrap();
        assert_eq!(status.code(), Some(7));
        for (name, want) in [
            ("text", "is no program"),
            ("windows", "line ends of Windows"),
            ("plain", "is not executable"),
            ("link", "is no regular file"),
            ("missing", "cannot open missing"),
        ] {
            let error = copy(open.as_fd(), name, &to).unwrap_err().to_string();
            assert!(error.contains(want), "{name}: {error}");
        }
    }
}
