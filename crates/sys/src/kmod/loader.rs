//! Modules and what they need into the kernel, from several threads, each module once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::cmdline::{is_blacklisted, parameters};
use super::dep::Module;
use super::insert::insert;
use super::{Found, Index, KmodError, name};

/// How a module came to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loaded {
    /// It is part of the kernel.
    Builtin,
    /// It was loaded before.
    Already,
    /// It was loaded just now.
    Now,
}

/// What became of one module, for the boot report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The module, or what was asked for where no module has that name.
    pub module: String,
    /// How it came to be there, or why it is not.
    pub result: Result<Loaded, KmodError>,
    /// The time in the kernel, including reading and unpacking of the file.
    pub took: Duration,
}

/// Loads modules of one [`Index`]. Shared by reference: a background thread may feed it the
/// `MODALIAS` of each new device while another asks for a filesystem.
#[derive(Debug)]
pub struct Loader {
    index: Index,
    cmdline: String,
    entries: Mutex<Vec<Entry>>,
    finished: Condvar,
}

/// A module that a thread has begun to load.
#[derive(Debug)]
struct Entry {
    name: String,
    /// `None` while the thread is at it.
    outcome: Option<Outcome>,
}

/// How far a module has come.
enum State {
    Untried,
    Loading,
    Done(Result<Loaded, KmodError>),
}

/// How often a thread that waits for another one's module looks whether it may stop.
const STOP_CHECK: Duration = Duration::from_millis(100);

impl Loader {
    /// A loader that finds modules by `index` and their parameters on the kernel line `cmdline`.
    pub fn new(index: Index, cmdline: impl Into<String>) -> Self {
        Self {
            index,
            cmdline: cmdline.into(),
            entries: Mutex::new(Vec::new()),
            finished: Condvar::new(),
        }
    }

    /// The index this loader works by.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// Loads what `name` stands for, a module or an alias, after all that it needs.
    ///
    /// Where several modules claim an alias all are tried; one success is enough. What failed once
    /// is not tried again. [`KmodError::Unknown`] if there is no such module; for the alias of a
    /// device that is no news, as most devices need no driver in an initramfs.
    pub fn load(&self, name: &str) -> Result<Loaded, KmodError> {
        self.load_unless(name, &AtomicBool::new(false))
    }

    /// Like [`load`](Self::load), but begins no further module once `stop` is set.
    pub fn load_unless(&self, name: &str, stop: &AtomicBool) -> Result<Loaded, KmodError> {
        let modules = match self.index.find(name)? {
            Found::Modules(modules) => modules,
            Found::Builtin => return Ok(Loaded::Builtin),
            Found::Nothing => {
                let error = KmodError::Unknown { name: name.into() };
                if !name.contains(':') {
                    self.note_unknown(name, &error);
                }
                return Err(error);
            }
        };
        let (mut best, mut failure) = (None, None);
        for module in modules {
            let by_alias = !name::same(module.name, name);
            if by_alias && is_blacklisted(&self.cmdline, module.name) {
                continue;
            }
            match self.load_with_needs(module, stop) {
                Ok(loaded) => best = best.max(Some(loaded)),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match (best, failure) {
            (Some(loaded), _) => Ok(loaded),
            (None, Some(error)) => Err(error),
            (None, None) => Err(KmodError::Unknown { name: name.into() }),
        }
    }

    /// Loads all of `names`, in their order as far as `threads` (at least one) allow it, and tells
    /// what was done. One that fails does not keep the others from being loaded.
    ///
    /// The outcomes are those of the modules that were loaded meanwhile, with all that was needed;
    /// names without a module are among them unless they are aliases of devices.
    pub fn load_many<I>(&self, names: I, threads: usize, stop: &AtomicBool) -> Vec<Outcome>
    where
        I: IntoIterator<Item: AsRef<str>, IntoIter: Send>,
    {
        let before = self.entries().len();
        let queue = Mutex::new(names.into_iter());
        let work = || {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(name) = next else { break };
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                // The outcome is in the report.
                let _ = self.load_unless(name.as_ref(), stop);
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                // Without another thread this one does the work.
                if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
        self.outcomes(before)
    }

    /// What became of every module so far, in the order in which they were begun.
    pub fn report(&self) -> Vec<Outcome> {
        self.outcomes(0)
    }

    fn outcomes(&self, from: usize) -> Vec<Outcome> {
        let entries = self.entries();
        let begun = entries.iter().skip(from);
        begun.filter_map(|entry| entry.outcome.clone()).collect()
    }

    fn load_with_needs(&self, module: Module<'_>, stop: &AtomicBool) -> Result<Loaded, KmodError> {
        // Many devices share a driver.
        if let State::Done(Ok(loaded)) = state(&self.entries(), module.name) {
            return Ok(loaded.min(Loaded::Already));
        }
        let mut result = Ok(Loaded::Already);
        for step in self.index.load_order(module)? {
            let loaded = self.load_one(step, stop);
            if step.name == module.name {
                result = loaded;
            }
        }
        result
    }

    /// Loads one module, or waits for the thread that is at it.
    ///
    /// A thread holds no other module while it waits, so threads cannot wait for each other.
    fn load_one(&self, module: Module<'_>, stop: &AtomicBool) -> Result<Loaded, KmodError> {
        let mut entries = self.entries();
        loop {
            match state(&entries, module.name) {
                State::Done(result) => return result.map(|loaded| loaded.min(Loaded::Already)),
                _ if stop.load(Ordering::Relaxed) => {
                    return Err(KmodError::Stopped {
                        module: module.name.into(),
                    });
                }
                State::Loading => {
                    let waited = self.finished.wait_timeout(entries, STOP_CHECK);
                    entries = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                State::Untried => break,
            }
        }
        let slot = entries.len();
        entries.push(Entry {
            name: module.name.into(),
            outcome: None,
        });
        let missing = missing(&entries, module);
        drop(entries);

        let begun = Instant::now();
        let result = match missing {
            Some(error) => Err(error),
            None => insert(
                &self.index.dir().join(module.path),
                module.name,
                &parameters(&self.cmdline, module.name),
            ),
        };
        let outcome = Outcome {
            module: module.name.into(),
            result: result.clone(),
            took: begun.elapsed(),
        };
        if let Some(entry) = self.entries().get_mut(slot) {
            entry.outcome = Some(outcome);
        }
        self.finished.notify_all();
        result
    }

    fn note_unknown(&self, name: &str, error: &KmodError) {
        let mut entries = self.entries();
        if let State::Untried = state(&entries, name) {
            entries.push(Entry {
                name: name.into(),
                outcome: Some(Outcome {
                    module: name.into(),
                    result: Err(error.clone()),
                    took: Duration::ZERO,
                }),
            });
        }
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn state(entries: &[Entry], name: &str) -> State {
    match entries.iter().find(|entry| name::same(&entry.name, name)) {
        None => State::Untried,
        Some(Entry { outcome: None, .. }) => State::Loading,
        Some(Entry {
            outcome: Some(outcome),
            ..
        }) => State::Done(outcome.result.clone()),
    }
}

/// The error for `module` if something that it needs could not be loaded: the kernel would only
/// complain of symbols.
fn missing(entries: &[Entry], module: Module<'_>) -> Option<KmodError> {
    let mut needs = module.needs().map(name::of_file);
    let failed = |name: &&str| matches!(state(entries, name), State::Done(Err(_)));
    needs.find(failed).map(|needs| KmodError::Dependency {
        module: module.name.into(),
        needs: needs.into(),
    })
}

#[cfg(test)]
mod tests;
