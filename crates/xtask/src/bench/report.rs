//! The figures as a table and as JSON.

use std::fmt;

use serde_json::{Value, json};

use super::measure::Run;

/// All that was measured.
pub struct Report {
    kernel: String,
    /// A row for each contender.
    pub rows: Vec<Row>,
}

/// One contender's figures.
pub struct Row {
    name: &'static str,
    initramfs_bytes: u64,
    /// Its boots, at least one.
    pub runs: Vec<Run>,
}

/// What is compared: how many times as long the first takes as the second, and the project's goal.
const RATIOS: [(&str, &str, Goal); 6] = [
    ("perch fresh", "floor fresh", Goal::AtMost(1.6)),
    ("perch resume", "floor resume", Goal::None),
    ("live-boot fresh", "perch fresh", Goal::AtLeast(3.8)),
    ("live-boot resume", "perch resume", Goal::AtLeast(7.5)),
    (
        "perch-in-initramfs-tools resume",
        "perch resume",
        Goal::None,
    ),
    ("perch-in-dracut resume", "perch resume", Goal::None),
];

#[derive(Clone, Copy)]
enum Goal {
    AtMost(f64),
    AtLeast(f64),
    None,
}

impl Goal {
    fn met(self, ratio: f64) -> Option<bool> {
        match self {
            Self::AtMost(most) => Some(ratio <= most),
            Self::AtLeast(least) => Some(ratio >= least),
            Self::None => None,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(out, "goal: at most {most}"),
            Self::AtLeast(least) => write!(out, "goal: at least {least}"),
            Self::None => write!(out, "no goal"),
        }
    }
}

impl Row {
    /// A row without runs yet.
    pub fn new(name: &'static str, initramfs_bytes: u64) -> Self {
        Self {
            name,
            initramfs_bytes,
            runs: Vec::new(),
        }
    }

    /// The run in the middle, by the sum of its parts; its parts then add up.
    fn median(&self) -> Option<&Run> {
        let mut sorted: Vec<&Run> = self.runs.iter().collect();
        sorted.sort_by(|one, other| one.stamps.sum_ms().total_cmp(&other.stamps.sum_ms()));
        sorted.get(sorted.len().saturating_sub(1) / 2).copied()
    }
}

impl Report {
    /// A report without rows yet; `kernel` is the release that all of them booted.
    pub fn new(kernel: &str) -> Self {
        Self {
            kernel: kernel.to_owned(),
            rows: Vec::new(),
        }
    }

    fn sum_ms(&self, name: &str) -> Option<f64> {
        let row = self.rows.iter().find(|row| row.name == name)?;
        Some(row.median()?.stamps.sum_ms())
    }

    /// The ratios whose two sides were measured.
    fn ratios(&self) -> impl Iterator<Item = (&str, &str, f64, Goal)> {
        RATIOS.into_iter().filter_map(|(one, other, goal)| {
            Some((one, other, self.sum_ms(one)? / self.sum_ms(other)?, goal))
        })
    }

    /// Everything, for other programs. Times are milliseconds of the guest.
    pub fn json(&self) -> Value {
        let row = |row: &Row| {
            json!({
                "name": row.name,
                "initramfs_bytes": row.initramfs_bytes,
                "median": row.median(),
                "runs": row.runs,
            })
        };
        let ratio = |(one, other, ratio, goal): (&str, &str, f64, Goal)| json!({ "of": one, "to": other, "ratio": ratio, "met": goal.met(ratio) });
        json!({
            "kernel": self.kernel,
            "contenders": self.rows.iter().map(row).collect::<Vec<_>>(),
            "ratios": self.ratios().map(ratio).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "guest ms under QEMU TCG -icount shift=0, Linux {}, median run of each\n",
            self.kernel
        )?;
        writeln!(
            out,
            "{:31} {:>8} {:>8} {:>8}   initramfs",
            "", "unpack", "init", "sum"
        )?;
        for row in &self.rows {
            let Some(Run { stamps, .. }) = row.median() else {
                continue;
            };
            let mib = row.initramfs_bytes as f64 / f64::from(1 << 20);
            writeln!(
                out,
                "{:31} {:8.0} {:8.0} {:8.0}   {mib:.1} MiB",
                row.name,
                stamps.unpack_ms,
                stamps.init_ms,
                stamps.sum_ms()
            )?;
        }
        writeln!(out)?;
        for (one, other, ratio, goal) in self.ratios() {
            let verdict = match goal.met(ratio) {
                Some(true) => ", met",
                Some(false) => ", NOT met",
                None => "",
            };
            writeln!(out, "{one:31} / {other:18} {ratio:5.2}   ({goal}{verdict})")?;
        }
        for row in &self.rows {
            let Some(Run { stages, .. }) = row.median() else {
                continue;
            };
            if stages.is_empty() {
                continue;
            }
            let stages: Vec<String> = stages
                .iter()
                .map(|(name, ms)| format!("{name} {ms:.1}"))
                .collect();
            writeln!(
                out,
                "\n{} by its own account: {}",
                row.name,
                stages.join(", ")
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::stamps::Stamps;
    use super::*;

    fn report(rows: &[(&'static str, &[(f64, f64)])]) -> Report {
        let mut report = Report::new("6.1");
        for (name, runs) in rows {
            let mut row = Row::new(name, 3 << 20);
            row.runs
                .extend(runs.iter().map(|&(unpack_ms, init_ms)| Run {
                    stamps: Stamps { unpack_ms, init_ms },
                    stages: Vec::new(),
                }));
            report.rows.push(row);
        }
        report
    }

    #[test]
    fn the_median_is_one_run_and_ratios_are_judged() {
        let report = report(&[
            ("floor fresh", &[(100.0, 900.0)]),
            ("perch fresh", &[(1.0, 9999.0), (200.0, 1300.0), (1.0, 2.0)]),
        ]);
        let text = report.to_string();
        assert!(text.contains("200     1300     1500   3.0 MiB"), "{text}");
        assert!(text.contains(" 1.50   (goal: at most 1.6, met)"), "{text}");
        assert!(!text.contains("live-boot"), "{text}");
        let json = report.json();
        assert_eq!(json["ratios"][0]["met"], true);
        assert_eq!(json["contenders"][1]["median"]["init_ms"], 1300.0);
    }

    #[test]
    fn a_missed_goal_is_said() {
        let report = report(&[
            ("perch resume", &[(0.0, 1000.0)]),
            ("live-boot resume", &[(0.0, 7000.0)]),
        ]);
        let text = report.to_string();
        assert!(
            text.contains("7.00   (goal: at least 7.5, NOT met)"),
            "{text}"
        );
    }
}
