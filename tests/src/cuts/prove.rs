//! One case from recording to verdict.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use perch_core::fs::FsKind;
use perch_core::metadata::StoreFiles;
use serde_json::Value;

use super::Case;
use super::check::{about_metadata, damage};
use super::judge::{Account, Fate, judge};
use super::log::Entry;
use super::reader::{Found, Scratch, read};
use super::record::{BOOT, Promise, Recording, boot_record, machine, record};
use super::state::{Sampling, State, spread, states};
use crate::disk::EXT4;
use crate::host::{cache_dir, packages};
use crate::scenario::Images;
use crate::vm::{self, Agent, Machine, Qemu};

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How the states of a volatile cache are sampled.
    pub sampling: Sampling,
    /// Of all states at most so many are judged, evenly spread; `None` judges all.
    pub states: Option<usize>,
    /// So many of them are also booted by perch, evenly spread.
    pub boots: usize,
}

impl Effort {
    /// Every state.
    pub fn all() -> Self {
        Self {
            sampling: Sampling::default(),
            states: None,
            boots: 4,
        }
    }

    /// As much as fits into a test run.
    pub fn slice() -> Self {
        Self {
            states: Some(16),
            boots: 1,
            ..Self::all()
        }
    }
}

/// What came of one case.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// Its name.
    pub case: String,
    /// Logged writes and flushes.
    pub writes: usize,
    /// See `writes`.
    pub flushes: usize,
    /// States judged, and those that were booted as well.
    pub states: usize,
    /// See `states`.
    pub boots: usize,
    /// States in which a metadata file was missing while another told the same.
    pub absent: usize,
    /// States that the file system's own checker had something against, as the kernel left them.
    pub unclean: usize,
    /// What was lost, and in which state.
    pub lost: Vec<String>,
}

impl Proof {
    fn judged(&mut self, state: &str, mut wrong: Vec<String>) {
        // fsck speaks of one file in several lines.
        wrong.dedup();
        if !wrong.is_empty() {
            self.lost.push(format!("{state}: {}", wrong.join("; ")));
        }
    }

    /// The head of the table that proofs print as.
    pub const HEAD: &str = "writes flushes states boots absent unclean  lost  case";
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:6} {:7} {:6} {:5} {:6} {:7} {:5}  {}",
            self.writes,
            self.flushes,
            self.states,
            self.boots,
            self.absent,
            self.unclean,
            self.lost.len(),
            self.case
        )?;
        self.lost
            .iter()
            .try_for_each(|lost| write!(f, "\n    {lost}"))
    }
}

/// Everything that one case is judged by.
struct Proving<'a> {
    images: &'a Images,
    case: &'a Case,
    dir: &'a Path,
    recording: Recording,
    scratch: Scratch,
    fs: FsKind,
}

/// Carries out `case`: what was lost is in the proof, not an error.
///
/// # Errors
/// If the boot cannot be recorded, or the machine that reads the states fails.
pub fn prove(images: &Images, case: &Case, effort: Effort) -> Result<Proof> {
    packages::ensure(vm::PACKAGES)?;
    let name: String = case
        .name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let dir = cache_dir().join("cuts").join(name);
    let _ = fs::remove_dir_all(&dir); // of an earlier run, if any
    fs::create_dir_all(&dir)?;
    let recording = record(images, case, &dir).context("recording")?;
    let scratch = Scratch::new(&dir.join("state.img"), recording.base.len() as u64)?;
    let proving = Proving {
        images,
        case,
        dir: &dir,
        recording,
        scratch,
        fs: serde_json::from_value(case.medium.name.into())
            .with_context(|| format!("{} is no file system that perch knows", case.medium.name))?,
    };
    let proof = proving.all(effort)?;
    if proof.lost.is_empty() {
        fs::remove_dir_all(&dir)?;
    }
    Ok(proof)
}

impl Proving<'_> {
    fn all(&self, effort: Effort) -> Result<Proof> {
        let entries = &self.recording.entries;
        let flushes = entries
            .iter()
            .filter(|entry| **entry == Entry::Flush)
            .count();
        let mut proof = Proof {
            case: self.case.name.to_owned(),
            writes: entries.len() - flushes,
            flushes,
            ..Proof::default()
        };
        ensure!(proof.writes > 0, "nothing was written");
        let sampling = Sampling {
            unit: self.case.unit,
            ..effort.sampling
        };
        let all = states(entries, sampling);
        let all = effort.states.map_or(all.clone(), |most| spread(all, most));
        let (before, after) = self.judge_all(&all, &mut proof)?;
        for state in spread(all, effort.boots) {
            proof.boots += 1;
            let verdict = self.boot(&state, &before, &after);
            let wrong = verdict.unwrap_or_else(|error| vec![format!("{error:#}")]);
            proof.judged(&format!("{state}, booted"), wrong);
        }
        Ok(proof)
    }

    /// Judges each state without booting it; returns the store before and after.
    fn judge_all(&self, all: &[State], proof: &mut Proof) -> Result<(Account, Account)> {
        let base = self.dir.join("base.img");
        fs::write(&base, &self.recording.base)?;
        let machine = self.reader(&base);
        let mut qemu = Qemu::start(&machine, &self.dir.join("reader.log"))?;
        let (mut agent, _) = Agent::wait(&qemu.commands, Instant::now() + BOOT)?;
        let entries = &self.recording.entries;
        let end = |end| State {
            end,
            lost: Vec::new(),
            torn: None,
        };
        let before = self.account(&self.found(&mut agent, &end(0))?)?;
        let after = self.account(&self.found(&mut agent, &end(entries.len()))?)?;
        for state in all {
            proof.states += 1;
            let found = self.found(&mut agent, state)?;
            let mut wrong = found.complaints.clone();
            let (faults, fates) = judge(&before, &after, &self.account(&found)?);
            wrong.extend(faults.iter().map(ToString::to_string));
            wrong.extend(self.broken_promises(state, &found));
            proof.absent += usize::from(fates.contains(&Fate::Absent));
            let damage = damage(&self.case.medium, &self.scratch.path)?;
            // A kernel may still read what stands on clusters marked as free, a repair takes them away.
            wrong.extend(about_metadata(&damage).map(|line| format!("fsck: {line}")));
            proof.unclean += usize::from(!damage.is_empty());
            proof.judged(&state.to_string(), wrong);
        }
        qemu.cut_power()?;
        Ok((before, after))
    }

    fn reader(&self, base: &Path) -> Machine {
        machine(
            self.images,
            "from=/dev/vda",
            &[(base, true), (&self.scratch.path, false)],
        )
    }

    fn found(&self, agent: &mut Agent<'_>, state: &State) -> Result<Found> {
        let writes = state.writes(&self.recording.entries);
        self.scratch.fill(&self.recording.base, writes)?;
        read(agent, self.case.medium.name).with_context(|| state.to_string())
    }

    fn account(&self, found: &Found) -> Result<Account> {
        let files: StoreFiles = found.store()?.unwrap_or_default();
        Account::of(files, self.fs, self.case.next)
    }

    /// What was synced before the cut and is not there, or not whole.
    fn broken_promises(&self, state: &State, found: &Found) -> Vec<String> {
        let durable = state.durable(&self.recording.entries);
        let due = |promise: &&Promise| promise.since <= durable;
        let mut broken: Vec<String> = self
            .recording
            .promises
            .iter()
            .filter(due)
            .filter(|promise| {
                fs::read_to_string(found.path(&promise.path)).ok().as_ref() != Some(&promise.text)
            })
            .map(|promise| format!("{} was synced and is gone", promise.path))
            .collect();
        if let Some(text) = &self.case.never_lost
            && !found.texts().iter().any(|found| found == text.as_bytes())
        {
            broken.push("the damaged file was not kept".to_owned());
        }
        broken
    }

    /// Boots a state with perch, to a clean end; then the store must be whole.
    fn boot(&self, state: &State, before: &Account, after: &Account) -> Result<Vec<String>> {
        let writes = state.writes(&self.recording.entries);
        self.scratch.fill(&self.recording.base, writes)?;
        let image = self.scratch.path.as_path();
        let machine = machine(self.images, self.case.next, &[(image, false)]);
        let deadline = Instant::now() + BOOT;
        let mut qemu = Qemu::start(&machine, &self.dir.join("boot.log"))?;
        let (mut agent, _) = Agent::wait(&qemu.commands, deadline)?;
        let record = boot_record(&mut agent, deadline)?;
        agent.send("poweroff")?;
        qemu.wait_exit(deadline)?;
        let mut wrong = Vec::new();
        let status = record.pointer("/outcome/status").and_then(Value::as_str);
        if self.case.resumes && status != Some("session") {
            wrong.push(format!("no session was opened: {}", record["reasons"]));
        }
        let ours = |choice| -> Result<bool> {
            let value = serde_json::to_value(choice)?;
            let decision = &record["decision"];
            Ok(["choice", "id", "mode"]
                .iter()
                .all(|key| value.get(key) == decision.get(key)))
        };
        if self.case.resumes && !(ours(before.choice)? || ours(after.choice)?) {
            wrong.push(format!("another session: {}", record["decision"]));
        }
        let damage = damage(&self.case.medium, image)?;
        wrong.extend(about_metadata(&damage).map(|line| format!("fsck: {line}")));
        if self.case.medium.name == EXT4.name {
            wrong.extend(damage);
        }
        Ok(wrong)
    }
}
