//! `metadata.json`: what an archive holds, and `session.info`, the same for people. Pure.

use jiff::Timestamp;
use perch_core::quoted::Quoted;
use perch_core::session::{Mode, UnionKind};
use serde_json::{Map, Value, json};

use super::layout::Layout;
use super::list::Sum;

/// The form of our archives. Those of MiniOS's manager have none.
const SCHEMA: u64 = 1;
/// The form that MiniOS's manager writes, and reads without looking.
const VERSION: &str = "1.0";
/// The least size that is told. MiniOS's manager takes numbers up to 100,000 for megabytes, and makes a container of that
/// size (contract C14).
const LEAST_SIZE: u64 = 1 << 20;
/// The longest line of text that is taken over.
const LONGEST: usize = 200;

/// What is known of a session beside its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// How it kept its data.
    pub mode: Mode,
    /// Version of the system that wrote it; absent where it is not known.
    pub version: Option<String>,
    /// Edition of that system; absent where it is not known.
    pub edition: Option<String>,
    /// The union that wrote it; absent where it is not known.
    pub union: Option<UnionKind>,
}

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The session.
    pub about: About,
    /// What it took on its medium, in bytes; absent where nothing usable is said.
    pub size: Option<u64>,
    /// When it was made, as written there: one short line without control characters; absent where there is none.
    pub date: Option<String>,
    /// How the session was laid out; absent in archives of others.
    pub layout: Option<Layout>,
    /// What its list of files comes to; absent in archives of others.
    pub sum: Option<Sum>,
    /// Bytes of content that are packed, which holes are not; absent in archives of others.
    pub stored: Option<u64>,
    /// Fields that are there, but say nothing that can be used.
    pub unreadable: Vec<&'static str>,
}

/// Why a `metadata.json` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or not an object with an object `session`.
    #[error("the archive's metadata.json cannot be read: get another copy of the archive")]
    Syntax,
    /// A mode that we do not know.
    #[error("the archive's session has the unknown mode \"{}\": choose one with an option", Quoted(.word))]
    Mode {
        /// What is said there.
        word: String,
    },
    /// Written by a later perch, or by something else.
    #[error("the archive has the unknown form {}: import it with a newer perch", Quoted(.form))]
    Form {
        /// What is said there.
        form: String,
    },
}

/// The text of a `metadata.json`.
pub fn text(about: &About, layout: Layout, sum: &Sum, stored: u64, at: Timestamp) -> Vec<u8> {
    let union = about.union.map_or("unknown", UnionKind::word);
    let manifest = json!({
        "version": VERSION,
        "date": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "session": {
            "mode": about.mode.word(),
            "version": known(about.version.as_deref()),
            "edition": known(about.edition.as_deref()),
            "union": union,
            "size": sum.bytes.max(LEAST_SIZE),
        },
        "schema": SCHEMA,
        "layout": layout.word(),
        "sha256": sum.sha256,
        "files": sum.files,
        "bytes": sum.bytes,
        "stored": stored,
    });
    format!("{manifest:#}\n").into_bytes()
}

/// The text of a `session.info`.
pub fn info(about: &About, sum: &Sum, at: Timestamp) -> Vec<u8> {
    format!(
        "MiniOS session\n==============\nMode: {}\nVersion: {}\nEdition: {}\nUnion: {}\nSize: {} bytes in {} files\n\
         Exported: {}\n",
        about.mode,
        known(about.version.as_deref()),
        known(about.edition.as_deref()),
        about.union.map_or("unknown", UnionKind::word),
        sum.bytes,
        sum.files,
        at.strftime("%Y-%m-%d %H:%M:%S UTC"),
    )
    .into_bytes()
}

/// A line that is no longer than what is taken over when it is read.
fn known(text: Option<&str>) -> &str {
    text.filter(|text| text.len() <= LONGEST)
        .unwrap_or("unknown")
}

/// Whether a text says that it is one of ours, so that everything else follows it in order.
pub(super) fn has_schema(text: &[u8]) -> bool {
    serde_json::from_slice::<Map<String, Value>>(text).is_ok_and(|map| map.contains_key("schema"))
}

/// Reads a `metadata.json`, ours or that of MiniOS's manager.
pub fn parse(text: &[u8]) -> Result<Manifest, ManifestError> {
    let map: Map<String, Value> =
        serde_json::from_slice(text).map_err(|_| ManifestError::Syntax)?;
    check_form(&map)?;
    let session = map.get("session").and_then(Value::as_object);
    let session = session.ok_or(ManifestError::Syntax)?;
    let mut unreadable = Vec::new();
    let mut line = |map: &Map<String, Value>, key: &'static str| {
        let (text, is_readable) = line(map.get(key));
        unreadable.extend((!is_readable).then_some(key));
        text
    };
    let mode = match session.get("mode").and_then(Value::as_str) {
        Some(word) => word.parse().map_err(|_| ManifestError::Mode {
            word: word.to_owned(),
        })?,
        None => {
            return Err(ManifestError::Mode {
                word: String::new(),
            });
        }
    };
    let (version, edition) = (line(session, "version"), line(session, "edition"));
    let (union, date) = (line(session, "union"), line(&map, "date"));
    let layout = map.get("layout").and_then(Value::as_str);
    let manifest = Manifest {
        size: session.get("size").and_then(Value::as_u64),
        date,
        layout: layout.and_then(Layout::from_word),
        sum: sum(&map),
        stored: map.get("stored").and_then(Value::as_u64),
        about: About {
            mode,
            version,
            edition,
            union: union.as_deref().and_then(|word| word.parse().ok()),
        },
        unreadable: Vec::new(),
    };
    if union.is_some() && manifest.about.union.is_none() {
        unreadable.push("union");
    }
    if map.contains_key("layout") && manifest.layout.is_none()
        || map.contains_key("schema") && manifest.sum.is_none()
    {
        return Err(ManifestError::Syntax);
    }
    Ok(Manifest {
        unreadable,
        ..manifest
    })
}

/// Refuses what comes from later programs.
fn check_form(map: &Map<String, Value>) -> Result<(), ManifestError> {
    let known = match (map.get("version"), map.get("schema")) {
        (_, Some(schema)) if schema.as_u64() != Some(SCHEMA) => Err(schema),
        (Some(version), _) if !version.as_str().is_some_and(|text| text.starts_with("1.")) => {
            Err(version)
        }
        _ => Ok(()),
    };
    known.map_err(|form| ManifestError::Form {
        form: form.to_string(),
    })
}

fn sum(map: &Map<String, Value>) -> Option<Sum> {
    let sha256 = map.get("sha256")?.as_str()?;
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if sha256.len() != 64 || !sha256.bytes().all(is_hex) {
        return None;
    }
    Some(Sum {
        sha256: sha256.to_owned(),
        files: map.get("files")?.as_u64()?,
        bytes: map.get("bytes")?.as_u64()?,
    })
}

/// A line of text, and whether what is there could be used. It reaches terminals and the metadata of a store: control
/// characters, and those that change the direction of writing, are not taken.
fn line(value: Option<&Value>) -> (Option<String>, bool) {
    let text = match value {
        None | Some(Value::Null) => return (None, true),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) if number.is_u64() => number.to_string(),
        Some(_) => return (None, false),
    };
    match text.as_str() {
        "" | "unknown" | "None" | "null" => (None, true),
        fine if fine.len() <= LONGEST && Quoted(fine).to_string() == fine => (Some(text), true),
        _ => (None, false),
    }
}

#[cfg(test)]
mod tests;
