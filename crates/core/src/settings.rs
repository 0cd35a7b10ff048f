//! `/etc/perch/perch.conf` of an initial file system: what a distribution sets for all of its boots (perch.conf(5)).
//!
//! Lines of `KEY=value` as in os-release(5), in quotes or not. A line that cannot be understood never stops a boot.

/// Every key, sorted; perch.conf(5) is compared with this list.
pub const KEYS: [&str; 2] = ["LIVE_NAME", "PARAMETERS"];

/// The longest name of a file that Linux knows, in bytes (`NAME_MAX`).
const NAME_MAX: usize = 255;

/// What was set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The directory on a medium that holds the bundles; absent leaves it to the program.
    pub live_name: Option<String>,
    /// Words that come before those of the kernel command line, which therefore count more. Empty for none.
    pub parameters: String,
}

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number} {problem}")]
pub struct BadLine {
    /// Which one, from 1.
    pub number: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Settings {
    /// Reads the file. The last line of a key counts; what cannot be understood is as if it were not there.
    pub fn parse(text: &str) -> (Self, Vec<BadLine>) {
        let mut settings = Self::default();
        let mut bad = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Err(problem) = settings.take(line) {
                let number = at + 1;
                bad.push(BadLine { number, problem });
            }
        }
        (settings, bad)
    }

    fn take(&mut self, line: &str) -> Result<(), &'static str> {
        let (key, value) = line.split_once('=').ok_or("is not KEY=value")?;
        if !KEYS.contains(&key) {
            return Err("has a key that is not known");
        }
        let value = unquoted(value)?;
        if value.chars().any(char::is_control) {
            return Err("holds control characters");
        }
        match key {
            "LIVE_NAME" => self.live_name = live_name(value)?,
            _ => self.parameters = value,
        }
        Ok(())
    }

    /// The kernel command line with [`parameters`](Self::parameters) before it.
    pub fn before(&self, command_line: &str) -> String {
        match self.parameters.as_str() {
            "" => command_line.to_owned(),
            parameters => format!("{parameters} {command_line}"),
        }
    }
}

/// The name of one directory; absent if nothing is set.
fn live_name(value: String) -> Result<Option<String>, &'static str> {
    match value.as_str() {
        "" => Ok(None),
        "." | ".." => Err("names no directory of a medium"),
        name if name.contains('/') || name.len() > NAME_MAX => {
            Err("has to name one directory, without a slash")
        }
        _ => Ok(Some(value)),
    }
}

/// The value without the quotes around it, and without the backslash before a character that has one in double quotes.
/// os-release(5): the characters `$`, `"`, `\` and the backtick do.
fn unquoted(value: &str) -> Result<String, &'static str> {
    const OPEN: &str = "has a quote that does not end the value";
    if let Some(inner) = value.strip_prefix('\'') {
        let inner = inner.strip_suffix('\'').ok_or(OPEN)?;
        return if inner.contains('\'') {
            Err(OPEN)
        } else {
            Ok(inner.to_owned())
        };
    }
    let Some(inner) = value.strip_prefix('"') else {
        let plain = !value.contains(|c: char| c.is_whitespace() || "\"'\\$`".contains(c));
        return if plain {
            Ok(value.to_owned())
        } else {
            Err("needs quotes around its value")
        };
    };
    let mut text = String::new();
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' if rest.as_str().is_empty() => return Ok(text),
            '"' => return Err(OPEN),
            '\\' => match rest.next() {
                Some(escaped @ ('$' | '"' | '\\' | '`')) => text.push(escaped),
                _ => return Err("has a backslash before a character that needs none"),
            },
            '$' | '`' => {
                return Err("has a $ or a ` without a backslash: nothing is replaced here");
            }
            c => text.push(c),
        }
    }
    Err(OPEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_a_shell_would_that_replaces_nothing() {
        for (line, want) in [
            ("LIVE_NAME=live", Ok("live")),
            ("LIVE_NAME=\"my live\"", Ok("my live")),
            ("LIVE_NAME='a\"b'", Ok("a\"b")),
            (r#"LIVE_NAME="a\"\$\\""#, Ok(r#"a"$\"#)),
            ("  LIVE_NAME=x  ", Ok("x")),
            ("LIVE_NAME=my live", Err("needs quotes around its value")),
            (
                "LIVE_NAME=\"a",
                Err("has a quote that does not end the value"),
            ),
            (
                "LIVE_NAME=\"",
                Err("has a quote that does not end the value"),
            ),
            (
                "LIVE_NAME='a' b'",
                Err("has a quote that does not end the value"),
            ),
            (
                "LIVE_NAME=\"$HOME\"",
                Err("has a $ or a ` without a backslash: nothing is replaced here"),
            ),
            (
                r#"LIVE_NAME="\n""#,
                Err("has a backslash before a character that needs none"),
            ),
            ("LIVE_NAME=\"\u{1b}\"", Err("holds control characters")),
            (
                "LIVE_NAME=a/b",
                Err("has to name one directory, without a slash"),
            ),
            ("LIVE_NAME=..", Err("names no directory of a medium")),
            ("live", Err("is not KEY=value")),
            ("live_name=x", Err("has a key that is not known")),
        ] {
            let (settings, bad) = Settings::parse(line);
            match want {
                Ok(name) => {
                    assert_eq!(settings.live_name.as_deref(), Some(name), "{line}");
                    assert_eq!(bad, [], "{line}");
                }
                Err(problem) => {
                    assert_eq!(settings, Settings::default(), "{line}");
                    assert_eq!(bad, [BadLine { number: 1, problem }], "{line}");
                }
            }
        }
    }

    #[test]
    fn comments_are_left_out_and_the_last_line_counts() {
        let text =
            "# LIVE_NAME=no\n\nLIVE_NAME=one\nPARAMETERS=\"perch asktimeout=5\"\nLIVE_NAME=\nx\n";
        let (settings, bad) = Settings::parse(text);
        assert_eq!(settings.live_name, None);
        assert_eq!(settings.before("quiet"), "perch asktimeout=5 quiet");
        assert_eq!(Settings::default().before("quiet"), "quiet");
        assert_eq!(bad.iter().map(|line| line.number).collect::<Vec<_>>(), [6]);
    }
}
