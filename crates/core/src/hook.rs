//! Hooks: programs of the image's maker, and with its leave of the medium's owner, that run at named
//! stages of the boot. What they are called, when they run, and what makes a file one of them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookStage {
    /// The medium and its bundles are mounted; nothing is decided about sessions.
    AfterData,
    /// The union is mounted: changes go to a session or to RAM.
    AfterSession,
    /// Last before the real init.
    BeforeSwitch,
    /// Changes go to RAM although a session was asked for, or the boot stops.
    Failure,
}

impl HookStage {
    /// All of them, in the order of a boot.
    pub const ALL: [Self; 4] = [
        Self::AfterData,
        Self::AfterSession,
        Self::BeforeSwitch,
        Self::Failure,
    ];

    /// The word, in directory names (`after-data.d`), `PERCH_STAGE` and the record.
    pub fn word(self) -> &'static str {
        match self {
            Self::AfterData => "after-data",
            Self::AfterSession => "after-session",
            Self::BeforeSwitch => "before-switch",
            Self::Failure => "failure",
        }
    }
}

impl fmt::Display for HookStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Whether a file of this name in a hook directory is a hook: letters, digits, `_`, `-` and `.`, as for
/// run-parts(8), but no hidden file, and none of the copies that editors and package managers leave.
pub fn is_name(name: &str) -> bool {
    const LEFT_BEHIND: [&str; 6] = [
        ".bak",
        ".orig",
        ".dpkg-old",
        ".dpkg-new",
        ".dpkg-dist",
        ".swp",
    ];
    !name.is_empty()
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        && !LEFT_BEHIND.iter().any(|ending| name.ends_with(ending))
}

/// Whether a file that begins like this is a program: an ELF file (elf(5), `EI_MAG0` to `EI_MAG3`) or a
/// script that names its interpreter (execve(2)). For media that keep no modes.
pub fn is_program(head: &[u8]) -> bool {
    head.starts_with(b"\x7fELF") || head.starts_with(b"#!")
}

/// Whether a script was saved with the line ends of Windows (CR LF), which no interpreter understands.
/// `execve` says "no such file" of it, as its first line names an interpreter that ends with a CR.
pub fn has_windows_lines(script: &[u8]) -> bool {
    script
        .split(|&byte| byte == b'\n')
        .next()
        .is_some_and(|line| line.len() < script.len() && line.ends_with(b"\r"))
        && !script.starts_with(b"\x7fELF")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends() {
        for (script, want) in [
            (&b"#!/bin/sh\r\necho\r\n"[..], true),
            (b"\r\n", true),
            (b"#!/bin/sh\necho \r\n", false),
            (b"\x7fELF\r\n", false),
            (b"\r", false),
            (b"", false),
        ] {
            assert_eq!(has_windows_lines(script), want, "{script:?}");
        }
    }

    #[test]
    fn names_of_hooks() {
        for (name, want) in [
            ("10-net", true),
            ("a.sh", true),
            ("A_b-c.9", true),
            ("", false),
            (".hidden", false),
            ("..", false),
            ("a~", false),
            ("#a#", false),
            ("a b", false),
            ("a/b", false),
            ("a.bak", false),
            ("a.dpkg-old", false),
            ("ä", false),
            ("a\n", false),
        ] {
            assert_eq!(is_name(name), want, "{name:?}");
        }
    }

    #[test]
    fn heads_of_programs() {
        for (head, want) in [
            (&b"\x7fELF\x02"[..], true),
            (b"#!/bin/sh\n", true),
            (b"#! /bin/sh", true),
            (b"# comment", false),
            (b"\x7fEL", false),
            (b"", false),
            (b"\xef\xbb\xbf#!/bin/sh", false),
        ] {
            assert_eq!(is_program(head), want, "{head:?}");
        }
    }
}
