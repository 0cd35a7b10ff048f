//! Golden tests: the menus of boot loaders, and what GRUB itself says of them.
//!
//! `golden-boot-menus/NAME/` holds the files of a menu. After an intended change run with `PERCH_BLESS=1` and read the
//! difference.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

use perch_core::menu::language::Language;
use perch_core::units::SessionId;
use perch_medium::menu::{Entry, Label, Loader, Menu, NamedSession, Serial, SyslinuxUi, render};
use perch_tests::host::{command, packages, run};

/// A menu with everything that can be changed, changed.
fn everything() -> Menu {
    let session = |number, name: &str| NamedSession {
        id: SessionId::new(number).unwrap(),
        name: name.into(),
    };
    let mut menu = Menu {
        title: "MiniOS \"Größe\" 5".into(),
        options: "boot=live quiet \"timezone=Europe/Berlin\" note=\"two words\"".into(),
        timeout: None,
        serial: Some(Serial {
            unit: 1,
            speed: 9600,
        }),
        language: Some(Language::De),
        languages: vec![Language::De, Language::Ru],
        remember_language: false,
        sessions: vec![
            session(3, "Jörg's $work; {halt}"),
            session(12, "Учёба ^ 日本"),
        ],
        syslinux_ui: SyslinuxUi::Prompt,
        grub_dir: "minios/boot/grub".into(),
        syslinux_dir: "minios/boot/syslinux".into(),
        ..Menu::new("mylive")
    };
    menu.entries.push(Entry {
        id: "memtest".into(),
        title: Label::Given("Ours, too".into()),
        help: None,
        hotkey: Some('m'),
        parameters: "single".into(),
    });
    menu
}

fn cases() -> [(&'static str, Menu); 3] {
    let quiet = Menu {
        serial: None,
        languages: Vec::new(),
        language: Some(Language::Ru),
        syslinux_ui: SyslinuxUi::Graphical,
        timeout: Some(0),
        ..Menu::default()
    };
    [
        ("default", Menu::default()),
        ("everything", everything()),
        ("screen-only-ru", quiet),
    ]
}

fn golden_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden-boot-menus")
}

#[test]
fn menus_look_as_they_did() {
    let bless = std::env::var_os("PERCH_BLESS").is_some();
    if bless {
        let _ = fs::remove_dir_all(golden_dir());
    }
    let mut different = Vec::new();
    for (name, menu) in cases() {
        for file in Loader::ALL
            .map(|loader| render(&menu, loader).unwrap())
            .concat()
        {
            let path = golden_dir().join(name).join(&file.path);
            if bless {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &file.text).unwrap();
            } else if fs::read_to_string(&path).ok() != Some(file.text) {
                different.push(path);
            }
        }
    }
    assert!(different.is_empty(), "not as before: {different:#?}");
}

#[test]
fn grub_understands_its_menus() {
    packages::ensure(&["grub-common"]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("grub.cfg");
    for (name, menu) in cases() {
        fs::write(&file, &render(&menu, Loader::Grub).unwrap()[0].text).unwrap();
        run(command("grub-script-check").arg(&file))
            .unwrap_or_else(|error| panic!("{name}: {error:#}"));
    }
    // The check is one: it finds what is wrong.
    fs::write(&file, "menuentry 'x' {\n").unwrap();
    assert!(run(command("grub-script-check").arg(&file)).is_err());
}
