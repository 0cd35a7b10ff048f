//! Whether a session can take another form, and how large its container becomes then.

use super::create::{CannotCreate, Place, Sized};
use super::fill::fill;
use super::room::Load;
use crate::session::Mode;
use crate::sizing::DEFAULT;
use crate::units::Mib;

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
    /// Such a session cannot be had here.
    #[error(transparent)]
    Beyond(#[from] CannotCreate),
}

impl CannotConvert {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Same { .. } => "same-mode",
            Self::Beyond(error) => error.code(),
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Same { mode: Mode::Native } => "there is nothing to do".to_owned(),
            Self::Same { .. } => "to give it another size, say which: --size MB".to_owned(),
            Self::Beyond(error) => error.hint(),
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
    if wish.to == Mode::Native {
        // Of all that is needed only the file system shows by now.
        size(wish, Load::default(), place)?;
    }
    Ok(())
}

/// The size of the new form, beside which the old one lies until that is whole. The usual size for one that had none:
/// it is worked with.
///
/// # Errors
/// Why it cannot be had.
pub fn size(wish: &Wish, load: Load, place: &Place) -> Result<Sized, CannotConvert> {
    let former = wish.size.unwrap_or(DEFAULT);
    Ok(fill(wish.to, wish.asked, Some(former), load, false, place)?)
}

#[cfg(test)]
mod tests {
    use super::super::place::Abilities;
    use super::*;

    type Got = Result<Option<u64>, &'static str>;

    /// `used` in MiB.
    fn got(fs: &str, free: u64, wish: Wish, used: u64) -> Got {
        let place = Place {
            fs_type: fs.into(),
            abilities: Abilities::of(fs),
            free: Mib(free).bytes(),
        };
        let load = Load {
            blocks: Mib(used).bytes(),
            entries: 10,
        };
        match check(&wish, &place).and_then(|()| size(&wish, load, &place)) {
            Ok(sized) => Ok(sized.size.map(|size| size.0)),
            Err(error) => {
                assert!(!error.hint().is_empty(), "{error}");
                Err(error.code())
            }
        }
    }

    #[test]
    fn what_becomes_of_each_mode() {
        use Mode::*;
        for (fs, free, from, had, to, asked, used, want) in [
            ("ext4", 9000, Native, None, Raw, None, 100, Ok(Some(1000))),
            (
                "ext4",
                9000,
                Native,
                None,
                Raw,
                Some(120),
                100,
                Ok(Some(120)),
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
            ),
            ("ext4", 9000, Native, None, Raw, Some(1), 0, Ok(Some(16))),
            (
                "ext4",
                9000,
                Native,
                None,
                Raw,
                Some(8901),
                100,
                Err("no-space"),
            ),
            ("ext4", 300, Native, None, Raw, None, 100, Ok(Some(200))),
            ("ext4", 210, Native, None, Raw, None, 100, Err("no-space")),
            (
                "ext4",
                9000,
                Dynfilefs,
                Some(4000),
                Raw,
                None,
                100,
                Ok(Some(4000)),
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
            ),
            ("ext4", 9000, Raw, Some(500), Native, None, 100, Ok(None)),
            ("ext4", 9000, Raw, Some(500), Native, Some(7), 100, Ok(None)),
            (
                "ext4",
                199,
                Raw,
                Some(500),
                Native,
                None,
                100,
                Err("no-space"),
            ),
            ("vfat", 9000, Raw, Some(500), Native, None, 100, Err("mode")),
            (
                "vfat",
                9000,
                Dynfilefs,
                Some(9000),
                Raw,
                None,
                100,
                Ok(Some(4095)),
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
            ),
        ] {
            let wish = Wish {
                from,
                size: had.map(Mib),
                to,
                asked: asked.map(Mib),
            };
            assert_eq!(got(fs, free, wish, used), want, "{fs} {free} {wish:?}");
        }
    }
}
