//! What came of it, with the goals.

use std::fmt;

use serde_json::{Value, json};

use super::timed::Took;

/// The most that a warm list may take, in seconds.
const LIST_GOAL: f64 = 0.05;
/// How many times as long as its yardstick anything else may take: the same, but for what two runs of one differ by.
const RATIO_GOAL: f64 = 1.05;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// `list` of many sessions.
    List,
    /// `export --no-verify` against tar and zstd.
    Export,
    /// The same, read back.
    Verified,
    /// `import` against zstd and tar.
    Import,
    /// `copy` of a native session on btrfs, against cp.
    CopyBtrfs,
    /// The same on XFS.
    CopyXfs,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::List => "list",
            Self::Export => "export --no-verify",
            Self::Verified => "export, read back",
            Self::Import => "import",
            Self::CopyBtrfs => "copy on btrfs",
            Self::CopyXfs => "copy on xfs",
        })
    }
}

impl What {
    /// What it is compared with, and whether that is a goal: reading back is more than others do.
    fn yardstick(self) -> (&'static str, bool) {
        match self {
            Self::List => ("", true),
            Self::Export => ("tar | zstd -T0", true),
            Self::Verified => ("tar | zstd -T0", false),
            Self::Import => ("zstd -d | tar", true),
            Self::CopyBtrfs | Self::CopyXfs => ("cp --reflink", true),
        }
    }
}

/// All times, in seconds.
pub struct Report {
    sessions: u32,
    rows: Vec<Row>,
}

struct Row {
    what: What,
    ours: Vec<Took>,
    theirs: Vec<Took>,
}

impl Report {
    pub(super) fn new(sessions: u32) -> Self {
        let rows = Vec::new();
        Self { sessions, rows }
    }

    pub(super) fn add(&mut self, what: What, ours: Took, theirs: Option<Took>) {
        if !self.rows.iter().any(|row| row.what == what) {
            self.rows.push(Row {
                what,
                ours: Vec::new(),
                theirs: Vec::new(),
            });
        }
        for row in self.rows.iter_mut().filter(|row| row.what == what) {
            row.ours.push(ours);
            row.theirs.extend(theirs);
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let times = |all: &[Took]| -> Vec<Value> {
            let times = all.iter();
            times
                .map(|took| json!({"wall": took.wall, "cpu": took.cpu}))
                .collect()
        };
        let rows = self.rows.iter().map(|row| {
            json!({
                "what": row.what.to_string(),
                "yardstick": row.what.yardstick().0,
                "ours": times(&row.ours),
                "theirs": times(&row.theirs),
            })
        });
        json!({"sessions": self.sessions, "rows": rows.collect::<Vec<_>>()})
    }
}

/// The medians of both times.
fn median(all: &[Took]) -> Option<Took> {
    let of = |one: fn(&Took) -> f64| {
        let mut sorted: Vec<f64> = all.iter().map(one).collect();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    };
    Some(Took {
        wall: of(|took| took.wall)?,
        cpu: of(|took| took.cpu)?,
    })
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "seconds on the clock (and of all processors), the median of all runs\n"
        )?;
        for row in &self.rows {
            let Some(ours) = median(&row.ours) else {
                continue;
            };
            let (yardstick, is_goal) = row.what.yardstick();
            let verdict = |met| match (is_goal, met) {
                (false, _) => "",
                (true, true) => ", met",
                (true, false) => ", NOT met",
            };
            write!(
                out,
                "{:20} {:7.3} ({:5.2})   ",
                row.what, ours.wall, ours.cpu
            )?;
            match median(&row.theirs) {
                None => writeln!(
                    out,
                    "{} sessions, goal: at most {LIST_GOAL}{}",
                    self.sessions,
                    verdict(ours.wall <= LIST_GOAL)
                )?,
                Some(theirs) => writeln!(
                    out,
                    "{yardstick}: {:.2} ({:.2}), ratio {:.2} ({:.2}){}",
                    theirs.wall,
                    theirs.cpu,
                    ours.wall / theirs.wall,
                    ours.cpu / theirs.cpu,
                    verdict(ours.wall / theirs.wall <= RATIO_GOAL)
                )?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_judged_by_medians() {
        let took = |wall: f64| Took {
            wall,
            cpu: wall / 2.0,
        };
        let mut report = Report::new(1000);
        for wall in [0.04, 0.9, 0.03] {
            report.add(What::List, took(wall), None);
        }
        for (ours, theirs) in [(9.0, 10.0), (20.0, 10.0), (12.0, 10.0)] {
            report.add(What::Export, took(ours), Some(took(theirs)));
        }
        let text = report.to_string();
        for want in [
            "list                   0.040 ( 0.02)   1000 sessions, goal: at most 0.05, met",
            "12.000 ( 6.00)   tar | zstd -T0: 10.00 (5.00), ratio 1.20 (1.20), NOT met",
        ] {
            assert!(text.contains(want), "{text}");
        }
        assert_eq!(report.json()["rows"][1]["theirs"][0]["wall"], 10.0);
    }
}
