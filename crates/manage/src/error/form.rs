//! Why a session did not get another form: another size, another mode, or one that it had before.

use perch_core::manage::convert::CannotConvert;
use perch_core::manage::resize::CannotResize;
use perch_core::units::SessionId;
use perch_sys::container::ContainerError;

use super::Error;

/// Why it did not.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// Its container does not get that size.
    #[error("cannot resize session {id}: {source}")]
    Resize {
        /// Its number.
        id: SessionId,
        /// Why not.
        source: CannotResize,
    },
    /// Its container did not grow, and can be used as before.
    #[error("session {id} is as it was: its container cannot grow")]
    NotGrown {
        /// Its number.
        id: SessionId,
        /// Why not.
        source: Box<ContainerError>,
    },
    /// Its container is damaged.
    #[error("the container of session {id} is not in order")]
    NotInOrder {
        /// Its number.
        id: SessionId,
        /// What is wrong.
        source: Box<ContainerError>,
    },
    /// It does not get that form.
    #[error("cannot convert session {id}: {source}")]
    Convert {
        /// Its number.
        id: SessionId,
        /// Why not.
        source: CannotConvert,
    },
    /// The copy would lack something.
    #[error("not everything can be kept there ({count}): {first}")]
    Lost {
        /// How much.
        count: u64,
        /// The first of it.
        first: String,
    },
    /// The copy is not what was copied.
    #[error("the copy differs from the original: {first}")]
    Differs {
        /// Where first.
        first: String,
    },
    /// It has the new form, and the old one is still in a working directory.
    #[error("session {id} is what it was to become, but what it was is not put away yet")]
    NotPutAway {
        /// Its number.
        id: SessionId,
        /// Why not.
        source: Box<Error>,
    },
    /// Somebody was at it meanwhile.
    #[error("session {id} was used while it was copied")]
    Changed {
        /// Its number.
        id: SessionId,
    },
    /// It has no such snapshot.
    #[error("session {id} has no snapshot{}", .wanted.as_ref().map(|it| format!(" \"{}\"", it.escape_default())).unwrap_or_default())]
    NoSnapshot {
        /// Its number.
        id: SessionId,
        /// What was looked for; absent for any.
        wanted: Option<String>,
    },
}

impl FormError {
    /// A stable word for programs; `None` where it follows from what the kernel said.
    pub(super) fn code(&self) -> Option<&'static str> {
        match self {
            Self::Resize { source, .. } => Some(source.code()),
            Self::NotInOrder { .. } => Some("damaged"),
            Self::NotGrown { .. } | Self::NotPutAway { .. } => None,
            Self::Convert { source, .. } => Some(source.code()),
            Self::Lost { .. } => Some("not-kept"),
            Self::Differs { .. } => Some("copy-differs"),
            Self::Changed { .. } => Some("in-use"),
            Self::NoSnapshot { .. } => Some("not-found"),
        }
    }

    /// What to do next.
    pub(super) fn hint(&self) -> String {
        let hint = match self {
            Self::Resize { source, .. } => return source.hint(),
            Self::NotGrown { .. } => "check the medium: whether it is full, and the kernel's log",
            Self::Convert { source, .. } => return source.hint(),
            Self::Lost { .. } => "the session is as it was: choose another mode",
            Self::NotPutAway { .. } => "the next command that changes something tries it again",
            Self::Differs { .. } => "the session is as it was: check the medium",
            Self::Changed { .. } => "the session is as it was: start again when nothing uses it",
            Self::NoSnapshot { id, .. } => {
                return format!("snapshot list {id} shows what there is");
            }
            Self::NotInOrder { .. } => "copy its directory before anything else is tried with it",
        };
        hint.to_owned()
    }
}
