//! One session: how it keeps its data and which system it was written by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::in_use::InUse;
use crate::units::{Bytes, Mib, SessionId};

/// How a session keeps its data on the medium (contract §1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A directory tree, written by the union itself: needs a POSIX file system.
    Native,
    /// An expandable container in several files (`changes.dat`, `changes.dat.0`, …).
    Dynfilefs,
    /// One file of fixed size with a file system inside (`changes.img`).
    Raw,
}

/// Which union file system joins the layers; they mark deleted files differently, so a session
/// belongs to the one that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnionKind {
    /// overlayfs, in every kernel since 3.18.
    Overlayfs,
    /// aufs, only in kernels patched for it.
    Aufs,
}

/// A word that names no mode or no union.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is none of {known}", .word.escape_default())]
pub struct UnknownWord {
    /// What was given.
    pub word: String,
    /// What could have been.
    pub known: &'static str,
}

impl Mode {
    /// The word used in metadata and on the kernel command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Dynfilefs => "dynfilefs",
            Self::Raw => "raw",
        }
    }
}

impl UnionKind {
    /// The word used in metadata and on the kernel command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Overlayfs => "overlayfs",
            Self::Aufs => "aufs",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for UnionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Mode {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Native, Self::Dynfilefs, Self::Raw]
            .into_iter()
            .find(|mode| mode.word() == word)
            .ok_or_else(|| UnknownWord {
                word: word.chars().take(64).collect(),
                known: "native, dynfilefs, raw",
            })
    }
}

impl FromStr for UnionKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        [Self::Overlayfs, Self::Aufs]
            .into_iter()
            .find(|union| union.word() == word)
            .ok_or_else(|| UnknownWord {
                word: word.chars().take(64).collect(),
                known: "overlayfs, aufs",
            })
    }
}

/// The system that runs, or that a session was written by. The fields of `/etc/minios-release`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct System {
    /// Name of the distribution; absent where the release file does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Release number or build date, compared as exact text; absent means "cannot be checked".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Edition such as `standard`; absent means "cannot be checked".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
}

impl System {
    /// Reads a release file: lines of `NAME=`, `VERSION=`, `EDITION=`, values in double quotes or not.
    /// What is missing, empty or `unknown` is absent; other lines do not matter.
    pub fn parse(text: &str) -> Self {
        let value = |key: &str| {
            text.lines()
                .filter_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))
                .map(|value| value.trim().trim_matches('"').trim())
                .rfind(|value| !value.is_empty() && *value != "unknown")
                .map(str::to_owned)
        };
        Self {
            name: value("NAME"),
            version: value("VERSION"),
            edition: value("EDITION"),
        }
    }
}

/// A session as the store shows it: the directory is there, and this is what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its number, which is its directory's name.
    pub id: SessionId,
    /// How it keeps its data: from metadata, else from the files in its directory.
    pub mode: Mode,
    /// Version of the system that wrote it; absent where metadata does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Edition of the system that wrote it; absent where metadata does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Union that wrote it: from metadata, else from its content; absent where neither tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub union: Option<UnionKind>,
    /// Size limit of a container; absent for native sessions or where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Mib>,
    /// Apparent length of the file of a raw container (`changes.img`), or size of the disk that a dynfilefs
    /// container shows (in the header of `changes.dat`); absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Bytes>,
    /// What the files of the container take on the medium, holes not counted; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocated: Option<Bytes>,
    /// Last change of its directory, in seconds since 1970; absent where the directory was not looked
    /// into, because nothing depended on it. Then the record alone tells all of the above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<i64>,
    /// Who else uses it; absent where nobody does, or nobody looked, which is done for the one session
    /// that is about to be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_use: Option<InUse>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_file_may_be_quoted_or_not() {
        let text = "NAME=\"MiniOS\"\nVERSION=5.1.1\r\nPRETTY_NAME=x\nEDITION=\"\"\n";
        let system = System::parse(text);
        assert_eq!(system.name.as_deref(), Some("MiniOS"));
        assert_eq!(system.version.as_deref(), Some("5.1.1"));
        assert_eq!(system.edition, None);
        assert_eq!(System::parse("VERSION=unknown"), System::default());
    }
}
