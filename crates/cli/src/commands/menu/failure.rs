//! Why menus could not be written.

use std::io;
use std::path::PathBuf;

use perch_core::record::NoFacts;
use perch_medium::menu::MenuError;
use perch_medium::menu::own_lines::BadMarks;
use perch_sys::dir::DirError;
use perch_sys::mount::MountError;
use perch_sys::replace::ReplaceError;

/// Why menus could not be written. The old ones are as they were, but for [`MenuFailure::Half`].
#[derive(Debug, thiserror::Error)]
pub(crate) enum MenuFailure {
    #[error("this system was not started by perch, so the medium is not known")]
    NoRecord { source: io::Error },
    #[error("cannot tell from {} which medium this system runs from", .path.display())]
    BadRecord { path: PathBuf, source: NoFacts },
    #[error("this system runs from the ISO file {image}, and the menus are inside of it")]
    InImage { image: String },
    #[error("cannot use the medium {}", .path.display())]
    Medium { path: PathBuf, source: DirError },
    #[error("there is no {path} on the medium {}", .medium.display())]
    NoFile {
        medium: PathBuf,
        path: String,
        option: &'static str,
    },
    #[error("no directory of GRUB or SYSLINUX was found on {}", .medium.display())]
    NoLoader { medium: PathBuf },
    #[error("one template cannot make the menus of two loaders")]
    TemplateForAll,
    #[error("cannot read the template {}", .path.display())]
    Template { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Menu(#[from] MenuError),
    #[error("cannot read {path} on the medium")]
    Read { path: String, source: DirError },
    #[error("{path} on the medium is no regular file")]
    NotAFile { path: String },
    #[error("{} on the medium: not made by perch", .paths.join(", "))]
    NotOurs { paths: Vec<String> },
    #[error("your own lines in {path} cannot be found")]
    Marks { path: String, source: BadMarks },
    #[error("the medium {} cannot be written to: it is {fs}", .medium.display())]
    NeverWritable { medium: PathBuf, fs: String },
    #[error("the medium {} cannot be made writable", .medium.display())]
    ReadOnly {
        medium: PathBuf,
        source: Box<MountError>,
    },
    #[error("cannot find out how the medium {} is mounted", .medium.display())]
    Mounts { medium: PathBuf, source: io::Error },
    #[error("cannot make the directory of {path}")]
    Directory { path: String, source: DirError },
    #[error("cannot write {path}; all menus are as they were")]
    Write {
        path: String,
        source: Box<ReplaceError>,
    },
    #[error("cannot write {path}, nor put these back: {}", .left.join(", "))]
    Half {
        path: String,
        left: Vec<String>,
        source: Box<ReplaceError>,
    },
    #[error("cannot read the sessions in {}", .store.display())]
    Sessions { store: PathBuf, source: DirError },
}

impl MenuFailure {
    /// A stable word for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoRecord { .. } | Self::BadRecord { .. } => "medium-unknown",
            Self::InImage { .. } => "in-image",
            Self::Medium { .. } | Self::NoFile { .. } => "not-found",
            Self::NoLoader { .. } => "no-loader",
            Self::TemplateForAll | Self::Menu(_) => "bad-menu",
            Self::Template { .. } => "no-template",
            Self::NotAFile { .. } => "not-a-file",
            Self::NotOurs { .. } => "not-ours",
            Self::Marks { .. } => "bad-marks",
            Self::NeverWritable { .. } | Self::ReadOnly { .. } => "read-only",
            Self::Half { .. } => "half-written",
            Self::Read { .. }
            | Self::Mounts { .. }
            | Self::Directory { .. }
            | Self::Write { .. }
            | Self::Sessions { .. } => "io",
        }
    }

    /// What to do next; `None` where the message says it all.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoRecord { .. } | Self::BadRecord { .. } => {
                "say where it is mounted: --medium DIR"
            }
            Self::InImage { .. } => {
                "an ISO file cannot be changed; make a stick of it, or name another medium with --medium"
            }
            Self::Medium { .. } => "mount it first, then name its directory",
            Self::NoFile { option, .. } => {
                return Some(format!("name it with {option}, as a path on the medium"));
            }
            Self::NoLoader { .. } => "say which one it is: --loader grub, or syslinux",
            Self::TemplateForAll => "say for which loader it is: --loader grub, or syslinux",
            Self::NotAFile { .. } => "move it away",
            Self::NotOurs { .. } => "--force replaces them and keeps each as .bak",
            Self::Marks { .. } => "--dry-run shows nothing before they are right",
            Self::NeverWritable { .. } => {
                "write the image to a stick with a file system that can be written to"
            }
            Self::ReadOnly { .. } => {
                "run this as root; if it is a stick with a lock, unlock it; the kernel's log says more"
            }
            Self::Directory { .. } | Self::Write { .. } => {
                "look for room on the medium, for its rights and at the kernel's log"
            }
            Self::Half { .. } => "run this again before the next start",
            Self::Template { .. }
            | Self::Menu(_)
            | Self::Read { .. }
            | Self::Mounts { .. }
            | Self::Sessions { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
