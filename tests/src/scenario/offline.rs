//! Checks of the session store while the machine is off, on a copy taken from the image.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::disk::{was_unmounted, was_unmounted_in};
use crate::host::command;

/// One check; paths count from the store.
#[derive(Clone, Debug)]
pub enum Offline {
    /// A file holds this text, blank space at the end aside.
    File {
        /// Which file.
        path: String,
        /// Its text.
        text: String,
    },
    /// Nothing is there.
    Missing(String),
    /// A JSON file holds a value.
    Json {
        /// Which file.
        path: String,
        /// Where in it (RFC 6901).
        pointer: String,
        /// The value; `null` also means: nothing there.
        value: Value,
    },
    /// The session directories are exactly these.
    Sessions(Vec<String>),
    /// So many names start like this.
    Count {
        /// How they start.
        prefix: String,
        /// How many.
        count: usize,
    },
    /// A file is an ext4 container that e2fsck finds in order or repairs without a decision.
    Container(String),
    /// A file is an ext4 container that was unmounted: there is nothing to replay.
    UnmountedContainer(String),
    /// A file is so many bytes long.
    Length {
        /// Which file.
        path: String,
        /// Its length in bytes.
        bytes: u64,
    },
}

impl Offline {
    /// Judges the copy of the store at `store`, which does not exist if the medium has none.
    ///
    /// # Errors
    /// The sentence that goes into the report.
    pub fn judge(&self, store: &Path) -> Result<(), String> {
        match self {
            Self::File { path, text } => {
                let got = read(store, path)?;
                same(path, text.trim_end(), got.trim_end())
            }
            Self::Missing(path) if store.join(path).symlink_metadata().is_ok() => {
                Err(format!("store: {path} exists"))
            }
            Self::Missing(_) => Ok(()),
            Self::Json {
                path,
                pointer,
                value,
            } => {
                let got: Value = serde_json::from_str(&read(store, path)?)
                    .map_err(|error| format!("store: {path} is no JSON: {error}"))?;
                same(
                    &format!("{path} {pointer}"),
                    value,
                    got.pointer(pointer).unwrap_or(&Value::Null),
                )
            }
            Self::Sessions(ids) => {
                let mut got: Vec<u64> = names(store)?
                    .iter()
                    .filter_map(|name| session_id(name))
                    .collect();
                got.sort_unstable();
                let got: Vec<String> = got.iter().map(ToString::to_string).collect();
                same("sessions", ids, &got)
            }
            Self::Count { prefix, count } => {
                let names = names(store)?;
                let got = names
                    .iter()
                    .filter(|name| name.starts_with(prefix.as_str()))
                    .count();
                same(
                    &format!("names starting with {prefix:?} among {names:?}"),
                    count,
                    &got,
                )
            }
            Self::Container(path) => {
                let output = command("e2fsck")
                    .args(["-f", "-p"])
                    .arg(store.join(path))
                    .output();
                let output = output.map_err(|error| format!("e2fsck: {error}"))?;
                // e2fsck(8), "EXIT CODE": 1 is "errors corrected".
                match output.status.code() {
                    Some(0 | 1) => Ok(()),
                    _ => Err(format!(
                        "store: {path} is not in order: {}",
                        String::from_utf8_lossy(&output.stdout)
                    )),
                }
            }
            Self::UnmountedContainer(path) => {
                let judge = match path.ends_with(".dat") {
                    true => was_unmounted_in,
                    false => was_unmounted,
                };
                judge(&store.join(path)).map_err(|error| format!("store: {path}: {error:#}"))
            }
            Self::Length { path, bytes } => {
                let meta = fs::metadata(store.join(path))
                    .map_err(|error| format!("store: {path}: {error}"))?;
                same(&format!("length of {path}"), bytes, &meta.len())
            }
        }
    }
}

/// Only names a session may have: `007` is none (contract of the store: `[1-9][0-9]{0,8}`).
fn session_id(name: &str) -> Option<u64> {
    if name.starts_with('0') || !name.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    name.parse().ok()
}

fn same<T: PartialEq + std::fmt::Debug + ?Sized>(
    what: &str,
    want: &T,
    got: &T,
) -> Result<(), String> {
    if want == got {
        return Ok(());
    }
    Err(format!("store: {what}: expected {want:?}, got {got:?}"))
}

fn read(store: &Path, path: &str) -> Result<String, String> {
    let bytes = fs::read(store.join(path)).map_err(|error| format!("store: {path}: {error}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn names(store: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(store).map_err(|error| format!("store: {error}"))?;
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::host::run;

    #[test]
    fn every_check_can_be_met_and_missed() {
        let dir = tempfile::tempdir().unwrap();
        for id in ["1", "10", "9", "1.bak", "007"] {
            fs::create_dir(dir.path().join(id)).unwrap();
        }
        fs::write(dir.path().join("session.json"), r#"{"default":"10"}"#).unwrap();
        let image = dir.path().join("changes.img");
        File::create(&image).unwrap().set_len(16 << 20).unwrap();
        run(command("mke2fs")
            .args(["-q", "-F", "-t", "ext4"])
            .arg(image))
        .unwrap();
        let container = |path: &str| Offline::Container(path.into());
        let json = |value: &str| Offline::Json {
            path: "session.json".into(),
            pointer: "/default".into(),
            value: value.into(),
        };
        let sessions =
            |ids: &[&str]| Offline::Sessions(ids.iter().map(ToString::to_string).collect());
        let file = |text: &str| Offline::File {
            path: "session.json".into(),
            text: text.into(),
        };
        for (met, missed) in [
            (json("10"), json("1")),
            (container("changes.img"), container("session.json")),
            (
                Offline::UnmountedContainer("changes.img".into()),
                Offline::UnmountedContainer("session.json".into()),
            ),
            (sessions(&["1", "9", "10"]), sessions(&["1", "10"])),
            (file("{\"default\":\"10\"}\n"), file("{}")),
            (Offline::Missing("2".into()), Offline::Missing("1".into())),
            (
                Offline::Count {
                    prefix: "session.json".into(),
                    count: 1,
                },
                Offline::Count {
                    prefix: "session.json.corrupt-".into(),
                    count: 1,
                },
            ),
            (
                Offline::Length {
                    path: "session.json".into(),
                    bytes: 16,
                },
                Offline::Length {
                    path: "changes.img".into(),
                    bytes: 16,
                },
            ),
        ] {
            assert_eq!(met.judge(dir.path()), Ok(()), "{met:?}");
            assert!(missed.judge(dir.path()).is_err(), "{missed:?}");
        }
    }
}
