//! Whether a session can take another form, and how large its container becomes then.

use std::fmt;

use super::create::{CannotCreate, Place};
use super::room::Load;
use crate::session::Mode;
use crate::sizing::{DEFAULT, RESERVE, SMALLEST, promise};
use crate::units::{Bytes, Mib};

/// The form that a session has, and the one that it is to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// How it keeps its data.
    pub from: Mode,
    /// The size of its container; absent for a native one.
    pub size: Option<Mib>,
    /// How it is to keep its data.
    pub to: Mode,
    /// How large its container is to be; absent for what suits it.
    pub asked: Option<Mib>,
}

/// Why it stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotConvert {
    /// There is nothing to convert.
    #[error("it is a {mode} session already")]
    Same {
        /// Its mode.
        mode: Mode,
    },
    /// What it holds would not fit.
    #[error("what it holds needs a container of {least}, and {asked} were asked for")]
    TooSmall {
        /// What was asked for.
        asked: Mib,
        /// What would do.
        least: Mib,
    },
    /// Such a session cannot be had here.
    #[error(transparent)]
    Beyond(#[from] CannotCreate),
}

impl CannotConvert {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Same { .. } => "same-mode",
            Self::TooSmall { .. } => "too-small",
            Self::Beyond(error) => error.code(),
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Same { mode: Mode::Native } => "there is nothing to do".to_owned(),
            Self::Same { .. } => "to give it another size, say which: --size MB".to_owned(),
            Self::TooSmall { least, .. } => format!("choose at least {}", least.0),
            Self::Beyond(error) => error.hint(),
        }
    }
}

/// The size of the new container, and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sized {
    /// The size; absent for a native session.
    pub size: Option<Mib>,
    /// Why it is not what was asked for, or what it was.
    pub note: Option<Note>,
}

/// Why a size is not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// A native session takes what it needs.
    Ignored,
    /// A file system needs more.
    Raised,
    /// There is not room for more.
    Smaller {
        /// What it has.
        size: Mib,
        /// What it would have.
        wanted: Mib,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ignored => {
                f.write_str("a native session has no size of its own: it takes what it needs")
            }
            Self::Raised => write!(f, "a container has at least {SMALLEST}"),
            Self::Smaller { size, wanted } => write!(
                f,
                "the container gets {size} in place of {wanted}, for want of room"
            ),
        }
    }
}

/// Refuses what needs no look at the content.
///
/// # Errors
/// Why it stays as it is.
pub fn check(wish: &Wish, place: &Place) -> Result<(), CannotConvert> {
    if wish.from == wish.to && (wish.to == Mode::Native || wish.asked.is_none()) {
        return Err(CannotConvert::Same { mode: wish.to });
    }
    if wish.to == Mode::Native && !place.abilities.is_posix {
        return Err(CannotConvert::Beyond(CannotCreate::Mode {
            mode: wish.to,
            fs_type: place.fs_type.clone(),
            instead: place.abilities.modes(),
        }));
    }
    Ok(())
}

/// The size of the new form, beside which the old one lies until that is whole.
///
/// # Errors
/// Why it cannot be had.
pub fn size(wish: &Wish, load: &Load, place: &Place) -> Result<Sized, CannotConvert> {
    check(wish, place)?;
    let mode = wish.to;
    let no_space = |asked: Mib, most: Option<Mib>| {
        CannotConvert::Beyond(CannotCreate::NoSpace {
            mode,
            asked,
            free: place.free,
            most,
        })
    };
    if mode == Mode::Native {
        let needed = load.as_files();
        let with_reserve = Bytes(needed.0.saturating_add(RESERVE.bytes().0));
        if with_reserve > place.free {
            return Err(no_space(Mib(needed.0.div_ceil(1 << 20)), None));
        }
        let note = wish.asked.map(|_| Note::Ignored);
        return Ok(Sized { size: None, note });
    }
    let least = load.least();
    let longest = place.abilities.longest_container(mode);
    let longest = longest.unwrap_or(Mib(u64::MAX));
    let spare = promise(mode, place.free);
    let too_long = |asked| {
        CannotConvert::Beyond(CannotCreate::TooLong {
            mode,
            asked,
            longest,
            fs_type: place.fs_type.clone(),
        })
    };
    if let Some(asked) = wish.asked {
        let size = asked.max(SMALLEST);
        let note = (size > asked).then_some(Note::Raised);
        return match size {
            size if size < least => Err(CannotConvert::TooSmall { asked, least }),
            size if size > longest => Err(too_long(size)),
            size if size > spare => {
                let most = spare.min(longest);
                Err(no_space(size, Some(most).filter(|most| *most >= least)))
            }
            size => Ok(Sized {
                size: Some(size),
                note,
            }),
        };
    }
    // What had a container keeps its size if that leaves room to work.
    let former = wish.size.filter(|size| *size >= least);
    let wanted = former.unwrap_or_else(|| load.comfortable().max(DEFAULT));
    let size = wanted.min(longest).min(spare);
    match size {
        size if size >= least => Ok(Sized {
            size: Some(size),
            note: (size < wanted).then_some(Note::Smaller { size, wanted }),
        }),
        _ if longest < least => Err(too_long(least)),
        _ => Err(no_space(least, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::Abilities;
    use super::*;

    type Got = Result<Option<u64>, &'static str>;

    /// `used` in MiB.
    fn got(fs: &str, free: u64, wish: Wish, used: u64) -> (Got, bool) {
        let place = Place {
            fs_type: fs.into(),
            abilities: Abilities::of(fs),
            free: Mib(free).bytes(),
        };
        let load = Load {
            blocks: Mib(used).bytes(),
            entries: 10,
        };
        match size(&wish, &load, &place) {
            Ok(sized) => (Ok(sized.size.map(|size| size.0)), sized.note.is_some()),
            Err(error) => {
                assert!(!error.hint().is_empty(), "{error}");
                (Err(error.code()), false)
            }
        }
    }

    #[test]
    fn what_becomes_of_each_mode() {
        use Mode::*;
        for (fs, free, from, had, to, asked, used, want, note) in [
            (
                "ext4",
                9000,
                Native,
                None,
                Raw,
                None,
                100,
                Ok(Some(1000)),
                false,
            ),
            (
                "ext4",
                9000,
                Native,
                None,
                Raw,
                None,
                960,
                Ok(Some(1494)),
                false,
            ),
            (
                "ext4",
                9000,
                Native,
                None,
                Raw,
                Some(120),
                100,
                Ok(Some(120)),
                false,
            ),
            (
                "ext4",
                9000,
                Native,
                None,
                Raw,
                Some(119),
                100,
                Err("too-small"),
                false,
            ),
            (
                "ext4",
                9000,
                Native,
                None,
                Raw,
                Some(1),
                0,
                Ok(Some(16)),
                true,
            ),
            (
                "ext4",
                9000,
                Native,
                None,
                Raw,
                Some(8901),
                100,
                Err("no-space"),
                false,
            ),
            (
                "ext4",
                300,
                Native,
                None,
                Raw,
                None,
                100,
                Ok(Some(200)),
                true,
            ),
            (
                "ext4",
                210,
                Native,
                None,
                Raw,
                None,
                100,
                Err("no-space"),
                false,
            ),
            (
                "ext4",
                9000,
                Dynfilefs,
                Some(4000),
                Raw,
                None,
                100,
                Ok(Some(4000)),
                false,
            ),
            (
                "ext4",
                3000,
                Dynfilefs,
                Some(4000),
                Raw,
                None,
                100,
                Ok(Some(2900)),
                true,
            ),
            (
                "ext4",
                9000,
                Raw,
                Some(500),
                Dynfilefs,
                None,
                100,
                Ok(Some(500)),
                false,
            ),
            (
                "ext4",
                9000,
                Raw,
                Some(500),
                Native,
                None,
                100,
                Ok(None),
                false,
            ),
            (
                "ext4",
                9000,
                Raw,
                Some(500),
                Native,
                Some(7),
                100,
                Ok(None),
                true,
            ),
            (
                "ext4",
                199,
                Raw,
                Some(500),
                Native,
                None,
                100,
                Err("no-space"),
                false,
            ),
            (
                "vfat",
                9000,
                Raw,
                Some(500),
                Native,
                None,
                100,
                Err("mode"),
                false,
            ),
            (
                "vfat",
                9000,
                Dynfilefs,
                Some(9000),
                Raw,
                None,
                100,
                Ok(Some(4095)),
                true,
            ),
            (
                "vfat",
                9000,
                Dynfilefs,
                Some(9000),
                Raw,
                Some(4096),
                9,
                Err("file-too-long"),
                false,
            ),
            (
                "vfat",
                9000,
                Dynfilefs,
                Some(9000),
                Raw,
                None,
                5000,
                Err("file-too-long"),
                false,
            ),
            // Another size for the same mode: the way to make a container smaller.
            (
                "ext4",
                9000,
                Raw,
                Some(4000),
                Raw,
                Some(300),
                100,
                Ok(Some(300)),
                false,
            ),
            (
                "ext4",
                9000,
                Raw,
                Some(4000),
                Raw,
                None,
                100,
                Err("same-mode"),
                false,
            ),
            (
                "ext4",
                9000,
                Native,
                None,
                Native,
                Some(9),
                100,
                Err("same-mode"),
                false,
            ),
        ] {
            let wish = Wish {
                from,
                size: had.map(Mib),
                to,
                asked: asked.map(Mib),
            };
            assert_eq!(
                got(fs, free, wish, used),
                (want, note),
                "{fs} {free} {wish:?}"
            );
        }
    }
}
