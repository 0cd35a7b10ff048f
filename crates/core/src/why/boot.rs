//! Reading a record, also one of another machine, another release, or a damaged one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cmdline::Oddity;
use crate::decide::Failure;
use crate::facts::Facts;
use crate::record::{HookRun, LeftOut, Module, RamCopy, SCHEMA, Seen, Stage, Summary, Touch};
use crate::request::Request;

/// Why a file tells nothing of a boot.
#[derive(Debug, thiserror::Error)]
pub enum BadRecord {
    /// No JSON: cut off, overwritten, or something else.
    #[error("it is damaged, or no record of a boot")]
    Damaged(#[source] serde_json::Error),
    /// JSON, but of something else.
    #[error("it is no record of a boot: {0} is missing")]
    Foreign(&'static str),
    /// A later perch wrote it.
    #[error("it has the form {found}, and this perch knows form {SCHEMA} only")]
    Schema {
        /// The number in it, in words.
        found: String,
    },
}

impl BadRecord {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "copy the file again; the next boot writes a new one",
            Self::Foreign(_) => "name a copy of /run/perch/boot.json",
            Self::Schema { .. } => "use the perch of the system that wrote it",
        }
    }
}

/// A sentence with its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// A stable word.
    pub code: String,
    /// What is the case, and the next step in parentheses.
    pub text: String,
    /// Something is not as asked for.
    #[serde(default)]
    pub warning: bool,
}

/// A record that was read: what [`Record`](crate::record::Record) wrote.
#[derive(Debug, Deserialize)]
pub struct Boot {
    /// The version of perch that booted.
    #[serde(default)]
    pub perch: String,
    /// The release of the kernel.
    #[serde(default)]
    pub kernel: String,
    /// The kernel command line, behind the words that the image set.
    pub cmdline: String,
    /// Those words; empty for none, and in records of older releases.
    #[serde(default)]
    pub settings: String,
    /// What was asked for.
    pub request: Request,
    /// What in it was not understood.
    #[serde(default)]
    pub oddities: Vec<Oddity>,
    /// Every device that was looked at.
    #[serde(default)]
    pub devices: Vec<Seen>,
    /// What was found.
    pub facts: Facts,
    /// What came of it.
    pub outcome: Summary,
    /// Why.
    #[serde(default)]
    pub reasons: Vec<Said>,
    /// What else the user was told.
    #[serde(default)]
    pub notices: Vec<Said>,
    /// The decision, for programs.
    #[serde(default)]
    pub decision: Value,
    /// Steps that failed and were undone before the decision held.
    #[serde(default)]
    pub failures: Vec<Failure>,
    /// Steps that failed afterwards.
    #[serde(default)]
    pub warnings: Vec<Failure>,
    /// What came of `toram`; absent where it was not asked for.
    #[serde(default)]
    pub toram: Option<RamCopy>,
    /// Bundles that were left out.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// How long each stage took.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// Kernel modules that were asked for.
    #[serde(default)]
    pub modules: Vec<Module>,
    /// What was put into the system's files.
    #[serde(default)]
    pub touches: Vec<Touch>,
    /// Hooks that ran.
    #[serde(default)]
    pub hooks: Vec<HookRun>,
    /// The lines of the log.
    #[serde(default)]
    pub log: Vec<String>,
}

/// Reads a record.
///
/// # Errors
/// If the text is no record of a form that is known here.
pub fn read(text: &str) -> Result<Boot, BadRecord> {
    let value: Value = serde_json::from_str(text).map_err(BadRecord::Damaged)?;
    match value.get("schema") {
        Some(schema) if schema.as_u64() == Some(u64::from(SCHEMA)) => {}
        Some(schema) => {
            let found: String = schema.to_string().chars().take(20).collect();
            let found = found.escape_default().to_string();
            return Err(BadRecord::Schema { found });
        }
        None => return Err(BadRecord::Foreign("\"schema\"")),
    }
    for key in ["\"cmdline\"", "\"request\"", "\"facts\"", "\"outcome\""] {
        if value.get(key.trim_matches('"')).is_none() {
            return Err(BadRecord::Foreign(key));
        }
    }
    serde_json::from_value(value).map_err(BadRecord::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_record_is_told_from_a_damaged_one() {
        let said = |text: &str| read(text).unwrap_err().to_string();
        assert!(said("").starts_with("it is damaged"));
        assert!(said("{\"schema\": 1, \"cmdl").starts_with("it is damaged"));
        assert_eq!(
            said("{}"),
            "it is no record of a boot: \"schema\" is missing"
        );
        assert_eq!(
            said("{\"schema\": 1, \"cmdline\": \"\"}"),
            "it is no record of a boot: \"request\" is missing"
        );
        assert_eq!(
            said("{\"schema\": 2}"),
            "it has the form 2, and this perch knows form 1 only"
        );
        assert!(!said("{\"schema\": \"\\u001b[2J\"}").contains('\x1b'));
    }
}
