//! `perch why`: what it says of records, and of systems that have none. What it says of whole boots is compared in the tests
//! of the whole project.

use std::fs;

use serde_json::{Value, json};

use crate::perch::{Place, command};

/// A record as short as one can be.
fn record() -> Value {
    json!({
        "schema": 1,
        "cmdline": "asktimeout=10 lang=de perchdir=2 quiet lang=fr",
        "settings": "asktimeout=10 lang=de",
        "request": {
            "action": {"number": "2"}, "place": "medium", "source": {}, "wait_seconds": 45,
            "store_wait_seconds": 20, "on_missing": "retry", "extension": "sb",
        },
        "facts": {
            "system": {"name": "MiniOS"}, "unions": ["overlayfs"], "modes": ["native"], "console": false,
            "medium": {"device": "sdb1", "fs": "ext4", "dir": "minios", "bundles": []},
            "store": {
                "state": {"is": "ready"}, "fs": "ext4", "source": "json", "agrees": true,
                "sessions": [{"id": "2", "mode": "native", "union": "overlayfs"}],
                "metadata": {"sessions": {"2": {"mode": "native", "extra": {"name": "Work \u{202e}"}}}},
            },
        },
        "outcome": {
            "status": "session", "session": "2", "mode": "native", "new": false, "union": "overlayfs", "medium": "",
        },
        "reasons": [{"code": "number-asked", "text": "session 2 was \u{1b}[2Jasked for", "warning": false}],
        "stages": [{"name": "start", "us": 2_000_000, "ms": 2000}],
    })
}

fn said(record: &str, args: &str) -> crate::perch::Said {
    let place = Place::new();
    fs::write(place.path("boot.json"), record).unwrap();
    place.perch(&format!("why --record boot.json {args}"))
}

#[test]
fn each_parameter_is_told_with_who_gave_it() {
    let text = said(&record().to_string(), "").ok();
    for line in [
        "Session 2 is open (native, overlayfs): changes are kept.",
        "  session 2 and no other",
        "  asktimeout=10, set in the image by /etc/perch/perch.conf",
        "  perchdir=2, on the kernel command line",
        "  lang=fr, on the kernel command line",
        "  session 2 was \\u{1b}[2Jasked for [number-asked]",
        "  2.00 s in perch, of them beginning 2.00 s",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    assert!(!text.contains("lang=de"), "{text}");
    let all = said(&record().to_string(), "--verbose").ok();
    let line = "  lang=de, set in the image by /etc/perch/perch.conf; a later one counts";
    assert!(all.lines().any(|it| it == line), "{all}");
    let line = "  session 2: called Work \\u{202e}, native, overlayfs";
    assert!(all.lines().any(|it| it == line), "{all}");
}

#[test]
fn programs_get_all_of_it_in_one_object() {
    let json = said(&record().to_string(), "--json").json();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["success"], true);
    assert_eq!(json["outcome"]["session"], "2");
    assert_eq!(json["asked"]["parameters"][2]["parameter"], "perchdir=2");
    assert_eq!(
        json["asked"]["parameters"][2]["from"],
        "kernel-command-line"
    );
    assert_eq!(json["asked"]["parameters"][0]["from"], "image");
    assert_eq!(json["asked"]["parameters"][1]["counts"], false);
    assert_eq!(json["found"]["medium"]["device"], "sdb1");
    assert_eq!(json["reasons"][0]["code"], "number-asked");
    assert_eq!(json["total_us"], 2_000_000);
}

#[test]
fn a_record_that_is_none_is_refused_with_a_reason() {
    let mut newer = record();
    newer["schema"] = json!(2);
    let cut: String = record().to_string().chars().take(300).collect();
    for (text, code, words) in [
        (newer.to_string(), "schema", "it has the form 2"),
        (cut, "damaged", "it is damaged"),
        ("{}".to_owned(), "not-a-record", "\"schema\" is missing"),
        (String::new(), "damaged", "it is damaged"),
    ] {
        let said = said(&text, "--json");
        assert_eq!(said.status, 1);
        assert!(said.err.contains(words), "{}", said.err);
        assert_eq!(said.json()["code"], code);
        assert!(said.json()["hint"].is_string());
    }
}

#[test]
fn a_system_that_perch_did_not_boot_says_so() {
    if std::path::Path::new("/run/perch/boot.json").exists() {
        eprintln!("skipped: perch booted this system");
        return;
    }
    let output = command(&["why", "--json"]).output().unwrap();
    let said = crate::perch::Said::from(output);
    assert_eq!(said.status, 1);
    assert_eq!(said.json()["code"], "not-booted-by-perch");
    let place = Place::new();
    assert_eq!(
        place.perch("why --record nothing --json").json()["code"],
        "not-found"
    );
    // Commands that know of no store take none.
    assert_eq!(place.perch("--sessions-dir . why").status, 2);
}
