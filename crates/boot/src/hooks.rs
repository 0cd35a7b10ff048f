//! Hooks: programs that the image, and if the image allows it the medium, bring for a stage of the boot.
//! A hook has half a minute; whatever it does, the boot goes on.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use perch_core::cause::Causes;
use perch_core::hook::HookStage;
use perch_core::notice::Notice;
use perch_core::record::{HookRun, Status, Summary};
use perch_sys::child::{self, ChildError, End};
use perch_sys::dir::{self, DirError};
use perch_sys::layout::Layout;
use perch_sys::{enter, hooks, kmsg};
use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::handover::{RECORD_DIR, RECORD_FILE};

/// Where the image has its hooks, a directory `<stage>.d` each.
const IMAGE: &str = "/etc/perch/hooks";
/// Where the medium has its own, in the data directory.
const MEDIUM: &str = "hooks";
/// The image has this file if hooks of the medium may run.
const ALLOW_MEDIUM: &str = "/etc/perch/allow-medium-hooks";
/// Where hooks are copied to. `/run` is in memory, and is there in the new root too; other places in it may be mounted
/// with `noexec`.
const COPIES: &str = "/run/initramfs/hooks";
/// How long a hook may take.
const LIMIT: Duration = Duration::from_secs(30);
/// The search path of hooks and of the preinit script.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Whose hook it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Image,
    Medium,
}

impl Origin {
    fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Medium => "medium",
        }
    }
}

/// Runs hooks, and keeps what came of them.
#[derive(Debug)]
pub struct Hooks {
    /// The data directory, if the medium's hooks may run.
    data: Option<OwnedFd>,
    union: PathBuf,
    /// What every hook is told.
    always: Vec<(&'static str, String)>,
    runs: Vec<HookRun>,
}

impl Hooks {
    /// For the data directory `data`, which shows at `data_dir`, of the medium `device`.
    pub fn new(layout: &Layout, device: &str, data: &OwnedFd, data_dir: &Path) -> Self {
        let allowed = Path::new(ALLOW_MEDIUM).exists();
        let present = || dir::open_beneath(data, MEDIUM, OFlags::PATH | OFlags::DIRECTORY);
        if !allowed && present().is_ok() {
            kmsg::tell(Notice::MediumHooksOff {
                dir: format!("{}/{MEDIUM}", data_dir.display()),
            });
        }
        Self {
            data: allowed.then(|| data.try_clone().ok()).flatten(),
            union: layout.union().to_owned(),
            always: places(layout, device, data_dir),
            runs: Vec::new(),
        }
    }

    /// Runs the hooks of a stage, those of the image first. `summary` is there once the union is.
    /// Returns whether there were any.
    pub fn run(&mut self, stage: HookStage, summary: Option<&Summary>) -> bool {
        let before = self.runs.len();
        self.run_image(stage, summary);
        let medium = self.data.as_ref().map(|data| {
            let path = format!("{MEDIUM}/{stage}.d");
            dir::open_beneath(data, path, OFlags::RDONLY | OFlags::DIRECTORY)
        });
        if let Some(opened) = medium {
            self.run_dir(opened, Origin::Medium, stage, summary);
        }
        self.runs.len() > before
    }

    /// What came of them, in the order they ran.
    pub fn runs(&self) -> &[HookRun] {
        &self.runs
    }

    fn run_image(&mut self, stage: HookStage, summary: Option<&Summary>) {
        let opened = dir::open_dir(format!("{IMAGE}/{stage}.d"));
        self.run_dir(opened, Origin::Image, stage, summary);
    }

    fn run_dir(
        &mut self,
        opened: Result<OwnedFd, DirError>,
        from: Origin,
        stage: HookStage,
        summary: Option<&Summary>,
    ) {
        let listed = match opened {
            Err(error) if error.errno() == Some(Errno::NOENT) => return,
            Err(error) => Err(error),
            Ok(dir) => hooks::list(dir.as_fd()).map(|names| (dir, names)),
        };
        let (dir, names) = match listed {
            Ok(listed) => listed,
            Err(error) => {
                kmsg::tell(Notice::HooksUnreadable {
                    stage,
                    from: from.word(),
                    error: Causes(&error).to_string(),
                });
                return;
            }
        };
        for name in names {
            let begun = Instant::now();
            let place = Path::new(COPIES).join(format!("{stage}-{}", from.word()));
            let outcome = match hooks::copy(dir.as_fd(), &name, &place) {
                Ok(program) => {
                    let outcome = self.start(&program, &name, stage, summary);
                    // Its memory is not needed any more; what cannot be removed does no harm.
                    let _ = std::fs::remove_file(&program);
                    Outcome::of(outcome)
                }
                Err(error) => Outcome::Not(Causes(&error).to_string()),
            };
            let word = from.word();
            if outcome.is_ok() {
                log::info!("the {stage} hook {name} of the {word} ran: {outcome}");
            } else {
                kmsg::tell(Notice::HookFailed {
                    stage,
                    name: name.clone(),
                    from: word,
                    outcome: outcome.to_string(),
                });
            }
            self.runs.push(HookRun {
                stage,
                name,
                from: word.into(),
                ok: outcome.is_ok(),
                result: outcome.to_string(),
                ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            });
        }
    }

    /// Runs it in the image, or, where the image lacks the interpreter or loader it needs, with the new
    /// system as its root.
    fn start(
        &self,
        program: &Path,
        name: &str,
        stage: HookStage,
        summary: Option<&Summary>,
    ) -> Result<End, ChildError> {
        let line = &mut |text: &str| log::info!("{stage}/{name}: {text}");
        let environment = |union: &str| {
            let own = told(stage, summary, union);
            self.always.clone().into_iter().chain(own)
        };
        let union = summary.map(|_| self.union.to_string_lossy().into_owned());
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(environment(union.as_deref().unwrap_or_default()));
        match child::run_logged(command, LIMIT, line) {
            Err(error) if error.is_missing() && summary.is_some() => {
                let mut command = enter::command(&self.union, program);
                command.envs(environment("/"));
                child::run_logged(command, LIMIT, line)
            }
            outcome => outcome,
        }
    }
}

/// Runs the image's hooks for a boot that stops before there is a medium or a system.
pub fn stopped() {
    Hooks {
        data: None,
        union: PathBuf::new(),
        always: places(&Layout::of_boot(), "", Path::new("")),
        runs: Vec::new(),
    }
    .run_image(HookStage::Failure, None);
}

/// Where things are. Empty: there is none.
fn places(layout: &Layout, device: &str, data: &Path) -> Vec<(&'static str, String)> {
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let mounted = |path: PathBuf| {
        if device.is_empty() {
            String::new()
        } else {
            text(path)
        }
    };
    let node = if device.is_empty() {
        String::new()
    } else {
        format!("/dev/{device}")
    };
    vec![
        ("PATH", PATH.to_owned()),
        ("PERCH_MEDIUM", mounted(layout.data())),
        ("PERCH_MEDIUM_DEVICE", node),
        // Without a slash at its end, where the data directory is the medium's root.
        ("PERCH_DATA", mounted(data.components().collect())),
        ("PERCH_CHANGES", mounted(layout.changes())),
    ]
}

/// What a hook is told of the boot so far.
fn told(stage: HookStage, summary: Option<&Summary>, union: &str) -> Vec<(&'static str, String)> {
    let status = match summary.map(|summary| summary.status) {
        Some(Status::Session) => "session",
        Some(Status::Ram) => "ram",
        Some(Status::RamFallback) => "ram-fallback",
        None if stage == HookStage::Failure => "stopped",
        None => "",
    };
    let session = summary.and_then(|summary| summary.session);
    let mode = summary.and_then(|summary| summary.mode);
    let record = Path::new(RECORD_DIR).join(RECORD_FILE);
    let record = if record.exists() {
        record.to_string_lossy().into_owned()
    } else {
        String::new()
    };
    vec![
        ("PERCH_STAGE", stage.word().to_owned()),
        ("PERCH_STATUS", status.to_owned()),
        (
            "PERCH_SESSION",
            session.map_or_else(String::new, |id| id.to_string()),
        ),
        (
            "PERCH_MODE",
            mode.map_or_else(String::new, |mode| mode.to_string()),
        ),
        ("PERCH_UNION", union.to_owned()),
        ("PERCH_RECORD", record),
    ]
}

/// How a program of others ended, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was started.
    Ended(End),
    /// It was not, and why.
    Not(String),
}

impl Outcome {
    /// From what running it gave.
    pub fn of(result: Result<End, ChildError>) -> Self {
        match result {
            Ok(end) => Self::Ended(end),
            Err(error) => Self::Not(Causes(&error).to_string()),
        }
    }

    /// Whether it did what it was to do, by its own word.
    pub fn is_ok(&self) -> bool {
        *self == Self::Ended(End::Exited(0))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(End::Exited(status)) => write!(f, "exit {status}"),
            Self::Ended(End::Killed(signal)) => write!(f, "killed by signal {signal}"),
            Self::Ended(End::TimedOut) => f.write_str("stopped, because it took too long"),
            Self::Not(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(told: &[(&'static str, String)]) -> Vec<String> {
        told.iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect()
    }

    #[test]
    fn every_variable_is_always_set() {
        let layout = Layout::of_boot();
        let names = |list: &[(&'static str, String)]| {
            list.iter().map(|(name, _)| *name).collect::<Vec<_>>()
        };
        assert_eq!(
            names(&places(&layout, "", Path::new(""))),
            names(&places(&layout, "sda1", &layout.data_dir(false, "minios")))
        );
        for (_, value) in places(&layout, "", Path::new("")).iter().skip(1) {
            assert_eq!(value, "");
        }
        assert_eq!(
            lines(&places(&layout, "sda1", &layout.data_dir(false, "")))[1..],
            [
                "PERCH_MEDIUM=/run/initramfs/memory/data",
                "PERCH_MEDIUM_DEVICE=/dev/sda1",
                "PERCH_DATA=/run/initramfs/memory/data",
                "PERCH_CHANGES=/run/initramfs/memory/changes",
            ]
        );
        for (stage, status) in [
            (HookStage::AfterData, "PERCH_STATUS="),
            (HookStage::Failure, "PERCH_STATUS=stopped"),
        ] {
            assert_eq!(lines(&told(stage, None, ""))[1], status);
        }
    }

    #[test]
    fn ends_in_words() {
        for (outcome, ok, words) in [
            (Outcome::Ended(End::Exited(0)), true, "exit 0"),
            (Outcome::Ended(End::Exited(3)), false, "exit 3"),
            (Outcome::Ended(End::Killed(9)), false, "killed by signal 9"),
            (
                Outcome::Ended(End::TimedOut),
                false,
                "stopped, because it took too long",
            ),
            (Outcome::Not("is no program".into()), false, "is no program"),
        ] {
            assert_eq!((outcome.is_ok(), outcome.to_string().as_str()), (ok, words));
        }
    }
}
