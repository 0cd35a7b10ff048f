//! Golden tests: the questions as they look on a console.
//!
//! `golden-menus/NAME.txt` is a screen: its size in a frame, one line of text per line, with the style
//! of each that is not plain before it. After an intended change run with `PERCH_BLESS=1` and read
//! the difference.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use perch_core::cmdline;
use perch_core::facts::Facts;
use perch_core::fs::FsKind;
use perch_core::menu::catalogue::Catalogue;
use perch_core::menu::dialogue::{Dialogue, Glyphs, Key, Screen, Style};
use perch_core::menu::disks::{DiskMenu, DiskRow, Purpose};
use perch_core::menu::language::Language;
use perch_core::menu::sessions::SessionMenu;
use perch_core::metadata::Record;
use perch_core::session::{Mode, Session, UnionKind};
use perch_core::units::{Bytes, Mib, SessionId};

const NOW: i64 = 1_790_000_000;
const HOUR: i64 = 3600;

const ASCII: Screen = screen(80, 24, Glyphs::Ascii);
const UTF8: Screen = screen(80, 24, Glyphs::Utf8);
const SMALL: Screen = screen(40, 12, Glyphs::Ascii);

const fn screen(columns: u16, rows: u16, glyphs: Glyphs) -> Screen {
    Screen {
        columns,
        rows,
        glyphs,
    }
}

fn id(number: u32) -> SessionId {
    SessionId::new(number).unwrap()
}

/// A store as it may be after a year: four sessions, each odd in its own way.
fn facts() -> Facts {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/facts/base.json");
    let mut facts: Facts = serde_json::from_str(&fs::read_to_string(base).unwrap()).unwrap();
    let session = |number, mode, version: Option<&str>, modified| Session {
        id: id(number),
        mode,
        version: version.map(str::to_owned),
        edition: version.map(|_| "standard".to_owned()),
        union: version.map(|_| UnionKind::Overlayfs),
        size: None,
        image: None,
        allocated: None,
        modified: Some(modified),
        in_use: None,
    };
    let mut union = session(12, Mode::Native, Some("4.1.2"), NOW - 40 * 24 * HOUR);
    union.union = Some(UnionKind::Aufs);
    union.edition = Some("ultra".into());
    let mut raw = session(7, Mode::Raw, Some("5.1.1"), NOW - 3 * HOUR);
    raw.size = Some(Mib(4000));
    facts.store.sessions = vec![
        session(1, Mode::Native, Some("5.0"), NOW - 26 * HOUR),
        session(3, Mode::Native, None, NOW - 65),
        raw,
        union,
    ];
    let mut named = Record::default();
    named.extra.insert("name".into(), "Café größer".into());
    let failed = Record {
        failed: Some("check the container: e2fsck found errors".into()),
        ..Record::default()
    };
    facts.store.metadata.sessions = [(id(1), named), (id(7), failed)].into();
    facts.store.metadata.default = Some(id(3));
    facts.modes = vec![Mode::Native, Mode::Raw];
    facts.console = true;
    facts
}

fn sessions(cmdline: &str, facts: &Facts, keys: &[Key]) -> SessionMenu {
    let (request, _) = cmdline::parse(cmdline);
    let mut menu = SessionMenu::new(&request, facts, Catalogue::of(request.language), NOW);
    menu.set_used(id(7), Bytes(120 << 20));
    menu.tick(Duration::from_millis(1500));
    for key in keys {
        assert_eq!(menu.key(*key), None);
    }
    menu
}

fn disks(language: Language, keys: &[Key]) -> DiskMenu {
    let disk = |device: &str, size: u64, fs, label: Option<&str>| DiskRow {
        device: device.into(),
        size: Bytes(size),
        fs,
        label: label.map(str::to_owned),
        usable: fs.mountable(),
    };
    let mut menu = DiskMenu::new(
        Purpose::Sessions,
        "my/work",
        Catalogue::of(language),
        Some(30),
    );
    menu.set_disks(vec![
        disk("sda1", 512 << 20, FsKind::Vfat, Some("EFI")),
        disk("sda2", 200 << 30, FsKind::Luks, None),
        disk("sda3", 8 << 30, FsKind::Swap, None),
        disk("sdb1", 58 << 30, FsKind::Ext4, Some("Zoë's \x1b[31mstick")),
    ]);
    for key in keys {
        assert_eq!(menu.key(*key), None);
    }
    menu
}

fn drawn(menu: &dyn Render, screen: &Screen) -> String {
    let columns = usize::from(screen.columns);
    let frame = format!("         +{}+\n", "-".repeat(columns));
    let mut text = frame.clone();
    let lines = menu.lines(screen);
    assert!(lines.len() <= usize::from(screen.rows));
    for (line, style) in lines {
        let style = match style {
            Style::Plain => "",
            Style::Title => "title",
            Style::Selected => "selected",
            Style::Dim => "dim",
            Style::Warning => "warning",
        };
        text += &format!("{style:<8} |{line:<columns$}|\n");
    }
    text + &frame
}

/// Both kinds of question, whatever their answer is.
trait Render {
    fn lines(&self, screen: &Screen) -> Vec<(String, Style)>;
}

impl<D: Dialogue> Render for D {
    fn lines(&self, screen: &Screen) -> Vec<(String, Style)> {
        let lines = self.render(screen).into_iter();
        lines.map(|line| (line.text, line.style)).collect()
    }
}

#[test]
fn every_screen_looks_as_written() {
    use Key::{Char, Down, Enter, Escape};
    let ask = "perchdir=ask";
    let facts = facts();
    let mut many = facts.clone();
    many.store.sessions = (1..=1000)
        .map(|number| Session {
            id: id(number),
            modified: Some(NOW - HOUR * i64::from(number)),
            ..facts.store.sessions[0].clone()
        })
        .collect();
    let mut screens: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, menu: &dyn Render, screen: &Screen| {
        screens.push((name.to_owned(), drawn(menu, screen)));
    };
    let list = sessions(ask, &facts, &[]);
    add("sessions-80x24-ascii", &list, &ASCII);
    add("sessions-80x24-utf8", &list, &UTF8);
    add("sessions-40x12", &list, &SMALL);
    let seven = sessions(ask, &facts, &[Char('7')]);
    add("session-that-failed", &seven, &ASCII);
    let mut tired = facts.clone();
    let records = &mut tired.store.metadata.sessions;
    records.entry(id(3)).or_default().tries = Some(3);
    let records = records.entry(id(7)).or_default();
    (records.tries, records.good, records.failed) = (Some(1), Some(4), None);
    let list = sessions(ask, &tired, &[]);
    add("default-that-did-not-come-up", &list, &ASCII);
    let third = sessions(ask, &tired, &[Char('3')]);
    add("session-that-did-not-come-up", &third, &ASCII);
    let none = sessions(ask, &facts, &[Char('5'), Enter]);
    add("number-that-is-not-there", &none, &SMALL);
    let missing = sessions("perchdir=5", &facts, &[]);
    add("asked-by-a-number-that-is-not-there", &missing, &ASCII);
    let risk = sessions(ask, &facts, &[Char('1'), Enter, Down]);
    add("other-version-80x24", &risk, &ASCII);
    add("other-version-40x12", &risk, &SMALL);
    let closed = sessions(ask, &facts, &[Char('1'), Char('2'), Enter]);
    add("other-union-80x24", &closed, &ASCII);
    add("other-union-40x12", &closed, &SMALL);
    let thousand = sessions(ask, &many, &[Char('5'), Char('0'), Char('0')]);
    add("thousand-sessions-80x24", &thousand, &ASCII);
    add("thousand-sessions-40x12", &thousand, &SMALL);
    add("disks-80x24", &disks(Language::En, &[]), &UTF8);
    add("disks-40x12", &disks(Language::En, &[Down]), &SMALL);
    let give_up = disks(Language::En, &[Escape]);
    add("no-disk-80x24", &give_up, &ASCII);
    for (name, language) in [
        ("de", Language::De),
        ("es", Language::Es),
        ("fr", Language::Fr),
        ("id", Language::Id),
        ("it", Language::It),
        ("pt", Language::Pt),
        ("pt_BR", Language::PtBr),
        ("ru", Language::Ru),
    ] {
        let screen = screen(80, 24, Glyphs::Utf8Cyrillic);
        let ask = format!("{ask} lang={name}");
        let (request, _) = cmdline::parse(&ask);
        assert_eq!(request.language, language);
        let list = sessions(&ask, &facts, &[]);
        let closed = sessions(&ask, &facts, &[Char('1'), Char('2'), Enter]);
        let risk = sessions(&ask, &facts, &[Char('1'), Enter]);
        let disks = [disks(language, &[]), disks(language, &[Escape])];
        let mut all = drawn(&list, &screen) + &drawn(&closed, &screen) + &drawn(&risk, &screen);
        all.extend(disks.iter().map(|menu| drawn(menu, &screen)));
        screens.push((format!("language-{name}"), all));
    }
    compare(screens);
}

fn compare(screens: Vec<(String, String)>) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden-menus");
    let bless = std::env::var_os("PERCH_BLESS").is_some();
    let mut wrong = Vec::new();
    for (name, got) in screens {
        let golden = dir.join(name).with_extension("txt");
        if bless {
            fs::write(&golden, &got).unwrap();
        }
        let want = fs::read_to_string(&golden).unwrap_or_default();
        if got != want {
            let golden = golden.display();
            wrong.push(format!("{golden}:\n--- expected\n{want}--- got\n{got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
