//! The lines that a user has added to a file of ours, between two marks. A new file takes them over.

/// The line above them; `#` begins a comment in every loader's language.
pub const BEGIN: &str = "# perch: your own lines begin";
/// The line below them.
pub const END: &str = "# perch: your own lines end";

/// Why own lines cannot be told from ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadMarks {
    /// The first mark without the second, or in another order, or one of them twice.
    #[error(
        "the lines {BEGIN:?} and {END:?} are not there once each, in this order; put them right"
    )]
    Unpaired,
}

/// The lines between the marks in `text`; empty where there are no marks.
///
/// # Errors
/// If the marks do not make a pair: nobody can tell then what is the user's.
pub fn find(text: &str) -> Result<&str, BadMarks> {
    match marks(text)? {
        Some((from, to)) => Ok(text.get(from..to).unwrap_or_default()),
        None => Ok(""),
    }
}

/// `new` with the own lines of `old`. A file without marks takes none over.
///
/// # Errors
/// As [`find`], for either text.
pub fn carry_over(old: &str, new: &str) -> Result<String, BadMarks> {
    let own = find(old)?;
    let Some((from, to)) = marks(new)? else {
        return Ok(new.to_owned());
    };
    let (before, after) = (new.get(..from), new.get(to..));
    Ok([before.unwrap_or_default(), own, after.unwrap_or_default()].concat())
}

/// The marks with nothing between them, as a template has them.
pub(super) fn empty() -> String {
    format!("{BEGIN}\n{END}")
}

/// Where the lines between the marks begin and end.
fn marks(text: &str) -> Result<Option<(usize, usize)>, BadMarks> {
    let (mut begin, mut end) = (None, None);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let after = at + line.len();
        match line.trim() {
            BEGIN if begin.is_some() || end.is_some() => return Err(BadMarks::Unpaired),
            BEGIN => begin = Some(after),
            END if end.is_some() => return Err(BadMarks::Unpaired),
            END => end = Some(at),
            _ => {}
        }
        at = after;
    }
    match (begin, end) {
        (None, None) => Ok(None),
        (Some(begin), Some(end)) if begin <= end => Ok(Some((begin, end))),
        _ => Err(BadMarks::Unpaired),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_lines_are_carried_over_to_the_byte() {
        let file = |own: &str| format!("ours\n{BEGIN}\n{own}{END}\n");
        for own in ["", "set x=1\n", "a\r\n\r\n  b\n", "no end of line at all\n"] {
            assert_eq!(find(&file(own)), Ok(own));
            let new = "new\n".to_owned() + &file("") + "tail\n";
            let want = "new\n".to_owned() + &file(own) + "tail\n";
            assert_eq!(carry_over(&file(own), &new), Ok(want));
        }
        assert_eq!(carry_over("no marks", &file("")), Ok(file("")));
        assert_eq!(carry_over(&file("x\n"), "no place"), Ok("no place".into()));
    }

    #[test]
    fn marks_that_make_no_pair_are_refused() {
        for text in [
            format!("{BEGIN}\nmine\n"),
            format!("mine\n{END}\n"),
            format!("{END}\n{BEGIN}\n"),
            format!("{BEGIN}\n{BEGIN}\n{END}\n"),
            format!("{BEGIN}\n{END}\n{END}\n"),
            format!("{BEGIN}\n{END}\nx\n{BEGIN}\n{END}\n"),
        ] {
            assert_eq!(find(&text), Err(BadMarks::Unpaired), "{text:?}");
        }
    }
}
