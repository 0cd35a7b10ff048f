//! Whether a container can become larger, and what has to be done for that.

use super::create::{CannotCreate, Place};
use crate::session::Mode;
use crate::sizing::promise;
use crate::units::{Bytes, Mib};

/// A container as it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Container {
    /// How the session keeps its data.
    pub mode: Mode,
    /// The length of a raw one, the disk of a dynfilefs one; absent where it has none that can be read.
    pub disk: Option<Bytes>,
    /// How much of that its file system takes; absent where that was not looked at.
    pub file_system: Option<Bytes>,
    /// What its files take on the medium.
    pub allocated: Option<Bytes>,
    /// What metadata says.
    pub recorded: Option<Mib>,
}

/// What has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// It becomes larger, and then its file system.
    All,
    /// It has this size, of which its file system takes less: somebody was cut off.
    FileSystem,
    /// Only metadata says otherwise.
    Record,
}

/// Why it stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotResize {
    /// A native session has no container.
    #[error("it is native, and takes what it needs")]
    Native,
    /// Nothing says how large it is.
    #[error("its container cannot be read")]
    Unreadable,
    /// It would not become larger.
    #[error("it has {} already, and containers only grow", .length.whole_mib())]
    NotLarger {
        /// Its size.
        length: Bytes,
    },
    /// It cannot become as large.
    #[error(transparent)]
    Beyond(#[from] CannotCreate),
}

impl CannotResize {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Native => "mode",
            Self::Unreadable => "damaged",
            Self::NotLarger { .. } => "not-larger",
            Self::Beyond(error) => error.code(),
        }
    }

    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Native => "there is nothing to do".to_owned(),
            Self::Unreadable => "look at it with: perch check".to_owned(),
            Self::NotLarger { .. } => {
                "to make it smaller, have its content written anew: convert ID MODE --size MB"
                    .to_owned()
            }
            Self::Beyond(error) => error.hint(),
        }
    }
}

/// What has to be done so that a container has `asked`.
///
/// # Errors
/// Why it cannot have that.
pub fn growth(container: &Container, asked: Mib, place: &Place) -> Result<Growth, CannotResize> {
    let mode = container.mode;
    if mode == Mode::Native {
        return Err(CannotResize::Native);
    }
    let length = container.disk.ok_or(CannotResize::Unreadable)?;
    if asked.bytes() < length {
        return Err(CannotResize::NotLarger { length });
    }
    if asked.bytes() == length {
        return match (container.file_system, container.recorded) {
            (Some(taken), Some(recorded)) if taken >= length && recorded == asked => {
                Err(CannotResize::NotLarger { length })
            }
            (Some(taken), _) if taken >= length => Ok(Growth::Record),
            _ => Ok(Growth::FileSystem),
        };
    }
    let longest = place.abilities.longest_container(mode);
    if let Some(longest) = longest.filter(|longest| asked > *longest) {
        return Err(CannotResize::Beyond(CannotCreate::TooLong {
            mode,
            asked,
            longest,
            fs_type: place.fs_type.clone(),
        }));
    }
    // Holes are filled some day: what it has not taken yet is not free for more.
    let taken = container.allocated.unwrap_or(length);
    let spare = promise(mode, Bytes(taken.0.saturating_add(place.free.0)));
    if asked > spare {
        return Err(CannotResize::Beyond(CannotCreate::NoSpace {
            mode,
            asked,
            free: place.free,
            most: Some(spare).filter(|most| most.bytes() > length),
        }));
    }
    Ok(Growth::All)
}

#[cfg(test)]
mod tests {
    use super::super::place::Abilities;
    use super::*;

    #[test]
    fn containers_grow_as_far_as_there_is_room() {
        use Mode::*;
        let all = Ok(Growth::All);
        // File system, free, mode, disk, of that taken, recorded, asked: all in MiB.
        for (fs, free, mode, disk, taken, recorded, asked, want) in [
            ("ext4", 9000, Raw, 500, 20, Some(500), 1000, all),
            ("ext4", 9000, Raw, 500, 20, None, 500, Ok(Growth::Record)),
            (
                "ext4",
                9000,
                Raw,
                500,
                20,
                Some(400),
                500,
                Ok(Growth::Record),
            ),
            (
                "ext4",
                9000,
                Raw,
                500,
                20,
                Some(500),
                500,
                Err("not-larger"),
            ),
            (
                "ext4",
                9000,
                Raw,
                500,
                20,
                Some(500),
                499,
                Err("not-larger"),
            ),
            (
                "ext4",
                9000,
                Dynfilefs,
                500,
                20,
                None,
                8896,
                Ok(Growth::All),
            ),
            // 8 MiB of index for the part that is begun.
            ("ext4", 1000, Dynfilefs, 500, 20, None, 912, Ok(Growth::All)),
            ("ext4", 1000, Dynfilefs, 500, 20, None, 913, Err("no-space")),
            ("ext4", 1000, Raw, 500, 500, None, 1400, Ok(Growth::All)),
            ("ext4", 1000, Raw, 500, 500, None, 1401, Err("no-space")),
            ("vfat", 9000, Raw, 500, 500, None, 4095, Ok(Growth::All)),
            (
                "vfat",
                9000,
                Raw,
                500,
                500,
                None,
                4096,
                Err("file-too-long"),
            ),
            (
                "vfat",
                9000,
                Dynfilefs,
                500,
                20,
                None,
                8000,
                Ok(Growth::All),
            ),
            ("ext4", 9000, Native, 0, 0, None, 1000, Err("mode")),
        ] {
            let mib = |mib| Mib(mib).bytes();
            let container = Container {
                mode,
                disk: Some(mib(disk)),
                file_system: Some(mib(disk)),
                allocated: Some(mib(taken)),
                recorded: recorded.map(Mib),
            };
            let place = Place {
                fs_type: fs.into(),
                abilities: Abilities::of(fs),
                free: mib(free),
            };
            let got = growth(&container, Mib(asked), &place);
            let got = got.as_ref().map(|it| *it).map_err(CannotResize::code);
            assert_eq!(got, want, "{fs} {free} {mode} {disk} {asked}");
        }
    }

    #[test]
    fn a_growth_that_was_cut_off_goes_on() {
        let place = Place {
            fs_type: "ext4".into(),
            abilities: Abilities::of("ext4"),
            free: Bytes(0),
        };
        let mut container = Container {
            mode: Mode::Raw,
            disk: Some(Mib(500).bytes()),
            file_system: Some(Mib(300).bytes()),
            allocated: None,
            recorded: Some(Mib(300)),
        };
        let want = Ok(Growth::FileSystem);
        assert_eq!(growth(&container, Mib(500), &place), want);
        container.file_system = None;
        container.recorded = Some(Mib(500));
        assert_eq!(growth(&container, Mib(500), &place), want);
        container.disk = None;
        let error = growth(&container, Mib(500), &place).unwrap_err();
        assert_eq!(error.code(), "damaged");
    }
}
