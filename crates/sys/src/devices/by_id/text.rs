//! How udev makes a name of what a drive says about itself.

/// How much of a text udev keeps.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// All of it.
    Whole,
    /// So many characters, which are bytes there.
    Characters(usize),
}

/// Blanks around it dropped, those within replaced by one underscore for each run, and each character
/// that no node may have by one too.
pub(super) fn plain(text: &str, limit: Limit) -> String {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let joined = words.join("_");
    let kept = match limit {
        Limit::Whole => joined.as_str(),
        Limit::Characters(most) => joined.get(..most).unwrap_or(&joined),
    };
    replaced(kept)
}

/// Each character that no node may have, a blank too, replaced by an underscore. Those that may: ASCII
/// letters and digits, `#+-.:=@_`, letters beyond ASCII, and what looks like the start of `\x20`.
pub(super) fn replaced(text: &str) -> String {
    let mut rest = text.chars().peekable();
    let mut safe = String::with_capacity(text.len());
    while let Some(next) = rest.next() {
        let escape = next == '\\' && rest.peek() == Some(&'x');
        let fine = next.is_ascii_alphanumeric()
            || "#+-.:=@_".contains(next)
            || escape
            || is_beyond_ascii(next);
        safe.push(if fine { next } else { '_' });
    }
    safe
}

/// Whether a character beyond ASCII stays. What is not UTF-8 has become the replacement character; controls
/// and blanks udev would keep, but they have no place in a name that is shown.
fn is_beyond_ascii(c: char) -> bool {
    !c.is_ascii() && !c.is_control() && !c.is_whitespace() && c != char::REPLACEMENT_CHARACTER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_drive_says_becomes_a_name() {
        for (text, want) in [
            ("QEMU HARDDISK   ", "QEMU_HARDDISK"),
            ("  WDC  WD10EZEX-08W  ", "WDC_WD10EZEX-08W"),
            ("a/b$c%d?e,f", "a_b_c_d_e_f"),
            ("#+-.:=@_", "#+-.:=@_"),
            ("\\x20 \\y", "\\x20__y"),
            ("Zürich", "Zürich"),
            ("bad\u{FFFD}", "bad_"),
            ("next\u{85}line\u{2003}wide", "next_line_wide"),
            ("", ""),
        ] {
            assert_eq!(plain(text, Limit::Whole), want, "text {text:?}");
        }
        assert_eq!(plain("a bcd", Limit::Characters(3)), "a_b");
        assert_eq!(replaced("a  b/"), "a__b_");
    }
}
