//! The name `minios-session-read`: the same program, which then only reads. polkit lets whoever sits at the machine run it
//! as root without a password (`polkit/dev.minios.session-manager.policy`), so each word is compared with a list: no
//! command that writes, and no option that leads elsewhere, such as a path.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Under which the program only reads.
const NAME: &str = "minios-session-read";

/// All that may be said to it.
const WORDS: [&str; 7] = [
    "--json", "--help", "active", "info", "list", "running", "status",
];

/// A word that is more than reading.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{NAME} takes only {}: \"{}\" is for minios-session", WORDS.join(", "), .0.escape_debug())]
pub(crate) struct NotReading(String);

/// Whether a program of this name only reads.
pub(crate) fn is_reading_name(program: &OsStr) -> bool {
    Path::new(program).file_name() == Some(OsStr::new(NAME))
}

/// Whether `args`, those behind the program's name, only read.
pub(crate) fn check(args: &[OsString]) -> Result<(), NotReading> {
    let other = args
        .iter()
        .find(|arg| !WORDS.iter().any(|word| arg == word));
    match other {
        Some(other) => Err(NotReading(other.to_string_lossy().into_owned())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_taken_whole() {
        for (name, want) in [
            ("/usr/libexec/perch/minios-session-read", true),
            ("minios-session-read", true),
            ("minios-session", false),
            ("minios-session-read/perch", false),
            ("", false),
        ] {
            assert_eq!(is_reading_name(OsStr::new(name)), want, "{name}");
        }
    }

    #[test]
    fn only_words_of_the_list_are_taken() {
        let check = |line: &str| {
            let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            check(&args).is_ok()
        };
        for good in ["", "list", "--json list", "status --json", "--help"] {
            assert!(check(good), "{good}");
        }
        for bad in [
            "delete 1",
            "list --sessions-dir /root",
            "--sessions-dir=/root list",
            "dynfilefs info /etc/shadow",
            "list list2",
            "--js list",
        ] {
            assert!(!check(bad), "{bad}");
        }
    }
}
