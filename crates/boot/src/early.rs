//! The first moments: the kernel's own file systems, the log, and what the kernel command line asks for.

use std::fs;

use log::LevelFilter;
use perch_core::cause::Causes;
use perch_core::cmdline::{self, Oddity};
use perch_core::notice::Notice;
use perch_core::request::Request;
use perch_sys::kmsg::{self, Kmsg};
use perch_sys::mount::{self, Api};

/// What a boot begins with.
#[derive(Debug)]
pub struct Early {
    /// The log; absent only if there was one already.
    pub log: Option<&'static Kmsg>,
    /// The kernel command line as given.
    pub command_line: String,
    /// What it asks for.
    pub request: Request,
    /// What in it was not understood; it has been said.
    pub oddities: Vec<Oddity>,
}

/// Makes the log work and reads the command line. Nothing here stops a boot.
pub fn start() -> Early {
    let errors = mount_api();
    let log = Kmsg::install(LevelFilter::Debug).ok();
    if let Some(log) = log
        && let Err(error) = log.lift_rate_limit()
    {
        log::debug!("the kernel may drop lines of this log: {error}");
    }
    for error in errors {
        kmsg::tell(Notice::KernelFileSystem { error });
    }
    let command_line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let command_line = command_line.trim_end().to_owned();
    let (request, oddities) = cmdline::parse(&command_line);
    if request.debug
        && let Some(log) = log
        && let Err(error) = log.show_everything()
    {
        let error = error.to_string();
        kmsg::tell(Notice::DebugLimited { error });
    }
    for oddity in &oddities {
        log::warn!("{oddity} [{}]", oddity.code.word());
    }
    Early {
        log,
        command_line,
        request,
        oddities,
    }
}

/// Mounts the kernel's own file systems; returns what went wrong, as nothing can be logged before.
fn mount_api() -> Vec<String> {
    let mut errors = Vec::new();
    for kind in [Api::Proc, Api::Sys, Api::Dev, Api::Run] {
        let target = kind.usual_target();
        let mounted = mount::mount_api(kind, target);
        errors.extend(mounted.err().map(|error| Causes(&error).to_string()));
    }
    errors
}
