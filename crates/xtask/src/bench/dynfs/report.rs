//! The figures as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::disk::Kind;
use super::jobs::Job;
use super::server::Figures;

/// All that was measured.
#[derive(Default)]
pub struct Report {
    values: BTreeMap<(Job, Kind), Vec<f64>>,
    /// What the server cost, in each run.
    pub server: Vec<Figures>,
    /// What it holds in memory with a disk of 1 TiB, in KiB.
    pub resident_kib: Option<u64>,
}

/// What the container is compared with in each job, and the least ratio that the project wants.
const GOALS: [(Job, Kind, Option<f64>); 5] = [
    (Job::SequentialWrite, Kind::RawDirect, Some(0.6)),
    (Job::SequentialRead, Kind::RawDirect, Some(0.6)),
    (Job::RandomWrite, Kind::RawBuffered, Some(0.9)),
    (Job::RandomRead, Kind::RawDirect, None),
    (Job::Untar, Kind::RawDirect, Some(0.9)),
];
/// The most of what the server may cost.
const MOST_CALLS: f64 = 3.0;
const MOST_CPU_S: f64 = 0.5;
const MOST_RESIDENT_MIB: f64 = 32.0;

impl Report {
    /// Notes what one job did a second.
    pub fn add(&mut self, job: Job, kind: Kind, value: f64) {
        self.values.entry((job, kind)).or_default().push(value);
    }

    fn median(&self, job: Job, kind: Kind) -> Option<f64> {
        median(self.values.get(&(job, kind))?)
    }

    /// Everything, for other programs. Work is per second.
    pub fn json(&self) -> Value {
        let values = self.values.iter().map(|((job, kind), runs)| {
            json!({ "job": job.to_string(), "disk": kind.to_string(), "runs": runs })
        });
        json!({
            "jobs": values.collect::<Vec<_>>(),
            "server": self.server,
            "resident_kib_of_a_tebibyte": self.resident_kib,
        })
    }

    fn cost(
        &self,
        f: &mut fmt::Formatter<'_>,
        what: &str,
        pick: fn(&Figures) -> f64,
        most: f64,
    ) -> fmt::Result {
        let values: Vec<f64> = self.server.iter().map(pick).collect();
        match median(&values) {
            Some(value) => cost_line(f, what, value, most),
            None => Ok(()),
        }
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

fn cost_line(f: &mut fmt::Formatter<'_>, what: &str, value: f64, most: f64) -> fmt::Result {
    let verdict = if value <= most { "met" } else { "NOT met" };
    writeln!(f, "{what}: {value:.2} (goal: at most {most}, {verdict})")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:26}", "")?;
        for kind in Kind::ALL {
            write!(f, "{kind:>14}")?;
        }
        writeln!(f, "  ratio")?;
        for (job, peer, goal) in GOALS {
            write!(f, "{job:26}")?;
            for kind in Kind::ALL {
                let value = self.median(job, kind).unwrap_or(f64::NAN);
                write!(f, "{value:14.0}")?;
            }
            let ours = self.median(job, Kind::Dynfilefs).unwrap_or(f64::NAN);
            let ratio = ours / self.median(job, peer).unwrap_or(f64::NAN);
            write!(f, "  {ratio:.2} of {peer}")?;
            match goal {
                Some(least) => {
                    let verdict = if ratio >= least { "met" } else { "NOT met" };
                    writeln!(f, " (goal: at least {least}, {verdict})")?;
                }
                None => writeln!(f)?,
            }
        }
        let calls = "system calls for a 4k";
        self.cost(
            f,
            &format!("{calls} write"),
            |figures| figures.calls_per_write,
            MOST_CALLS,
        )?;
        self.cost(
            f,
            &format!("{calls} read"),
            |figures| figures.calls_per_read,
            MOST_CALLS,
        )?;
        let cpu = "seconds of processor time for each GiB written";
        self.cost(f, cpu, |figures| figures.cpu_s_per_gib, MOST_CPU_S)?;
        if let Some(kib) = self.resident_kib {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let mib = kib as f64 / 1024.0;
            let what = "MiB in memory with a disk of 1 TiB";
            cost_line(f, what, mib, MOST_RESIDENT_MIB)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_what_is_missed() {
        let mut report = Report::default();
        for (kind, value) in [
            (Kind::RawDirect, 100.0),
            (Kind::RawBuffered, 90.0),
            (Kind::Dynfilefs, 50.0),
            (Kind::Dynfilefs, 70.0),
            (Kind::Dynfilefs, 60.0),
        ] {
            report.add(Job::SequentialWrite, kind, value);
            report.add(Job::Untar, kind, value);
        }
        report.resident_kib = Some(64 << 10);
        let text = report.to_string();
        let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap();
        assert!(line("sequential write").ends_with("0.60 of raw direct (goal: at least 0.6, met)"));
        assert!(line("untar").ends_with("(goal: at least 0.9, NOT met)"));
        assert_eq!(
            line("MiB"),
            "MiB in memory with a disk of 1 TiB: 64.00 (goal: at most 32, NOT met)"
        );
    }
}
