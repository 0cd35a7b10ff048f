//! `perch dynfilefs check`

use dynfilefs::check::{Finding, Report};
use dynfilefs::container::Access;
use serde::Serialize;

use super::count;
use crate::args::dynfilefs::Check;
use crate::error::Error;
use crate::output::Outcome;
use crate::storage::Storage;

/// How many findings people are shown; programs get all.
const SHOWN: usize = 50;

/// What a check found, for programs.
#[derive(Serialize)]
struct Checked {
    clean: bool,
    findings: Vec<Described>,
    used_blocks: u64,
    free_slots: u64,
    unaligned_blocks: u64,
}

/// One finding, for programs. Blocks have 4096 bytes and are counted from the start of the disk.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub(super) enum Described {
    Inside { block: u64, offset: u64 },
    Dangling { block: u64, offset: u64 },
    Shared { block: u64, other: u64 },
    BeyondDisk { blocks: u64 },
    StaleSize { part: u32, size: u64 },
}

impl From<&Finding> for Described {
    fn from(finding: &Finding) -> Self {
        match *finding {
            Finding::Inside { block, offset } => Self::Inside { block, offset },
            Finding::Dangling { block, offset } => Self::Dangling { block, offset },
            Finding::Shared { block, other } => Self::Shared { block, other },
            Finding::BeyondDisk { blocks } => Self::BeyondDisk { blocks },
            Finding::StaleSize { part, size } => Self::StaleSize { part, size },
        }
    }
}

pub(super) fn run(args: &Check) -> Result<Outcome, Error> {
    let storage = Storage::at(&args.container.file)?;
    let container = storage.open(Access::Read)?;
    let report = container.check().map_err(|error| storage.error(error))?;
    let path = args.container.file.display();
    let data = Checked {
        clean: report.findings.is_empty(),
        findings: report.findings.iter().map(Described::from).collect(),
        used_blocks: report.used,
        free_slots: report.free,
        unaligned_blocks: report.unaligned,
    };
    if data.clean {
        let used = count(report.used, "block");
        let message = format!("{path} is in order: {used} of data");
        return Ok(Outcome::new(message).data(&data));
    }
    let found = count(report.findings.len() as u64, "finding");
    let message = format!("{path} has {found}");
    let text = format!(
        "{message}:\n{}\nTo see what can be put right: perch dynfilefs repair --dry-run {path}",
        listed(&report)
    );
    Ok(Outcome::new(message)
        .text(text)
        .data(&data)
        .found("findings"))
}

/// The findings for people, a line each.
pub(super) fn listed(report: &Report) -> String {
    let mut lines: Vec<String> = report
        .findings
        .iter()
        .take(SHOWN)
        .map(|finding| format!("  {finding}"))
        .collect();
    let more = report.findings.len().saturating_sub(SHOWN);
    if more > 0 {
        lines.push(format!("  and {more} more, which --json lists"));
    }
    lines.join("\n")
}
