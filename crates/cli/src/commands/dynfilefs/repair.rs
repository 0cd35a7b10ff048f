//! `perch dynfilefs repair`

use dynfilefs::check::{Finding, Repair as Change, Report};
use dynfilefs::container::Access;
use serde::Serialize;

use super::check::{Described, listed};
use super::count;
use crate::args::dynfilefs::Repair;
use crate::ask;
use crate::error::Error;
use crate::output::{Outcome, Output};
use crate::storage::Storage;

/// What was repaired, for programs.
#[derive(Serialize)]
struct Repaired {
    dry_run: bool,
    changes: Vec<DescribedChange>,
    /// What no repair changes; harmless.
    left: Vec<Described>,
}

/// One change, for programs.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
enum DescribedChange {
    Clear { block: u64 },
    MoveAway { block: u64 },
    CorrectSize { part: u32 },
}

impl DescribedChange {
    fn in_words(&self) -> String {
        match self {
            Self::Clear { block } => {
                format!("block {block} becomes a hole, which reads as zeros as it does now")
            }
            Self::MoveAway { block } => format!("block {block} gets a place of its own"),
            Self::CorrectSize { part } => format!("part {part} gets the size of the disk"),
        }
    }
}

pub(super) fn run(args: &Repair, output: &Output) -> Result<Outcome, Error> {
    let path = args.container.file.display();
    let storage = Storage::at(&args.container.file)?;
    let report = checked(&storage, Access::Read)?;
    let changes = changes(&report);
    let listing = |changes: &[DescribedChange]| {
        let lines = changes
            .iter()
            .map(|change| format!("  {}\n", change.in_words()));
        lines.collect::<String>()
    };
    if changes.is_empty() {
        let message = format!("{path} has nothing that can be repaired");
        let text = match report.findings.is_empty() {
            true => message.clone(),
            false => format!(
                "{message}; what was found is harmless:\n{}",
                listed(&report)
            ),
        };
        return Ok(Outcome::new(message).text(text).data(&Repaired {
            dry_run: args.dry_run,
            changes,
            left: report.findings.iter().map(Described::from).collect(),
        }));
    }
    let number = count(changes.len() as u64, "change");
    if args.dry_run {
        let message = format!("{path} would get {number}");
        let text = format!("{message}:\n{}", listing(&changes));
        return Ok(Outcome::new(message).text(text).data(&Repaired {
            dry_run: true,
            changes,
            left: Vec::new(),
        }));
    }
    output.show(&format!("{path} gets {number}:\n{}", listing(&changes)));
    if !args.yes {
        ask::whether_to_go_on(output)?;
    }
    let left = apply(&storage, &report)?;
    let message = format!("{path} got {number}");
    let text = format!("{message}; check the file system on its disk now");
    Ok(Outcome::new(message).text(text).data(&Repaired {
        dry_run: false,
        changes,
        left: left.iter().map(Described::from).collect(),
    }))
}

/// What is left to be found afterwards.
fn apply(storage: &Storage, expected: &Report) -> Result<Vec<Finding>, Error> {
    let container = storage.open(Access::Write)?;
    let error = |error| storage.error(error);
    let repairs = container.check().map_err(error)?.repairs();
    if repairs != expected.repairs() {
        return Err(Error::Changed);
    }
    container.repair(&repairs).map_err(error)?;
    Ok(container.check().map_err(error)?.findings)
}

fn checked(storage: &Storage, access: Access) -> Result<Report, Error> {
    let container = storage.open(access)?;
    container.check().map_err(|error| storage.error(error))
}

fn changes(report: &Report) -> Vec<DescribedChange> {
    let repairs = report.repairs().into_iter().map(|repair| match repair {
        Change::Clear(block) => DescribedChange::Clear { block },
        Change::MoveAway(block) => DescribedChange::MoveAway { block },
    });
    let sizes = report.findings.iter().filter_map(|finding| match finding {
        Finding::StaleSize { part, .. } => Some(DescribedChange::CorrectSize { part: *part }),
        _ => None,
    });
    repairs.chain(sizes).collect()
}
