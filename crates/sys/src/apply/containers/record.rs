//! The note that tells whoever ends the system which process serves the container.

use std::path::Path;
use std::{fs, io};

use perch_core::serving::{RECORD, Record};
use perch_core::units::SessionId;

use super::Undo;
use crate::container::dynfilefs::ProcessId;
use crate::dir::{self, DirError};
use crate::replace::{self, ReplaceError};

/// Why the note could not be left.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Its directory could not be made.
    #[error("cannot make {directory}")]
    Make {
        /// Which one.
        directory: String,
        /// Why.
        source: io::Error,
    },
    /// Its directory could not be opened.
    #[error(transparent)]
    Open(#[from] DirError),
    /// When the process was started is not known.
    #[error("/proc does not tell when process {0} was started")]
    Start(u32),
    /// It is no JSON.
    #[error("cannot put {RECORD} into words")]
    Json(#[from] serde_json::Error),
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] ReplaceError),
}

/// Leaves it in `directory`; returns how it is taken back.
pub(super) fn leave(
    directory: &Path,
    process: ProcessId,
    device: u32,
    session: SessionId,
) -> Result<Undo, RecordError> {
    let pid = process.pid;
    let record = Record {
        pid,
        start: process.start.ok_or(RecordError::Start(pid))?,
        r#loop: device,
        session,
    };
    fs::create_dir_all(directory).map_err(|source| RecordError::Make {
        directory: directory.display().to_string(),
        source,
    })?;
    let dir = dir::open_dir(directory)?;
    let json = serde_json::to_string(&record)?;
    replace::replace_file(&dir, RECORD, json.as_bytes(), 0o644)?;
    Ok(Undo::RemoveFile { dir, name: RECORD })
}
