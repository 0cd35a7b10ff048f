//! `toram`: runs the system from a copy in RAM. The sessions stay on the medium, which then stays
//! mounted; without sessions it can be pulled out.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use perch_core::bundle;
use perch_core::cause::Causes;
use perch_core::notice::Notice;
use perch_core::record::RamCopy;
use perch_core::request::{Request, ToRam};
use perch_core::toram::{self, Selection, TooLarge};
use perch_core::units::Bytes;
use perch_sys::dir::{self, DirError};
use perch_sys::kmsg;
use perch_sys::layout::STORE;
use perch_sys::medium::Medium;
use perch_sys::ram_copy::{self, CopyError};

/// How often the copy says how far it is.
const REPORT: Duration = Duration::from_secs(3);

/// The copy.
#[derive(Debug)]
pub struct InRam {
    /// Its file system, detached.
    pub mount: OwnedFd,
    /// The data directory in it.
    pub dir: OwnedFd,
}

/// Why the system runs from the medium all the same. Reads as a cause.
#[derive(Debug, thiserror::Error)]
enum NoCopy {
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error("the kernel does not tell how much memory is free")]
    Unknown,
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error(transparent)]
    Directory(#[from] DirError),
}

/// Copies what was asked for, whole or not at all, and tells what came of it. Without a copy the system
/// runs from the medium.
pub fn copy(request: &Request, how: ToRam, medium: &Medium) -> (Option<InRam>, RamCopy) {
    let begun = Instant::now();
    let mut record = RamCopy {
        asked: how,
        bytes: None,
        ms: 0,
        refused: None,
    };
    let copied = try_copy(request, how, medium, &mut record.bytes);
    record.ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    match copied {
        Ok(in_ram) => (Some(in_ram), record),
        Err(error) => {
            let why = Causes(&error).to_string();
            kmsg::tell(Notice::ToRamRefused { why: why.clone() });
            record.refused = Some(why);
            (None, record)
        }
    }
}

fn try_copy(
    request: &Request,
    how: ToRam,
    medium: &Medium,
    bytes: &mut Option<Bytes>,
) -> Result<InRam, NoCopy> {
    let (used, _) = bundle::choose(medium.bundles.clone(), request);
    let layers = bundle::stack(used).layers;
    let select = Selection::new(how, layers.into_iter().map(|bundle| bundle.path));
    let survey = ram_copy::survey(medium.dir.as_fd(), &select)?;
    let size = survey.size();
    *bytes = Some(size);
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    toram::fits(size, toram::available(&meminfo).ok_or(NoCopy::Unknown)?)?;
    kmsg::announce(&[format!("copying the system to RAM, {size}")]);
    let mut said = Instant::now();
    let mount = survey.copy(medium.dir.as_fd(), &medium.path, &mut |done| {
        if said.elapsed() >= REPORT {
            said = Instant::now();
            kmsg::announce(&[format!("{done} of {size} copied to RAM")]);
        }
    })?;
    let dir = dir::open_dir_beneath(&mount, &medium.path)?;
    // Where tools look for the sessions; what is on the medium is shown there.
    dir::make_dir(&dir, STORE, 0o755)?;
    Ok(InRam { mount, dir })
}
