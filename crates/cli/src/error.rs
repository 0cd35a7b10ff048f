//! Why a command failed: in words, with a code for programs and a next step for people.

use std::io;
use std::path::PathBuf;

use dynfilefs::container::Form;
use dynfilefs::error::Error as ContainerError;
use dynfilefs::geometry::GeometryError;
use perch_sys::dir::DirError;
use perch_sys::in_use::open_files::User;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Sizes that no container has, however they were given.
    #[error(transparent)]
    Size(#[from] GeometryError),
    #[error("cannot look into {}", .path.display())]
    Directory { path: PathBuf, source: DirError },
    #[error("cannot look at {}", .path.display())]
    Look { path: PathBuf, source: io::Error },
    #[error("there is no container {}", .path.display())]
    NotFound { path: PathBuf },
    #[error("{} is there already, or files of it are", .path.display())]
    Exists { path: PathBuf },
    /// Names in a container are text, since numbers are put behind them.
    #[error("the name of {} is no UTF-8", .path.display())]
    Name { path: PathBuf },
    #[error("{} is a directory", .path.display())]
    IsDirectory { path: PathBuf },
    #[error("{} is a link, and no link is followed", .path.display())]
    IsLink { path: PathBuf },
    #[error("{} is a part of the container {}", .path.display(), .main.display())]
    IsPart { path: PathBuf, main: PathBuf },
    #[error("cannot use the container {}", .path.display())]
    Container {
        path: PathBuf,
        source: ContainerError,
    },
    #[error("{} is in use{}", .path.display(), by(.user.as_ref()))]
    InUse { path: PathBuf, user: Option<User> },
    #[error("{} is not an old container", .path.display())]
    NotOld { path: PathBuf },
    #[error("files of an earlier import are there: {}", .names.join(", "))]
    Leftover { path: PathBuf, names: Vec<String> },
    #[error("block {block} of the copy differs from the original; the copy was removed")]
    CopyDiffers { block: u64 },
    #[error("cannot {what} {}", .path.display())]
    File {
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// Nobody is there to be asked.
    #[error("nothing was changed, since nobody could be asked")]
    NobodyToAsk,
    #[error("nothing was changed")]
    Declined,
    #[error("nothing was changed, since the container changed after it was checked")]
    Changed,
    #[error("stopped: {left}")]
    Interrupted { left: &'static str },
}

fn by(user: Option<&User>) -> String {
    user.map(|user| format!(" by {user}")).unwrap_or_default()
}

impl Error {
    /// A stable word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Size(_) => "bad-size",
            Self::Directory { source, .. } if is_missing(source) => "not-found",
            Self::Directory { .. } | Self::Look { .. } | Self::File { .. } => "io",
            Self::NotFound { .. } => "not-found",
            Self::Exists { .. } => "exists",
            Self::Name { .. } => "bad-name",
            Self::IsDirectory { .. } => "is-a-directory",
            Self::IsLink { .. } => "is-a-link",
            Self::IsPart { .. } => "is-a-part",
            Self::Container { source, .. } => container_code(source),
            Self::InUse { .. } => "in-use",
            Self::NotOld { .. } => "not-old",
            Self::Leftover { .. } => "leftover",
            Self::CopyDiffers { .. } => "copy-differs",
            Self::NobodyToAsk => "nobody-to-ask",
            Self::Declined => "declined",
            Self::Changed => "changed",
            Self::Interrupted { .. } => "interrupted",
        }
    }

    /// What to do next; `None` where the message says it all.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Container { source, .. } => return container_hint(source),
            Self::NotFound { path } => {
                let path = path.display();
                return Some(format!(
                    "make one: perch dynfilefs create --size 4000 {path}"
                ));
            }
            Self::Exists { .. } => {
                "choose another name; a container is its main file and all numbered parts beside it"
            }
            Self::IsDirectory { .. } => "name the container's main file in it, such as changes.dat",
            Self::IsLink { .. } => "name the file that it points to",
            Self::IsPart { main, .. } => {
                return Some(format!("name its main file, {}", main.display()));
            }
            Self::InUse { user: Some(_), .. } => {
                "end what uses it first: perch dynfilefs umount, if it is mounted"
            }
            Self::InUse { user: None, .. } => {
                "unmount it first; as root perch can say what uses it"
            }
            Self::NotOld { .. } => "only containers of dynfilefs 3.00 to 4.03 need to be imported",
            Self::Leftover { .. } => {
                "the original container was not touched; remove these files and start again"
            }
            Self::CopyDiffers { .. } => {
                "the original container was not touched; check the medium of the new one"
            }
            Self::NobodyToAsk => "look at the changes with --dry-run, then give --yes",
            Self::Changed => "start again",
            Self::Directory { .. }
            | Self::Look { .. }
            | Self::File { .. }
            | Self::Name { .. }
            | Self::Size(_)
            | Self::Declined
            | Self::Interrupted { .. } => return None,
        };
        Some(hint.to_owned())
    }

    /// Who is in the way.
    pub(crate) fn user(&self) -> Option<&User> {
        match self {
            Self::InUse { user, .. } => user.as_ref(),
            _ => None,
        }
    }
}

fn is_missing(error: &DirError) -> bool {
    error.errno() == Some(rustix::io::Errno::NOENT)
}

fn container_code(error: &ContainerError) -> &'static str {
    match error {
        ContainerError::NotFound => "not-found",
        ContainerError::Exists | ContainerError::PartInTheWay { .. } => "exists",
        ContainerError::MainMissing | ContainerError::PartMissing(_) => "part-missing",
        ContainerError::Header { .. } => "not-a-container",
        ContainerError::PartShort { .. } | ContainerError::PartSplit { .. } => "damaged",
        ContainerError::Geometry(_) => "bad-size",
        ContainerError::Legacy => "old-format",
        ContainerError::ReadOnly => "read-only",
        ContainerError::Full => "no-space",
        ContainerError::Shrink { .. } => "shrink",
        ContainerError::TargetSmall { .. } => "too-small",
        ContainerError::TargetUsed => "exists",
        ContainerError::CopyDiffers { .. } => "copy-differs",
        ContainerError::Io { .. } | ContainerError::OutOfRange { .. } | ContainerError::Failed => {
            "io"
        }
    }
}

fn container_hint(error: &ContainerError) -> Option<String> {
    let hint = match error {
        ContainerError::PartInTheWay { .. } => {
            "it may belong to a container whose main file is lost: move it away, do not delete it"
        }
        ContainerError::MainMissing | ContainerError::PartMissing(_) => {
            "bring the missing file back from a copy; what it held is not anywhere else"
        }
        ContainerError::PartShort { .. } | ContainerError::PartSplit { .. } => {
            "bring the part back from a copy, or keep what is left: copy all files before trying anything"
        }
        ContainerError::Legacy => "copy it into a new one: perch dynfilefs import OLD NEW",
        ContainerError::Full => "make room on the medium",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// A layout as people know it.
pub(crate) fn form_in_words(form: Form) -> &'static str {
    match form {
        Form::Current => "dynfilefs 4.04",
        Form::Single => "dynfilefs 4.00 to 4.03 in one file, for reading only",
        Form::Padded => "dynfilefs 4.00 to 4.03 in parts, for reading only",
        Form::Version3 => "dynfilefs 3.00, for reading only",
    }
}
