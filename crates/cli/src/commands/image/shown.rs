//! An image as people and programs are shown it.

use std::fmt;
use std::path::Path;

use perch_core::units::Bytes;
use perch_medium::image::{Kind, Plan, Role};
use serde::Serialize;

/// What is made, or would be.
#[derive(Serialize)]
pub(super) struct Shown {
    output: String,
    kind: &'static str,
    uuid: String,
    /// Seconds since 1970.
    time: u64,
    /// The bytes of all files.
    content: u64,
    /// The length of a disk; that of a disc is known when it is made.
    size: Option<u64>,
    partitions: Vec<Partition>,
    files: Vec<String>,
    dry_run: bool,
}

#[derive(Serialize)]
struct Partition {
    number: u32,
    holds: &'static str,
    start: u64,
    length: u64,
}

impl Shown {
    pub(super) fn of(plan: &Plan, output: &Path, dry_run: bool) -> Self {
        let parts = plan.layout().map(|layout| layout.parts.as_slice());
        let partition = |part: &perch_medium::image::Part| Partition {
            number: part.number,
            holds: match part.role {
                Role::Data => "the system",
                Role::Sessions => "sessions",
                Role::Esp => "what UEFI starts",
                Role::BiosBoot => "what BIOS starts",
            },
            start: part.start,
            length: part.length,
        };
        Self {
            output: output.display().to_string(),
            kind: match plan.order().kind {
                Kind::Iso => "iso",
                Kind::Disk(_) => "disk",
            },
            uuid: plan.id().to_string(),
            time: plan.time(),
            content: plan.content(),
            size: plan.layout().map(|layout| layout.size),
            partitions: parts.unwrap_or_default().iter().map(partition).collect(),
            files: plan.files().map(str::to_owned).collect(),
            dry_run,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "would make {}, {} with {}",
            self.output,
            self.kind,
            Bytes(self.content)
        )?;
        writeln!(f, "uuid {}", self.uuid)?;
        if let Some(size) = self.size {
            writeln!(f, "\n{:>3} {:>10} {:>10}  holds", "", "start", "length")?;
            for part in &self.partitions {
                let (start, length) = (
                    Bytes(part.start).to_string(),
                    Bytes(part.length).to_string(),
                );
                writeln!(
                    f,
                    "{:>3} {start:>10} {length:>10}  {}",
                    part.number, part.holds
                )?;
            }
            writeln!(f, "{:>3} {:>10} {:>10}", "all", "", Bytes(size).to_string())?;
        }
        writeln!(f)?;
        self.files.iter().try_for_each(|file| writeln!(f, "{file}"))
    }
}
