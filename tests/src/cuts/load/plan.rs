//! What happens in which order. Pure; it depends on the seed alone.

use serde::{Deserialize, Serialize};

use super::super::random::SplitMix;
use super::content::hash;

/// How many files are written over and over.
const FILES: u64 = 48;
/// How many are written without ever being synced.
const NOISE: u64 = 4;
/// After so many steps space is given back.
const TRIM_EVERY: u32 = 20;
/// Files in one directory of an archive.
const IN_ONE_DIRECTORY: u32 = 40;

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// The same seed gives the same plan.
    pub seed: u64,
    /// Files that are written, changed, replaced or removed, each synced.
    pub syncs: u32,
    /// Archives that are unpacked in between, and in part removed again, with one sync for all of it.
    pub archives: u32,
    /// Files in each of them.
    pub files: u32,
}

impl Load {
    /// A part of it, with the same in it.
    #[must_use]
    pub fn divided(self, by: u32) -> Self {
        Self {
            syncs: self.syncs / by.max(1),
            archives: if by > 1 {
                self.archives.min(2)
            } else {
                self.archives
            },
            files: self.files / by.max(1),
            ..self
        }
    }
}

/// One step, at whose end everything that it did is promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Written before it, without being synced ever.
    pub noise: Option<Noise>,
    /// What is promised.
    pub action: Action,
}

/// Sectors that are written and may be lost. What they never may is to come up in another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noise {
    /// In which file.
    pub name: String,
    /// As which generation of it.
    pub generation: u32,
    /// From which sector on.
    pub from: u32,
    /// How many.
    pub sectors: u32,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A file is made, or emptied, and written; file and directory are synced.
    Write {
        /// Which file.
        name: String,
        /// As which generation of it.
        generation: u32,
        /// How long it becomes.
        sectors: u32,
    },
    /// Some sectors are overwritten or appended, and synced.
    Patch {
        /// Which file; it is there.
        name: String,
        /// As which generation of it.
        generation: u32,
        /// From which sector on.
        from: u32,
        /// How many.
        sectors: u32,
    },
    /// Another file, written and synced beforehand, takes its name; the directory is synced.
    Replace {
        /// Which file.
        name: String,
        /// As which generation of it.
        generation: u32,
        /// How long it becomes.
        sectors: u32,
    },
    /// A file is removed, and its directory synced.
    Remove {
        /// Which file; it is there.
        name: String,
    },
    /// An archive is unpacked, and everything synced.
    Unpack {
        /// Which archive, from 0.
        archive: u32,
        /// How many files it has.
        files: u32,
    },
    /// Every second file of an archive is removed, and everything synced.
    Thin {
        /// Which archive.
        archive: u32,
        /// How many files it had.
        files: u32,
    },
    /// Free space is given back (FITRIM). No file changes.
    Trim,
}

/// A file of an archive: its name and how many sectors it has. Its generation is the archive's number and one.
pub fn archived(archive: u32, file: u32) -> (String, u32) {
    let name = format!("archive-{archive}/{}/{file}", file / IN_ONE_DIRECTORY);
    let sectors = 1 + u32::try_from(hash(&name) % 24).unwrap_or(0);
    (name, sectors)
}

/// The plan of a load.
pub fn plan(load: &Load) -> Vec<Step> {
    let mut planner = Planner {
        random: SplitMix(load.seed),
        lengths: Vec::new(),
        generation: 0,
    };
    let mut steps = Vec::new();
    let archives = u64::from(load.archives);
    for number in 0..load.syncs {
        let noise = planner.noise();
        let action = planner.action();
        steps.push(Step { noise, action });
        if number % TRIM_EVERY == TRIM_EVERY - 1 {
            steps.push(quiet(Action::Trim));
        }
        // The archives come in between, evenly.
        let due = |number: u32| archives * u64::from(number) / u64::from(load.syncs.max(1));
        for archive in due(number)..due(number + 1) {
            let archive = u32::try_from(archive).unwrap_or(u32::MAX);
            let files = load.files;
            steps.push(quiet(Action::Unpack { archive, files }));
            if let Some(before) = archive.checked_sub(1) {
                steps.push(quiet(Action::Thin {
                    archive: before,
                    files,
                }));
                steps.push(quiet(Action::Trim));
            }
        }
    }
    steps
}

fn quiet(action: Action) -> Step {
    Step {
        noise: None,
        action,
    }
}

struct Planner {
    random: SplitMix,
    /// How long each file is, in sectors, by its number; absent where it was removed.
    lengths: Vec<Option<u32>>,
    generation: u32,
}

impl Planner {
    fn below(&mut self, end: u64) -> u32 {
        u32::try_from(self.random.below(end)).unwrap_or(0)
    }

    /// Mostly some KiB, sometimes up to 128 KiB.
    fn sectors(&mut self) -> u32 {
        match self.below(10) {
            0 => 1 + self.below(256),
            _ => 1 + self.below(40),
        }
    }

    fn noise(&mut self) -> Option<Noise> {
        if self.below(3) > 0 {
            return None;
        }
        Some(Noise {
            name: format!("noise-{}", self.random.below(NOISE)),
            generation: self.generation + 1,
            from: self.below(512),
            sectors: 1 + self.below(128),
        })
    }

    fn action(&mut self) -> Action {
        self.generation += 1;
        let generation = self.generation;
        let number = self.random.below(FILES);
        let index = usize::try_from(number).unwrap_or(0);
        if self.lengths.len() <= index {
            self.lengths.resize(index + 1, None);
        }
        let name = format!("file-{number}");
        let sectors = self.sectors();
        let choice = self.below(100);
        let (action, length) = match (self.lengths[index], choice) {
            (Some(length), 40..65) => {
                let from = self.below(u64::from(length) + 1);
                let patch = Action::Patch {
                    name,
                    generation,
                    from,
                    sectors,
                };
                (patch, Some(length.max(from + sectors)))
            }
            (Some(_), 65..80) => (Action::Remove { name }, None),
            (_, 80..) => {
                let replace = Action::Replace {
                    name,
                    generation,
                    sectors,
                };
                (replace, Some(sectors))
            }
            _ => {
                let write = Action::Write {
                    name,
                    generation,
                    sectors,
                };
                (write, Some(sectors))
            }
        };
        self.lengths[index] = length;
        action
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_repeats_and_has_everything() {
        let load = Load {
            seed: 1,
            syncs: 200,
            archives: 3,
            files: 100,
        };
        let steps = plan(&load);
        assert_eq!(steps, plan(&load));
        assert_ne!(steps, plan(&Load { seed: 2, ..load }));
        let count = |is: fn(&Action) -> bool| steps.iter().filter(|step| is(&step.action)).count();
        assert_eq!(count(|action| matches!(action, Action::Unpack { .. })), 3);
        assert_eq!(count(|action| matches!(action, Action::Thin { .. })), 2);
        assert_eq!(count(|action| matches!(action, Action::Trim)), 12);
        for kind in [
            |action: &Action| matches!(action, Action::Write { .. }),
            |action: &Action| matches!(action, Action::Patch { .. }),
            |action: &Action| matches!(action, Action::Replace { .. }),
            |action: &Action| matches!(action, Action::Remove { .. }),
        ] {
            assert!(count(kind) > 10);
        }
        assert!(steps.iter().any(|step| step.noise.is_some()));
    }
}
