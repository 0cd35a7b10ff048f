//! Running a program to its end, with a deadline.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::process::Command;
use std::time::Duration;

use super::{ProgramError, path};
use crate::child::{self, End};

/// How many of its lines are kept: the last ones, where a program says what came of it.
const MAX_LINES: usize = 64;
/// How much of a program's words a message repeats, in bytes.
const MAX_SAID: usize = 400;

/// A program that ended by itself, or by somebody else's signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How; never [`End::TimedOut`].
    pub end: End,
    /// The last lines that it wrote, to standard output and standard error alike.
    pub lines: VecDeque<String>,
}

impl Ended {
    /// The end of its words in one line for a message, control characters escaped; empty if it said
    /// nothing.
    pub fn said(&self) -> String {
        one_line(self.lines.iter().map(String::as_str))
    }
}

/// The end of a program's words in one line, control characters escaped.
pub(crate) fn one_line<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    let lines: Vec<&str> = lines
        .into_iter()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let text = lines.join("; ");
    let mut from = text.len().saturating_sub(MAX_SAID);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut line = String::new();
    for c in text.get(from..).unwrap_or_default().chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// Runs the program `name` (see [`path`]) to its end, `within` at the most, by [`child::run`].
///
/// It has nothing on standard input, no environment but `LC_ALL=C`, and of our descriptors none: one
/// that it shall use is named `/proc/<our pid>/fd/<number>`. What a status means is the caller's to know.
pub fn run<A: AsRef<OsStr>>(
    name: &str,
    args: impl IntoIterator<Item = A>,
    within: Duration,
) -> Result<Ended, ProgramError> {
    let program = path(name)?;
    let mut command = Command::new(&program);
    command
        .args(args)
        .env_clear()
        .env("LC_ALL", "C")
        .current_dir("/");
    let mut lines = VecDeque::new();
    let end = child::run(command, within, &mut |line| {
        if lines.len() == MAX_LINES {
            lines.pop_front();
        }
        lines.push_back(line.to_owned());
    })?;
    match end {
        End::TimedOut => Err(ProgramError::TimedOut { program, within }),
        end => Ok(Ended { end, lines }),
    }
}
