//! An error with its causes in one line.

use std::error::Error;
use std::fmt;

/// Shows an error and what caused it: `cannot replace session.json: no space left on device`.
/// A cause that the text before it already ends with is not said twice.
#[derive(Debug)]
pub struct Causes<'a>(pub &'a dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        f.write_str(&text)?;
        let mut next = self.0.source();
        while let Some(cause) = next {
            let said = cause.to_string();
            if !text.ends_with(&said) {
                write!(f, ": {said}")?;
                text = said;
            }
            next = cause.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Layered {
        #[error("plain")]
        Plain,
        #[error("outer: {0}")]
        Says(#[source] Box<Layered>),
        #[error("silent")]
        Silent(#[source] Box<Layered>),
    }

    #[test]
    fn each_cause_is_said_once() {
        use Layered::{Plain, Says, Silent};
        for (error, want) in [
            (Plain, "plain"),
            (Says(Box::new(Plain)), "outer: plain"),
            (Silent(Box::new(Plain)), "silent: plain"),
            (
                Silent(Box::new(Says(Box::new(Plain)))),
                "silent: outer: plain",
            ),
            (
                Says(Box::new(Silent(Box::new(Plain)))),
                "outer: silent: plain",
            ),
        ] {
            assert_eq!(Causes(&error).to_string(), want);
        }
    }
}
