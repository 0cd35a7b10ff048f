//! What programs read, and what people read in the same place.

use crate::damage::damaged;
use crate::golden::assert_golden;
use crate::perch::Place;

#[test]
fn answers_are_as_written() {
    let place = Place::new();
    let mut answers = String::new();
    let mut run = |place: &Place, args: &str| {
        let said = place.perch(args);
        answers.push_str(&format!("$ perch {args}\n{}", said.out));
        answers.push_str(&said.err);
        answers.push_str(&format!("[{}]\n\n", said.status));
    };
    for args in [
        "dynfilefs create --size 10 --split 4 --dry-run --json changes.dat",
        "dynfilefs create --size 10 --split 4 --json changes.dat",
        "dynfilefs create --size 10 changes.dat",
        "dynfilefs check --json changes.dat",
        "dynfilefs check changes.dat",
        "dynfilefs check --quiet changes.dat",
        "dynfilefs repair changes.dat",
        "dynfilefs compact --dry-run --json changes.dat",
        "dynfilefs compact --json changes.dat",
        "dynfilefs compact changes.dat",
        "--json dynfilefs info --nonsense changes.dat",
        "dynfilefs check nothing.dat",
        "dynfilefs check --json nothing.dat",
        "dynfilefs check changes.dat.1",
        "dynfilefs check .",
        "dynfilefs create --size 0 --json other.dat",
        "dynfilefs create --size 1x other.dat",
        "dynfilefs import changes.dat other.dat",
    ] {
        run(&place, args);
    }
    let place = damaged();
    for args in [
        "dynfilefs check changes.dat",
        "dynfilefs check --json changes.dat",
        "dynfilefs repair changes.dat",
        "dynfilefs repair --json changes.dat",
        "dynfilefs repair --dry-run changes.dat",
        "dynfilefs repair --dry-run --json changes.dat",
        "dynfilefs repair --yes changes.dat",
        "dynfilefs check changes.dat",
    ] {
        run(&place, args);
    }
    assert_golden("answers.txt", &answers);
}

/// What the files take differs between file systems, so this is no golden file.
#[test]
fn info_counts_what_takes_space() {
    let place = damaged();
    let info = place
        .perch("dynfilefs info --json --parts changes.dat")
        .json();
    for (key, want) in [
        ("version", 400),
        ("size", 10 << 20),
        ("split", 4 << 20),
        ("parts", 3),
        ("data", 3 * 4096),
        ("free", 2 * 4096),
        ("length", 4096 + 0x8000 + 2 * 0x3000),
        ("overhead", 4 * 4096 + 3 * 0x2000),
        ("unaligned_blocks", 0),
    ] {
        assert_eq!(info[key], want, "{key} of {info}");
    }
    assert_eq!(info["part_list"].as_array().unwrap().len(), 3);
    assert_eq!(info["part_list"][0]["length"], 0x8000);
    let text = place.perch("dynfilefs info --parts changes.dat").ok();
    assert!(text.contains("Disk:          10 MiB\n"), "{text}");
    assert!(
        text.contains("changes.dat.0") && text.contains("32.0KB"),
        "{text}"
    );
}

#[test]
fn info_names_a_missing_part() {
    let place = Place::with_container();
    std::fs::remove_file(place.path("changes.dat.1")).unwrap();
    let info = place.perch("dynfilefs info --json changes.dat").json();
    assert_eq!(info["missing_parts"], serde_json::json!([1]));
    assert_eq!(info["notices"].as_array().unwrap().len(), 1);
}
