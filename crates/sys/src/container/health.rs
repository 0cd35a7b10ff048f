//! What is wrong with the file system in a container, found without changing it: everything is checked and repaired in a
//! copy that only memory knows of.

use super::ContainerError;
use super::dynfilefs::Server;
use super::ext4::{self, Depth, Verdict};
use super::image::{Image, is_ext};
use super::snapshot::Snapshot;
use perch_core::fs::FsKind;

/// How the file system in a container is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Nothing is wrong.
    InOrder {
        /// It was cut off: its journal is replayed when it is opened next.
        cut_off: bool,
    },
    /// Something is wrong that needs no decision; what e2fsck(8) does about it.
    Repairable(String),
    /// Something is wrong that needs decisions.
    Errors {
        /// What e2fsck says of it.
        said: String,
        /// What it would do if every question were answered with yes; the last lines.
        would: Vec<String>,
    },
    /// No program checks it; it looks after itself when it is mounted.
    NotChecked(FsKind),
}

impl Image {
    /// Checks all of the file system. The image has to stay as it is meanwhile.
    ///
    /// # Errors
    /// If it holds none, cannot be read, or e2fsck cannot be run.
    pub fn health(&self, server: &Server) -> Result<Health, ContainerError> {
        let found = self.superblock()?;
        if !is_ext(found.kind) {
            return Ok(Health::NotChecked(found.kind));
        }
        let said = match in_memory(self, server, full) {
            Ok(Verdict::InOrder) => {
                return Ok(Health::InOrder {
                    cut_off: found.needs_recovery,
                });
            }
            Ok(Verdict::Repaired(said)) => return Ok(Health::Repairable(said)),
            Err(ContainerError::Errors { said, .. }) => said,
            Err(error) => return Err(error),
        };
        let would = in_memory(self, server, ext4::answer_yes)?;
        Ok(Health::Errors { said, would })
    }

    /// Checks all of the file system and repairs what needs no decision; what was repaired, if anything was. The image is
    /// open for writing.
    ///
    /// # Errors
    /// As [`check`](Self::check); nothing else is changed then.
    pub fn repair(&self) -> Result<Option<String>, ContainerError> {
        if !is_ext(self.superblock()?.kind) {
            return Ok(None);
        }
        let verdict = full(self)?;
        self.sync()?;
        Ok(match verdict {
            Verdict::InOrder => None,
            Verdict::Repaired(said) => Some(said),
        })
    }
}

/// Checks everything. The journal is replayed first: e2fsck(8) counts that among the errors that it corrected when it is
/// told to look at everything.
fn full(image: &Image) -> Result<Verdict, ContainerError> {
    let first = match image.superblock()?.needs_recovery {
        true => ext4::check(image, Depth::Needed)?,
        false => Verdict::InOrder,
    };
    match (first, ext4::check(image, Depth::Full)?) {
        (Verdict::Repaired(first), Verdict::Repaired(then)) => {
            Ok(Verdict::Repaired(format!("{first}; {then}")))
        }
        (Verdict::InOrder, then) => Ok(then),
        (first, Verdict::InOrder) => Ok(first),
    }
}

fn in_memory<T>(
    image: &Image,
    server: &Server,
    work: impl FnOnce(&Image) -> Result<T, ContainerError>,
) -> Result<T, ContainerError> {
    let copy = Snapshot::untouched(server, image)?;
    let result = work(copy.image());
    // One that runs on holds nothing but memory.
    copy.close();
    result
}
