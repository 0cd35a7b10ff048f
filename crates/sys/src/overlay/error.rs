//! What goes wrong with a union, in the words of the one who asked for it.

use std::path::PathBuf;

use rustix::io::Errno;

use super::MAX_LAYERS;
use crate::mount::{KernelText, MountError};

/// Why a union could not be assembled.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// Nothing to lie below.
    #[error("a union needs at least one lower layer")]
    NoLower,
    /// More layers than the kernel takes.
    #[error(
        "{count} layers are more than the {MAX_LAYERS} that overlayfs takes: merge some bundles"
    )]
    TooManyLayers {
        /// How many there are.
        count: usize,
    },
    /// `ENODEV`: the module is not loaded.
    #[error("this kernel has no overlay filesystem")]
    Unknown {
        /// The reason.
        source: Errno,
    },
    /// The kernel refused one layer.
    #[error("overlayfs refuses the layer {}{text}", .path.display())]
    Layer {
        /// The layer.
        path: PathBuf,
        /// The kernel's own words.
        text: KernelText,
        /// `ENOTDIR` no directory, `EINVAL` a filesystem that cannot be a layer, …
        source: Errno,
    },
    /// The kernel refused an option.
    #[error("overlayfs refuses the option {key}={}{text}", .value.display())]
    Option {
        /// The option.
        key: &'static str,
        /// Its value.
        value: PathBuf,
        /// The kernel's own words.
        text: KernelText,
        /// The reason.
        source: Errno,
    },
    /// The kernel refused the union as a whole.
    #[error("cannot mount the union of {layers} layers{}{text}", with_upper(.upper))]
    Mount {
        /// How many lower layers there are.
        layers: usize,
        /// The upper directory.
        upper: Option<PathBuf>,
        /// The kernel's own words; before `lowerdir+` they are in the kernel log only.
        text: KernelText,
        /// The reason.
        source: Errno,
    },
    /// The links that make a long list of layers short could not be made.
    #[error("cannot prepare {} for the list of layers", .path.display())]
    Farm {
        /// The link or the directory of links.
        path: PathBuf,
        /// The reason.
        source: Errno,
    },
    /// The thread that mounts from another working directory could not be started.
    #[error("cannot start a thread to mount the union")]
    Thread {
        /// The reason.
        source: std::io::Error,
    },
    /// The finished union could not be put in its place.
    #[error("the union was made, but not attached")]
    Attach {
        /// The reason.
        source: MountError,
    },
    /// overlayfs fell back to read-only silently, as it does when it cannot use the work directory.
    #[error(
        "the union is read-only although {} is its upper: the work directory {} cannot be used \
         (its filesystem is read-only, full or lacks what overlayfs needs, or something is left in it)",
        .upper.display(), .work.display()
    )]
    ReadOnly {
        /// The upper directory.
        upper: PathBuf,
        /// The work directory.
        work: PathBuf,
    },
}

fn with_upper(upper: &Option<PathBuf>) -> String {
    match upper {
        Some(path) => format!(" with the upper {}", path.display()),
        None => " without an upper".into(),
    }
}
