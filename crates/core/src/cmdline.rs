//! The kernel command line: words as the kernel splits them, then the [`Request`] they make.
//!
//! Total on purpose: a typo in a boot entry must not stop the boot. What cannot be understood
//! becomes an [`Oddity`] that names the parameter and what is done instead.

mod parameters;

use serde::{Deserialize, Serialize};

use crate::filter::BadFilter;
use crate::menu::language::Language;
use crate::request::{Action, Identity, OnMissing, Place, Request, Size, Source, Spot, ToRam};
use crate::units::Mib;
pub use parameters::PARAMETERS;

/// One word of the command line: `name` or `name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The part before the first `=`.
    pub name: String,
    /// The part after it; absent for a flag.
    pub value: Option<String>,
}

/// A parameter that was not understood, and what is done instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oddity {
    /// The parameter as given, control characters escaped.
    pub parameter: String,
    /// What is wrong with it.
    pub problem: String,
    /// What is done instead.
    pub instead: String,
    /// A stable word for the kind of answer.
    pub code: OddityCode,
}

/// What becomes of a parameter that was not understood, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OddityCode {
    /// As if it were not there.
    #[serde(rename = "parameter-ignored")]
    Ignored,
    /// Another value is used.
    #[serde(rename = "parameter-corrected")]
    Corrected,
    /// Changes stay in RAM, because nothing else than what was asked for may be opened.
    #[serde(rename = "parameter-refused")]
    Refused,
}

impl OddityCode {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ignored => "parameter-ignored",
            Self::Corrected => "parameter-corrected",
            Self::Refused => "parameter-refused",
        }
    }

    /// What the user can do.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Ignored | Self::Corrected => "correct it in the boot entry",
            Self::Refused => "correct it in the boot entry, or choose with perchdir=ask",
        }
    }
}

impl std::fmt::Display for Oddity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            parameter,
            problem,
            instead,
            code,
        } = self;
        write!(f, "{parameter}: {problem}; {instead} ({})", code.hint())
    }
}

/// Splits a command line into words as the kernel's `next_arg()` does (lib/cmdline.c): blanks
/// separate, double quotes protect blanks, a pair of quotes around a value or a word is removed.
///
/// Stops at a lone `--`: what follows belongs to the real init.
pub fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while !rest.is_empty() {
        let mut in_quotes = false;
        let end = rest
            .char_indices()
            .find(|&(_, c)| {
                if c == '"' {
                    in_quotes = !in_quotes;
                }
                is_blank(c) && !in_quotes
            })
            .map_or(rest.len(), |(at, _)| at);
        let (word, tail) = rest.split_at(end);
        if word == "--" {
            break;
        }
        words.push(one_word(word));
        rest = tail.trim_start_matches(is_blank);
    }
    words
}

fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\x0b'
}

fn one_word(word: &str) -> Word {
    let word = unquote(word);
    match word.split_once('=') {
        None => Word {
            name: word.to_owned(),
            value: None,
        },
        Some((name, value)) => Word {
            name: name.to_owned(),
            value: Some(unquote(value).to_owned()),
        },
    }
}

/// Removes a leading quote and, only then, a trailing one.
fn unquote(text: &str) -> &str {
    text.strip_prefix('"')
        .map_or(text, |inner| inner.strip_suffix('"').unwrap_or(inner))
}

/// Reads the parameters of contract §2. The last occurrence of a parameter wins; an empty value
/// counts as absent; names match exactly.
pub fn parse(text: &str) -> (Request, Vec<Oddity>) {
    let mut request = Request::default();
    let mut oddities = Vec::new();
    // Read in order so that a later word overrides an earlier one, value and complaint alike.
    let mut last: Vec<Word> = Vec::new();
    for word in words(text) {
        if word.value.as_deref() == Some("") {
            continue;
        }
        last.retain(|earlier| earlier.name != word.name);
        last.push(word);
    }
    for word in &last {
        if let Err(oddity) = take(word, &mut request) {
            oddities.push(oddity);
        }
    }
    request.language = language(&last).unwrap_or_default();
    if request.grow_partition && !request.wants_persistence() {
        oddities.push(Oddity {
            parameter: "perchgrow".to_owned(),
            problem: "makes room for sessions, but none is asked for".to_owned(),
            instead: "no partition is touched; add perch".to_owned(),
            code: OddityCode::Ignored,
        });
    }
    (request, oddities)
}

/// The parameters that name a language, best first.
const LANGUAGE: [&str; 4] = ["perchlang", "lang", "locale.LANG", "locales"];

/// The language of questions: what was said to perch, else what the system is told by the parameters
/// of MiniOS, of live-config and of systemd (kernel-command-line(7)).
fn language(words: &[Word]) -> Option<Language> {
    LANGUAGE.iter().find_map(|name| {
        let word = words.iter().find(|word| word.name == *name)?;
        Language::of_locale(word.value.as_deref()?)
    })
}

/// Takes one word into the request; words of other programs are left alone.
fn take(word: &Word, request: &mut Request) -> Result<(), Oddity> {
    let with = |code, problem: &str, instead: &str| Oddity {
        parameter: shown(word),
        problem: problem.to_owned(),
        instead: instead.to_owned(),
        code,
    };
    let odd = |problem: &str, instead: &str| with(OddityCode::Corrected, problem, instead);
    let ignored = |problem: &str| with(OddityCode::Ignored, problem, "the parameter is ignored");
    if parameters::looks_like_one(&word.name) {
        return Err(with(
            OddityCode::Ignored,
            "is no parameter of perch",
            "the parameter is ignored; perch keeps changes, perchdir=new starts a session",
        ));
    }
    if !parameters::is_known(&word.name) {
        return Ok(()); // another program's
    }
    let value = word.value.as_deref();
    if value.is_some_and(|value| value.chars().any(char::is_control)) {
        return match word.name.as_str() {
            "perchdir" | "perchmode" | "perchsize" | "from" | "bext" | "union" | "load"
            | "noload" | "toram" | "asktimeout" | "perchlang" | "perchgrow" | "perchtries" => {
                Err(ignored("holds control characters"))
            }
            _ => Ok(()),
        };
    }
    match (word.name.as_str(), value) {
        ("perch", None) => request.ask_for_persistence(),
        ("perch", Some(_)) => {
            request.ask_for_persistence();
            return Err(odd("takes no value", "taken as plain perch"));
        }
        ("perchdir", Some(value)) => {
            let (action, place, oddity) = perchdir(value);
            request.action = action;
            request.place = place;
            if let Some((problem, instead)) = oddity {
                let code = match request.action {
                    Action::Fresh => OddityCode::Refused,
                    _ => OddityCode::Corrected,
                };
                return Err(with(code, problem, instead));
            }
        }
        ("perchmode", Some(value)) => {
            request.ask_for_persistence();
            request.mode = Some(value.parse().map_err(|_| {
                odd(
                    "is none of native, dynfilefs, raw",
                    "the session's own mode is used, native for a new one",
                )
            })?);
        }
        ("perchsize", Some(value)) => {
            request.ask_for_persistence();
            request.size = Some(size(value).ok_or_else(|| {
                odd(
                    "is no size such as 4000, 4000M, 4G or 4GiB",
                    "the default size is used",
                )
            })?);
        }
        ("perchlang", Some(value)) if Language::of_locale(value).is_none() => {
            return Err(odd(
                "is none of en, de, es, fr, id, it, pt, pt_BR, ru",
                "the language of the system is used, else English",
            ));
        }
        ("perchlang", Some(_)) => {} // read by `language`, from all words at once
        ("perchwait", Some(value)) => match value.parse() {
            Ok(seconds @ 1..=3600) => request.store_wait_seconds = seconds,
            _ => return Err(odd("is no number of seconds from 1 to 3600", "20 is used")),
        },
        ("perchtries", Some(value)) => match value.parse() {
            Ok(0) => request.tries = None,
            Ok(tries @ 1..=99) => request.tries = Some(tries),
            _ => return Err(odd("is no number of tries from 0 to 99", "3 is used")),
        },
        ("perchforce", None) => request.force = true,
        ("perchlease", None) => request.lease = true,
        ("perchforce" | "perchlease", Some(_)) => {
            return Err(ignored("takes no value"));
        }
        ("perchgrow", given) => {
            request.grow_partition = true;
            if given.is_some() {
                return Err(odd("takes no value", "taken as plain perchgrow"));
            }
        }
        ("perchname", _) => {
            return Err(ignored("no longer exists"));
        }
        (
            "perchdir" | "perchmode" | "perchsize" | "perchlang" | "perchtries" | "perchwait",
            None,
        ) => {
            return Err(ignored("lacks its value"));
        }
        ("union", Some(value)) => {
            request.union = Some(value.parse().map_err(|_| {
                odd(
                    "is none of overlayfs, aufs",
                    "the union is chosen by the kernel's abilities",
                )
            })?);
        }
        ("from", Some(value)) => {
            request.source = source(value).map_err(|problem| {
                odd(problem, "every device is searched for the usual directory")
            })?;
        }
        ("fromwait", Some(value)) => match value.parse() {
            Ok(seconds @ 1..=3600) => request.wait_seconds = seconds,
            _ => return Err(odd("is no number of seconds from 1 to 3600", "45 is used")),
        },
        ("frommissing", Some(value)) => {
            request.on_missing = match value {
                "retry" => OnMissing::Retry,
                "shell" => OnMissing::Shell,
                "reboot" => OnMissing::Reboot,
                "poweroff" => OnMissing::Poweroff,
                _ => {
                    return Err(odd(
                        "is none of retry, shell, reboot, poweroff",
                        "retry is used",
                    ));
                }
            };
        }
        ("bext", Some(value)) => {
            if value.contains('/') || value.len() > 32 {
                return Err(odd("is no file name ending", "sb is used"));
            }
            request.extension = value.trim_start_matches('.').to_owned();
        }
        ("init", Some(value)) if value.starts_with('/') => {
            request.init = Some(value.to_owned());
        }
        ("timing", _) => request.timing = true,
        ("debug", None) => request.debug = true,
        (name @ ("load" | "noload"), Some(value)) => {
            let filter = value
                .parse()
                .map_err(|problem: BadFilter| ignored(&problem.to_string()))?;
            match name {
                "load" => request.load = Some(filter),
                _ => request.noload = Some(filter),
            }
        }
        ("toram", None | Some("full")) => request.toram = Some(ToRam::Full),
        ("toram", Some("trim")) => request.toram = Some(ToRam::Trim),
        ("toram", Some(_)) => {
            request.toram = Some(ToRam::Full);
            return Err(odd("is none of full, trim", "everything is copied"));
        }
        ("asktimeout", Some(value)) => match value.parse() {
            Ok(0) => request.ask_seconds = None,
            Ok(seconds @ 1..=3600) => request.ask_seconds = Some(seconds),
            _ => return Err(odd("is no number of seconds from 0 to 3600", "30 is used")),
        },
        _ => {} // such as `init=x`, which the kernel takes too
    }
    Ok(())
}

/// The word as the user wrote it, short and without control characters.
fn shown(word: &Word) -> String {
    let mut text = word.name.clone();
    if let Some(value) = &word.value {
        text.push('=');
        text.push_str(value);
    }
    text.chars()
        .take(120)
        .flat_map(char::escape_debug)
        .collect::<String>()
}

type Complaint = (&'static str, &'static str);

fn perchdir(value: &str) -> (Action, Place, Option<Complaint>) {
    let medium = Place::Medium;
    match value {
        "resume" => (Action::Resume, medium, None),
        "new" => (Action::New, medium, None),
        "ask" => (Action::Ask, medium, None),
        "fresh" => (Action::Fresh, medium, None),
        number if number.bytes().all(|b| b.is_ascii_digit()) => match number.parse() {
            Ok(id) => (Action::Number(id), medium, None),
            Err(_) => (
                Action::Fresh,
                medium,
                Some((
                    "is not a session number (1 to 999999999, no leading zero)",
                    "the system starts in RAM, because no other session may be opened instead",
                )),
            ),
        },
        elsewhere if looks_like_a_place(elsewhere) => match place(elsewhere) {
            Ok((action, place)) => (action, place, None),
            Err(problem) => (
                Action::Fresh,
                medium,
                Some((
                    problem,
                    "the system starts in RAM, because no other place may be used instead",
                )),
            ),
        },
        _ => (
            Action::Resume,
            medium,
            Some((
                "is none of resume, new, ask, fresh, a session number or a place",
                "the last session is resumed",
            )),
        ),
    }
}

/// Links such as `/dev/disk/by-path/…` are made by udev, which no initramfs of ours has, and change with
/// the port or the order of plugging in.
const NO_DEVICE: &str =
    "names no device in a way that lasts (write label:, uuid:, partuuid:, id: or /dev/sdb1)";

/// Whether somebody who wrote this meant a place, well written or not.
fn looks_like_a_place(value: &str) -> bool {
    value.starts_with('/') || value.starts_with("askdisk") || value.contains(':')
}

/// `/dir`, `/dev/sdb1/dir`, `label:L/dir` and so on, each with an action word behind it or not, and
/// `askdisk`, `askdisk/dir`, `askdisk:dir:below`.
fn place(value: &str) -> Result<(Action, Place), &'static str> {
    const NO_PLACE: &str = "is no place such as /dir, /dev/sdb1/dir, label:L/dir or askdisk/dir";
    if let Some(rest) = value.strip_prefix("askdisk") {
        let dir = picked_dir(rest).ok_or(NO_PLACE)??;
        return Ok((Action::Resume, Place::AskDisk { dir }));
    }
    if let Some((identity, rest)) = Identity::parse(value) {
        let spot = spot(&rest)?;
        let action = spot.word.unwrap_or(Action::Resume);
        return Ok((action, Place::Device { identity, spot }));
    }
    if value.starts_with("/dev/") {
        return Err(NO_DEVICE);
    }
    if !value.starts_with('/') {
        return Err(NO_PLACE);
    }
    let mut spot = spot(value)?;
    // `/new` is a directory of that name: an action without a place is written without the slash.
    if spot.dir.is_empty() && spot.word.is_some() {
        spot = Spot {
            dir: spot.dir_with_word().unwrap_or_default(),
            word: None,
        };
    }
    let action = spot.word.unwrap_or(Action::Resume);
    Ok((action, Place::Directory(spot)))
}

/// What follows `askdisk`: nothing, `/dir/below` or `:dir:below`. `None` if it is part of the word.
fn picked_dir(rest: &str) -> Option<Result<String, &'static str>> {
    match rest.chars().next() {
        None => Some(Ok(String::new())),
        Some('/') => Some(directory(rest)),
        Some(':') => Some(directory(&rest.replace(':', "/"))),
        Some(_) => None,
    }
}

fn spot(text: &str) -> Result<Spot, &'static str> {
    let dir = directory(text)?;
    let (parent, last) = dir.rsplit_once('/').unwrap_or(("", &dir));
    Ok(match Action::of_word(last) {
        Some(word) => Spot {
            dir: parent.to_owned(),
            word: Some(word),
        },
        None => Spot { dir, word: None },
    })
}

/// A directory's path without slashes at the ends or twice in a row.
fn directory(text: &str) -> Result<String, &'static str> {
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
    if parts.iter().any(|part| matches!(*part, "." | "..")) {
        return Err("holds . or .. as a directory");
    }
    Ok(parts.join("/"))
}

/// A size in any of the forms of [`Mib`]; zero means most of what is free.
fn size(value: &str) -> Option<Size> {
    match value.parse().ok()? {
        Mib(0) => Some(Size::MostOfFree),
        mib => Some(Size::Exactly(mib)),
    }
}

/// `from=`: a directory on any device, or a device with or without a directory.
fn source(value: &str) -> Result<Source, &'static str> {
    if value.starts_with("http:") || value.starts_with("https:") {
        return Err("is a source on the network, which perch leaves to other programs");
    }
    if let Some(dir) = value.strip_prefix("askdisk").and_then(picked_dir) {
        let dir = dir?;
        return Ok(Source {
            dir: (!dir.is_empty()).then_some(dir),
            ask: true,
            ..Source::default()
        });
    }
    let (identity, dir) = match Identity::parse(value) {
        Some((identity, dir)) => (Some(identity), dir),
        None if value.starts_with("/dev/") => return Err(NO_DEVICE),
        None => (None, value.to_owned()),
    };
    let dir = directory(&dir)?;
    let is_iso = dir.to_ascii_lowercase().ends_with(".iso");
    let path = (!dir.is_empty()).then_some(dir);
    let (dir, iso) = if is_iso { (None, path) } else { (path, None) };
    Ok(Source {
        identity,
        dir,
        iso,
        ask: false,
    })
}

#[cfg(test)]
#[path = "cmdline/tests.rs"]
mod tests;
