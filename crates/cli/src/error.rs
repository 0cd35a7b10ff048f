//! Why a command failed: in words, with a code for programs and a next step for people.

use std::io;
use std::path::PathBuf;

use dynfilefs::container::Form;
use dynfilefs::error::Error as ContainerError;
use dynfilefs::geometry::GeometryError;
use perch_core::serving::FailureKind;
use perch_medium::image::ImageError;
use perch_sys::container::ContainerError as SysContainerError;
use perch_sys::container::dynfilefs::ServeError;
use perch_sys::dir::DirError;
use perch_sys::in_use::open_files::User;
use perch_sys::mount::MountError;
use perch_sys::replace::ReplaceError;

use crate::commands::menu::MenuFailure;

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
    #[error("block {block} of the copy differs from the original; the copy was removed")]
    CopyDiffers { block: u64 },
    /// Nobody is there to be asked.
    #[error("nothing was changed, since nobody could be asked")]
    NobodyToAsk,
    #[error("nothing was changed")]
    Declined,
    #[error("nothing was changed, since the container changed after it was checked")]
    Changed,
    #[error("{what} needs root")]
    NeedsRoot { what: &'static str },
    #[error("a container is mounted at {} already", .dir.display())]
    AlreadyMounted { dir: PathBuf },
    #[error("{} is not empty", .dir.display())]
    NotEmpty { dir: PathBuf },
    #[error("there is no container {}, and nobody said how large a new one is to be", .path.display())]
    SizeMissing { path: PathBuf },
    #[error("cannot serve the container {}", .path.display())]
    Serve {
        path: PathBuf,
        source: Box<ServeError>,
    },
    #[error("cannot make a file system")]
    Format { source: Box<SysContainerError> },
    #[error("no container is mounted at {}", .dir.display())]
    NotMounted { dir: PathBuf },
    #[error("{} is in use{}", .dir.display(), by_all(.by))]
    Busy { dir: PathBuf, by: Vec<String> },
    #[error("cannot unmount {}", .dir.display())]
    Unmount {
        dir: PathBuf,
        source: Box<MountError>,
    },
    /// Still mounted.
    #[error("cannot make durable what was written to {}", .path.display())]
    NotDurable { path: PathBuf, source: io::Error },
    #[error("the server of {} does not answer", .dir.display())]
    NoAnswer { dir: PathBuf },
    #[error("it is unmounted, but its server{} still writes", as_process(.user.as_ref()))]
    StillRunning { user: Option<User> },
    #[error("cannot wait for the server's end")]
    Wait { source: io::Error },
    #[error(transparent)]
    MarkGood(#[from] crate::commands::mark_good::MarkError),
    /// Of a whole medium.
    #[error(transparent)]
    Medium(#[from] ImageError),
    #[error(transparent)]
    Manage(#[from] perch_manage::error::Error),
    #[error("stopped: {left}")]
    Interrupted { left: &'static str },
    #[error(transparent)]
    Initramfs(#[from] perch_initramfs::Error),
    #[error("cannot write the image {}", .path.display())]
    Image {
        path: PathBuf,
        source: Box<ReplaceError>,
    },
    #[error("{} is a directory", .path.display())]
    ImageIsDirectory { path: PathBuf },
    #[error(transparent)]
    Menu(#[from] MenuFailure),
    #[error(transparent)]
    Why(#[from] crate::commands::why::WhyError),
}

fn by(user: Option<&User>) -> String {
    user.map(|user| format!(" by {user}")).unwrap_or_default()
}

fn by_all(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!(" by {}", names.join(", ")),
    }
}

fn as_process(user: Option<&User>) -> String {
    user.map(|user| format!(", {user},")).unwrap_or_default()
}

impl Error {
    /// A stable word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Size(_) => "bad-size",
            Self::MarkGood(error) => error.code(),
            Self::Manage(error) => error.code(),
            Self::Directory { source, .. } if is_missing(source) => "not-found",
            Self::Directory { .. } | Self::Look { .. } => "io",
            Self::NotFound { .. } => "not-found",
            Self::Exists { .. } => "exists",
            Self::Name { .. } => "bad-name",
            Self::IsDirectory { .. } => "is-a-directory",
            Self::IsLink { .. } => "is-a-link",
            Self::IsPart { .. } => "is-a-part",
            Self::Container { source, .. } => container_code(source),
            Self::InUse { .. } => "in-use",
            Self::NotOld { .. } => "not-old",
            Self::CopyDiffers { .. } => "copy-differs",
            Self::NobodyToAsk => "nobody-to-ask",
            Self::Declined => "declined",
            Self::Changed => "changed",
            Self::Interrupted { .. } => "interrupted",
            Self::Menu(failure) => failure.code(),
            Self::NeedsRoot { .. } => "no-root",
            Self::NotMounted { .. } => "not-mounted",
            Self::AlreadyMounted { .. } => "mounted",
            Self::NotEmpty { .. } => "not-empty",
            Self::SizeMissing { .. } => "size-missing",
            Self::Format { .. } => "format",
            Self::Medium(error) => error.code(),
            Self::Serve { source, .. } => serve_code(source),
            Self::Busy { .. } => "busy",
            Self::Unmount { .. } | Self::NotDurable { .. } | Self::Wait { .. } => "io",
            Self::NoAnswer { .. } | Self::StillRunning { .. } => "timeout",
            Self::Initramfs(error) => error.code(),
            Self::Image { .. } => "io",
            Self::ImageIsDirectory { .. } => "is-a-directory",
            Self::Why(error) => error.code(),
        }
    }

    /// What to do next; `None` where the message says it all.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Container { source, .. } => return container_hint(source),
            Self::Initramfs(error) => return error.hint(),
            Self::Image { .. } => {
                "an older image there is as it was; look for room and write access"
            }
            Self::ImageIsDirectory { .. } => "name the file to make in it, such as initrd.img",
            Self::MarkGood(error) => return Some(error.hint()),
            Self::Why(error) => error.hint(),
            Self::Menu(failure) => return failure.hint(),
            Self::Medium(error) => return error.hint(),
            Self::Manage(error) => return error.hint(),
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
            Self::CopyDiffers { .. } => {
                "the original container was not touched; check the medium of the new one"
            }
            Self::NobodyToAsk => "look at the changes with --dry-run, then give --yes",
            Self::Changed => "start again",
            Self::NeedsRoot { .. } => "start it with sudo",
            Self::NotMounted { .. } => "findmnt -t fuse.dynfilefs lists all that are",
            Self::AlreadyMounted { .. } => "unmount it first, or choose another directory",
            Self::NotEmpty { .. } => {
                "choose an empty directory: what is in this one would be out of sight"
            }
            Self::SizeMissing { .. } => "give a size in MiB: -s 1000",
            Self::Busy { .. } => "unmount what is on it and end what uses it",
            Self::NotDurable { .. } => {
                "it stays mounted: look at the kernel's log, and copy what you can from the disk"
            }
            Self::NoAnswer { .. } => {
                "it stays mounted: its medium is slow or gone; look at the kernel's log, or wait longer with --wait"
            }
            Self::StillRunning { .. } => "do not remove the medium before that process has ended",
            Self::Directory { .. }
            | Self::Unmount { .. }
            | Self::Serve { .. }
            | Self::Format { .. }
            | Self::Wait { .. }
            | Self::Look { .. }
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
            Self::InUse { user, .. } | Self::StillRunning { user } => user.as_ref(),
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

fn serve_code(error: &ServeError) -> &'static str {
    let ServeError::Refused(failure) = error else {
        return "io";
    };
    match failure.kind {
        FailureKind::Missing => "not-found",
        FailureKind::Exists => "exists",
        FailureKind::Damaged => "damaged",
        FailureKind::Legacy => "old-format",
        FailureKind::InUse => "in-use",
        FailureKind::Full => "no-space",
        FailureKind::ReadOnly => "read-only",
        FailureKind::Size => "bad-size",
        FailureKind::Medium | FailureKind::Kernel | FailureKind::Order => "io",
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
