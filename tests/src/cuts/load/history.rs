//! What a plan means for each file, and what must be found of it after a cut. Pure.

use std::collections::BTreeMap;
use std::ops::Range;

use super::content::Kind;
use super::look::{Files, Seen};
use super::plan::{Action, Step, archived};
use super::work::NEW;

/// What happens to every file.
#[derive(Debug, Default)]
pub struct History {
    files: BTreeMap<String, Vec<Event>>,
}

/// One change of one file.
#[derive(Debug)]
struct Event {
    /// In which step, from 0.
    step: usize,
    /// The generation of each sector afterwards; absent if the file is.
    after: Option<Vec<u32>>,
    /// Whether the file may be seen half done: shorter, and with zeros. What is not is either old or new, sector by sector.
    in_pieces: bool,
}

impl History {
    /// The history of a plan.
    pub fn of(steps: &[Step]) -> Self {
        let mut history = Self::default();
        for (step, planned) in steps.iter().enumerate() {
            history.add(step, &planned.action);
        }
        history
    }

    fn add(&mut self, step: usize, action: &Action) {
        match action {
            Action::Write {
                name,
                generation,
                sectors,
            } => self.event(step, name, Some(same(*generation, *sectors)), true),
            Action::Replace {
                name,
                generation,
                sectors,
            } => self.event(step, name, Some(same(*generation, *sectors)), false),
            Action::Patch {
                name,
                generation,
                from,
                sectors,
            } => {
                let before = self.files.get(name).and_then(|events| events.last());
                let mut after = before
                    .and_then(|event| event.after.clone())
                    .unwrap_or_default();
                let range = *from as usize..(from + sectors) as usize;
                let longer = range.end > after.len();
                after.resize(after.len().max(range.end), 0);
                after[range].fill(*generation);
                self.event(step, name, Some(after), longer);
            }
            Action::Remove { name } => self.event(step, name, None, false),
            Action::Unpack { archive, files } => {
                for (name, sectors) in (0..*files).map(|file| archived(*archive, file)) {
                    self.event(step, &name, Some(same(archive + 1, sectors)), true);
                }
            }
            Action::Thin { archive, files } => {
                for file in (0..*files).step_by(2) {
                    self.event(step, &archived(*archive, file).0, None, false);
                }
            }
            Action::Trim => {}
        }
    }

    fn event(&mut self, step: usize, name: &str, after: Option<Vec<u32>>, in_pieces: bool) {
        let events = self.files.entry(name.to_owned()).or_default();
        events.push(Event {
            step,
            after,
            in_pieces,
        });
    }

    /// How many files are promised after so many steps.
    pub fn promised(&self, steps: usize) -> usize {
        let there = |events: &&Vec<Event>| {
            let last = events.iter().rfind(|event| event.step < steps);
            last.is_some_and(|event| event.after.is_some())
        };
        self.files.values().filter(there).count()
    }

    /// What is wrong with what was found, where the first `promised` steps had ended and `begun` had begun.
    pub fn faults(
        &self,
        Range {
            start: promised,
            end: begun,
        }: Range<usize>,
        found: &Files,
    ) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, events) in &self.files {
            let known = events.iter().filter(|event| event.step < begun);
            let known: Vec<&Event> = known.collect();
            let settled = known.iter().filter(|event| event.step < promised).count();
            let (settled, moving) = known.split_at(settled);
            let before = settled.last().and_then(|event| event.after.as_deref());
            if let Err(fault) = judge(before, moving, found.get(name)) {
                faults.push(format!("{name}: {fault}"));
            }
        }
        for (name, seen) in found {
            let planned = self.files.contains_key(name);
            let new = name.strip_suffix(NEW).unwrap_or(name);
            if !planned && !name.starts_with("noise-") && !self.files.contains_key(new) {
                faults.push(format!("{name}: nobody wrote it"));
            }
            if let (false, Err(fault)) = (planned, own(seen)) {
                faults.push(format!("{name}: {fault}"));
            }
        }
        faults
    }
}

fn same(generation: u32, sectors: u32) -> Vec<u32> {
    vec![generation; sectors as usize]
}

/// Whether a file that nothing is promised of holds nothing of another.
fn own(seen: &Seen) -> Result<(), String> {
    match seen {
        Seen::Error(error) => Err(format!("cannot be read: {error}")),
        Seen::Read { sectors, .. } => {
            match sectors.iter().position(|kind| *kind == Kind::Foreign) {
                Some(number) => Err(format!("sector {number} is not its own")),
                None => Ok(()),
            }
        }
    }
}

/// Judges one file: as it was `before`, for good, and what was under way.
fn judge(before: Option<&[u32]>, moving: &[&Event], seen: Option<&Seen>) -> Result<(), String> {
    let states = || {
        let after = moving.iter().map(|event| event.after.as_deref());
        std::iter::once(before).chain(after)
    };
    let in_pieces = moving.iter().any(|event| event.in_pieces);
    let Some(seen) = seen else {
        return match states().any(|state| state.is_none()) {
            true => Ok(()),
            false => Err("it was synced and is gone".to_owned()),
        };
    };
    own(seen)?;
    let Seen::Read { bytes, sectors } = seen else {
        return Ok(()); // `own` refused it
    };
    let lengths = || states().flatten().map(|state| state.len() as u64 * 512);
    match in_pieces {
        _ if lengths().next().is_none() => return Err("it was removed and is back".to_owned()),
        true if lengths().any(|length| *bytes <= length) => {}
        false if lengths().any(|length| *bytes == length) => {}
        _ => return Err(format!("it is {bytes} bytes long")),
    }
    for (number, kind) in sectors.iter().enumerate() {
        let right = match kind {
            Kind::Zero => in_pieces,
            Kind::Foreign => false,
            Kind::Generation(found) => states()
                .flatten()
                .any(|state| state.get(number) == Some(found)),
        };
        if !right {
            return Err(format!("sector {number} is {kind:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cuts::load::look::parse;
    use crate::cuts::load::plan::{Load, plan};

    fn step(action: Action) -> Step {
        Step {
            noise: None,
            action,
        }
    }

    fn history() -> History {
        let name = || "f".to_owned();
        History::of(&[
            step(Action::Write {
                name: name(),
                generation: 1,
                sectors: 4,
            }),
            step(Action::Patch {
                name: name(),
                generation: 2,
                from: 1,
                sectors: 2,
            }),
            step(Action::Patch {
                name: name(),
                generation: 3,
                from: 3,
                sectors: 2,
            }),
            step(Action::Replace {
                name: name(),
                generation: 4,
                sectors: 2,
            }),
            step(Action::Remove { name: name() }),
        ])
    }

    #[test]
    fn what_is_promised_must_be_there_and_what_is_under_way_may_be() {
        let history = history();
        for (steps, found, right) in [
            (0..0, "", true),
            (0..0, "f\t0\t\n", false),
            (0..1, "", true),
            (0..1, "f\t0\t\n", true),
            (0..1, "f\t2048\t1*2,0*2\n", true),
            (0..1, "f\t4096\t1*4,0*4\n", false),
            (1..1, "f\t2048\t1*4\n", true),
            (1..1, "f\t1536\t1*3\n", false),
            (1..1, "f\t2048\t1*3,0*1\n", false),
            (1..1, "f\t2048\t1*3,?*1\n", false),
            (1..1, "", false),
            (1..1, "f\terror\tInput/output error\n", false),
            // In place: old and new, but nothing else.
            (1..2, "f\t2048\t1*2,2*1,1*1\n", true),
            (1..2, "f\t2048\t1*2,0*1,1*1\n", false),
            (1..2, "f\t2048\t2*1,1*3\n", false),
            (2..2, "f\t2048\t1*2,2*1,1*1\n", false),
            (2..2, "f\t2048\t1*1,2*2,1*1\n", true),
            // Longer than it was.
            (2..3, "f\t2048\t1*1,2*2,1*1\n", true),
            (2..3, "f\t2560\t1*1,2*2,3*1,0*1\n", true),
            (2..3, "f\t3072\t1*1,2*2,3*3\n", false),
            // Replaced whole or not at all.
            (3..4, "f\t2560\t1*1,2*2,3*2\nf.new\t512\t4*1\n", true),
            (3..4, "f\t1024\t4*2\n", true),
            (3..4, "f\t1024\t4*1,0*1\n", false),
            (3..4, "", false),
            (4..5, "", true),
            (4..5, "f\t1024\t4*2\n", true),
            (5..5, "f\t1024\t4*2\n", false),
            (5..5, "", true),
            // What nothing is promised of must be its own all the same.
            (5..5, "noise-1\t512\t9*1\n", true),
            (5..5, "noise-1\t512\t?*1\n", false),
            (5..5, "stranger\t512\t1*1\n", false),
        ] {
            let faults = history.faults(steps.clone(), &parse(found).unwrap());
            assert_eq!(faults.is_empty(), right, "{steps:?} {found:?}: {faults:?}");
        }
    }

    #[test]
    fn a_load_leaves_what_it_promises() {
        let load = Load {
            seed: 5,
            syncs: 100,
            archives: 2,
            files: 10,
        };
        let history = History::of(&plan(&load));
        let all = plan(&load).len();
        assert!(history.promised(all) > 30);
        assert_eq!(history.promised(0), 0);
        let faults = history.faults(all..all, &Files::new());
        assert_eq!(faults.len(), history.promised(all));
    }
}
