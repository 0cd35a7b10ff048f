//! One line of `session.conf`: which kind it is. Says nothing about whether the value is any use.

use std::fmt;

use super::KEPT_LINES;

/// A line without its line break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Nothing, or nothing that matters.
    Blank,
    /// A comment, or text without a key.
    Kept(&'a str),
    /// `default=`, `previous=` or `running=`.
    Pointer { name: &'a str, value: &'a str },
    /// `session_<name>[<key>]=`; the key need not be a session number.
    Field {
        name: &'a str,
        key: &'a str,
        value: &'a str,
    },
    /// Any other `<key>=`.
    Other { key: &'a str, value: &'a str },
}

impl<'a> Line<'a> {
    /// Every line is one of the kinds.
    pub(super) fn read(line: &'a str) -> Self {
        if line.trim().is_empty() {
            return Self::Blank;
        }
        let Some((key, value)) = line.split_once('=') else {
            return Self::Kept(line);
        };
        match key.trim() {
            // The last two mean something else in the other form, so they cannot be keys there.
            "" | KEPT_LINES | "sessions" => Self::Kept(line),
            comment if comment.starts_with('#') => Self::Kept(line),
            // Where `echo` expands no escapes the initial file is one line with a backslash and
            // an n in it: `default=\nsession_mode=`.
            name @ ("default" | "previous" | "running") => Self::Pointer {
                name,
                value: value.split("\\n").next().unwrap_or_default(),
            },
            // The second line of that file, meant to say that there is no session.
            "session_mode" if value.trim().is_empty() => Self::Blank,
            key => match bracketed(key) {
                Some((name, key)) => Self::Field { name, key, value },
                None => Self::Other { key, value },
            },
        }
    }
}

/// Splits `session_<name>[<key>]`. The last bracket counts, so that a name may hold one.
fn bracketed(key: &str) -> Option<(&str, &str)> {
    let (name, key) = key
        .strip_prefix("session_")?
        .strip_suffix(']')?
        .rsplit_once('[')?;
    (!name.is_empty()).then_some((name, key))
}

/// The line as it is written.
impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => Ok(()),
            Self::Kept(line) => f.write_str(line),
            Self::Pointer { name, value } => write!(f, "{name}={value}"),
            Self::Field { name, key, value } => write!(f, "session_{name}[{key}]={value}"),
            Self::Other { key, value } => write!(f, "{key}={value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let pointer = |name, value| Line::Pointer { name, value };
        let field = |name, key, value| Line::Field { name, key, value };
        let other = |key, value| Line::Other { key, value };
        for (line, want) in [
            ("", Line::Blank),
            (" \t", Line::Blank),
            ("session_mode=", Line::Blank),
            ("# default=1", Line::Kept("# default=1")),
            ("just words", Line::Kept("just words")),
            ("=x", Line::Kept("=x")),
            ("conf_lines=x", Line::Kept("conf_lines=x")),
            ("sessions=x", Line::Kept("sessions=x")),
            ("default=2", pointer("default", "2")),
            ("default = 2", pointer("default", " 2")),
            ("default=\\nsession_mode=", pointer("default", "")),
            ("running=", pointer("running", "")),
            ("session_mode[1]=raw", field("mode", "1", "raw")),
            ("session_note[1]=a=b[2]", field("note", "1", "a=b[2]")),
            ("session_mode[]=raw", field("mode", "", "raw")),
            ("session_mode[../x]=raw", field("mode", "../x", "raw")),
            ("session_a[b][1]=x", field("a[b]", "1", "x")),
            ("session_[1]=x", other("session_[1]", "x")),
            ("session_mode[1=x", other("session_mode[1", "x")),
            ("session_mode=raw", other("session_mode", "raw")),
            ("colour=red", other("colour", "red")),
        ] {
            assert_eq!(Line::read(line), want, "line {line:?}");
        }
    }
}
