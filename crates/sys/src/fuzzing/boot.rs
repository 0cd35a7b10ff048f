//! The kernel line, and the record of a boot.

use std::sync::LazyLock;

use perch_core::explain::explain;
use perch_core::facts::Facts;
use perch_core::{cmdline as line, record};

use super::assert_shows;

/// What a boot finds that has something to decide: two sessions and a place of its own for them.
static FACTS: LazyLock<Facts> = LazyLock::new(|| {
    let text = include_str!("../../fuzz/seeds/boot_json/two-sessions");
    record::read(text).expect("a seed is a record").facts
});

/// Any kernel line: a request, a decision and a plan, and words about what was not understood.
pub fn cmdline(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (request, oddities) = line::parse(&text);
    oddities
        .iter()
        .for_each(|oddity| assert_shows(&oddity.to_string()));
    // The kernel itself separates words by blanks outside of quotes.
    assert_eq!(line::parse(&format!("quiet {text}")).0, request, "{text:?}");
    let explanation = explain(&text, &FACTS, &[]);
    assert!(!explanation.decision.to_string().is_empty());
}

/// Any `boot.json`: refused, or the same decision after it was written and read once more.
pub fn boot_json(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(recorded) = record::read(&text) else {
        return;
    };
    let cmdline = recorded.cmdline.as_deref().unwrap_or("perchdir=resume");
    let once = explain(cmdline, &recorded.facts, &[]);
    let written = serde_json::to_string(&recorded.facts).expect("facts are plain");
    let again = record::read(&written)
        .expect("what was written is read")
        .facts;
    assert_eq!(explain(cmdline, &again, &[]), once);
}
