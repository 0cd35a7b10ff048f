//! Expectations and how they are judged: pure functions of the evidence a boot left.

use serde_json::Value;

use super::Evidence;

/// One requirement.
#[derive(Clone, Debug, PartialEq)]
pub enum Expect {
    /// The output of a script equals this text, blank space at the end aside.
    Equals(String),
    /// A text is on the console.
    Console(String),
    /// A text is not on the console.
    NotConsole(String),
    /// A value is in the boot record.
    Record {
        /// Where (RFC 6901).
        pointer: String,
        /// What; `null` also means: nothing there.
        value: Value,
    },
    /// One reason of the boot record holds all these words.
    Reason(Vec<String>),
    /// One line of the console holds all these words.
    ConsoleLine(Vec<String>),
    /// One line of the log in the boot record holds all these words.
    Noted(Vec<String>),
    /// No reason of the boot record holds this word.
    NoReason(String),
}

impl Expect {
    /// Judges a whole boot.
    ///
    /// # Errors
    /// The sentence that goes into the report.
    pub fn judge(&self, evidence: &Evidence) -> Result<(), String> {
        match self {
            Self::Equals(want) => equal(want, &evidence.output),
            Self::Console(text) if !evidence.console.contains(text) => {
                Err(format!("the console never showed {text:?}"))
            }
            Self::NotConsole(text) if evidence.console.contains(text) => {
                Err(format!("the console showed {text:?}"))
            }
            Self::Console(_) | Self::NotConsole(_) => Ok(()),
            Self::Record { pointer, value } => record(evidence, pointer, value),
            Self::Reason(words) => one_of("reason", &evidence.reasons(), words),
            Self::ConsoleLine(words) => one_of(
                "console line",
                &evidence.console.lines().collect::<Vec<_>>(),
                words,
            ),
            Self::Noted(words) => one_of("log line", &evidence.log(), words),
            Self::NoReason(word) => {
                let found = evidence
                    .reasons()
                    .into_iter()
                    .find(|text| text.contains(word));
                found.map_or(Ok(()), |text| {
                    Err(format!("a reason speaks of {word:?}: {text:?}"))
                })
            }
        }
    }
}

fn equal(want: &str, got: &str) -> Result<(), String> {
    if got.trim_end() == want.trim_end() {
        return Ok(());
    }
    Err(format!("expected {want:?}, got {got:?}"))
}

fn record(evidence: &Evidence, pointer: &str, want: &Value) -> Result<(), String> {
    let got = evidence.record.pointer(pointer).unwrap_or(&Value::Null);
    if got == want {
        return Ok(());
    }
    Err(format!("boot record {pointer}: expected {want}, got {got}"))
}

/// Whether one of `texts` holds all of `words`.
fn one_of(what: &str, texts: &[&str], words: &[String]) -> Result<(), String> {
    if texts
        .iter()
        .any(|text| words.iter().all(|word| text.contains(word.as_str())))
    {
        return Ok(());
    }
    // A whole console is not repeated: the report ends with it anyway.
    let shown: &[&str] = if texts.len() > 20 { &[] } else { texts };
    Err(format!("no {what} with {words:?} {shown:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn evidence() -> Evidence {
        Evidence {
            console: "perch: session 1 was written by 5.0, this is 5.1.1\n".into(),
            output: "one\n".into(),
            record: json!({
                "outcome": { "status": "session" },
                "reasons": [{ "code": "version", "text": "session 1 was written by 5.0, this is 5.1.1" }],
                "log": ["7x is no session"],
            }),
        }
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_kind_of_requirement_can_be_met_and_missed() {
        let status = |value: &str| Expect::Record {
            pointer: "/outcome/status".into(),
            value: value.into(),
        };
        for (met, missed) in [
            (Expect::Equals("one".into()), Expect::Equals("two".into())),
            (
                Expect::Console("5.1.1".into()),
                Expect::Console("5.2".into()),
            ),
            (
                Expect::NotConsole("panic".into()),
                Expect::NotConsole("session 1".into()),
            ),
            (status("session"), status("ram")),
            (
                Expect::Reason(words(&["5.0", "5.1.1"])),
                Expect::Reason(words(&["5.0", "edition"])),
            ),
            (
                Expect::ConsoleLine(words(&["5.0", "5.1.1"])),
                Expect::ConsoleLine(words(&["5.0", "nobody saw"])),
            ),
            (
                Expect::Noted(words(&["7x"])),
                Expect::Noted(words(&["007"])),
            ),
            (
                Expect::NoReason("edition".into()),
                Expect::NoReason("5.0".into()),
            ),
        ] {
            assert_eq!(met.judge(&evidence()), Ok(()), "{met:?}");
            assert!(missed.judge(&evidence()).is_err(), "{missed:?}");
        }
    }

    #[test]
    fn the_report_names_place_wanted_and_found() {
        let expect = Expect::Record {
            pointer: "/outcome/session".into(),
            value: "2".into(),
        };
        assert_eq!(
            expect.judge(&evidence()).unwrap_err(),
            "boot record /outcome/session: expected \"2\", got null"
        );
    }
}
