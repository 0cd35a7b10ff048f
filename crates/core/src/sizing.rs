//! How large a container becomes, and why not as large as asked for (contract §2.2, column OURS).
//!
//! Sizes are mebibytes. What is free is never used up: a file system without free space fails in
//! ways that users cannot read.

use crate::fs::FsKind;
use crate::reason::Reason;
use crate::request::Size;
use crate::session::Mode;
use crate::units::{Bytes, Mib, SessionId};

/// What a new container has if no size is asked for.
pub const DEFAULT: Mib = Mib(1000);
/// What stays free on the store's file system.
pub const RESERVE: Mib = Mib(100);
/// A new container that would become smaller than this is not made, unless less was asked for.
pub const FLOOR: Mib = Mib(100);
/// The smallest size that can be asked for: below it hardly anything is left beside ext4's journal.
pub const SMALLEST: Mib = Mib(16);

/// Where a container lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// The file system.
    pub fs: FsKind,
    /// What is free there; `None` where it could not be learnt.
    pub free: Option<Bytes>,
}

/// A size, and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sized {
    /// The size; at least [`SMALLEST`].
    pub size: Mib,
    /// Why it is not what was asked for, or not the default; empty if it is.
    pub reasons: Vec<Reason>,
}

impl Room {
    /// The largest container of that mode that the file system itself can hold; `None` for no limit.
    fn longest(self, mode: Mode) -> Option<Mib> {
        match mode {
            Mode::Raw => self.fs.max_file_len().map(Bytes::whole_mib),
            // In several files, none of which comes near the limit.
            Mode::Dynfilefs | Mode::Native => None,
        }
    }
}

/// The size of a new container of `mode`. Where free space is not known it gets no more than the
/// default.
///
/// # Errors
///
/// The reason why none is to be made.
pub fn create(mode: Mode, asked: Option<Size>, room: Room) -> Result<Sized, Reason> {
    let mut reasons = Vec::new();
    let ninety_percent = room.free.map(|free| Bytes(free.0 / 10 * 9).whole_mib());
    let (wanted, explicit) = match asked {
        None => (DEFAULT, None),
        Some(Size::MostOfFree) => (ninety_percent.unwrap_or(DEFAULT), None),
        Some(Size::Exactly(size)) => (size, Some(size)),
    };
    if wanted < SMALLEST && explicit.is_some() {
        reasons.push(Reason::SizeRaised {
            asked: wanted,
            size: SMALLEST,
        });
    }
    let wanted = if explicit.is_some() {
        wanted.max(SMALLEST)
    } else {
        wanted
    };
    let floor = explicit.map_or(FLOOR, |_| wanted.min(FLOOR));
    let longest = room.longest(mode).unwrap_or(Mib(u64::MAX));
    let Some(free) = room.free else {
        let size = wanted.min(DEFAULT).min(longest);
        reasons.push(Reason::FreeUnknown { size });
        return Ok(Sized { size, reasons });
    };
    let spare = spare(free);
    let size = wanted.min(longest).min(spare);
    if size < floor {
        return Err(Reason::TooLittleSpace {
            free,
            floor,
            reserve: RESERVE,
        });
    }
    if size == spare && size < wanted {
        reasons.push(Reason::SizeCutByFree {
            asked: explicit,
            size,
            free,
            reserve: RESERVE,
        });
    } else if size < wanted {
        reasons.push(Reason::SizeCutByFileSystem {
            asked: wanted,
            size,
            fs: room.fs,
        });
    }
    Ok(Sized { size, reasons })
}

/// What a file that is a container looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// Its apparent length; holes count.
    pub length: Bytes,
    /// What it takes on the medium; `None` where that is not known and may be all of it.
    pub allocated: Option<Bytes>,
}

/// The size that the container of session `id` grows to before it is opened; `None` if it stays as it
/// is. It grows only when a larger size is asked for, and never shrinks. `perchsize=0` is for new
/// containers: at every boot it would ask for more.
pub fn grow(
    id: SessionId,
    asked: Option<Size>,
    image: Image,
    room: Room,
) -> (Option<Mib>, Option<Reason>) {
    let Some(Size::Exactly(asked)) = asked else {
        return (None, None);
    };
    let length = image.length;
    if asked.bytes() <= length {
        let shrinks = asked < length.whole_mib();
        let reason = shrinks.then_some(Reason::NeverShrinks { id, asked, length });
        return (None, reason);
    }
    let no_room = |free| Reason::NoRoomToGrow {
        id,
        asked,
        length,
        free,
    };
    let Some(free) = room.free else {
        return (None, Some(no_room(None)));
    };
    let longest = room.longest(Mode::Raw).unwrap_or(Mib(u64::MAX));
    // Holes will be filled some day, so they are not free for something else.
    let taken = image.allocated.unwrap_or(length).min(length);
    let spare = spare(Bytes(taken.0.saturating_add(free.0)));
    let size = asked.min(longest).min(spare);
    if size.bytes() <= length {
        let reason = if longest.bytes() <= length || longest < spare {
            Reason::SizeCutByFileSystem {
                asked,
                size: length.whole_mib(),
                fs: room.fs,
            }
        } else {
            no_room(Some(free))
        };
        return (None, Some(reason));
    }
    let reason = if size == asked {
        None
    } else if size == spare {
        Some(Reason::SizeCutByFree {
            asked: Some(asked),
            size,
            free,
            reserve: RESERVE,
        })
    } else {
        Some(Reason::SizeCutByFileSystem {
            asked,
            size,
            fs: room.fs,
        })
    };
    (Some(size), reason)
}

/// What may be used of what is free.
fn spare(free: Bytes) -> Mib {
    Mib(free.whole_mib().0.saturating_sub(RESERVE.0))
}

#[cfg(test)]
mod tests;
