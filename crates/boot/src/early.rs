//! The first moments: the kernel's own file systems, the log, and what the kernel command line asks for.

use std::fs;

use log::LevelFilter;
use perch_core::cause::Causes;
use perch_core::cmdline::{self, Oddity};
use perch_core::notice::Notice;
use perch_core::request::Request;
use perch_core::settings::Settings;
use perch_sys::kmsg::{self, Kmsg};
use perch_sys::mount::{self, Api};

/// The settings, put into the image by whoever makes it.
const SETTINGS: &str = "/etc/perch/perch.conf";
/// The data directory's name where neither the command line nor the settings give one. A distribution that builds perch may
/// set its own with the environment variable `PERCH_LIVE_NAME`.
const LIVE_NAME: &str = match option_env!("PERCH_LIVE_NAME") {
    Some(name) => name,
    None => "minios",
};

/// What a boot begins with.
#[derive(Debug)]
pub struct Early {
    /// The log; absent only if there was one already.
    pub log: Option<&'static Kmsg>,
    /// The kernel command line as given, with what the settings put before it.
    pub command_line: String,
    /// What the settings put before it; empty for nothing.
    pub settings: String,
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
    let settings = settings();
    let command_line = settings.before(command_line.trim_end());
    let (mut request, oddities) = cmdline::parse(&command_line);
    request.live_name = settings.live_name.unwrap_or_else(|| LIVE_NAME.to_owned());
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
        settings: settings.parameters,
        request,
        oddities,
    }
}

/// What is set for all boots of this image; what was not understood is said.
fn settings() -> Settings {
    // Most images have no such file.
    let text = fs::read_to_string(SETTINGS).unwrap_or_default();
    let (settings, bad) = Settings::parse(&text);
    for line in bad {
        let error = line.to_string();
        kmsg::tell(Notice::SettingIgnored { error });
    }
    settings
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
