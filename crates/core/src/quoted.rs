//! Untrusted text in messages.

use std::fmt;

/// The longest piece of untrusted text in a message, in characters.
const MOST: usize = 300;

/// Untrusted text, fit for a terminal: control characters and those that reverse the direction of
/// writing are escaped, and it is cut short.
#[derive(Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().take(MOST).try_for_each(|c| escaped(c, f))
    }
}

/// As [`Quoted`], however long it is: for texts that are cut already, or are what was asked for.
#[derive(Debug)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| escaped(c, f))
    }
}

/// A name or path as a file system has it, whole, fit for a terminal, and no two of them look the same: bytes that are no
/// UTF-8 are `\xff`, and a backslash is two.
#[derive(Debug)]
pub struct PathShown<'a>(pub &'a [u8]);

impl fmt::Display for PathShown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '\\' => f.write_str("\\\\")?,
                    c => escaped(c, f)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

fn escaped(c: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match is_harmful(c) {
        true => write!(f, "{}", c.escape_default()),
        false => write!(f, "{c}"),
    }
}

/// Whether a terminal may do something else than show this character. Unicode Bidirectional Algorithm
/// (UAX #9), 2, has those that change the direction.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_escaped() {
        for (text, want) in [
            ("Café 1", "Café 1"),
            ("\x1b[2J\n", "\\u{1b}[2J\\n"),
            ("a\u{202e}b", "a\\u{202e}b"),
        ] {
            assert_eq!(Quoted(text).to_string(), want);
        }
        assert_eq!(Quoted(&"ä".repeat(1000)).to_string().chars().count(), MOST);
        assert_eq!(Escaped(&"\n".repeat(1000)).to_string().len(), 2000);
    }

    #[test]
    fn names_are_told_apart_whatever_they_hold() {
        for (name, want) in [
            (b"caf\xc3\xa9".as_slice(), "café"),
            (b"a\xffb", "a\\xffb"),
            (b"a\\xffb", "a\\\\xffb"),
            (b"\x1b[2J\n", "\\u{1b}[2J\\n"),
        ] {
            assert_eq!(PathShown(name).to_string(), want);
        }
    }
}
