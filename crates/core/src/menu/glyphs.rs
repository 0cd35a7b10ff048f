//! Text made fit for a console: nothing that steers it, nothing that it cannot show, every
//! character one cell wide.

use super::dialogue::Glyphs;

/// What a cut leaves in place of the rest. Three dots: `…` is in no font of the kernel.
const CUT: &str = "...";

/// Text that is not ours, such as a name or a label: control characters become escapes, and what is
/// not certain to be shown in one cell (wide, combining, steering the direction) a question mark.
pub fn untrusted(text: &str, glyphs: Glyphs) -> String {
    const LONGEST: usize = 200;
    let mut safe = String::new();
    for c in text.chars().take(LONGEST) {
        if c.is_control() {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    shown(&safe, glyphs)
}

/// Text as a console can show it.
pub fn shown(text: &str, glyphs: Glyphs) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match (c, glyphs) {
            (' '..='~', _) => shown.push(c),
            (_, Glyphs::Ascii) => shown.push_str(ascii(c)),
            ('\u{a1}'..='\u{17f}', _) if c != '\u{ad}' => shown.push(c),
            ('А'..='я' | 'Ё' | 'ё', Glyphs::Utf8Cyrillic) => shown.push(c),
            _ => shown.push('?'),
        }
    }
    shown
}

/// The nearest that ASCII has, as people write it who lack the letter.
fn ascii(c: char) -> &'static str {
    match c {
        '\u{a0}' => " ",
        '«' | '»' => "\"",
        '·' => "-",
        '¿' | '¡' => "",
        'À'..='Ã' | 'Å' | 'Ā' | 'Ă' | 'Ą' => "A",
        'Ä' => "Ae",
        'Æ' => "AE",
        'Ç' | 'Ć' | 'Č' => "C",
        'Ð' | 'Ď' | 'Đ' => "D",
        'È'..='Ë' | 'Ē' | 'Ę' | 'Ě' => "E",
        'Ì'..='Ï' | 'Ī' => "I",
        'Ł' => "L",
        'Ñ' | 'Ń' | 'Ň' => "N",
        'Ò'..='Õ' | 'Ø' | 'Ő' => "O",
        'Ö' => "Oe",
        'Œ' => "OE",
        'Ř' => "R",
        'Ś' | 'Ş' | 'Š' => "S",
        'Ť' => "T",
        'Ù'..='Û' | 'Ů' | 'Ű' => "U",
        'Ü' => "Ue",
        'Ý' | 'Ÿ' => "Y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        'ß' => "ss",
        'à'..='ã' | 'å' | 'ā' | 'ă' | 'ą' | 'ª' => "a",
        'ä' => "ae",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ð' | 'ď' | 'đ' => "d",
        'è'..='ë' | 'ē' | 'ę' | 'ě' => "e",
        'ì'..='ï' | 'ī' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò'..='õ' | 'ø' | 'ő' | 'º' => "o",
        'ö' => "oe",
        'œ' => "oe",
        'ř' => "r",
        'ś' | 'ş' | 'š' => "s",
        'ť' => "t",
        'ù'..='û' | 'ů' | 'ű' => "u",
        'ü' => "ue",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "?",
    }
}

/// The width of text that went through this module, in cells.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// At most this many cells of the text; dots where something is left out.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let dots = CUT.len().min(columns);
    let mut cut: String = text.chars().take(columns - dots).collect();
    cut.extend(CUT.chars().take(dots));
    cut
}

/// Exactly this many cells: cut, or filled up with blanks.
pub(super) fn pad(text: &str, columns: usize) -> String {
    let mut padded = cut(text, columns);
    padded.extend(std::iter::repeat_n(' ', columns - width(&padded)));
    padded
}

/// The text in lines of at most this many cells, broken at blanks where there are any.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word = cut(word, columns);
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(&word) <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_shown_as_far_as_the_console_has_them() {
        for (text, ascii, utf8, cyrillic) in [
            ("größer", "groesser", "größer", "größer"),
            (
                "sessão única",
                "sessao unica",
                "sessão única",
                "sessão única",
            ),
            ("año", "ano", "año", "año"),
            ("Привет", "??????", "??????", "Привет"),
            ("日本", "??", "??", "??"),
            ("a\u{301}", "a?", "a?", "a?"),
            ("\u{202e}txt", "?txt", "?txt", "?txt"),
            ("soft\u{ad}ly", "soft?ly", "soft?ly", "soft?ly"),
        ] {
            for (glyphs, want) in [
                (Glyphs::Ascii, ascii),
                (Glyphs::Utf8, utf8),
                (Glyphs::Utf8Cyrillic, cyrillic),
            ] {
                assert_eq!(untrusted(text, glyphs), want, "{text:?} on {glyphs:?}");
            }
        }
    }

    #[test]
    fn nothing_steers_the_terminal() {
        for glyphs in [Glyphs::Ascii, Glyphs::Utf8, Glyphs::Utf8Cyrillic] {
            let shown = untrusted("\x1b[2J\u{9b}1m\r\n\u{7f}name", glyphs);
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            assert!(shown.ends_with("name"), "{shown:?}");
        }
        assert_eq!(untrusted("\x1b[2J", Glyphs::Ascii), "\\u{1b}[2J");
        assert!(untrusted(&"x".repeat(9999), Glyphs::Utf8).len() <= 200);
    }

    #[test]
    fn text_is_cut_padded_and_wrapped_to_the_cell() {
        assert_eq!(cut("session", 7), "session");
        assert_eq!(cut("sessions", 7), "sess...");
        assert_eq!(cut("session", 2), "..");
        assert_eq!(cut("größer", 6), "größer");
        assert_eq!(pad("ö", 3), "ö  ");
        assert_eq!(pad("session", 5), "se...");
        assert_eq!(wrap("a bc  def g", 4), ["a bc", "def", "g"]);
        assert_eq!(wrap("unbreakable", 6), ["unb..."]);
        assert_eq!(wrap("", 6), [""; 0]);
    }
}
