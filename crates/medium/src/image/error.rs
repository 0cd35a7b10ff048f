//! Why an image is not made: what is in the way, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use perch_core::units::Bytes;

use crate::menu::MenuError;

/// Why an image is not made. Nothing is left behind where its file would be.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A file or directory that cannot be used.
    #[error("cannot use {}", .path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A temporary file, or the image itself.
    #[error("cannot write {}", .path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Neither a file nor a directory, or a link to a directory.
    #[error("{} is neither a file nor a directory", .path.display())]
    Kind {
        /// Which one.
        path: PathBuf,
    },
    /// A kernel that is none.
    #[error("{} is no Linux kernel for PCs", .path.display())]
    NotAKernel {
        /// What was given.
        path: PathBuf,
    },
    /// Nothing that could become the system.
    #[error("there is no bundle (*.sb) in what was given")]
    NoBundle,
    /// A name that a tool or the file system cannot have.
    #[error("{name:?} cannot be the name of a file on the medium: {problem}")]
    Name {
        /// Relative to the root of the medium.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// Two files want one place.
    #[error("two files would be {name:?} on the medium")]
    Twice {
        /// Relative to the root of the medium.
        name: String,
    },
    /// FAT keeps a file's length in 32 bits (Microsoft FAT specification, "Directory Structure").
    #[error("{} has {length}, and FAT holds no file of 4 GiB or more", .path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length.
        length: Bytes,
    },
    /// A disk that is too small for its content.
    #[error("the disk needs {needed}, and {given} were given")]
    TooSmall {
        /// The least.
        needed: Bytes,
        /// What was asked for.
        given: Bytes,
    },
    /// An MBR keeps places in 32 bits.
    #[error("a disk of {size} is too large for an MBR, which ends at 2 TiB")]
    TooLarge {
        /// What was asked for.
        size: Bytes,
    },
    /// A label that the file system cannot have.
    #[error("{label:?} cannot be the label: {problem}")]
    Label {
        /// As given.
        label: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// No loader at all.
    #[error("the image would start on no machine")]
    NoLoader,
    /// Options that exclude each other.
    #[error("{0}")]
    Contradiction(&'static str),
    /// The menu cannot be written down.
    #[error(transparent)]
    Menu(#[from] MenuError),
    /// There is such a file already.
    #[error("{} is there already", .path.display())]
    Exists {
        /// Which one.
        path: PathBuf,
    },
    /// A device, a directory and the like.
    #[error("{} is no ordinary file", .path.display())]
    NotAFile {
        /// Which one.
        path: PathBuf,
    },
    /// A program of others is not installed.
    #[error("the program {program} is missing")]
    ToolMissing {
        /// Its name.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// A part of a boot loader is not installed.
    #[error("{} is missing", .path.display())]
    PartMissing {
        /// Where it should be.
        path: PathBuf,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// A program of others failed.
    #[error("{program} ended with {status}: {said}")]
    ToolFailed {
        /// Its name.
        program: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// Its last words.
        said: String,
    },
    /// GRUB's parts do not fit together.
    #[error("GRUB cannot be installed: {problem}")]
    Grub {
        /// What is wrong.
        problem: String,
    },
    /// EXTLINUX looks for its own file through the kernel.
    #[error("EXTLINUX has to mount the image, which needs root")]
    NeedsRoot,
    /// Somebody wanted it to end.
    #[error("stopped; nothing was left behind")]
    Stopped,
}

impl ImageError {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => "not-found",
            Self::Read { .. } | Self::Write { .. } => "io",
            Self::Kind { .. } | Self::NotAFile { .. } => "not-a-file",
            Self::NotAKernel { .. } => "not-a-kernel",
            Self::NoBundle => "no-bundle",
            Self::Name { .. } => "bad-name",
            Self::Twice { .. } => "twice",
            Self::TooLong { .. } => "file-too-long",
            Self::TooSmall { .. } | Self::TooLarge { .. } => "bad-size",
            Self::Label { .. } => "bad-label",
            Self::NoLoader | Self::Contradiction(_) => "usage",
            Self::Menu(_) => "bad-menu",
            Self::Exists { .. } => "exists",
            Self::ToolMissing { .. } | Self::PartMissing { .. } => "tool-missing",
            Self::ToolFailed { .. } => "tool-failed",
            Self::Grub { .. } => "grub",
            Self::NeedsRoot => "no-root",
            Self::Stopped => "interrupted",
        }
    }

    /// What to do next; `None` where the message says it all.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::ToolMissing { package, .. } | Self::PartMissing { package, .. } => {
                return Some(format!("install it: apt-get install {package}"));
            }
            Self::Kind { .. } => "leave it out, or name what a link points to",
            Self::NotAKernel { .. } => "give a bzImage, such as /boot/vmlinuz-VERSION",
            Self::NoBundle => {
                "name bundles, or a directory that has some: --bundles /run/initramfs/memory/data/minios"
            }
            Self::Twice { .. } => "leave one of them out",
            Self::TooLong { .. } => {
                "use --fs ext4 or --kind iso, or split the bundle into several below 4 GiB"
            }
            Self::TooSmall { .. } => "give more, or leave --size out",
            Self::TooLarge { .. } => "use --table gpt",
            Self::NoLoader => "leave out --bios none or --efi none",
            Self::Exists { .. } => "choose another name, or replace it with --force",
            Self::NotAFile { .. } => {
                "make a file and copy it to the stick: dd if=FILE of=/dev/sdX bs=4M conv=fsync"
            }
            Self::NeedsRoot => {
                "start it with sudo, or use --bios grub or --fs vfat, which need no root"
            }
            Self::Read { .. }
            | Self::Write { .. }
            | Self::Name { .. }
            | Self::Label { .. }
            | Self::Contradiction(_)
            | Self::Menu(_)
            | Self::ToolFailed { .. }
            | Self::Grub { .. }
            | Self::Stopped => return None,
        };
        Some(hint.to_owned())
    }
}
