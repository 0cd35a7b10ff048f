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
        for c in self.0.chars().take(MOST) {
            if is_harmful(c) {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
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
    }
}
