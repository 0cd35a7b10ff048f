//! One case from recording to verdict.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use perch_core::fs::FsKind;
use perch_core::metadata::StoreFiles;
use serde_json::Value;

use super::Case;
use super::check::{about_metadata, damage};
use super::disk::Disk;
use super::guest::GUEST;
use super::judge::{Account, Fate, Fault, judge};
use super::load::history::History;
use super::load::inspect::SESSION;
use super::load::{Load, look, plan};
use super::log::Entry;
use super::proof::{Effort, Proof};
use super::reader::{Found, inspection, read, zipped};
use super::record::{BOOT, Promise, Recording, boot_record, machine, record};
use super::sample::{lying, sample};
use super::state::{Sampling, State, spread, states};
use crate::disk::EXT4;
use crate::host::{cache_dir, packages};
use crate::scenario::Images;
use crate::vm::{self, Agent, Machine, Qemu};

/// Everything that one case is judged by.
struct Proving<'a> {
    images: &'a Images,
    case: &'a Case,
    dir: &'a Path,
    recording: Recording,
    /// What the steps of the load meant, if there was one, and after how many entries each was promised.
    history: Option<(History, Vec<usize>)>,
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
    fs::create_dir_all(cache_dir().join("cuts"))?;
    // Another run of the same case would take the images away from under this one, which looks like damage.
    let alone = fs::File::create(dir.with_extension("lock"))?;
    alone.lock()?;
    let _ = fs::remove_dir_all(&dir); // of an earlier run, if any
    fs::create_dir_all(&dir)?;
    let load = case.load.map(|loaded| loaded.load.divided(effort.load_by));
    let recording = record(images, case, load, &dir).context("recording")?;
    let history = load.map(|load: Load| {
        let history = History::of(&plan::plan(&load));
        (history, recording.promised())
    });
    let proving = Proving {
        images,
        case,
        dir: &dir,
        recording,
        history,
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
        let entries = &self.recording.log.entries;
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
        let all = match self.case.load {
            Some(loaded) => {
                let most = effort.states.unwrap_or(usize::MAX);
                let all = sample(entries, sampling, loaded.states.min(most));
                match effort.lying {
                    false => all,
                    true => lying(entries, all, sampling.seed),
                }
            }
            None => {
                let all = states(entries, sampling);
                effort.states.map_or(all.clone(), |most| spread(all, most))
            }
        };
        let mut disk = Disk::new(&self.recording.base)?;
        let (before, after) = self.judge_all(&mut disk, &all, &mut proof)?;
        for state in spread(all, effort.boots) {
            proof.boots += 1;
            let verdict = self.boot(&mut disk, &state, &before, &after);
            let wrong = verdict.unwrap_or_else(|error| vec![format!("{error:#}")]);
            proof.judged(&format!("{state}, booted"), wrong);
        }
        Ok(proof)
    }

    /// Judges each state without booting it; returns the store before and after.
    fn judge_all(
        &self,
        disk: &mut Disk,
        all: &[State],
        proof: &mut Proof,
    ) -> Result<(Account, Account)> {
        let machine = self.reader(disk);
        let mut qemu = Qemu::start(&machine, &self.dir.join("reader.log"))?;
        let (mut agent, _) = Agent::wait(&qemu.commands, Instant::now() + BOOT)?;
        let entries = &self.recording.log.entries;
        let end = |end| State {
            end,
            lost: Vec::new(),
            torn: None,
        };
        let before = self.account(&self.found(disk, &mut agent, &end(0))?)?;
        let after = self.account(&self.found(disk, &mut agent, &end(entries.len()))?)?;
        for state in all {
            proof.states += 1;
            let found = self.found(disk, &mut agent, state)?;
            let mut wrong = found.complaints.clone();
            let (mut faults, fates) = judge(&before, &after, &self.account(&found)?);
            if self.history.is_some() && self.steps(state).is_none() {
                // Half a container is neither the old store nor the new one. That some session opens is seen by booting.
                faults.retain(|fault| !matches!(fault, Fault::Decision(_)));
            }
            wrong.extend(faults.iter().map(ToString::to_string));
            wrong.extend(self.broken_promises(state, &found));
            proof.absent += usize::from(fates.contains(&Fate::Absent));
            // What cannot be mounted cannot be looked into.
            if let Some(steps) = self.steps(state).filter(|_| found.complaints.is_empty()) {
                let faults = self.container_faults(&mut agent, steps);
                wrong.extend(faults.with_context(|| state.to_string())?);
            }
            let damage = damage(&self.case.medium, &disk.path)?;
            // A kernel may still read what stands on clusters marked as free, a repair takes them away.
            wrong.extend(about_metadata(&damage).map(|line| format!("fsck: {line}")));
            proof.unclean += usize::from(!damage.is_empty());
            proof.judged(&state.to_string(), wrong);
        }
        qemu.cut_power()?;
        Ok((before, after))
    }

    /// The machine that reads the states. What it boots from loads the drivers of all that is to be mounted: the medium,
    /// or after a load also the session on it.
    fn reader(&self, disk: &Disk) -> Machine {
        let recording = &self.recording;
        let (cmdline, drive) = match self.history {
            None => ("from=/dev/vda".to_owned(), (recording.base.as_path(), true)),
            Some(_) => {
                let cmdline = format!("from=/dev/vda {}", self.case.next);
                (cmdline, (recording.after.as_path(), false))
            }
        };
        machine(
            self.images,
            self.case,
            &cmdline,
            &[drive, (&disk.path, false)],
        )
    }

    fn found(&self, disk: &mut Disk, agent: &mut Agent<'_>, state: &State) -> Result<Found> {
        disk.put(&self.recording.log, state)?;
        let has_container = self.history.is_some();
        read(agent, self.case.medium.name, has_container).with_context(|| state.to_string())
    }

    /// How many steps of the load were promised in `state`, and how many had begun; nothing if it had not begun.
    fn steps(&self, state: &State) -> Option<Range<usize>> {
        let (_, promised) = self.history.as_ref()?;
        let durable = state.durable(&self.recording.log.entries);
        let begun = self
            .recording
            .steps
            .iter()
            .filter(|begin| **begin < state.end);
        let begun = begun.count().min(promised.len());
        let promised = promised.iter().take_while(|since| **since <= durable);
        (begun > 0).then(|| promised.count()..begun)
    }

    /// What is wrong with the container and the files in it, where these steps had ended and begun.
    fn container_faults(&self, agent: &mut Agent<'_>, steps: Range<usize>) -> Result<Vec<String>> {
        let found = inspection(agent, self.case.medium.name)?;
        let mut faults = found.faults;
        if !found.container {
            faults.push("the container is gone".to_owned());
        }
        faults.extend(self.file_faults(steps, &found.files)?);
        Ok(faults)
    }

    fn file_faults(&self, steps: Range<usize>, files: &str) -> Result<Vec<String>> {
        let Some((history, _)) = &self.history else {
            return Ok(Vec::new());
        };
        let mut faults = history.faults(steps.clone(), &look::parse(files)?);
        let all = faults.len();
        // Where everything is gone, a few tell it.
        faults.truncate(8);
        if all > 0 {
            faults.push(format!("{all} files are wrong behind step {}", steps.start));
        }
        Ok(faults)
    }

    fn account(&self, found: &Found) -> Result<Account> {
        let files: StoreFiles = found.store()?.unwrap_or_default();
        Account::of(files, self.fs, self.case.next)
    }

    /// What was synced before the cut and is not there, or not whole.
    fn broken_promises(&self, state: &State, found: &Found) -> Vec<String> {
        let durable = state.durable(&self.recording.log.entries);
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
    fn boot(
        &self,
        disk: &mut Disk,
        state: &State,
        before: &Account,
        after: &Account,
    ) -> Result<Vec<String>> {
        disk.put(&self.recording.log, state)?;
        let image = disk.path.as_path();
        let machine = machine(self.images, self.case, self.case.next, &[(image, false)]);
        let deadline = Instant::now() + BOOT;
        let mut qemu = Qemu::start(&machine, &self.dir.join("boot.log"))?;
        let (mut agent, _) = Agent::wait(&qemu.commands, deadline)?;
        let record = boot_record(&mut agent, deadline)?;
        let mut wrong = Vec::new();
        if let Some(steps) = self.steps(state) {
            let files = zipped(&mut agent, &format!("{GUEST} look /load | gzip"))?;
            wrong.extend(self.file_faults(steps, &files)?);
        }
        agent.send("poweroff")?;
        qemu.wait_exit(Instant::now() + BOOT)?;
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
        if self.history.is_some() {
            // The copies that the decisions were made of lack the container.
            let session = record.pointer("/outcome/session").and_then(Value::as_str);
            if self.steps(state).is_some() && session != Some(SESSION) {
                wrong.push(format!("another session: {}", record["decision"]));
            }
        } else if self.case.resumes && !(ours(before.choice)? || ours(after.choice)?) {
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
