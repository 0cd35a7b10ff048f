//! Terminal output as plain text: escape sequences and carriage returns are left out.
//!
//! GRUB draws its menu with cursor movements and shells announce themselves with mode switches (ECMA-48, xterm's
//! control sequences). A movement to another place begins a new line; where that place is, is not followed: this is for
//! reading a log, not for showing it.

/// Returns `raw` without control sequences and control characters, line ends and tabulators excepted.
pub fn plain(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(char) = chars.next() {
        if char == '\x1b' {
            if skip_sequence(&mut chars) == Some(MOVE) && !text.ends_with('\n') {
                text.push('\n');
            }
        } else if !char.is_control() || matches!(char, '\n' | '\t') {
            text.push(char);
        }
    }
    text
}

/// The final byte of the sequence that moves the cursor, CUP.
const MOVE: char = 'H';

/// Consumes the rest of a sequence whose ESC has been read. Returns the final byte of a control sequence.
fn skip_sequence(chars: &mut std::str::Chars) -> Option<char> {
    match chars.next()? {
        // Parameters until a final byte.
        '[' => return chars.find(|char| ('\x40'..='\x7e').contains(char)),
        // Operating system command: a string until BEL.
        ']' => drop(chars.find(|char| *char == '\x07')),
        // An intermediate byte, such as the choice of a character set: one more.
        ' '..='/' => drop(chars.next()),
        _ => {}
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_text_stays() {
        for (raw, want) in [
            ("plain\r\n\ttext", "plain\n\ttext"),
            (
                "\x1b[2J\x1b[03;04H*Fresh start\x1b[0;7mx",
                "\n*Fresh startx",
            ),
            ("\x1b]0;title\x07a\x1b(Bb\x1b[?2004hc\x1bcd", "abcd"),
            ("m\u{fc}de \u{2500}\u{fffd}", "m\u{fc}de \u{2500}\u{fffd}"),
            ("cut\x1b[1", "cut"),
        ] {
            assert_eq!(plain(raw), want, "{raw:?}");
        }
    }
}
