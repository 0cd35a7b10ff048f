//! What a command says: text for people, or one JSON object for programs.
//!
//! With `--json` standard output gets one object, whatever happens; failures are on standard error as text too.
//! Keys that every object has: `schema` (1), `success` (whether the exit status is 0), `message`; a failure has
//! `code` and `error`, and `hint` where there is one. Commands that only tell what there is answer with that itself
//! ([`Outcome::answer`]), as the session manager of MiniOS does.

use std::cell::RefCell;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use perch_core::cause::Causes;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::USAGE;
use crate::error::Error;
use crate::words::Words;

/// The version of what `--json` prints; keys may be added within one.
const SCHEMA: u32 = 1;

/// What came of a command that was carried out.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// One sentence.
    message: String,
    /// What people read in place of the sentence.
    text: Option<String>,
    /// Why the exit status is 1 although nothing failed.
    code: Option<&'static str>,
    data: Map<String, Value>,
    /// What programs get in place of all this.
    answer: Option<Answer>,
}

/// What programs get from a command that only tells what there is.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Any value, in several lines.
    Lines(Value),
    /// An object in one line.
    Line(Value),
}

impl Outcome {
    /// Something was done; one sentence.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    /// What people read in place of the sentence.
    pub(crate) fn text(mut self, text: String) -> Self {
        self.text = Some(text);
        self
    }

    /// What programs get besides.
    pub(crate) fn data(mut self, data: &impl Serialize) -> Self {
        if let Ok(Value::Object(data)) = serde_json::to_value(data) {
            self.data.extend(data);
        }
        self
    }

    /// What programs get in place of an object with the sentence: a value of any kind.
    pub(crate) fn answer(mut self, value: &impl Serialize) -> Self {
        self.answer = serde_json::to_value(value).ok().map(Answer::Lines);
        self
    }

    /// As [`answer`](Self::answer), in one line.
    pub(crate) fn answer_in_one_line(mut self, value: &impl Serialize) -> Self {
        self.answer = serde_json::to_value(value).ok().map(Answer::Line);
        self
    }

    /// Something was found that needs somebody: exit status 1.
    pub(crate) fn found(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }
}

/// Where a command's words go.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    words: Words,
    notices: RefCell<Vec<String>>,
}

impl Output {
    pub(crate) fn new(json: bool, quiet: bool, words: Words) -> Self {
        Self {
            json,
            quiet,
            words,
            notices: RefCell::default(),
        }
    }

    /// The reader's language.
    pub(crate) fn words(&self) -> &Words {
        &self.words
    }

    /// A text in the reader's language.
    pub(crate) fn say(&self, key: &str, arguments: &[(&'static str, &dyn Display)]) -> String {
        self.words.say(key, arguments)
    }

    /// Whether a bar would disturb nobody.
    pub(crate) fn wants_progress(&self) -> bool {
        !self.json && !self.quiet
    }

    /// Whether the answer is for a program, which cannot be asked anything.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Says something that is not as asked for, but no failure.
    pub(crate) fn notice(&self, text: impl Into<String>) {
        let text = text.into();
        if !self.json {
            complain(&format!("{}: {text}\n", self.say("note", &[])));
        }
        self.notices.borrow_mut().push(text);
    }

    /// Shows something before the end, to people only.
    pub(crate) fn show(&self, text: &str) {
        if !self.json && !self.quiet {
            print(text);
        }
    }

    /// Prints what came of a command, and tells the exit status.
    pub(crate) fn finish(&self, result: Result<Outcome, Error>) -> ExitCode {
        match result {
            Ok(outcome) => self.succeed(outcome),
            Err(error) => self.fail(&error),
        }
    }

    fn succeed(&self, outcome: Outcome) -> ExitCode {
        let Outcome {
            message,
            text,
            code,
            data,
            answer,
        } = outcome;
        if let (true, Some(answer)) = (self.json, answer) {
            self.print_answer(&answer);
        } else if self.json {
            let mut object = object(code.is_none(), &message);
            if let Some(code) = code {
                object.insert("code".into(), code.into());
            }
            object.extend(data);
            self.print_object(object);
        } else if !self.quiet {
            print(&format!("{}\n", text.unwrap_or(message).trim_end()));
        }
        ExitCode::from(u8::from(code.is_some()))
    }

    /// Says what failed.
    pub(crate) fn fail(&self, error: &Error) -> ExitCode {
        let in_english = || (Causes(error).to_string(), error.hint());
        let (message, hint) = self.words.failure(error).unwrap_or_else(in_english);
        complain(&format!("{}: {message}\n", self.say("error", &[])));
        if let Some(hint) = &hint {
            complain(&format!("{}: {hint}\n", self.say("hint", &[])));
        }
        if self.json {
            let mut object = object(false, &message);
            object.insert("code".into(), error.code().into());
            object.insert("error".into(), message.into());
            if let Some(hint) = hint {
                object.insert("hint".into(), hint.into());
            }
            if let Some(user) = error.user() {
                let user = json!({"pid": user.pid, "program": user.program});
                object.insert("in_use".into(), user);
            }
            self.print_object(object);
        }
        ExitCode::from(error.exit())
    }

    /// An answer has no place for notices.
    fn print_answer(&self, answer: &Answer) {
        for notice in self.notices.take() {
            complain(&format!("{}: {notice}\n", self.say("note", &[])));
        }
        match answer {
            Answer::Lines(value) => print(&format!("{value:#}\n")),
            Answer::Line(value) => print(&format!("{value}\n")),
        }
    }

    fn print_object(&self, mut object: Map<String, Value>) {
        let notices = self.notices.take();
        if !notices.is_empty() {
            object.insert("notices".into(), notices.into());
        }
        print(&format!("{}\n", Value::Object(object)));
    }
}

/// Wrong arguments, in clap's words.
pub(crate) fn report_usage(text: &str, json: bool) {
    complain(text);
    if json {
        let said = text.lines().take_while(|line| !line.is_empty());
        let said = said.map(str::trim).collect::<Vec<_>>().join(" ");
        let message = said.strip_prefix("error: ").unwrap_or(&said);
        let mut object = object(false, message);
        object.insert("code".into(), "usage".into());
        object.insert("error".into(), message.into());
        print(&format!("{}\n", Value::Object(object)));
    }
}

fn object(success: bool, message: &str) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("schema".into(), SCHEMA.into());
    object.insert("success".into(), success.into());
    object.insert("message".into(), message.into());
    object
}

/// Writes to standard output; whoever closed it wants no more.
pub(crate) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to standard error.
pub(crate) fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

impl Error {
    /// The exit status that it leads to.
    fn exit(&self) -> u8 {
        match self {
            Self::Size { .. } => USAGE,
            Self::Manage(error) if error.is_usage() => USAGE,
            Self::Medium(error) if error.code() == "usage" => USAGE,
            _ => 1,
        }
    }
}
