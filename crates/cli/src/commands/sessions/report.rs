//! `info` and `status`: where the sessions are.

use std::fmt::Write;

use perch_core::session::Mode;
use perch_core::units::Bytes;
use perch_manage::place::Whereabouts;
use perch_manage::{leftovers, trash};
use rustix::process::geteuid;
use serde::Serialize;

use super::Sessions;
use crate::error::Error;
use crate::output::{Outcome, Output};

/// The answer of `info` (contract §4.4).
#[derive(Serialize)]
struct Info {
    filesystem: FileSystem,
    compatible_modes: Vec<Mode>,
    limitations: Limitations,
    free: u64,
    total: u64,
    schema: u32,
}

#[derive(Serialize)]
struct FileSystem {
    r#type: String,
    device: String,
    mount_options: String,
    is_readonly: bool,
    is_posix_compatible: bool,
}

#[derive(Serialize)]
struct Limitations {
    /// In MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_file_size: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    no_posix: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    case_insensitive: bool,
}

pub(super) fn info(sessions: &Sessions, output: &Output) -> Result<Outcome, Error> {
    let place = Whereabouts::of(&sessions.store)?;
    let abilities = &place.abilities;
    let modes = match place.is_read_only {
        // Nothing can be made there.
        true => Vec::new(),
        false => abilities.modes(),
    };
    let info = Info {
        compatible_modes: modes,
        limitations: Limitations {
            max_file_size: abilities.longest_file.map(|longest| longest.whole_mib().0),
            no_posix: !abilities.is_posix,
            case_insensitive: abilities.is_case_insensitive,
        },
        free: place.free.0,
        total: place.total.0,
        filesystem: FileSystem {
            r#type: place.fs_type,
            device: place.device,
            mount_options: place.options,
            is_readonly: place.is_read_only,
            is_posix_compatible: abilities.is_posix,
        },
        schema: 1,
    };
    Ok(Outcome::new(in_words(&info, output)).answer(&info))
}

fn in_words(info: &Info, output: &Output) -> String {
    let say = |key: &str| output.say(key, &[]);
    let yes = |is: bool| say(if is { "yes" } else { "no" });
    let fs = &info.filesystem;
    let mut text = format!("{}\n{}\n", say("file-system-of-sessions"), "-".repeat(40));
    let (free, total) = (Bytes(info.free), Bytes(info.total));
    for (label, value) in [
        ("type", fs.r#type.clone()),
        ("device", fs.device.clone()),
        ("mount-options", fs.mount_options.clone()),
        ("read-only", yes(fs.is_readonly)),
        ("posix", yes(fs.is_posix_compatible)),
        (
            "free",
            output.say("free-of", &[("free", &free), ("total", &total)]),
        ),
    ] {
        let _ = writeln!(text, "{}: {value}", say(label));
    }
    let _ = writeln!(text, "\n{}", say("modes-of-new"));
    for mode in &info.compatible_modes {
        let _ = writeln!(text, "  ✓ {mode}");
    }
    if info.compatible_modes.is_empty() {
        let _ = writeln!(text, "  {}", say("none"));
    }
    let _ = writeln!(text, "\n{}", say("limitations"));
    let limits = &info.limitations;
    let longest = limits.max_file_size;
    let longest = longest.map(|longest| output.say("limit-length", &[("mib", &longest)]));
    let posix = limits.no_posix.then(|| say("limit-posix"));
    let case = limits.case_insensitive.then(|| say("limit-case"));
    let mut none = true;
    for line in [longest, posix, case].into_iter().flatten() {
        none = false;
        let _ = writeln!(text, "  {line}");
    }
    if none {
        let _ = writeln!(text, "  {}", say("none"));
    }
    text
}

/// The answer of `status` (contract §4.4).
#[derive(Serialize, Default)]
struct Status {
    success: bool,
    found: bool,
    writable: bool,
    sessions_dir: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filesystem_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Names in the trash.
    trash: Vec<String>,
    /// Names of what interrupted programs left behind.
    leftovers: Vec<String>,
    schema: u32,
}

/// Whatever is wrong is the answer, so this never fails.
pub(super) fn status(sessions: Result<Sessions, Error>, output: &Output) -> Outcome {
    let say = |key: &str| output.say(key, &[]);
    let yes = |is: bool| say(if is { "yes" } else { "no" });
    let mut status = Status {
        schema: 1,
        ..Status::default()
    };
    match sessions {
        Ok(sessions) => look(&sessions, &mut status),
        Err(error) => status.error = Some(perch_core::cause::Causes(&error).to_string()),
    }
    let dir = status.sessions_dir.clone();
    let is_found = dir.is_some();
    let mut text = String::new();
    for (label, value) in [
        (
            "sessions-directory",
            Some(dir.unwrap_or_else(|| say("none"))),
        ),
        ("found", Some(yes(is_found))),
        ("writable", Some(yes(status.writable))),
        ("reason", status.error.clone()),
        ("file-system", status.filesystem_type.clone()),
        ("in-the-trash", names(&status.trash)),
        ("left-behind", names(&status.leftovers)),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "{}: {value}", say(label));
        }
    }
    Outcome::new(text).answer_in_one_line(&status)
}

fn look(sessions: &Sessions, status: &mut Status) {
    let store = &sessions.store;
    status.success = true;
    status.found = true;
    status.sessions_dir = Some(store.path().display().to_string());
    match Whereabouts::of(store) {
        Ok(place) => {
            status.writable = !place.is_read_only && geteuid().is_root();
            status.filesystem_type = Some(place.statfs_type);
            if place.is_read_only {
                status.error = Some("the file system is read-only".to_owned());
            } else if !status.writable {
                status.error = Some("changing sessions needs root".to_owned());
            }
        }
        Err(error) => status.error = Some(perch_core::cause::Causes(&error).to_string()),
    }
    // Neither is what was asked for.
    let items = trash::list(store).unwrap_or_default();
    status.trash = items.into_iter().map(|item| item.name).collect();
    let left = leftovers::list(store).unwrap_or_default();
    status.leftovers = left.into_iter().map(|left| left.name).collect();
}

fn names(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(", "))
}
