//! Why a session did not get another form: another size, another mode, or one that it had before.

use perch_core::manage::resize::CannotResize;
use perch_core::units::SessionId;
use perch_sys::container::ContainerError;

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
}

impl FormError {
    /// A stable word for programs; `None` where it follows from what the kernel said.
    pub(super) fn code(&self) -> Option<&'static str> {
        match self {
            Self::Resize { source, .. } => Some(source.code()),
            Self::NotInOrder { .. } => Some("damaged"),
            Self::NotGrown { .. } => None,
        }
    }

    /// What to do next.
    pub(super) fn hint(&self) -> String {
        let hint = match self {
            Self::Resize { source, .. } => return source.hint(),
            Self::NotGrown { .. } => "check the medium: whether it is full, and the kernel's log",
            Self::NotInOrder { .. } => "copy its directory before anything else is tried with it",
        };
        hint.to_owned()
    }
}
