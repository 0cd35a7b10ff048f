mod foreign;
mod golden;
mod hostile;
mod places;
mod round;

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;
use perch_core::cause::Causes;
use perch_core::session::{Mode, UnionKind};
use perch_sys::dir::open_dir;

use super::*;
use crate::tree::{Losses, Progress, Watch, compare};

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn at() -> Timestamp {
    Timestamp::from_second(1_763_736_000).unwrap()
}

fn about(union: UnionKind) -> About {
    About {
        mode: Mode::Native,
        version: Some("5.1.1".to_owned()),
        edition: Some("standard".to_owned()),
        union: Some(union),
    }
}

/// What came of an import, and what was told before.
#[derive(Debug)]
struct Got {
    manifest: Manifest,
    layout: Layout,
    done: Progress,
    findings: Findings,
    losses: Losses,
}

impl Got {
    fn new(survey: Survey, imported: Imported) -> Result<Self, ReadError> {
        if !imported.is_listed {
            return Err(ReadError::List);
        }
        Ok(Self {
            manifest: survey.manifest,
            layout: survey.layout,
            done: imported.done,
            findings: imported.findings,
            losses: imported.losses,
        })
    }
}

/// All of it, as an export does.
fn write(
    session: BorrowedFd<'_>,
    layout: Layout,
    about: &About,
    out: &Path,
    options: &Options,
    watch: &mut Watch<'_>,
) -> Result<Written, WriteError> {
    let tree = layout.open(session).unwrap();
    let packed = Packed::new(tree.as_fd(), layout, about, out, options, watch)?;
    packed.verify(watch)?;
    packed.commit()
}

fn export(session: &Path, layout: Layout, out: &Path) -> Written {
    let union = match layout {
        Layout::Aufs => UnionKind::Aufs,
        Layout::Overlayfs | Layout::Flat => UnionKind::Overlayfs,
    };
    let session = open_dir(session).unwrap();
    let (about, options) = (about(union), Options::new(at()));
    write(session.as_fd(), layout, &about, out, &options, &mut go_on)
        .unwrap_or_else(|error| panic!("{}", Causes(&error)))
}

fn import(archive: &Path, policy: Policy, staging: &Path) -> Result<Got, String> {
    fs::create_dir(staging).unwrap();
    let staging = open_dir(staging).unwrap();
    let input = File::open(archive).unwrap();
    let limits = Limits::default();
    let got = survey(&input, limits, &mut go_on).and_then(|survey| {
        let tree = survey.layout.make(staging.as_fd()).unwrap();
        let imported = read(&input, &survey, limits, policy, tree.as_fd(), &mut go_on)?;
        Got::new(survey, imported)
    });
    got.map_err(|error| Causes(&error).to_string())
}

/// Everything is let in, as from oneself.
const OWN: Policy = Policy {
    devices: true,
    detours: true,
};

fn differences(a: &Path, b: &Path) -> Vec<String> {
    let (a, b) = (open_dir(a).unwrap(), open_dir(b).unwrap());
    let found = compare(a.as_fd(), b.as_fd(), &mut go_on).unwrap();
    found.iter().map(ToString::to_string).collect()
}

/// A directory `changes` beside the `workdir` of its union.
fn overlay(dir: &Path) -> (PathBuf, PathBuf) {
    let session = dir.join("1");
    fs::create_dir_all(session.join("changes")).unwrap();
    fs::create_dir_all(session.join("workdir/work/rest")).unwrap();
    (session.clone(), session.join("changes"))
}

fn run(program: &str, args: &[&str], dir: &Path) -> Vec<u8> {
    let output = Command::new(program).args(args).current_dir(dir).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {errors}");
    output.stdout
}
