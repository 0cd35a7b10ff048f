//! Why an image could not be made: what was looked for, where, and what to do about it.

use std::io;
use std::path::PathBuf;

use perch_core::hook::HookStage;
use perch_sys::kmod::KmodError;

use crate::compress::Compression;
use crate::programs::ElfError;

/// Why an image could not be made. Nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or directory that is there, or has to be.
    #[error("cannot read {}", .path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// No perch-init where it was looked for.
    #[error("there is no perch-init at {}", .path.display())]
    NoInit {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// What was named as perch-init is no program, or one that needs libraries.
    #[error("{} cannot be the first program of an image: {reason}", .path.display())]
    BadInit {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No kernel at all, or not this one.
    #[error("there are no modules of kernel {version} in {}", .place.display())]
    NoKernel {
        /// The version that was asked for.
        version: String,
        /// The directory where they belong.
        place: PathBuf,
        /// The versions that are there.
        found: Vec<String>,
    },
    /// A module directory that depmod(8) has not seen.
    #[error("{} has no modules.dep", .dir.display())]
    NoIndex {
        /// The directory.
        dir: PathBuf,
        /// The system it belongs to.
        root: PathBuf,
        /// Its kernel.
        version: String,
    },
    /// The index of modules is unreadable, or leads in a circle.
    #[error(transparent)]
    Index(#[from] KmodError),
    /// A module that was named is not there.
    #[error("no module of {} is called {name}", .dir.display())]
    NoModule {
        /// What was asked for.
        name: String,
        /// The module directory.
        dir: PathBuf,
    },
    /// Data that cannot be packed.
    #[error("cannot pack with {kind}")]
    Pack {
        /// How.
        kind: Compression,
        /// The reason.
        source: io::Error,
    },
    /// A packed file that cannot be unpacked.
    #[error("cannot unpack {}", .path.display())]
    Unpack {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The kernel could not unpack the image.
    #[error("kernel {version} cannot unpack {kind}: {} has no {option}", .config.display())]
    KernelLacks {
        /// The kernel.
        version: String,
        /// What was asked for.
        kind: Compression,
        /// The option of the kernel's configuration.
        option: &'static str,
        /// Where its configuration was read.
        config: PathBuf,
    },
    /// A program that was named is not there.
    #[error("there is no program {name} in {}", .root.display())]
    NoProgram {
        /// The program.
        name: String,
        /// The system that was searched.
        root: PathBuf,
    },
    /// A path, or nothing, in place of a name.
    #[error("\"{name}\" is no name of a program")]
    ProgramName {
        /// What was given.
        name: String,
    },
    /// A program cannot run in the image.
    #[error("cannot pack the program {}", .path.display())]
    Program {
        /// The program, or the library it needs.
        path: PathBuf,
        /// Why.
        source: ElfError,
    },
    /// A file that would not be run as a hook.
    #[error("{} is no hook: {reason}", .path.display())]
    Hook {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A directory without a single hook.
    #[error("{} holds no hook", .dir.display())]
    NoHooks {
        /// The directory.
        dir: PathBuf,
    },
    /// A value that cannot be written to a shell file.
    #[error("{value:?} cannot stand between double quotes in a shell file")]
    Identity {
        /// What was given or found.
        value: String,
    },
    /// An image that microcode was to be taken from, and that begins otherwise.
    #[error("{} does not begin with microcode", .path.display())]
    NoMicrocode {
        /// The image.
        path: PathBuf,
    },
    /// The running system does not show what its medium hangs on.
    #[error("cannot tell which modules the medium at {} needs: {reason}", .place.display())]
    Medium {
        /// Where it is mounted.
        place: PathBuf,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } | Self::Index(_) | Self::Pack { .. } | Self::Unpack { .. } => "io",
            Self::NoInit { .. } | Self::BadInit { .. } => "no-init",
            Self::NoKernel { .. } => "no-kernel",
            Self::NoIndex { .. } => "no-module-index",
            Self::NoModule { .. } => "no-module",
            Self::KernelLacks { .. } => "kernel-lacks",
            Self::NoProgram { .. } | Self::ProgramName { .. } => "no-program",
            Self::Program { .. } => "bad-program",
            Self::Hook { .. } | Self::NoHooks { .. } => "bad-hook",
            Self::Identity { .. } => "bad-identity",
            Self::NoMicrocode { .. } => "no-microcode",
            Self::Medium { .. } => "unknown-medium",
        }
    }

    /// What to do next; `None` where the message says it all.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Read { .. } | Self::Pack { .. } | Self::Index(_) => return None,
            Self::NoInit { .. } => "name it: --init FILE".into(),
            Self::BadInit { .. } => "name the perch-init of perch's package, built static".into(),
            Self::NoKernel { found, .. } if found.is_empty() => {
                "install a kernel, or name the system that has one: --root DIR".into()
            }
            Self::NoKernel { found, .. } => format!(
                "--kernel-version takes one of {}; --root names another system",
                found.join(", ")
            ),
            Self::NoIndex { root, version, .. } => {
                format!("run: depmod -b {} {version}", root.display())
            }
            Self::NoModule { dir, .. } => format!(
                "{} lists all modules; names may hold *",
                dir.join("modules.dep").display()
            ),
            Self::Unpack { .. } => "the file is damaged: install its package again".into(),
            Self::KernelLacks { .. } => {
                "leave --compress out, then one is chosen that the kernel can unpack".into()
            }
            Self::NoProgram { .. } => {
                "install its package, or name the system that has it: --programs-root DIR".into()
            }
            Self::ProgramName { .. } => {
                "give names without a path, such as e2fsck, separated by commas".into()
            }
            Self::Program { .. } => "install what it needs, or leave it out with --programs".into(),
            Self::Hook { .. } => {
                "a hook is a program or script whose name has letters, digits, _, - and . only"
                    .into()
            }
            Self::NoHooks { .. } => {
                let stages = HookStage::ALL.map(|stage| format!("{stage}.d"));
                format!("hooks belong into {} below it", stages.join(", "))
            }
            Self::Identity { .. } => "give it without \", \\, $, ` and line ends".into(),
            Self::NoMicrocode { .. } => {
                "leave --microcode-from out, then it is taken from the firmware of the system"
                    .into()
            }
            Self::Medium { .. } => "use --modules most, or a list of modules".into(),
        })
    }
}
