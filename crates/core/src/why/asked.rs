//! What was asked for: each parameter, where it came from, and what it means.

use serde::Serialize;

use super::Boot;
use crate::cmdline::{PARAMETERS, Word, words};
use crate::request::{Action, Place, Request, Size, ToRam};

/// What was asked for, for programs.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// What that is, in words.
    pub text: Vec<String>,
    /// The parameters of perch; the last one of a name counts.
    pub parameters: Vec<Given>,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Given {
    /// As it was written, without quotes.
    pub parameter: String,
    /// Who said it.
    pub from: Origin,
    /// Nothing that comes later says something else.
    pub counts: bool,
}

/// Who gave a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The boot entry, or whoever edited it.
    KernelCommandLine,
    /// `/etc/perch/perch.conf`, which whoever made the image put into it.
    Image,
}

impl Origin {
    /// For people.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::KernelCommandLine => "on the kernel command line",
            Self::Image => "set in the image by /etc/perch/perch.conf",
        }
    }
}

impl Asked {
    pub(super) fn of(boot: &Boot) -> Self {
        Self {
            text: sentences(&boot.request),
            parameters: parameters(boot),
        }
    }
}

fn parameters(boot: &Boot) -> Vec<Given> {
    let settings = boot.settings.as_str();
    let entry = boot.cmdline.strip_prefix(settings);
    let entry = entry.unwrap_or(&boot.cmdline);
    let of = |text: &str, from| {
        let ours = words(text)
            .into_iter()
            .filter(|word| PARAMETERS.contains(&word.name.as_str()));
        ours.map(move |word| (word, from)).collect::<Vec<_>>()
    };
    let mut all = of(settings, Origin::Image);
    all.extend(of(entry, Origin::KernelCommandLine));
    let counts = |at: usize, word: &Word| {
        let mut later = all.iter().skip(at + 1);
        !later.any(|(other, _)| other.name == word.name && other.value.as_deref() != Some(""))
    };
    all.iter()
        .enumerate()
        .map(|(at, (word, from))| Given {
            parameter: match &word.value {
                Some(value) => format!("{}={value}", word.name),
                None => word.name.clone(),
            },
            from: *from,
            counts: counts(at, word),
        })
        .collect()
}

/// What a request means, the most important first.
fn sentences(request: &Request) -> Vec<String> {
    let mut said = vec![match request.action {
        Action::Off => "no session: nothing asks for one".to_owned(),
        Action::Fresh => "no session: a fresh start".to_owned(),
        Action::Resume => "the session that boots next".to_owned(),
        Action::New => "a new session".to_owned(),
        Action::Ask => "the session that somebody picks from a list".to_owned(),
        Action::Number(id) => format!("session {id} and no other"),
    }];
    if request.place != Place::Medium {
        said.push(format!("sessions in {}", request.place));
    }
    if let Some(mode) = request.mode {
        said.push(format!("mode {mode}"));
    }
    match request.size {
        Some(Size::Exactly(size)) => said.push(format!("a container of {size}")),
        Some(Size::MostOfFree) => said.push("a container of 90 % of the free space".to_owned()),
        None => {}
    }
    if let Some(union) = request.union {
        said.push(format!("the union {union}"));
    }
    if let Some(medium) = &request.source.identity {
        said.push(format!("the system from {medium}"));
    }
    if let Some(iso) = &request.source.iso {
        said.push(format!("the system in the image /{iso}"));
    }
    if let Some(dir) = &request.source.dir {
        said.push(format!("the system in the directory /{dir}"));
    }
    match request.toram {
        Some(ToRam::Full) => said.push("a copy of the system in RAM".to_owned()),
        Some(ToRam::Trim) => said.push("a copy in RAM of what is used".to_owned()),
        None => {}
    }
    for (is, words) in [
        (request.load.is_some(), "only some of the bundles (load=)"),
        (request.noload.is_some(), "not all of the bundles (noload=)"),
        (request.grow_partition, "the rest of the stick for sessions"),
        (request.force, "also what is in use elsewhere"),
    ] {
        if is {
            said.push(words.to_owned());
        }
    }
    said
}
