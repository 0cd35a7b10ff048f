//! The story of a boot for people: a headline, and a paragraph for each question somebody may have.

use std::fmt::Write;

use super::asked::Given;
use super::found::session_in_words;
use super::{Boot, Said, Why};
use crate::quoted::Escaped;
use crate::record::{Stage, Status};
use crate::units::Bytes;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What most people want to know.
    Short,
    /// Everything but the log.
    All,
}

/// A boot in words.
pub fn in_words(boot: &Boot, detail: Detail) -> String {
    let why = Why::of(boot);
    let all = detail == Detail::All;
    let mut text = format!("{}\n", Escaped(&why.headline()));
    paragraph(&mut text, "Asked for", asked(&why, boot, all));
    paragraph(&mut text, "Found", found(&why, boot, all));
    let reasons = why.reasons.iter().map(sentence).collect();
    paragraph(&mut text, "Decided, because", reasons);
    paragraph(&mut text, "Failed", failed(&why));
    let warnings = why.warnings.iter().map(sentence).collect();
    paragraph(&mut text, "Not in order", warnings);
    paragraph(&mut text, "Done besides", besides(boot, all));
    paragraph(&mut text, "Time", time(&why, all));
    text
}

fn paragraph(text: &mut String, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}:");
    for line in lines {
        let _ = writeln!(text, "  {}", Escaped(&line));
    }
}

fn sentence(said: &Said) -> String {
    let kind = if said.warning { "warning: " } else { "" };
    format!("{kind}{} [{}]", said.text, said.code)
}

fn asked(why: &Why<'_>, boot: &Boot, all: bool) -> Vec<String> {
    let mut lines = vec![why.asked.text.join("; ")];
    let given = why.asked.parameters.iter();
    lines.extend(
        given
            .filter(|given| all || given.counts)
            .map(|given: &Given| {
                let over = match given.counts {
                    true => "",
                    false => "; a later one counts",
                };
                format!("{}, {}{over}", given.parameter, given.from.words())
            }),
    );
    if why.asked.parameters.is_empty() {
        lines.push("no parameter of perch was given".to_owned());
    }
    if all {
        lines.push(format!("all parameters: {}", boot.cmdline));
    }
    lines
}

fn found(why: &Why<'_>, boot: &Boot, all: bool) -> Vec<String> {
    let found = &why.found;
    let mut lines = vec![found.medium_in_words(), found.store_in_words()];
    if !all {
        return lines;
    }
    let system = found.system;
    let names = [&system.name, &system.version, &system.edition];
    let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    lines.push(format!(
        "the system is {} with Linux {}, booted by perch {}",
        match names.is_empty() {
            true => "one that does not say what it is".to_owned(),
            false => names.join(" "),
        },
        found.kernel,
        found.perch
    ));
    if let Some(default) = found.store.default {
        lines.push(format!("session {default} was the one that boots next"));
    }
    let metadata = &boot.facts.store.metadata;
    let sessions = found.store.sessions.iter();
    lines.extend(sessions.map(|session| session_in_words(session, metadata)));
    lines.extend(found.bundles_in_words());
    lines.extend(boot.devices.iter().map(|device| format!("device {device}")));
    lines
}

fn failed(why: &Why<'_>) -> Vec<String> {
    let failures = why.failed.iter().map(|failure| {
        let of = match failure.id {
            Some(id) => format!("session {id}: "),
            None => String::new(),
        };
        format!("{of}{} failed: {}", failure.step, failure.error)
    });
    let mut lines: Vec<String> = failures.collect();
    if !lines.is_empty() {
        let instead = match (why.outcome.status, why.outcome.session) {
            (Status::Session, Some(id)) => format!("session {id} was opened in another way"),
            _ => "changes stay in RAM".to_owned(),
        };
        lines.push(format!("it was undone, and instead {instead}"));
    }
    lines
}

/// What the boot did beside opening a session: of no interest while it works.
fn besides(boot: &Boot, all: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(copy) = &boot.toram {
        let bytes = copy.bytes.unwrap_or(Bytes(0));
        lines.push(match &copy.refused {
            Some(why) => format!("no copy in RAM: {why}"),
            None => format!("the system was copied to RAM: {bytes} in {} ms", copy.ms),
        });
    }
    if !all {
        return lines;
    }
    let touches = boot.touches.iter();
    lines.extend(touches.map(|touch| format!("{}: {}, {} ms", touch.name, touch.result, touch.ms)));
    lines.extend(boot.hooks.iter().map(|hook| {
        let (stage, name, from) = (hook.stage.word(), &hook.name, &hook.from);
        let (result, ms) = (&hook.result, hook.ms);
        format!("hook {name} ({stage}, of the {from}): {result}, {ms} ms")
    }));
    lines.extend(boot.modules.iter().map(|module| match &module.error {
        Some(error) => format!("kernel module {}: not loaded, {error}", module.name),
        None => format!("kernel module {}: {} ms", module.name, module.ms),
    }));
    lines
}

fn time(why: &Why<'_>, all: bool) -> Vec<String> {
    if why.stages.is_empty() {
        return Vec::new();
    }
    let seconds = |us: u64| format!("{:.2} s", us as f64 / 1e6);
    let stage = |stage: &Stage| format!("{} {}", stage_in_words(&stage.name), seconds(stage.us));
    let total = format!("{} in perch, of them", seconds(why.total_us));
    if all {
        let mut lines = vec![format!("{total}:")];
        lines.extend(why.stages.iter().map(stage));
        return lines;
    }
    // What takes less than a tenth is no answer to why a boot is slow.
    let large = |stage: &&Stage| stage.us >= why.total_us / 10;
    let large: Vec<String> = why.stages.iter().filter(large).map(stage).collect();
    vec![match large.is_empty() {
        true => format!("{} in perch", seconds(why.total_us)),
        false => format!("{total} {}", large.join(", ")),
    }]
}

/// A stage, by what a user has to do with it.
fn stage_in_words(name: &str) -> &str {
    match name {
        "start" => "beginning",
        "drivers" => "loading drivers",
        "medium" => "finding the medium",
        "place" => "finding the place of the sessions",
        "toram" => "copying to RAM",
        "bundles" => "mounting bundles",
        "hooks" => "running hooks",
        "store" => "reading the sessions",
        "session" => "opening the session",
        "touches" => "preparing the system's files",
        "shutdown" => "preparing the shutdown",
        other => other,
    }
}
