//! `cargo xtask bench scale`: how much longer a boot takes with many sessions in the store than with one.
//!
//! Two disks that differ in nothing but the number of sessions; both boots resume the default, which is the last one.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use perch_core::metadata::{CONF_FILE, JSON_FILE, Metadata, Record, conf, json};
use perch_core::session::{Mode, UnionKind};
use perch_core::units::SessionId;
use perch_tests::base::{EDITION, VERSION};
use perch_tests::disk::{Disk, EXT4, Partition, Table};
use perch_tests::host::{Key, cached, command, run};
use perch_tests::scenario::{Images, STORE};

use super::contender::Contender;
use super::measure::{Bench, Run};

/// How many times as long the whole way from the kernel to the real init may take, and that to the decision.
const GOAL: f64 = 1.5;

/// The stage in which it is decided, and the session opened. Those before it find out what it depends on.
const DECISION: &str = "session";

/// Both boots.
pub struct Report {
    sessions: u32,
    one: Run,
    many: Run,
}

/// Measures a store with one session, then one with `sessions`.
///
/// # Errors
/// If something does not build, or a boot does not end in the system it should.
pub fn bench(sessions: u32, dir: &Path) -> Result<Report> {
    println!("kernel, bundles and perch's initramfs");
    let images = Images::prepare()?;
    let measure = |name: &'static str, sessions: u32| -> Result<Run> {
        println!("{name}: {sessions}");
        let contender = Contender {
            name,
            initramfs: |images| Ok(images.initramfs.clone()),
            cmdline: "perch",
            resumes: true,
        };
        let disk = disk(&images.system, sessions)?;
        let initramfs = (contender.initramfs)(&images)?;
        Bench::prepare(&contender, &images, initramfs, &disk, dir)?
            .boot()
            .context(name)
    };
    Ok(Report {
        sessions,
        one: measure("scale one", 1)?,
        many: measure("scale many", sessions)?,
    })
}

/// A disk with the system and so many sessions, the last of them the default.
fn disk(system: &Path, sessions: u32) -> Result<PathBuf> {
    let key = Key::new("bench scale 1").with(system).with(sessions);
    let dir = cached("bench/scale", &key, |dir| {
        let tree = dir.join("tree");
        run(command("cp")
            .args(["-a", "--reflink=auto"])
            .args([system, &tree]))?;
        let store = tree.join(STORE);
        let ids: Vec<SessionId> = (1..=sessions).filter_map(SessionId::new).collect();
        for id in &ids {
            fs::create_dir_all(store.join(format!("{id}/changes")))?;
            fs::create_dir_all(store.join(format!("{id}/workdir")))?;
        }
        let metadata = metadata(&ids);
        fs::write(store.join(JSON_FILE), json::write(&metadata))?;
        fs::write(store.join(CONF_FILE), conf::write(&metadata))?;
        let disk = Disk {
            table: Table::None,
            id: None,
            partitions: vec![Partition {
                medium: EXT4,
                label: "MEDIUM".to_owned(),
                size_mib: 512,
            }],
        };
        disk.make(&[&tree], &image(dir))?;
        Ok(fs::remove_dir_all(&tree)?)
    })?;
    Ok(image(&dir))
}

fn image(dir: &Path) -> PathBuf {
    dir.join("disk.img")
}

/// What perch itself records of sessions that this system wrote.
pub(super) fn metadata(ids: &[SessionId]) -> Metadata {
    let record = || Record {
        mode: Some(Mode::Native),
        version: Some(VERSION.to_owned()),
        edition: Some(EDITION.to_owned()),
        union: Some(UnionKind::Overlayfs),
        ..Record::default()
    };
    Metadata {
        default: ids.last().copied(),
        sessions: ids.iter().map(|id| (*id, record())).collect(),
        ..Metadata::default()
    }
}

impl Report {
    /// Times with many sessions over those with one: all of init, and its stages up to the decision.
    fn ratios(&self) -> [(&'static str, f64); 2] {
        let decision = |run: &Run| -> f64 {
            let last = run.stages.iter().position(|(name, _)| name == DECISION);
            let stages = run.stages.iter().take(last.map_or(0, |last| last + 1));
            stages.map(|(_, ms)| ms).sum()
        };
        let (one, many) = (&self.one, &self.many);
        [
            ("init", many.stamps.init_ms / one.stamps.init_ms),
            ("decided", decision(many) / decision(one)),
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "guest ms under QEMU TCG -icount shift=0\n")?;
        let many = format!("{} sessions", self.sessions);
        writeln!(out, "{:12} {:>13} {many:>13}", "", "1 session")?;
        let mut line =
            |name: &str, one: f64, many: f64| writeln!(out, "{name:12} {one:13.1} {many:13.1}");
        line("init", self.one.stamps.init_ms, self.many.stamps.init_ms)?;
        for (name, one) in &self.one.stages {
            let many = self.many.stages.iter().find(|(other, _)| other == name);
            line(&format!("  {name}"), *one, many.map_or(0.0, |(_, ms)| *ms))?;
        }
        writeln!(out)?;
        for (name, ratio) in self.ratios() {
            let verdict = if ratio <= GOAL { "met" } else { "NOT met" };
            writeln!(
                out,
                "{name:12} {ratio:5.2}   (goal: at most {GOAL}, {verdict})"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::stamps::Stamps;
    use super::*;

    fn run(init_ms: f64, store: f64, session: f64) -> Run {
        let stage = |name: &str, ms| (name.to_owned(), ms);
        Run {
            stamps: Stamps {
                unpack_ms: 100.0,
                init_ms,
            },
            stages: vec![
                stage("drivers", 300.0),
                stage("store", store),
                stage("session", session),
                stage("touches", 500.0),
            ],
        }
    }

    #[test]
    fn both_ratios_are_judged() {
        let report = Report {
            sessions: 1000,
            one: run(1000.0, 90.0, 10.0),
            many: run(1200.0, 480.0, 20.0),
        };
        let text = report.to_string();
        assert!(
            text.contains("init          1.20   (goal: at most 1.5, met)"),
            "{text}"
        );
        assert!(
            text.contains("decided       2.00   (goal: at most 1.5, NOT met)"),
            "{text}"
        );
    }

    #[test]
    fn the_store_is_as_perch_would_write_it() {
        let ids = [1, 2].map(|id| SessionId::new(id).unwrap());
        let metadata = metadata(&ids);
        assert_eq!(json::parse(&json::write(&metadata)).unwrap().0, metadata);
        assert_eq!(metadata.default, Some(ids[1]));
    }
}
