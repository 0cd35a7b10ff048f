//! How large a new session becomes that gets files: of another session, or of an archive.

use super::create::{CannotCreate, Note, Place, Sized, size};
use super::room::Load;
use crate::session::Mode;
use crate::sizing::{RESERVE, promise};
use crate::units::Mib;

/// What a container gets beyond what is put into it, if no size is asked for: the session is to be used.
const HEADROOM: Mib = Mib(100);
/// The size of a new session of `mode` that takes `load`. A container is as large as `former`, the one that the files
/// come from, if that is more than they need. `shares` tells that a native session shares its blocks with the original.
///
/// # Errors
/// Why none can be made.
pub fn fill(
    mode: Mode,
    asked: Option<Mib>,
    former: Option<Mib>,
    load: Load,
    shares: bool,
    place: &Place,
) -> Result<Sized, CannotCreate> {
    if mode == Mode::Native {
        let sized = size(mode, asked, place)?;
        let needs = Mib(load.as_files().whole_mib().0 + RESERVE.0);
        return match shares || needs <= place.free.whole_mib() {
            true => Ok(sized),
            false => Err(no_room(mode, needs, place)),
        };
    }
    let least = load.least();
    let Some(asked) = asked else {
        return usual(mode, former, least, place);
    };
    let sized = size(mode, Some(asked), place)?;
    match sized.size {
        Some(size) if size < least => Err(CannotCreate::TooSmall { mode, asked, least }),
        _ => Ok(sized),
    }
}

fn no_room(mode: Mode, needs: Mib, place: &Place) -> CannotCreate {
    let free = place.free;
    CannotCreate::NoRoom { mode, needs, free }
}

fn usual(
    mode: Mode,
    former: Option<Mib>,
    least: Mib,
    place: &Place,
) -> Result<Sized, CannotCreate> {
    let comfortable = Mib(least.0 + HEADROOM.0.max(least.0 / 4));
    let wanted = former.unwrap_or(comfortable).max(comfortable);
    let longest = place.abilities.longest_container(mode);
    let most = promise(mode, place.free).min(longest.unwrap_or(Mib(u64::MAX)));
    if most < least {
        if longest.is_some_and(|longest| longest < least) {
            // Longer than any file, it is refused there.
            size(mode, Some(least), place)?;
        }
        return Err(no_room(mode, Mib(least.0 + RESERVE.0), place));
    }
    let got = wanted.min(most);
    // One that is only larger than it has to be is not missed.
    let short = got < comfortable;
    Ok(Sized {
        size: Some(got),
        note: short.then_some(Note::Tight),
    })
}

#[cfg(test)]
mod tests {
    use super::super::place::Abilities;
    use super::*;

    fn got(
        fs_type: &str,
        free: u64,
        mode: Mode,
        asked: Option<u64>,
        former: Option<u64>,
        load: (u64, u64),
    ) -> Result<Sized, CannotCreate> {
        let place = Place {
            fs_type: fs_type.into(),
            abilities: Abilities::of(fs_type),
            free: Mib(free).bytes(),
        };
        let load = Load {
            blocks: Mib(load.0).bytes(),
            entries: load.1,
        };
        let (asked, former) = (asked.map(Mib), former.map(Mib));
        fill(mode, asked, former, load, fs_type == "btrfs", &place)
    }

    #[test]
    fn sizes_that_can_be_had() {
        use Mode::*;
        for (fs, free, mode, asked, former, load, want, note) in [
            // Check 58: 60 KB need no more than 256 MiB.
            ("ext4", 9000, Raw, None, None, (0, 5), 116, None),
            ("ext4", 9000, Dynfilefs, None, None, (100, 2000), 222, None),
            ("ext4", 9000, Raw, Some(300), None, (100, 2000), 300, None),
            ("ext4", 9000, Raw, None, Some(4000), (100, 2000), 4000, None),
            ("ext4", 2000, Raw, None, Some(4000), (100, 2000), 1900, None),
            ("ext4", 9000, Raw, None, Some(64), (100, 2000), 222, None),
            ("ext4", 9000, Raw, None, None, (1, 100_000), 2003, None),
            (
                "ext4",
                260,
                Raw,
                None,
                None,
                (100, 9),
                160,
                Some(Note::Tight),
            ),
            ("vfat", 9000, Raw, None, Some(8000), (100, 9), 4095, None),
            (
                "vfat",
                9900,
                Dynfilefs,
                None,
                Some(8000),
                (9, 9),
                8000,
                None,
            ),
        ] {
            let want = Sized {
                size: Some(Mib(want)),
                note,
            };
            let what = format!("{fs} {free} {mode} {asked:?} {former:?} {load:?}");
            assert_eq!(got(fs, free, mode, asked, former, load), Ok(want), "{what}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        use Mode::*;
        for (fs, free, mode, asked, load, code, hint) in [
            ("ext4", 300, Native, None, (250, 9), "no-space", "make room"),
            (
                "ext4",
                9000,
                Raw,
                Some(100),
                (100, 9),
                "too-small",
                "at least 120",
            ),
            ("ext4", 200, Raw, None, (100, 9), "no-space", "make room"),
            (
                "vfat",
                9000,
                Raw,
                None,
                (5000, 9),
                "file-too-long",
                "dynfilefs",
            ),
            ("vfat", 9000, Native, None, (1, 9), "mode", "dynfilefs"),
        ] {
            let error = got(fs, free, mode, asked, None, load).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            assert!(error.hint().contains(hint), "{error}: {}", error.hint());
        }
        let shared = got("btrfs", 300, Native, None, None, (250, 9));
        assert_eq!(shared.unwrap().size, None, "blocks are shared");
    }
}
