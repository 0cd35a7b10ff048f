//! Who may be touched: the default and the running session are protected, and so is what somebody uses
//! (contract §4.2).

use std::fmt;

use crate::in_use::InUse;

/// What is to be done with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// It becomes the one that boots next.
    Activate,
    /// Name and note.
    Rename,
    /// It goes to the trash, or for good.
    Delete,
    /// Its container becomes larger.
    Resize,
    /// It is written to an archive.
    Export,
    /// A second one is made of it.
    Copy,
    /// It changes its mode.
    Convert,
    /// It is deleted because of its age.
    Cleanup,
    /// Its files are read, and nothing is made of them that has to be whole.
    Read,
    /// What it is at this moment is kept.
    Snapshot,
    /// It becomes what it was.
    Rollback,
}

/// What a session is to the running system.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// It boots next.
    pub is_default: bool,
    /// This system runs from it.
    pub is_running: bool,
    /// Who else uses it.
    pub in_use: Option<InUse>,
}

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// This system runs from it.
    Running,
    /// It boots next.
    Active,
    /// Somebody uses it.
    InUse(InUse),
}

impl Verb {
    /// Every one there is.
    pub const ALL: [Self; 11] = [
        Self::Activate,
        Self::Rename,
        Self::Delete,
        Self::Resize,
        Self::Export,
        Self::Copy,
        Self::Convert,
        Self::Cleanup,
        Self::Read,
        Self::Snapshot,
        Self::Rollback,
    ];

    /// Whether it touches what the session holds, or needs that to stand still.
    fn touches_content(self) -> bool {
        !matches!(self, Self::Activate | Self::Rename)
    }

    /// Whether afterwards there is nothing to boot, or something else.
    fn takes_it_away(self) -> bool {
        matches!(self, Self::Delete | Self::Cleanup)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Activate => "activate",
            Self::Rename => "rename",
            Self::Delete | Self::Cleanup => "delete",
            Self::Resize => "resize",
            Self::Export => "export",
            Self::Copy => "copy",
            Self::Convert => "convert",
            Self::Read => "read",
            Self::Snapshot => "make a snapshot of",
            Self::Rollback => "roll back",
        })
    }
}

/// Why this is not done with a session of that standing; `None` if it is.
pub fn refuse(verb: Verb, standing: &Standing) -> Option<Refusal> {
    if !verb.touches_content() {
        return None;
    }
    if standing.is_running {
        return Some(Refusal::Running);
    }
    if verb.takes_it_away() && standing.is_default {
        return Some(Refusal::Active);
    }
    standing.in_use.clone().map(Refusal::InUse)
}

impl Refusal {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Active => "active",
            Self::InUse(_) => "in-use",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Running => "boot another session, or without one, and try again",
            Self::Active => "activate another session first",
            Self::InUse(_) => "unmount it and end what uses it first",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => f.write_str("this system runs from it"),
            Self::Active => f.write_str("it is the active one, which boots next"),
            Self::InUse(user) => write!(f, "{user}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of contract §4.2, with a column for use by others.
    #[test]
    fn every_verb_against_every_standing() {
        use Verb::*;
        let user = InUse::Mounted {
            device: "/dev/loop0".into(),
            at: None,
        };
        let standing = |is_default, is_running, in_use: bool| Standing {
            is_default,
            is_running,
            in_use: in_use.then(|| user.clone()),
        };
        let standings = [
            standing(true, false, false),
            standing(false, true, false),
            standing(true, true, false),
            standing(false, false, true),
            standing(true, false, true),
            standing(false, false, false),
        ];
        let table = [
            (Activate, ["", "", "", "", "", ""]),
            (Rename, ["", "", "", "", "", ""]),
            (
                Delete,
                ["active", "running", "running", "in-use", "active", ""],
            ),
            (Resize, ["", "running", "running", "in-use", "in-use", ""]),
            (Export, ["", "running", "running", "in-use", "in-use", ""]),
            (Copy, ["", "running", "running", "in-use", "in-use", ""]),
            (Convert, ["", "running", "running", "in-use", "in-use", ""]),
            (
                Cleanup,
                ["active", "running", "running", "in-use", "active", ""],
            ),
            (Read, ["", "running", "running", "in-use", "in-use", ""]),
            (Snapshot, ["", "running", "running", "in-use", "in-use", ""]),
            (Rollback, ["", "running", "running", "in-use", "in-use", ""]),
        ];
        assert_eq!(table.map(|(verb, _)| verb), Verb::ALL);
        for (verb, wanted) in table {
            for (standing, want) in standings.iter().zip(wanted) {
                let got = refuse(verb, standing);
                let got = got.as_ref().map_or("", Refusal::code);
                assert_eq!(got, want, "{verb:?} {standing:?}");
            }
        }
    }
}
