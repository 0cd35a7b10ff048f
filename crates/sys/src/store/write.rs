//! Replacing a store's metadata.

use std::os::fd::BorrowedFd;

use perch_core::metadata::{BACKUP_FILE, CONF_FILE, JSON_FILE, Metadata, conf, json};
use rustix::io::Errno;

use crate::replace::{self, ReplaceError};

/// Why metadata could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A damaged file could not be moved out of the way.
    #[error("cannot set the damaged {name} aside")]
    Quarantine {
        /// That file.
        name: String,
        /// Why.
        source: ReplaceError,
    },
    /// A file could not be replaced; the old one is still there.
    #[error("cannot replace {name}")]
    Replace {
        /// That file.
        name: &'static str,
        /// Why.
        source: ReplaceError,
    },
}

/// Replaces the store's metadata: damaged files are set aside, then `session.json` (keeping the old
/// one as backup) and its mirror `session.conf`. A cut at any point leaves each file old or new.
///
/// Returns the new name of each file that was set aside.
pub fn write(
    store: BorrowedFd<'_>,
    metadata: &Metadata,
    quarantine: &[String],
) -> Result<Vec<String>, WriteError> {
    let mut aside = Vec::new();
    for name in quarantine {
        match replace::quarantine(store, name) {
            Ok(new) => aside.push(new),
            Err(ReplaceError::Rename { source, .. }) if source == Errno::NOENT => {}
            Err(source) => {
                let name = name.clone();
                return Err(WriteError::Quarantine { name, source });
            }
        }
    }
    replace::replace_with_backup(
        store,
        JSON_FILE,
        BACKUP_FILE,
        json::write(metadata).as_bytes(),
        0o644,
    )
    .map_err(|source| WriteError::Replace {
        name: JSON_FILE,
        source,
    })?;
    replace::replace_file(store, CONF_FILE, conf::write(metadata).as_bytes(), 0o644).map_err(
        |source| WriteError::Replace {
            name: CONF_FILE,
            source,
        },
    )?;
    Ok(aside)
}

/// Replaces `session.json` alone, for metadata of which the mirror says the same as before: how often
/// sessions were tried. A cut leaves it old or new; where a file system without a journal loses it all
/// the same, the mirror has everything else.
pub fn write_counts(store: BorrowedFd<'_>, metadata: &Metadata) -> Result<(), WriteError> {
    let text = json::write(metadata);
    replace::replace_file(store, JSON_FILE, text.as_bytes(), 0o644).map_err(|source| {
        let name = JSON_FILE;
        WriteError::Replace { name, source }
    })
}

/// Removes what a cut has left of writing metadata, as the first thing that is written to a store.
pub fn remove_leftovers(store: BorrowedFd<'_>) -> Result<Vec<String>, ReplaceError> {
    replace::remove_leftovers(store, &[JSON_FILE, BACKUP_FILE, CONF_FILE])
}
