//! Templates: text with words between `@` signs, filled in once. What is filled in is not looked at again.
//!
//! Lines that begin with `##` are for whoever reads the template, and stay behind. A word alone on its line may stand for
//! any number of lines, also none.

use super::check::MenuError;

/// Words and what takes their place.
pub(super) type Words<'a> = [(&'a str, String)];

/// Fills in `template`.
pub(super) fn fill(template: &str, words: &Words<'_>) -> Result<String, MenuError> {
    let mut filled = String::new();
    for (number, line) in template.lines().enumerate() {
        if line.starts_with("##") {
            continue;
        }
        let text = fill_line(line, words).map_err(|word| MenuError::Word {
            line: number + 1,
            word,
            known: known(words),
        })?;
        let vanishes = text.trim().is_empty() && !line.trim().is_empty();
        if !vanishes {
            filled.push_str(text.trim_end());
            filled.push('\n');
        }
    }
    Ok(filled)
}

/// One line; the error is the unknown word.
fn fill_line(line: &str, words: &Words<'_>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = line;
    while let Some((before, word, after)) = next_word(rest) {
        let (_, value) = words
            .iter()
            .find(|(name, _)| *name == word)
            .ok_or_else(|| word.to_owned())?;
        filled.push_str(before);
        filled.push_str(value);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The first word in a text, with what is before and behind it. `$@` and addresses of mail are no words.
fn next_word(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text.get(from..)?.find('@').map(|at| at + from) {
        let inner = text.get(open + 1..)?;
        let end = inner.find(|c: char| !(c.is_ascii_uppercase() || c == '_'));
        match end {
            Some(len) if len > 0 && inner.get(len..)?.starts_with('@') => {
                return Some((text.get(..open)?, inner.get(..len)?, inner.get(len + 1..)?));
            }
            _ => from = open + 1,
        }
    }
    None
}

fn known(words: &Words<'_>) -> String {
    let names: Vec<String> = words.iter().map(|(name, _)| format!("@{name}@")).collect();
    names.join(" ")
}

/// Refuses a template that lacks `word`.
pub(super) fn require(template: &str, word: &'static str) -> Result<(), MenuError> {
    match template
        .lines()
        .any(|line| line.trim() == format!("@{word}@"))
    {
        true => Ok(()),
        false => Err(MenuError::WordMissing { word }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_filled_in_once() {
        let words = [
            ("A", "@B@ $@ @A@".to_owned()),
            ("B", "b".into()),
            ("NONE", String::new()),
        ];
        for (template, want) in [
            ("x @A@ y @B@@B@\n", Ok("x @B@ $@ @A@ y bb\n")),
            ("## a note with @UNKNOWN@\n\nkept\n", Ok("\nkept\n")),
            ("    @NONE@\n@NONE@ x\n", Ok(" x\n")),
            ("linux $@ a@b.c @ @@\n", Ok("linux $@ a@b.c @ @@\n")),
            ("one\ntwo @TYPO@\n", Err((2, "TYPO"))),
        ] {
            let got = fill(template, &words);
            match (got, want) {
                (Ok(got), Ok(want)) => assert_eq!(got, want, "{template:?}"),
                (Err(MenuError::Word { line, word, known }), Err(want)) => {
                    assert_eq!((line, word.as_str()), want, "{template:?}");
                    assert!(known.contains("@NONE@"), "{known}");
                }
                (got, want) => panic!("{template:?}: {got:?} in place of {want:?}"),
            }
        }
    }
}
