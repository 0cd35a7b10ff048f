//! `perch why` over records of all kinds: one made from each golden case, as a boot would leave it, and those that real
//! boots in virtual machines left (`fixtures/records`).
//!
//! `golden-why/NAME.txt` is what people read; after an intended change run with `PERCH_BLESS=1` and read the difference.

#![allow(clippy::unwrap_used, reason = "a test")]

mod cases;

use std::fs;
use std::path::{Path, PathBuf};

use perch_core::cmdline;
use perch_core::explain::explain;
use perch_core::ladder::Outcome;
use perch_core::record::{Record, SCHEMA, Stage, Summary};
use perch_core::why::{Detail, Why, in_words, read};

/// Cases whose story is compared word by word: one of each kind.
const TOLD: [&str; 12] = [
    "ask-asks-where-somebody-is",
    "aufs-that-never-mounts-gives-way-to-overlayfs",
    "damaged-metadata-is-left-alone-by-a-fresh-start",
    "default-without-directory-is-replaced-with-notice",
    "dynfilefs-grows-when-asked",
    "dynfilefs-on-fat-is-not-capped",
    "boot-without-perch-clears-running",
    "ask-opens-a-session-in-its-own-mode",
    "read-only-store-says-why",
    "tries-used-up-resumes-the-last-good-session",
    "in-use-elsewhere-starts-in-ram-and-writes-nothing",
    "everything-differs-and-everything-is-said",
];

#[test]
fn the_story_of_each_kind_of_boot_is_told_as_written() {
    let mut wrong = Vec::new();
    for name in TOLD {
        let path = here("golden").join(format!("{name}.json"));
        let boot = read(&record(&path)).unwrap();
        let short = in_words(&boot, Detail::Short);
        let all = in_words(&boot, Detail::All);
        check(name, &format!("{short}\n--verbose\n\n{all}"), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_records_of_real_boots_are_told_as_written() {
    let mut wrong = Vec::new();
    let records = fs::read_dir(here("fixtures/records")).unwrap();
    let mut records: Vec<PathBuf> = records.map(|entry| entry.unwrap().path()).collect();
    records.sort();
    assert!(records.len() >= 3, "records are missing");
    for path in records {
        let boot = read(&fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let short = in_words(&boot, Detail::Short);
        let all = in_words(&boot, Detail::All);
        check(name, &format!("{short}\n--verbose\n\n{all}"), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nothing that a boot knew may be left out, whatever the case.
#[test]
fn every_reason_failure_and_warning_is_told() {
    for path in cases::all() {
        let case = cases::read(&path);
        let facts = cases::facts(&case);
        let explanation = explain(&case.cmdline, &facts, &case.failures);
        let boot = read(&record(&path)).unwrap();
        let text = in_words(&boot, Detail::Short);
        let name = path.display();
        for reason in &explanation.decision.reasons {
            assert!(
                text.contains(&format!("{reason} [{}]", reason.code())),
                "{name}:\n{text}"
            );
        }
        for failure in &case.failures {
            let told = format!("{} failed: {}", failure.step, failure.error);
            assert!(text.contains(&told), "{name}:\n{text}");
        }
        for oddity in &explanation.oddities {
            assert!(text.contains(&oddity.to_string()), "{name}:\n{text}");
        }
        for note in &facts.store.notes {
            assert!(text.contains(&note.to_string()), "{name}:\n{text}");
        }
        let json = serde_json::to_value(Why::of(&boot)).unwrap();
        assert_eq!(
            json["reasons"].as_array().unwrap().len(),
            explanation.decision.reasons.len()
        );
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{name}");
    }
}

fn check(name: &str, got: &str, wrong: &mut Vec<String>) {
    let golden = here("golden-why").join(format!("{name}.txt"));
    if std::env::var_os("PERCH_BLESS").is_some() {
        fs::write(&golden, got).unwrap();
    }
    let want = fs::read_to_string(&golden).unwrap_or_default();
    if got != want {
        wrong.push(format!("{name}:\n--- expected\n{want}--- got\n{got}"));
    }
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What the boot of a case would leave, with stages that took some time.
fn record(path: &Path) -> String {
    let case = cases::read(path);
    let facts = cases::facts(&case);
    let explanation = explain(&case.cmdline, &facts, &case.failures);
    let (request, oddities) = cmdline::parse(&case.cmdline);
    let outcome = Outcome {
        decision: explanation.decision,
        plan: explanation.plan,
        failures: case.failures.clone(),
        warnings: Vec::new(),
    };
    let stages = [
        ("start", 20_000),
        ("drivers", 300_000),
        ("medium", 900_000),
        ("session", 1_500),
    ];
    let stages = stages.map(|(name, us)| Stage {
        name: name.into(),
        us,
        ms: us / 1000,
    });
    let record = Record {
        schema: SCHEMA,
        perch: "0.1.0",
        kernel: "6.1.0-44-amd64",
        cmdline: &case.cmdline,
        settings: "",
        request: &request,
        oddities: &oddities,
        devices: &[],
        facts: &facts,
        outcome: Summary::of(&request, &facts, &outcome),
        reasons: outcome.decision.reasons.clone(),
        notices: &[],
        decision: &outcome.decision,
        plan: &outcome.plan,
        failures: &outcome.failures,
        warnings: &outcome.warnings,
        toram: None,
        left_out: &[],
        stages: &stages,
        modules: &[],
        touches: &[],
        hooks: &[],
        log: &[],
    };
    serde_json::to_string(&record).unwrap()
}
