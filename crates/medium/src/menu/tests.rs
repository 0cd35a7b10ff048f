//! What holds for any menu: hostile texts stay texts. That GRUB itself reads the files is tested in `tests/boot_menus.rs`.

use perch_core::units::SessionId;
use proptest::prelude::*;

use super::*;

/// A menu with somebody's texts in every place that takes some.
fn with_texts(text: &str) -> Menu {
    let session = |number| NamedSession {
        id: SessionId::new(number).unwrap(),
        name: text.to_owned(),
    };
    let mut menu = Menu {
        title: text.to_owned(),
        sessions: vec![session(1), session(12)],
        ..Menu::default()
    };
    menu.entries.push(Entry {
        id: "own".into(),
        title: Label::Given(text.to_owned()),
        help: Some(Label::Given(text.to_owned())),
        hotkey: None,
        parameters: String::new(),
    });
    menu
}

/// The text between quotes, if all of `value` is one GRUB argument that stands for itself.
fn unquoted(value: &str) -> Option<String> {
    let inner = value.strip_prefix('\'')?.strip_suffix('\'')?;
    let text = inner.replace(r"'\''", "\u{0}");
    (!text.contains('\'')).then(|| text.replace('\u{0}', "'"))
}

/// Compares with a menu of harmless texts: nothing but the texts themselves may differ.
fn check_grub(text: &str) {
    let lines = |text: &str| {
        let files = render(&with_texts(text), Loader::Grub).unwrap();
        files[0].text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (harmless, hostile) = (lines("x"), lines(text));
    assert_eq!(harmless.len(), hostile.len(), "{text:?}");
    for (harmless, hostile) in harmless.iter().zip(&hostile) {
        if harmless == hostile {
            continue;
        }
        if hostile.starts_with("# perch: title \"") {
            assert!(
                hostile.ends_with('"') && !hostile.chars().any(char::is_control),
                "{hostile:?}"
            );
            continue;
        }
        let (name, value) = hostile.split_once('=').unwrap();
        assert_eq!(Some(name), harmless.split('=').next(), "{text:?}");
        let shown = unquoted(value).unwrap_or_else(|| panic!("{text:?} became {hostile}"));
        assert!(
            !shown.chars().any(char::is_control),
            "{text:?} became {hostile}"
        );
    }
}

fn check_syslinux(text: &str) {
    let files = |text: &str| render(&with_texts(text), Loader::Syslinux).unwrap();
    for (harmless, hostile) in files("x").iter().zip(files(text)) {
        let harmless: Vec<_> = harmless.text.lines().collect();
        let lines: Vec<_> = hostile.text.lines().collect();
        assert_eq!(harmless.len(), lines.len(), "{text:?} in {}", hostile.path);
        for (harmless, hostile) in harmless.iter().zip(lines) {
            // A comment may hold letters.
            let comment = hostile.starts_with("# perch: title \"");
            let steers = |c: char| c.is_control() || !(comment || c.is_ascii());
            assert!(
                harmless == &hostile || !hostile.contains(steers),
                "{hostile:?}"
            );
            for word in ["MENU TITLE ", "  MENU LABEL ", "  "] {
                if let Some(rest) = harmless.strip_prefix(word) {
                    assert!(hostile.starts_with(word), "{text:?} became {hostile:?}");
                    // Of the texts of others nothing is a key.
                    assert!(
                        rest.contains('^') || !hostile.contains('^') || word == "  ",
                        "{hostile:?}"
                    );
                }
            }
        }
    }
}

const HOSTILE: [&str; 14] = [
    "'",
    "'; halt; echo '",
    "\"; reboot; \"",
    "$(halt) ${root} $root `reboot`",
    "a\nmenuentry b {\nhalt\n}\n",
    "a\r\nAPPEND init=/bin/sh\nENDTEXT\nLABEL x",
    "} halt {",
    "\\",
    "trailing backslash \\'",
    "# comment ; & | < >",
    "@OPTIONS@ @OWN@",
    "^evil ^^",
    "\u{1b}[2J\u{1a}\u{c}\u{0}",
    "\u{202e}txt.exe \u{2028} \u{85}",
];

#[test]
fn hostile_texts_stay_texts() {
    for text in HOSTILE {
        check_grub(text);
        check_syslinux(text);
    }
}

proptest! {
    #[test]
    fn any_text_stays_a_text(text in prop_oneof![any::<String>(), "[a-z '\"$\\\\{}\n\r;@^#]{0,30}"]) {
        check_grub(&text);
        check_syslinux(&text);
    }
}

#[test]
fn what_cannot_be_said_is_refused() {
    type Change = fn(&mut Menu);
    let cases: [(&str, Change, Option<Loader>); 14] = [
        ("blank in a path", |menu| menu.kernel = "/a b".into(), None),
        ("quote in a path", |menu| menu.initrd = "/a'b".into(), None),
        ("relative", |menu| menu.kernel = "vmlinuz".into(), None),
        ("upwards", |menu| menu.grub_dir = "../etc".into(), None),
        ("line", |menu| menu.options = "a\nhalt".into(), None),
        ("letters", |menu| menu.options = "a=\u{e4}".into(), None),
        ("open quote", |menu| menu.options = "a=\"b c".into(), None),
        ("dashes", |menu| menu.options = "a -- b".into(), None),
        ("long", |menu| menu.options = "x ".repeat(1000), None),
        (
            "backslash",
            |menu| menu.options = "a\\b".into(),
            Some(Loader::Grub),
        ),
        (
            "quote",
            |menu| menu.options = "a='b'".into(),
            Some(Loader::Grub),
        ),
        ("name", |menu| menu.entries[0].id = "a b".into(), None),
        ("name twice", |menu| menu.entries[0].id = "new".into(), None),
        ("nothing", |menu| menu.entries.clear(), None),
    ];
    for (what, change, only) in cases {
        let mut menu = Menu::default();
        change(&mut menu);
        for loader in Loader::ALL {
            let refused = render(&menu, loader).is_err();
            assert_eq!(
                refused,
                only.is_none_or(|only| only == loader),
                "{what} for {loader:?}"
            );
        }
    }
}

#[test]
fn every_file_can_be_known_again() {
    for file in Loader::ALL
        .map(|loader| render(&Menu::default(), loader).unwrap())
        .concat()
    {
        assert!(file.once || file.text.contains(MADE_BY), "{}", file.path);
        let is_config = file.path.ends_with(".cfg") || file.path.ends_with(".conf");
        assert_eq!(
            is_config,
            file.text.contains(own_lines::BEGIN),
            "{}",
            file.path
        );
        assert_eq!(own_lines::find(&file.text), Ok(""), "{}", file.path);
    }
}

#[test]
fn a_console_that_was_chosen_is_left_alone() {
    let options = |options: &str| {
        Menu {
            options: options.into(),
            ..Menu::default()
        }
        .all_options()
    };
    assert_eq!(options("quiet"), "console=ttyS0,115200 console=tty0 quiet");
    assert_eq!(options("console=ttyS1 quiet"), "console=ttyS1 quiet");
}
