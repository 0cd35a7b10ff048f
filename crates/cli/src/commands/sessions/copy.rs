//! `copy`

use perch_core::session::Mode;
use perch_core::units::{Mib, SessionId};
use perch_manage::copy::{Wish, copy};
use perch_manage::error::Error as ManageError;
use perch_manage::work::Work;

use super::create::parse_size;
use super::work::Bar;
use super::{Sessions, id, mode, outcome};
use crate::args::sessions::copy::Copy;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};

pub(super) fn run(
    args: &Copy,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let wish = wish(args)?;
    let Sessions { live, store } = at()?;
    let interrupt = Interrupt::watch();
    let bar = Bar::new(output);
    let mut tell = |tick| bar.show(tick);
    let mut work = Work::new(interrupt.flag(), &mut tell);
    let effect = args.change.dry_run.into();
    let done = copy(&store, &live, &wish, effect, &mut work)?;
    drop(bar);
    let from = wish.from;
    let message = match done.id {
        Some(id) => format!("session {from} was copied to session {id}"),
        None => format!("session {from} was copied"),
    };
    Ok(outcome(&done, args.change.dry_run, message, output))
}

fn wish(args: &Copy) -> Result<Wish, Error> {
    let from = id(&args.id)?;
    let rest = Rest::read(&args.rest)?;
    let mode = args.to_mode.as_deref().map(mode).transpose()?;
    let size = args.size.as_deref().map(parse_size).transpose()?;
    Ok(Wish {
        from,
        to: rest.to,
        mode: mode.or(rest.mode),
        size: size.or(rest.size),
    })
}

/// What follows the number of the original: `[NEW] [MODE [MB]]`. A mode is a word, so both forms are told apart.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rest {
    to: Option<SessionId>,
    mode: Option<Mode>,
    size: Option<Mib>,
}

impl Rest {
    fn read(words: &[String]) -> Result<Self, Error> {
        let mut words = words.iter().map(String::as_str).peekable();
        let is_number = |word: &&str| !word.starts_with(|c: char| c.is_ascii_alphabetic());
        let to = words.next_if(is_number).map(id).transpose()?;
        let mode = words.next().map(mode).transpose()?;
        let size = words.next().map(parse_size).transpose()?;
        match words.next() {
            // Three words, the first of which is no number.
            Some(word) => Err(ManageError::BadSize(word.to_owned()).into()),
            None => Ok(Self { to, mode, size }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_both_guides_is_understood() {
        let read = |line: &str| {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            Rest::read(&words).map_err(|error| error.code())
        };
        let rest = |to: Option<&str>, mode, size: Option<u64>| {
            Ok(Rest {
                to: to.map(|text| text.parse().unwrap()),
                mode,
                size: size.map(Mib),
            })
        };
        for (line, want) in [
            ("", rest(None, None, None)),
            ("7", rest(Some("7"), None, None)),
            ("raw", rest(None, Some(Mode::Raw), None)),
            ("raw 300", rest(None, Some(Mode::Raw), Some(300))),
            ("7 raw", rest(Some("7"), Some(Mode::Raw), None)),
            ("7 raw 300", rest(Some("7"), Some(Mode::Raw), Some(300))),
            ("7 native", rest(Some("7"), Some(Mode::Native), None)),
            ("07", Err("invalid-id")),
            ("-1", Err("invalid-id")),
            ("../2", Err("invalid-id")),
            ("7 300", Err("mode")),
            ("bogus", Err("mode")),
            ("raw 0", Err("bad-size")),
            ("raw 300 7", Err("bad-size")),
        ] {
            assert_eq!(read(line), want, "{line}");
        }
    }
}
