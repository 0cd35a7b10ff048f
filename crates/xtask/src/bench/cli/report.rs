//! What came of it, with the goals.

use std::fmt;

use serde_json::{Value, json};

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
    rows: Vec<(What, Vec<f64>, Vec<f64>)>,
}

impl Report {
    pub(super) fn new(sessions: u32) -> Self {
        let rows = Vec::new();
        Self { sessions, rows }
    }

    pub(super) fn add(&mut self, what: What, ours: f64, theirs: Option<f64>) {
        if !self.rows.iter().any(|(row, ..)| *row == what) {
            self.rows.push((what, Vec::new(), Vec::new()));
        }
        for (row, all, others) in &mut self.rows {
            if *row == what {
                all.push(ours);
                others.extend(theirs);
            }
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let rows = self.rows.iter().map(|(what, ours, theirs)| {
            json!({"what": what.to_string(), "seconds": ours, "yardstick": what.yardstick().0, "theirs": theirs})
        });
        json!({"sessions": self.sessions, "rows": rows.collect::<Vec<_>>()})
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "seconds, the median of all runs\n")?;
        for (what, ours, theirs) in &self.rows {
            let ours = median(ours).unwrap_or(f64::NAN);
            let (yardstick, is_goal) = what.yardstick();
            let verdict = |met| match (is_goal, met) {
                (false, _) => "",
                (true, true) => ", met",
                (true, false) => ", NOT met",
            };
            match median(theirs) {
                None => writeln!(
                    out,
                    "{what:20} {ours:7.3}   ({} sessions; goal: at most {LIST_GOAL}{})",
                    self.sessions,
                    verdict(ours <= LIST_GOAL)
                )?,
                Some(theirs) => writeln!(
                    out,
                    "{what:20} {ours:7.2}   {yardstick}: {theirs:.2}, ratio {:.2}{}",
                    ours / theirs,
                    verdict(ours / theirs <= RATIO_GOAL)
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
        let mut report = Report::new(1000);
        for seconds in [0.04, 0.9, 0.03] {
            report.add(What::List, seconds, None);
        }
        for (ours, theirs) in [(9.0, 10.0), (20.0, 10.0), (12.0, 10.0)] {
            report.add(What::Export, ours, Some(theirs));
        }
        let text = report.to_string();
        assert!(
            text.contains(
                "list                   0.040   (1000 sessions; goal: at most 0.05, met)"
            ),
            "{text}"
        );
        assert!(
            text.contains("12.00   tar | zstd -T0: 10.00, ratio 1.20, NOT met"),
            "{text}"
        );
        assert_eq!(report.json()["rows"][1]["theirs"][0], 10.0);
    }
}
