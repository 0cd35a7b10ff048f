//! What is done to a container before it is served: a function of what is there and what was asked for.

use dynfilefs::geometry::{DEFAULT_SPLIT, Geometry, GeometryError, MIB};
use perch_core::units::Mib;

use crate::args::dynfilefs::Wanted;

/// What was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sizes {
    pub(super) size: Option<Wanted>,
    pub(super) split: Option<Mib>,
}

/// What is done before serving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// It is served as it is.
    Nothing,
    /// A container is made.
    Create(Geometry),
    /// Its disk gets this many bytes.
    Grow(u64),
}

/// What is not as asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    /// A disk stays as large as it is.
    Smaller { size: Mib },
    /// A container stays split as it is.
    OtherSplit { split: Mib },
    /// Parts are kept short enough for the file system.
    SplitForFat { split: Mib },
}

/// Why nothing can be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unclear {
    /// Something has to be made, and nobody said how large.
    #[error("the size of a new container is missing")]
    SizeMissing,
    #[error(transparent)]
    Sizes(#[from] GeometryError),
}

/// Of an existing container and what was asked for.
pub(super) fn for_existing(
    geometry: &Geometry,
    asked: Sizes,
) -> Result<(Before, Vec<Note>), Unclear> {
    let mut notes = Vec::new();
    let split = Mib(geometry.split() / MIB);
    if asked.split.is_some_and(|asked| asked != split) {
        notes.push(Note::OtherSplit { split });
    }
    let size = match asked.size {
        None => geometry.size(),
        Some(Wanted::To(mib)) => mib.bytes().0,
        Some(Wanted::By(mib)) => geometry.size().saturating_add(mib.bytes().0),
    };
    if size < geometry.size() {
        let size = Mib(geometry.size() / MIB);
        notes.push(Note::Smaller { size });
        return Ok((Before::Nothing, notes));
    }
    if size == geometry.size() {
        return Ok((Before::Nothing, notes));
    }
    Geometry::new(geometry.split(), size)?;
    Ok((Before::Grow(size), notes))
}

/// Of a container that is to be made as the existing program makes it: in one part, if nothing was said. `max_len` is
/// the longest file of the file system, in bytes.
pub(super) fn for_new(asked: Sizes, max_len: Option<u64>) -> Result<(Before, Vec<Note>), Unclear> {
    let Some(Wanted::To(size) | Wanted::By(size)) = asked.size else {
        return Err(Unclear::SizeMissing);
    };
    let split = asked.split.unwrap_or(size);
    let geometry = Geometry::new(split.bytes().0, size.bytes().0)?;
    if max_len.is_none_or(|max| geometry.full_len() <= max) {
        return Ok((Before::Create(geometry), Vec::new()));
    }
    let geometry = Geometry::new(DEFAULT_SPLIT, size.bytes().0)?;
    let note = Note::SplitForFat {
        split: Mib(DEFAULT_SPLIT / MIB),
    };
    Ok((Before::Create(geometry), vec![note]))
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Smaller { size } => {
                write!(f, "the disk stays at {size}: it never gets smaller")
            }
            Self::OtherSplit { split } => {
                write!(f, "the container stays split at {split}, as it was made")
            }
            Self::SplitForFat { split } => write!(
                f,
                "the container is split at {split}: this file system holds no longer files"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dynfilefs::geometry::FAT_MAX_LEN;

    fn geometry(split: u64, size: u64) -> Geometry {
        Geometry::new(split * MIB, size * MIB).unwrap()
    }

    fn sizes(size: Option<Wanted>, split: Option<u64>) -> Sizes {
        Sizes {
            size,
            split: split.map(Mib),
        }
    }

    #[test]
    fn a_container_grows_and_never_shrinks() {
        let to = |mib| Some(Wanted::To(Mib(mib)));
        let by = |mib| Some(Wanted::By(Mib(mib)));
        let smaller = Note::Smaller { size: Mib(10) };
        for (size, split, before, notes) in [
            (None, None, Before::Nothing, vec![]),
            (to(10), Some(4), Before::Nothing, vec![]),
            (to(11), None, Before::Grow(11 * MIB), vec![]),
            (to(9), None, Before::Nothing, vec![smaller]),
            (to(0), None, Before::Nothing, vec![smaller]),
            (by(0), None, Before::Nothing, vec![]),
            (by(5), None, Before::Grow(15 * MIB), vec![]),
            (
                None,
                Some(5),
                Before::Nothing,
                vec![Note::OtherSplit { split: Mib(4) }],
            ),
        ] {
            let planned = for_existing(&geometry(4, 10), sizes(size, split));
            assert_eq!(planned, Ok((before, notes)), "{size:?} {split:?}");
        }
        for size in [by(u64::MAX), to(u64::MAX), to(4 * 10_000)] {
            let planned = for_existing(&geometry(4, 10), sizes(size, None));
            assert!(matches!(planned, Err(Unclear::Sizes(_))), "{size:?}");
        }
    }

    #[test]
    fn a_new_container_is_made_as_the_existing_program_does() {
        let to = |mib| Some(Wanted::To(Mib(mib)));
        let fat = Some(FAT_MAX_LEN);
        let note = Note::SplitForFat { split: Mib(4000) };
        for (size, split, max_len, want, notes) in [
            (to(1000), None, None, geometry(1000, 1000), vec![]),
            (to(5000), None, None, geometry(5000, 5000), vec![]),
            (to(5000), Some(4000), None, geometry(4000, 5000), vec![]),
            (Some(Wanted::By(Mib(9))), None, None, geometry(9, 9), vec![]),
            (to(4088), None, fat, geometry(4088, 4088), vec![]),
            (to(4089), None, fat, geometry(4000, 4089), vec![note]),
            (to(9000), Some(8000), fat, geometry(4000, 9000), vec![note]),
            (to(9000), Some(2000), fat, geometry(2000, 9000), vec![]),
        ] {
            let planned = for_new(sizes(size, split), max_len);
            assert_eq!(
                planned,
                Ok((Before::Create(want), notes)),
                "{size:?} {split:?}"
            );
        }
        assert_eq!(
            for_new(sizes(None, Some(4)), None),
            Err(Unclear::SizeMissing)
        );
        let zero = for_new(sizes(to(0), None), None);
        assert!(matches!(zero, Err(Unclear::Sizes(_))), "{zero:?}");
    }
}
