//! Whether a new session can be made, and how large its container becomes.
//!
//! Unlike a boot, which takes what it can get, this refuses what cannot be had: somebody is there to choose.

use std::fmt;

use super::place::Abilities;
use crate::session::Mode;
use crate::sizing::{DEFAULT, FLOOR, RESERVE, SMALLEST, promise};
use crate::units::{Bytes, Mib};

/// Where it is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The name of the file system in the mount table.
    pub fs_type: String,
    /// What it can hold.
    pub abilities: Abilities,
    /// What is free on it.
    pub free: Bytes,
}

/// Why none is made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotCreate {
    /// Its file system cannot hold such a session.
    #[error("the sessions are on {fs_type}, which cannot hold a {mode} session")]
    Mode {
        /// The mode.
        mode: Mode,
        /// The file system.
        fs_type: String,
        /// Modes that it can hold.
        instead: Vec<Mode>,
    },
    /// No file may be as long.
    #[error(
        "a {mode} session of {asked} is one file, and {fs_type} holds none longer than {longest}"
    )]
    TooLong {
        /// The mode.
        mode: Mode,
        /// The size.
        asked: Mib,
        /// The most.
        longest: Mib,
        /// The file system.
        fs_type: String,
    },
    /// It could not be filled.
    #[error(
        "a {mode} session of {asked} needs more than there is: {free} are free, of which {RESERVE} stay free"
    )]
    NoSpace {
        /// The mode.
        mode: Mode,
        /// The size.
        asked: Mib,
        /// What is free.
        free: Bytes,
        /// The most that can be had; absent if nothing can.
        most: Option<Mib>,
    },
    /// The files do not fit into the container that was asked for.
    #[error("the files do not fit into a {mode} container of {asked}")]
    TooSmall {
        /// The mode.
        mode: Mode,
        /// The size.
        asked: Mib,
        /// The smallest that they fit into.
        least: Mib,
    },
    /// The files do not fit beside what is there.
    #[error("the files of a {mode} session need {needs}, and {free} are free")]
    NoRoom {
        /// The mode.
        mode: Mode,
        /// What they need, with what stays free.
        needs: Mib,
        /// What is free.
        free: Bytes,
    },
}

impl CannotCreate {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Mode { .. } => "mode",
            Self::TooLong { .. } => "file-too-long",
            Self::NoSpace { .. } | Self::NoRoom { .. } => "no-space",
            Self::TooSmall { .. } => "too-small",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Mode { instead, .. } => {
                let words: Vec<&str> = instead.iter().map(|mode| mode.word()).collect();
                format!("choose one of: {}", words.join(", "))
            }
            Self::TooLong { longest, .. } => {
                format!("choose at most {}, or the mode dynfilefs", longest.0)
            }
            Self::NoSpace {
                most: Some(most), ..
            } => format!("choose at most {}, or make room", most.0),
            Self::TooSmall { least, .. } => format!("choose at least {}", least.0),
            Self::NoSpace { most: None, .. } | Self::NoRoom { .. } => {
                "make room: cleanup deletes what was not used for long, trash empty what was deleted"
                    .to_owned()
            }
        }
    }
}

/// The size of a new container, and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sized {
    /// The size; absent for a native session, which has none.
    pub size: Option<Mib>,
    /// Why it is not what was asked for, or not the default.
    pub note: Option<Note>,
}

/// Why a size is not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// A file system needs more.
    Raised,
    /// The default is more than there is room for.
    Smaller,
    /// A native session takes what it needs.
    Ignored,
    /// There is no room for more than the files and a little.
    Tight,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raised => write!(f, "a container has at least {SMALLEST}"),
            Self::Smaller => write!(
                f,
                "the container is smaller than the usual {DEFAULT}, for want of room"
            ),
            Self::Tight => f.write_str(
                "the container has little room beside its files, because there is none on the medium",
            ),
            Self::Ignored => {
                f.write_str("a native session has no size of its own: it takes what it needs")
            }
        }
    }
}

/// The size of a new session of `mode`.
///
/// # Errors
/// Why none can be made.
pub fn size(mode: Mode, asked: Option<Mib>, place: &Place) -> Result<Sized, CannotCreate> {
    let abilities = &place.abilities;
    if mode == Mode::Native {
        if !abilities.is_posix {
            return Err(CannotCreate::Mode {
                mode,
                fs_type: place.fs_type.clone(),
                instead: abilities.modes(),
            });
        }
        let note = asked.map(|_| Note::Ignored);
        return Ok(Sized { size: None, note });
    }
    let longest = abilities.longest_container(mode).unwrap_or(Mib(u64::MAX));
    let spare = promise(mode, place.free);
    let no_space = |asked, floor| CannotCreate::NoSpace {
        mode,
        asked,
        free: place.free,
        most: Some(spare.min(longest)).filter(|most| *most >= floor),
    };
    let (size, note) = match asked {
        Some(asked) if asked > longest => {
            return Err(CannotCreate::TooLong {
                mode,
                asked,
                longest,
                fs_type: place.fs_type.clone(),
            });
        }
        Some(asked) => {
            let size = asked.max(SMALLEST);
            if size > spare {
                return Err(no_space(size, SMALLEST));
            }
            (size, (size > asked).then_some(Note::Raised))
        }
        None => {
            let size = DEFAULT.min(longest).min(spare);
            if size < FLOOR {
                return Err(no_space(FLOOR, SMALLEST));
            }
            (size, (size < DEFAULT).then_some(Note::Smaller))
        }
    };
    Ok(Sized {
        size: Some(size),
        note,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn got(
        fs_type: &str,
        free: u64,
        mode: Mode,
        asked: Option<u64>,
    ) -> Result<Sized, CannotCreate> {
        let place = Place {
            fs_type: fs_type.into(),
            abilities: Abilities::of(fs_type),
            free: Mib(free).bytes(),
        };
        size(mode, asked.map(Mib), &place)
    }

    #[test]
    fn sizes_that_can_be_had() {
        use Mode::*;
        for (fs, free, mode, asked, want, note) in [
            ("ext4", 1, Native, None, None, None),
            ("ext4", 200, Native, Some(4000), None, Some(Note::Ignored)),
            ("ext4", 9000, Raw, None, Some(1000), None),
            ("ext4", 9000, Raw, Some(64), Some(64), None),
            ("ext4", 9000, Raw, Some(1), Some(16), Some(Note::Raised)),
            ("ext4", 9000, Raw, Some(8900), Some(8900), None),
            ("ext4", 600, Raw, None, Some(500), Some(Note::Smaller)),
            ("ext4", 200, Raw, None, Some(100), Some(Note::Smaller)),
            ("ext4", 120, Raw, Some(20), Some(20), None),
            ("vfat", 9000, Raw, Some(4095), Some(4095), None),
            ("vfat", 9000, Dynfilefs, Some(8000), Some(8000), None),
            ("vfat", 9000, Dynfilefs, None, Some(1000), None),
        ] {
            let want = Sized {
                size: want.map(Mib),
                note,
            };
            assert_eq!(
                got(fs, free, mode, asked),
                Ok(want),
                "{fs} {free} {mode} {asked:?}"
            );
        }
    }

    #[test]
    fn what_cannot_be_had_is_refused_with_what_can() {
        use Mode::*;
        for (fs, free, mode, asked, code, hint) in [
            ("vfat", 9000, Native, None, "mode", "dynfilefs, raw"),
            (
                "vfat",
                9000,
                Raw,
                Some(4096),
                "file-too-long",
                "at most 4095",
            ),
            ("ext4", 9000, Raw, Some(8901), "no-space", "at most 8900"),
            ("ext4", 199, Raw, None, "no-space", "at most 99"),
            ("ext4", 110, Dynfilefs, None, "no-space", "make room"),
            ("ext4", 0, Raw, Some(1), "no-space", "make room"),
            ("ext4", 5000, Dynfilefs, Some(8000), "no-space", "at most"),
        ] {
            let error = got(fs, free, mode, asked).unwrap_err();
            assert_eq!(error.code(), code, "{fs} {free} {mode} {asked:?}");
            assert!(error.hint().contains(hint), "{error}: {}", error.hint());
        }
    }
}
