//! Files that the medium hands to the live system, and that a user may then edit there: which of the two
//! is right. A copy of what was handed over last tells them apart.

/// The three versions of a file; `None` where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions<'a> {
    /// On the medium.
    pub medium: &'a [u8],
    /// In the system.
    pub system: Option<&'a [u8]>,
    /// What was handed over last.
    pub last: Option<&'a [u8]>,
}

/// What is to be done with such a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// Nothing: it is there, and known as ours.
    Same,
    /// It is there, but has to be noted as handed over.
    Note,
    /// It is written into the system, and noted.
    Write,
    /// It was edited or deleted in the system after it was handed over: it stays so.
    KeepEdited,
}

/// Decides it. A file that was never handed over is written over whatever is there: it comes from a
/// bundle, or from an engine that wrote it at every boot.
pub fn hand(versions: Versions<'_>) -> Hand {
    let Versions {
        medium,
        system,
        last,
    } = versions;
    match (system, last) {
        (Some(system), Some(last)) if system == medium && last == medium => Hand::Same,
        (Some(system), _) if system == medium => Hand::Note,
        (_, None) => Hand::Write,
        (Some(system), Some(last)) if system == last => Hand::Write,
        (_, Some(_)) => Hand::KeepEdited,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_user_edited_stays() {
        for (medium, system, last, want) in [
            ("a", None, None, Hand::Write),
            ("a", Some("a"), Some("a"), Hand::Same),
            // New on the medium, not edited in the system.
            ("b", Some("a"), Some("a"), Hand::Write),
            // Edited in the system, whatever the medium has by now.
            ("a", Some("x"), Some("a"), Hand::KeepEdited),
            ("b", Some("x"), Some("a"), Hand::KeepEdited),
            // Deleted in the system.
            ("a", None, Some("a"), Hand::KeepEdited),
            ("b", None, Some("a"), Hand::KeepEdited),
            // The user's edit went to the medium as well, or a power cut came between the two writes.
            ("b", Some("b"), Some("a"), Hand::Note),
            ("b", Some("b"), None, Hand::Note),
            // From a bundle.
            ("a", Some("x"), None, Hand::Write),
            ("", Some(""), Some(""), Hand::Same),
        ] {
            let versions = Versions {
                medium: medium.as_bytes(),
                system: system.map(str::as_bytes),
                last: last.map(str::as_bytes),
            };
            assert_eq!(hand(versions), want, "{medium} {system:?} {last:?}");
        }
    }
}
