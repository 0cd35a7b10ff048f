//! Golden tests: a kernel command line and a store, to the decision, its reasons, its plan and the
//! metadata that follows.
//!
//! Each `golden/NAME.json` is a case; `golden/NAME.txt` is what perch says to it. After an intended
//! change run with `PERCH_BLESS=1` and read the difference.

#![allow(clippy::unwrap_used, reason = "a test")]

mod cases;

use std::fs;
use std::path::Path;

use perch_core::explain::explain;
use perch_core::metadata::{conf, json};
use perch_core::plan::Step;

#[test]
fn every_case_is_answered_as_written() {
    let bless = std::env::var_os("PERCH_BLESS").is_some();
    let mut wrong = Vec::new();
    for path in cases::all() {
        let got = answer(&path);
        let golden = path.with_extension("txt");
        if bless {
            fs::write(&golden, &got).unwrap();
        }
        let want = fs::read_to_string(&golden).unwrap_or_default();
        if got != want {
            wrong.push(format!(
                "{}:\n--- expected\n{want}--- got\n{got}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn answer(path: &Path) -> String {
    let case = cases::read(path);
    let facts = cases::facts(&case);
    let explanation = explain(&case.cmdline, &facts, &case.failures);
    let mut text = format!("cmdline: {}\n{explanation}", case.cmdline);
    for step in &explanation.plan.afterwards {
        if let Step::WriteMetadata { metadata, .. } = step {
            text += &format!("--- session.json\n{}\n", json::write(metadata).trim_end());
            text += &format!("--- session.conf\n{}\n", conf::write(metadata).trim_end());
        }
        if let Step::CountTry { metadata, .. } = step {
            text += &format!("--- session.json\n{}\n", json::write(metadata).trim_end());
        }
    }
    text
}
