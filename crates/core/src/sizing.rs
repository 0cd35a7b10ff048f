//! How large a container becomes, and why not as large as asked for (contract §2.2, column OURS).
//!
//! Sizes are mebibytes. What is free is never used up: a file system without free space fails in
//! ways that users cannot read.

use crate::fs::FsKind;
use crate::reason::Reason;
use crate::request::Size;
use crate::serving::SPLIT;
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
/// What the index of each file of a dynfilefs container takes, rounded up (dynfilefs format 400: 8 bytes for each 4096).
const INDEX: Mib = Mib(8);

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
    let spare = promise(mode, free);
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

/// What a container looks like from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// The apparent length of a raw one; holes count. The size of the disk that a dynfilefs one shows.
    pub length: Bytes,
    /// What its files take on the medium; `None` where that is not known and may be all of it.
    pub allocated: Option<Bytes>,
}

/// The size that the container of session `id` grows to when it is opened because a larger one is asked
/// for; `None` if it stays as it is. It never shrinks. `perchsize=0` is for new containers: at every boot
/// it would ask for more. That a dynfilefs container grows by itself is decided in
/// [`growth`](crate::growth).
pub fn grow(
    id: SessionId,
    mode: Mode,
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
    let longest = room.longest(mode).unwrap_or(Mib(u64::MAX));
    // Holes will be filled some day, so they are not free for something else.
    let taken = match (mode, image.allocated) {
        (Mode::Dynfilefs, Some(with_index)) => with_index,
        (_, allocated) => allocated.unwrap_or(length).min(length),
    };
    let spare = promise(mode, Bytes(taken.0.saturating_add(free.0)));
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

/// The largest container of `mode` that can be filled to the end where it has `space`: what is free, and what
/// it has already taken. What stays free is left to others, and to the blocks that the container's file system
/// has to write however full it is.
pub fn promise(mode: Mode, space: Bytes) -> Mib {
    let spare = space.whole_mib().0.saturating_sub(RESERVE.0);
    match mode {
        Mode::Raw | Mode::Native => Mib(spare),
        Mode::Dynfilefs => {
            let whole = SPLIT.0 + INDEX.0;
            Mib(spare / whole * SPLIT.0 + (spare % whole).saturating_sub(INDEX.0))
        }
    }
}

/// The size beyond which a container does not grow by itself; `None` for no limit but the medium.
pub fn cap(asked: Option<Size>) -> Option<Mib> {
    match asked {
        Some(Size::Exactly(size)) => Some(size),
        Some(Size::MostOfFree) | None => None,
    }
}

#[cfg(test)]
mod tests;
