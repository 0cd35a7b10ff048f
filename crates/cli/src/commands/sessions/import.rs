//! `import`

use perch_manage::archive::{About, Findings, Policy};
use perch_manage::import::{Wish, import};
use perch_manage::work::Work;
use serde::Serialize;

use super::create::parse_size;
use super::work::Bar;
use super::{Sessions, mode, outcome};
use crate::args::sessions::import::Import;
use crate::error::Error;
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output};

/// How many findings are shown to people; programs get more.
const SHOWN: usize = 20;

/// What `import` has besides.
#[derive(Serialize)]
struct Imported {
    mode: &'static str,
    version: Option<String>,
    edition: Option<String>,
    union: Option<&'static str>,
    files: u64,
    bytes: u64,
    /// What runs with special rights, and what was left out: the first two hundred.
    findings: Vec<String>,
    /// How many there are.
    findings_count: u64,
}

pub(super) fn run(
    args: &Import,
    at: impl FnOnce() -> Result<Sessions, Error>,
    output: &Output,
) -> Result<Outcome, Error> {
    let word = args.force_mode.as_deref().or(args.mode.as_deref());
    let wish = Wish {
        archive: args.archive.clone(),
        mode: word.map(mode).transpose()?,
        size: args.size.as_deref().map(parse_size).transpose()?,
        auto_convert: args.auto_convert,
        any_system: args.skip_compatibility_check,
        any_files: args.no_verify,
        policy: Policy {
            devices: args.trust,
            detours: args.trust,
        },
    };
    let Sessions { live, store } = at()?;
    let interrupt = Interrupt::watch();
    let bar = Bar::new(output);
    let mut tell = |tick| bar.show(tick);
    let mut work = Work::new(interrupt.flag(), &mut tell);
    let effect = args.change.dry_run.into();
    let got = import(&store, &live, &wish, effect, &mut work)?;
    drop(bar);
    let findings = &got.imported.findings;
    show(findings, output);
    let About {
        version,
        edition,
        union,
        ..
    } = got.about;
    let data = Imported {
        mode: got.mode.word(),
        version,
        edition,
        union: union.map(|union| union.word()),
        files: got.imported.done.entries,
        bytes: got.imported.done.bytes,
        findings: findings.first.iter().map(ToString::to_string).collect(),
        findings_count: findings.count,
    };
    let id = got.done.id.map(|id| id.to_string()).unwrap_or_default();
    let archive = args.archive.display();
    let message = format!("{archive} was imported as session {id} ({})", got.mode);
    Ok(outcome(&got.done, args.change.dry_run, message, output).data(&data))
}

fn show(findings: &Findings, output: &Output) {
    for found in findings.first.iter().take(SHOWN) {
        output.notice(found.to_string());
    }
    let told = u64::try_from(findings.first.len().min(SHOWN)).unwrap_or(0);
    let more = findings.count.saturating_sub(told);
    if more > 0 {
        output.notice(format!("and {more} more, which --json lists"));
    }
}
