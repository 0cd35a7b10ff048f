//! `rootcopy/run/preinit.sh`: the medium's own script, run by the new system's shell before its init.

use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use perch_core::cause::Causes;
use perch_core::hook;
use perch_sys::dir::{self, Content};
use perch_sys::{child, enter, replace};

use super::Done;
use crate::handover::RECORD_DIR;
use crate::hooks::{Outcome, PATH};

/// Where it is in the data directory.
const SCRIPT: &str = "rootcopy/run/preinit.sh";
/// What its copy in memory is called.
const COPY: &str = "preinit.sh";
/// The longest script, in bytes.
const MAX: usize = 1 << 20;
/// How long it may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs it with `/` as its argument, which is where the new system is for it; `None` if there is none.
pub(super) fn run(data: BorrowedFd<'_>, union: &Path) -> Option<Done> {
    let not_run = |why: String| {
        let result = format!("{SCRIPT} is not run: {why}");
        Some(Done { ok: false, result })
    };
    let script = match dir::read_bounded(data, SCRIPT, MAX) {
        Ok(Content::Absent) => return None,
        Ok(Content::Bytes { bytes, .. }) => bytes,
        Ok(Content::TooLarge { .. }) => {
            return not_run(format!("it is longer than {} MiB", MAX >> 20));
        }
        Ok(Content::NotAFile) => return not_run("it is no regular file".to_owned()),
        Err(error) => return not_run(Causes(&error).to_string()),
    };
    if hook::has_windows_lines(&script) {
        return not_run("it has the line ends of Windows: save it with those of Unix".to_owned());
    }
    // In memory, where the new root shows it too.
    let copied = fs::create_dir_all(RECORD_DIR)
        .map_err(|error| format!("cannot make {RECORD_DIR}: {error}"))
        .and_then(|()| dir::open_dir(RECORD_DIR).map_err(|error| Causes(&error).to_string()))
        .and_then(|dir| {
            replace::replace_file(dir.as_fd(), COPY, &script, 0o700)
                .map_err(|error| Causes(&error).to_string())
        });
    if let Err(error) = copied {
        return not_run(error);
    }
    let copy = Path::new(RECORD_DIR).join(COPY);
    let mut command = enter::command(union, "/bin/sh");
    command.arg(&copy).arg("/").env("PATH", PATH);
    let ended = child::run_logged(command, LIMIT, &mut |line| log::info!("preinit: {line}"));
    let _ = fs::remove_file(copy);
    let outcome = Outcome::of(ended);
    Some(Done {
        ok: outcome.is_ok(),
        result: format!("{SCRIPT}: {outcome}"),
    })
}
