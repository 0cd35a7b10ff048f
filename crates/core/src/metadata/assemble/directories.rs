//! What the session directories tell, and what that means for the metadata.

use std::collections::BTreeMap;

use super::super::note::{Notes, code};
use super::super::{Metadata, Record};
use super::{Contents, SessionDir, StoreFiles};
use crate::session::{Mode, Session, UnionKind};
use crate::units::{Bytes, SessionId};

/// Fills in what lost metadata would have told: a record for each directory that has none, and
/// the session changed last as default if there is none (contract §3.1, rule 5).
pub(super) fn complete(metadata: &mut Metadata, dirs: &[SessionDir]) {
    for dir in dirs {
        metadata.sessions.entry(dir.id).or_insert_with(|| {
            let mode = dir.holds.mode();
            Record {
                mode: Some(mode),
                union: dir.holds.union(mode),
                ..Record::default()
            }
        });
    }
    let latest = dirs.iter().max_by_key(|dir| (dir.modified, dir.id));
    metadata.default = metadata.default.or(latest.map(|dir| dir.id));
}

/// The session in each directory, sorted by number. A recorded mode that would hide a session's
/// data is corrected in the metadata too (contract B8).
pub(super) fn sessions(
    files: &StoreFiles,
    metadata: &mut Metadata,
    notes: &mut Notes,
) -> Vec<Session> {
    let unseen = files.unseen.iter().map(|id| (*id, None));
    let seen = files.dirs.iter().map(|dir| (dir.id, Some(dir)));
    let sorted: BTreeMap<SessionId, Option<&SessionDir>> = unseen.chain(seen).collect();
    sorted
        .into_iter()
        .map(|(id, dir)| match dir {
            Some(dir) => session(dir, metadata.sessions.get_mut(&id), notes),
            None => recorded(id, metadata.sessions.get(&id)),
        })
        .collect()
}

/// A session whose directory was not looked into: all that is known of it is its record.
fn recorded(id: SessionId, record: Option<&Record>) -> Session {
    let unrecorded = Record::default();
    let record = record.unwrap_or(&unrecorded);
    let mode = record.mode.unwrap_or(Mode::Native);
    Session {
        id,
        mode,
        version: record.version.clone(),
        edition: record.edition.clone(),
        union: record.union,
        size: record.size.filter(|_| mode != Mode::Native),
        image: None,
        allocated: None,
        modified: None,
        in_use: None,
    }
}

fn session(dir: &SessionDir, record: Option<&mut Record>, notes: &mut Notes) -> Session {
    let (id, holds) = (dir.id, dir.holds);
    let mut unrecorded = Record::default();
    let record = record.unwrap_or(&mut unrecorded);
    let mode = match record.mode {
        Some(recorded) => holds.believe(recorded),
        None => holds.mode(),
    };
    match record.mode {
        None => notes.add(
            code::MODE_DETECTED,
            format!("Session {id}: no mode is recorded; its files say {mode}."),
        ),
        Some(recorded) if recorded != mode => {
            notes.add(
                code::MODE_CORRECTED,
                format!("Session {id}: recorded as {recorded}, but its files say {mode}."),
            );
            record.mode = Some(mode);
            // It belonged to another container, if to any.
            record.size = None;
        }
        Some(_) => {}
    }
    if holds.has_tree() && holds.has_container() {
        notes.add(
            code::MODE_AMBIGUOUS,
            format!("Session {id}: holds a container and a directory tree; taken as {mode}."),
        );
    }
    Session {
        id,
        mode,
        version: record.version.clone(),
        edition: record.edition.clone(),
        union: if holds.empty {
            // Nothing was written through any union yet; what is recorded is a guess of the session
            // manager's (contract C22).
            None
        } else {
            record.union.or(holds.union(mode))
        },
        size: record.size.filter(|_| mode != Mode::Native),
        image: of_mode(mode, dir.image, dir.disk),
        allocated: of_mode(mode, dir.allocated, dir.parts),
        modified: Some(dir.modified),
        in_use: None,
    }
}

/// What is known of the container of that mode.
fn of_mode(mode: Mode, raw: Option<Bytes>, dynfilefs: Option<Bytes>) -> Option<Bytes> {
    match mode {
        Mode::Native => None,
        Mode::Raw => raw,
        Mode::Dynfilefs => dynfilefs,
    }
}

impl Contents {
    /// The mode that the files tell. An empty directory is a native session not yet used.
    fn mode(self) -> Mode {
        if self.changes_dat {
            Mode::Dynfilefs
        } else if self.changes_img {
            Mode::Raw
        } else {
            Mode::Native
        }
    }

    /// The union that the files tell; inside a container it cannot be seen.
    fn union(self, mode: Mode) -> Option<UnionKind> {
        if mode != Mode::Native {
            None
        } else if self.changes_dir || self.workdir {
            Some(UnionKind::Overlayfs)
        } else {
            self.aufs_marker.then_some(UnionKind::Aufs)
        }
    }

    /// The recorded mode, unless there is nothing of it and something of another one. Where both
    /// are there, the record decides: a container may have been made inside a native session by
    /// mistake (contract B9).
    fn believe(self, recorded: Mode) -> Mode {
        let there = match recorded {
            Mode::Native => self.has_tree(),
            Mode::Dynfilefs => self.changes_dat,
            Mode::Raw => self.changes_img,
        };
        let other = self.has_container() || self.has_tree();
        if other && !there {
            self.mode()
        } else {
            recorded
        }
    }

    /// Data of a native session: the upper directory of overlayfs, or a branch of aufs.
    fn has_tree(self) -> bool {
        self.changes_dir || self.aufs_marker
    }

    fn has_container(self) -> bool {
        self.changes_dat || self.changes_img
    }
}
