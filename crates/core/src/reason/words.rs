//! Reasons in words: what, why, and where there is one, the way back.

use std::fmt;

use super::{Reason, Then};
use crate::quoted::Quoted;
use crate::units::SessionId;

/// The numbers in words: "1, 2 and 5", at most ten of them.
struct Listed<'a>(&'a [SessionId]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        let shown = self.0.iter().take(SHOWN);
        let last = self.0.len().min(SHOWN).saturating_sub(1);
        for (at, id) in shown.enumerate() {
            let link = match at {
                0 => "",
                at if at == last && self.0.len() <= SHOWN => " and ",
                _ => ", ",
            };
            write!(f, "{link}{id}")?;
        }
        match self.0.len().checked_sub(SHOWN) {
            Some(more) if more > 0 => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}

/// "once", "3 times".
struct Times(u32);

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("once"),
            times => write!(f, "{times} times"),
        }
    }
}

impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New(id) => write!(f, "starting new session {id}, the other stays untouched"),
            Self::Open => f.write_str("opened all the same, because it was asked for by number"),
            Self::Chosen => f.write_str("opened all the same, because you chose it"),
            Self::Ram => f.write_str("not opened, changes stay in RAM"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.what(f)?;
        match self.hint() {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl Reason {
    /// What is the case and what follows, without the next step.
    fn what(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("no persistence was asked for: changes stay in RAM"),
            Self::FreshAsked => f.write_str("a fresh start was asked for: changes stay in RAM"),
            Self::NewAsked { id } => write!(f, "a new session was asked for: session {id}"),
            Self::FirstSession { id } => {
                write!(f, "the store has no session yet: starting session {id}")
            }
            Self::StoreMade => f.write_str("the medium has no session store yet: making one"),
            Self::DefaultResumed { id } => write!(f, "resuming session {id}, the default"),
            Self::NumberAsked { id } => write!(f, "session {id} was asked for by number"),
            Self::NumberMissing { id, existing, asks } => {
                write!(f, "session {id} was asked for, but ")?;
                match existing.as_slice() {
                    [] => f.write_str("the store has no session; ")?,
                    some => write!(
                        f,
                        "there is none of that number (there is {}); ",
                        Listed(some)
                    )?,
                }
                f.write_str(match asks {
                    true => "the user is asked what to do instead",
                    false => "changes stay in RAM",
                })
            }
            Self::SessionChosen { id } => write!(f, "session {id} was chosen from the list"),
            Self::AskTimedOut { resumes: true } => f.write_str(
                "nobody answered which session to open in the time given: going on as with resume",
            ),
            Self::AskTimedOut { resumes: false } => f.write_str(
                "nobody answered which session to open in the time given: changes stay in RAM",
            ),
            Self::DefaultMissing { default, instead } => write!(
                f,
                "session {default} is the default, but it is not there; resuming session {instead}, the last one used"
            ),
            Self::NoDefault { instead } => write!(
                f,
                "no default session is recorded; resuming session {instead}, the last one used"
            ),
            Self::ModeDiffers {
                id,
                stored,
                asked,
                then,
            } => write!(
                f,
                "session {id} is kept in mode {stored}, perchmode={asked} asks for another; {}",
                match then {
                    Then::Open | Then::Chosen => "opened in its own mode".to_owned(),
                    then => then.to_string(),
                }
            ),
            Self::UnionDiffers {
                id,
                stored,
                runs,
                then,
            } => write!(
                f,
                "session {id} was written through {stored}, this system uses {runs}; {then}"
            ),
            Self::VersionDiffers {
                id,
                stored,
                runs,
                then,
            } => write!(
                f,
                "session {id} was written by version {} of the system, this is version {}; {then}",
                Quoted(stored),
                Quoted(runs)
            ),
            Self::EditionDiffers {
                id,
                stored,
                runs,
                then,
            } => write!(
                f,
                "session {id} was written by edition {} of the system, this is edition {}; {then}",
                Quoted(stored),
                Quoted(runs)
            ),
            Self::NobodyToAsk => {
                f.write_str("nobody can be asked which session to open: going on as with resume")
            }
            Self::StoreReadOnly { why } => write!(
                f,
                "the session store cannot be written ({}); changes stay in RAM",
                Quoted(why)
            ),
            Self::StoreUnusable { why } => write!(
                f,
                "the session store cannot be used ({}); changes stay in RAM",
                Quoted(why)
            ),
            Self::NativeImpossible { fs, instead: None } => write!(
                f,
                "a {fs} file system cannot hold a native session, and this image cannot make a dynfilefs container; changes stay in RAM"
            ),
            Self::NativeImpossible {
                fs,
                instead: Some(mode),
            } => write!(
                f,
                "a {fs} file system cannot hold a native session; using mode {mode}"
            ),
            Self::NativeRefused { why, instead } => {
                write!(
                    f,
                    "the session store's file system cannot hold a native session ({})",
                    Quoted(why)
                )?;
                match instead {
                    Some(mode) => write!(f, "; using mode {mode}"),
                    None => f.write_str(
                        ", and this image cannot make a dynfilefs container; changes stay in RAM",
                    ),
                }
            }
            Self::SizeCutByFree {
                asked,
                size,
                free,
                reserve,
            } => {
                if let Some(asked) = asked {
                    write!(f, "perchsize={} is more than there is room for: ", asked.0)?;
                }
                write!(
                    f,
                    "the session store's file system has {free} free, of which {reserve} stay free; the container gets {size}"
                )
            }
            Self::SizeCutByFileSystem { asked, size, fs } => write!(
                f,
                "a {fs} file system holds no file of {asked}; the raw container gets {size}"
            ),
            Self::SizeRaised { asked, size } => write!(
                f,
                "perchsize={} is too little for a file system; the container gets {size}",
                asked.0
            ),
            Self::FreeUnknown { size } => write!(
                f,
                "how much space the session store has is not known; the container gets {size}"
            ),
            Self::TooLittleSpace {
                free,
                floor,
                reserve,
            } => write!(
                f,
                "a container needs {floor} and {reserve} that stay free, but the session store's file system has {free}; nothing was made, changes stay in RAM"
            ),
            Self::NeverShrinks { id, asked, length } => write!(
                f,
                "perchsize={} is less than the container of session {id} has, {length}; containers never shrink, it stays as it is",
                asked.0
            ),
            Self::NoRoomToGrow {
                id,
                asked,
                length,
                free,
            } => {
                write!(
                    f,
                    "the container of session {id} stays at {length} and does not grow to {asked}: "
                )?;
                match free {
                    Some(free) => write!(f, "the session store's file system has {free} free"),
                    None => f.write_str("how much space the session store has is not known"),
                }
            }
            Self::NotGrown { id, why } => write!(
                f,
                "the container of session {id} could not grow and is used as it is: {}",
                Quoted(why)
            ),
            Self::NoMke2fs { mode } => write!(
                f,
                "a new {mode} session needs mke2fs, which this image does not have; changes stay in RAM"
            ),
            Self::NoE2fsck { id } => write!(
                f,
                "the container of session {id} is opened unchecked, because this image has no e2fsck; after a power cut the kernel replays its journal"
            ),
            Self::NoResize2fs { id } => write!(
                f,
                "the container of session {id} stays as it is, because this image has no resize2fs and e2fsck to make it grow"
            ),
            Self::ModeUnavailable { mode } => write!(
                f,
                "this image cannot open or make sessions of mode {mode}; changes stay in RAM"
            ),
            Self::NoInit { id } => write!(
                f,
                "session {id} could not be started: /sbin/init is not in it, nor anything that could be started in its place; it is left as it is, changes stay in RAM"
            ),
            Self::TriesUsedUp { id, tries, instead } => {
                write!(f, "session {id} was started {}", Times(*tries))?;
                f.write_str(" in a row and did not come up; it is left as it is, ")?;
                match instead {
                    Some(instead) => write!(
                        f,
                        "session {instead}, the last one that came up, is resumed in its place"
                    ),
                    None => f.write_str("changes stay in RAM"),
                }
            }
            Self::TriedBefore { id, tries } => write!(
                f,
                "session {id} was started {} and did not come up since",
                Times(*tries)
            ),
            Self::UnionUnavailable { asked, instead } => {
                write!(f, "this kernel has no {asked}; using {instead}")
            }
            Self::UnionOfSession { id, union } => {
                write!(
                    f,
                    "using {union}, because session {id} was written through it"
                )
            }
            Self::StoreNotFound { why } => write!(
                f,
                "the place for sessions was not found ({}); changes stay in RAM, nothing is written to the boot medium",
                Quoted(why)
            ),
            Self::SessionInUse { id: Some(id), by } => write!(
                f,
                "session {id} is in use: {}; not opened, changes stay in RAM",
                Quoted(&by.to_string())
            ),
            Self::SessionInUse { id: None, by } => write!(
                f,
                "the session store's file system is in use: {}; nothing is written there, changes stay in RAM",
                Quoted(&by.to_string())
            ),
            Self::OpenedInUse { id: Some(id), by } => write!(
                f,
                "session {id} is in use: {}; opened all the same, because of perchforce",
                Quoted(&by.to_string())
            ),
            Self::OpenedInUse { id: None, by } => write!(
                f,
                "the session store's file system is in use: {}; written to all the same, because of perchforce",
                Quoted(&by.to_string())
            ),
            Self::PartitionCanGrow { device, bytes } => write!(
                f,
                "/dev/{} is an empty partition that can become one of {} MiB for sessions",
                Quoted(device),
                bytes.0 >> 20
            ),
            Self::PartitionGrown { device, bytes } => write!(
                f,
                "/dev/{} is now a partition of {} MiB for sessions",
                Quoted(device),
                bytes.0 >> 20
            ),
            Self::PartitionNotGrown { why } => {
                write!(
                    f,
                    "no partition was made larger for sessions: {}",
                    Quoted(why)
                )
            }
            Self::NoNumberLeft => f.write_str("every session number is taken; changes stay in RAM"),
            Self::SeveralMedia { device, others } => write!(
                f,
                "the name that from= gives belongs to several devices: the system was started from /dev/{}, not from /dev/{}",
                Quoted(device),
                Quoted(&others.join(", /dev/"))
            ),
            Self::StoreNearlyFull { free } => write!(
                f,
                "the session store's file system has only {free} free: when that is used up, changes can no longer be kept"
            ),
            Self::StepFailed {
                id: Some(id),
                step,
                error,
            } => write!(
                f,
                "session {id} could not be opened: {} failed: {}; it is left as it is, changes stay in RAM",
                Quoted(step),
                Quoted(error)
            ),
            Self::StepFailed {
                id: None,
                step,
                error,
            } => write!(f, "{} failed: {}", Quoted(step), Quoted(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_listed_in_words() {
        for (count, want) in [
            (1, "1"),
            (2, "1 and 2"),
            (3, "1, 2 and 3"),
            (10, "1, 2, 3, 4, 5, 6, 7, 8, 9 and 10"),
            (12, "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more"),
        ] {
            let ids: Vec<_> = (1..=count).filter_map(SessionId::new).collect();
            assert_eq!(Listed(&ids).to_string(), want);
        }
    }

    #[test]
    fn stored_texts_cannot_reach_the_terminal_as_control_codes() {
        let reason = Reason::VersionDiffers {
            id: SessionId::FIRST,
            stored: "\x1b[2J5.0\n".into(),
            runs: "5.1.1".into(),
            then: Then::Open,
        };
        assert!(!reason.to_string().chars().any(char::is_control));
    }
}
