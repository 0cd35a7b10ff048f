use std::fs;
use std::io::{Read, Seek, SeekFrom};

use rustix::fs::{CWD, Mode, mkfifoat};

use super::*;

/// A sink with everything in `dir`; the kernel shows levels below `console_loglevel`.
fn sink(dir: &Path, console_loglevel: u8) -> Kmsg {
    let text = format!("{console_loglevel}\t4\t1\t7\n");
    fs::write(dir.join("printk"), text).unwrap();
    fs::write(dir.join("limit"), "ratelimit\n").unwrap();
    fs::write(dir.join("active"), "tty0 ttyS0\n").unwrap();
    let places = Places {
        kmsg: dir.join("kmsg"),
        console_loglevel: dir.join("printk"),
        rate_limit: dir.join("limit"),
        active_consoles: dir.join("active"),
        dev: dir.into(),
    };
    Kmsg {
        places,
        ..Kmsg::default()
    }
}

fn log(sink: &Kmsg, level: Level, text: &str) {
    let args = format_args!("{text}");
    sink.log(&Record::builder().level(level).args(args).build());
}

#[test]
fn levels_and_early_lines_reach_the_kernel_log_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let sink = sink(dir.path(), 8);
    log(&sink, Level::Info, "before /dev");
    // As the device node would: nothing makes it, it appears.
    fs::write(dir.path().join("kmsg"), "").unwrap();
    for (level, text) in [
        (Level::Error, "e"),
        (Level::Warn, "w"),
        (Level::Debug, "d"),
        (Level::Trace, "two\nlines"),
    ] {
        log(&sink, level, text);
    }
    let got = fs::read_to_string(dir.path().join("kmsg")).unwrap();
    let want = "<6>perch: before /dev\n<3>perch: e\n<4>perch: w\n<7>perch: d\n\
        <7>perch: two\\nlines\n";
    assert_eq!(got, want);
    let (lines, dropped) = sink.lines();
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["before /dev", "e", "w", "d", "two\\nlines"]);
    assert!(lines.is_sorted_by_key(|line| line.since_boot));
    assert_eq!(dropped, 0);
}

#[test]
fn only_what_the_kernel_hides_and_people_must_see_goes_to_the_consoles() {
    for (console_loglevel, level, shown) in [
        (4, Level::Error, false), // `quiet`: the kernel shows errors
        (4, Level::Warn, true),
        (4, Level::Info, false),
        (1, Level::Error, true),
        (7, Level::Warn, false),
        (7, Level::Debug, false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        for name in ["kmsg", "tty0", "ttyS0"] {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let sink = sink(dir.path(), console_loglevel);
        log(&sink, level, "text");
        log(&sink, level, "again");
        let want = if shown {
            "perch: text\r\nperch: again\r\n"
        } else {
            ""
        };
        for name in ["tty0", "ttyS0"] {
            let got = fs::read_to_string(dir.path().join(name)).unwrap();
            assert_eq!(got, want, "{level} on {name} at {console_loglevel}");
        }
    }
}

#[test]
fn a_console_that_takes_nothing_cannot_hang_us() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["tty0", "ttyS0"] {
        mkfifoat(CWD, dir.path().join(name), Mode::from_raw_mode(0o600)).unwrap();
    }
    let mut stuck = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(dir.path().join("ttyS0"))
        .unwrap();
    let sink = sink(dir.path(), 1);
    let text = "x".repeat(1000);
    for _ in 0..1000 {
        log(&sink, Level::Error, &text);
    }
    let mut start = [0; 16];
    stuck.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"perch: xxxxxxxxx");
    assert_eq!(sink.lines().0.len(), 1000);
}

#[test]
fn long_text_is_split_between_characters_and_the_memory_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("kmsg"), "").unwrap();
    let sink = sink(dir.path(), 8);
    let text = "ä".repeat(MAX_PIECE); // two bytes each
    log(&sink, Level::Info, &format!("x{text}"));
    let got = fs::read_to_string(dir.path().join("kmsg")).unwrap();
    assert!(got.lines().all(|line| line.len() < 976), "{got}");
    assert_eq!(got.lines().count(), 3);
    let joined: String = got
        .lines()
        .map(|l| l.trim_start_matches("<6>perch: "))
        .collect();
    assert_eq!(joined, format!("x{text}"));
    for _ in 0..MAX_LINES {
        log(&sink, Level::Info, "y");
    }
    let (lines, dropped) = sink.lines();
    assert_eq!((lines.len(), dropped), (MAX_LINES, 1));
    let got = fs::read_to_string(dir.path().join("kmsg")).unwrap();
    assert_eq!(
        got.matches("perch: y\n").count(),
        MAX_LINES,
        "all reach the kernel"
    );
}

#[test]
fn untrusted_text_is_made_harmless() {
    for (text, want) in [
        ("plain ä €", "plain ä €"),
        ("\u{1b}[2J", "\\u{1b}[2J"),
        ("a\r\n\tb\0", "a\\r\\n\\tb\\u{0}"),
        ("\u{7f}\u{9b}1m", "\\u{7f}\\u{9b}1m"),
        ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
        ("a\u{2028}b", "a\\u{2028}b"),
    ] {
        assert_eq!(printable(text), want, "{text:?}");
    }
}

#[test]
fn privileged_records_of_the_real_kernel_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut sink = sink(dir.path(), 8);
    sink.places.kmsg = "/dev/kmsg".into();
    sink.places.rate_limit = Places::default().rate_limit;
    let limit = || fs::read_to_string("/proc/sys/kernel/printk_devkmsg").unwrap();
    let before = limit();
    let mut reader = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open("/dev/kmsg")
        .unwrap();
    reader.seek(SeekFrom::End(0)).unwrap();

    sink.lift_rate_limit().unwrap();
    assert_eq!(limit(), "on\n");
    sink.lift_rate_limit().unwrap();
    let unique = dir.path().display().to_string();
    for n in 0..50 {
        log(&sink, Level::Info, &format!("{unique} line {n}"));
    }
    log(
        &sink,
        Level::Debug,
        &format!("{unique} {}", "z".repeat(2000)),
    );
    sink.restore_rate_limit().unwrap();
    assert_eq!(limit(), before, "as found before the first call");

    let mut records = Vec::new();
    let mut buffer = [0; 8192];
    while let Ok(len) = reader.read(&mut buffer) {
        let record = String::from_utf8_lossy(&buffer[..len]).into_owned();
        if record.contains("perch: ") && record.contains(&unique) || record.contains("zzzz") {
            records.push(record);
        }
    }
    assert_eq!(records.len(), 53, "{records:?}");
    for (n, record) in records.iter().take(50).enumerate() {
        // Facility 1 (user) and severity 6.
        assert!(record.starts_with("14,"), "{record}");
        let end = format!(";perch: {unique} line {n}\n");
        assert!(record.contains(&end), "{record}");
    }
    assert!(records[50].starts_with("15,"), "{}", records[50]);
}

#[test]
fn a_held_console_gets_what_it_missed_afterwards() {
    for (loglevel, want) in [
        // As under `quiet`: what the kernel hides is for people only from warnings on.
        (4, "perch: w\r\nperch: said\r\n"),
        // The kernel would have shown it all.
        (7, "perch: i\r\nperch: w\r\nperch: said\r\n"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let sink = sink(dir.path(), loglevel);
        let (console, level) = (dir.path().join("tty0"), dir.path().join("printk"));
        fs::write(&console, "").unwrap();
        sink.hold();
        assert_eq!(fs::read_to_string(&level).unwrap(), "1\n");
        // A second question within the first does not lose the level.
        sink.hold();
        log(&sink, Level::Info, "i");
        log(&sink, Level::Warn, "w");
        sink.announce(&["said".to_owned()]);
        assert_eq!(fs::read_to_string(&console).unwrap(), "");
        sink.release();
        assert_eq!(fs::read_to_string(&console).unwrap(), want, "{loglevel}");
        assert_eq!(fs::read_to_string(&level).unwrap(), format!("{loglevel}\n"));
        sink.release();
        assert_eq!(fs::read_to_string(&console).unwrap(), want, "{loglevel}");
    }
}
