//! What perch wrote about a boot to `/run/perch/boot.json`: what came of it, why, and the time of each stage.
//!
//! Only the fields shown here are read, so that the demo does not break when the record grows.

use std::fmt;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// The part of the record that is shown.
#[derive(Debug, Deserialize)]
pub struct Record {
    outcome: Outcome,
    stages: Vec<Stage>,
    #[serde(default)]
    reasons: Vec<Reason>,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    /// `session`, `ram` or `ram-fallback`.
    status: String,
    /// The open session; absent in RAM.
    session: Option<String>,
    /// Whether this boot made the session.
    new: bool,
}

#[derive(Debug, Deserialize)]
struct Stage {
    name: String,
    /// Milliseconds; whole or with a fraction.
    ms: f64,
}

#[derive(Debug, Deserialize)]
struct Reason {
    text: String,
}

impl Record {
    /// Reads the record. Fails when it is no such record, or names no stages.
    pub fn parse(json: &str) -> Result<Self> {
        let record: Self = serde_json::from_str(json)
            .with_context(|| format!("/run/perch/boot.json is not a boot record: {json}"))?;
        ensure!(
            !record.stages.is_empty(),
            "/run/perch/boot.json names no stages"
        );
        Ok(record)
    }

    /// The outcome in a few words, such as `new session 1`, `session 1` or `ram`.
    pub fn outcome(&self) -> String {
        let Outcome {
            status,
            session,
            new,
        } = &self.outcome;
        match session {
            Some(id) => format!("{}{status} {id}", if *new { "new " } else { "" }),
            None => status.clone(),
        }
    }

    /// The time of all stages, in milliseconds.
    pub fn total_ms(&self) -> f64 {
        self.stages.iter().map(|stage| stage.ms).sum()
    }
}

/// The outcome, a table of stages, then one line per reason.
impl fmt::Display for Record {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        writeln!(out, "perch: {}", self.outcome())?;
        let width = self
            .stages
            .iter()
            .map(|stage| stage.name.chars().count())
            .max()
            .unwrap_or(0)
            .max("total".len());
        for Stage { name, ms } in &self.stages {
            writeln!(out, "{name:width$} {ms:8.1} ms")?;
        }
        writeln!(out, "{:width$} {:8.1} ms", "total", self.total_ms())?;
        for Reason { text } in &self.reasons {
            writeln!(out, "- {text}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_become_a_table_and_reasons_follow() {
        let json = r#"{
            "schema": 1,
            "outcome": {"status": "ram", "new": false, "union": "overlayfs"},
            "stages": [{"name": "find", "ms": 12, "more": 0}, {"name": "assemble", "ms": 0.5}],
            "reasons": [{"code": "x", "text": "no session yet"}]
        }"#;
        let want = "\
perch: ram
find         12.0 ms
assemble      0.5 ms
total        12.5 ms
- no session yet
";
        assert_eq!(Record::parse(json).unwrap().to_string(), want);
    }

    #[test]
    fn outcomes_in_words() {
        for (outcome, want) in [
            (
                r#"{"status": "session", "session": "1", "new": true}"#,
                "new session 1",
            ),
            (
                r#"{"status": "session", "session": "1", "new": false}"#,
                "session 1",
            ),
            (
                r#"{"status": "ram-fallback", "new": false}"#,
                "ram-fallback",
            ),
        ] {
            let json =
                format!(r#"{{"outcome": {outcome}, "stages": [{{"name": "all", "ms": 1}}]}}"#);
            assert_eq!(Record::parse(&json).unwrap().outcome(), want, "{outcome}");
        }
    }

    #[test]
    fn what_is_no_record_is_an_error() {
        for json in [
            "",
            "{}",
            r#"{"stages": []}"#,
            "cat: /run/perch/boot.json: No such file or directory",
        ] {
            assert!(Record::parse(json).is_err(), "{json}");
        }
    }
}
