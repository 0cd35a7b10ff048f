//! SYSLINUX's menu, which EXTLINUX and ISOLINUX read too: one file with everything, included by a file of each name that they
//! look for, and the files behind the help keys.
//!
//! A directive ends with its line and nothing in it is expanded (SYSLINUX, doc/syslinux.txt and doc/menu.txt); only `^` marks
//! the key of an entry. Text is ASCII: on its screens and serial lines the code page is whatever the machine has.

use perch_core::menu::language::Language;

use super::check::MenuError;
use super::entry::ascii;
use super::{Entry, Label, MADE_BY, Menu, MenuFile, NamedSession, Serial, SyslinuxUi, Text};
use super::{join, locale, own_lines, settings, template};

/// Our own template of the file with everything.
pub(super) const TEMPLATE: &str = include_str!("../../../../syslinux/perch.cfg.in");
const MAIN: &str = include_str!("../../../../syslinux/main.cfg.in");
const HELP1: &str = include_str!("../../../../syslinux/help1.txt.in");
const HELP2: &str = include_str!("../../../../syslinux/help2.txt.in");

/// The names that the loaders look for: SYSLINUX, ISOLINUX, EXTLINUX.
const MAIN_NAMES: [&str; 3] = ["syslinux.cfg", "isolinux.cfg", "extlinux.conf"];

/// After this many tenths of a second the menu ends although keys were pressed: noise on a serial line must not hold up a
/// machine for ever. Fifteen minutes.
const TOTAL_TIMEOUT: u32 = 9000;
/// The longest timeout there is, in tenths of a second: SYSLINUX, doc/syslinux.txt.
const LONGEST_TIMEOUT: u32 = 35996;

pub(super) fn render(menu: &Menu, template: &str) -> Result<Vec<MenuFile>, MenuError> {
    template::require(template, "OWN")?;
    let language = menu.language.unwrap_or_default();
    let said = |text| Label::Ours(text).ascii(language);
    let first = menu.entries.first().map(|entry| entry.id.clone());
    let words = [
        ("SERIAL", menu.serial.map(serial).unwrap_or_default()),
        ("UI", ui(menu, language)),
        ("DEFAULT", first.unwrap_or_default()),
        ("TIMEOUTS", timeouts(menu.timeout)),
        ("TITLE", title(menu)),
        ("COUNTDOWN", said(Text::Countdown)),
        ("KEYS", said(Text::HelpKeys)),
        ("ENTRIES", entries(menu, language)),
        ("SESSIONS", sessions(menu, language)),
        ("HELP", help(menu, language)),
        // What stands behind this character is not shown.
        ("END", format!("\u{1a}\n{MADE_BY}")),
        ("SETTINGS", settings::lines(menu)),
        ("OWN", own_lines::empty()),
    ];
    let file = |name: &str, template: &str| {
        Ok(MenuFile {
            path: format!("{}/{name}", menu.syslinux_dir),
            text: template::fill(template, &words)?,
            once: false,
        })
    };
    // The files that lead to others come last, for whoever writes them in this order.
    let mut files = vec![
        file("help1.txt", HELP1)?,
        file("help2.txt", HELP2)?,
        file("perch.cfg", template)?,
    ];
    for name in MAIN_NAMES {
        files.push(file(name, MAIN)?);
    }
    Ok(files)
}

fn serial(Serial { unit, speed }: Serial) -> String {
    format!("SERIAL {unit} {speed}")
}

fn ui(menu: &Menu, language: Language) -> String {
    match menu.syslinux_ui {
        SyslinuxUi::Graphical => "UI vesamenu.c32".to_owned(),
        SyslinuxUi::Text => "UI menu.c32".to_owned(),
        SyslinuxUi::Prompt => prompt(menu, language),
    }
}

/// What stands above a prompt: the names of all entries with their titles, and what to do. SYSLINUX 6 says it on the screen
/// only; help is shown on a serial line too.
fn prompt(menu: &Menu, language: Language) -> String {
    let line = |id: &str, title: &str| format!("{id:<12} {title}");
    let entries = menu
        .entries
        .iter()
        .map(|entry| line(&entry.id, &entry.title.ascii(language)));
    let sessions = menu.sessions.iter().map(|session| {
        let id = format!("session-{}", session.id);
        line(&id, &session_title(session, language))
    });
    let mut said = vec![title(menu), String::new()];
    said.extend(entries.chain(sessions));
    said.push(String::new());
    said.push(Label::Ours(Text::Typing).ascii(language));
    let said: Vec<String> = said.iter().map(|line| format!("SAY   {line}")).collect();
    format!("PROMPT 1\n{}", said.join("\n"))
}

fn timeouts(seconds: Option<u32>) -> String {
    match seconds {
        // 0 tenths would be for ever.
        Some(seconds) => {
            let tenths = seconds.saturating_mul(10).clamp(1, LONGEST_TIMEOUT);
            format!(
                "TIMEOUT {tenths}\nTOTALTIMEOUT {}",
                tenths.max(TOTAL_TIMEOUT)
            )
        }
        None => "TIMEOUT 0".to_owned(),
    }
}

fn title(menu: &Menu) -> String {
    plain(&ascii(&menu.title))
}

/// ASCII text without the character that marks a key.
fn plain(text: &str) -> String {
    text.replace('^', "-")
}

fn entries(menu: &Menu, language: Language) -> String {
    let first = menu.entries.first().map(|entry| entry.id.as_str());
    let entry = |entry: &Entry| {
        let title = plain(&entry.title.ascii(language));
        let title = with_key(&title, entry.hotkey);
        let help = entry.help.as_ref().map(|help| help.ascii(language));
        let default = first == Some(entry.id.as_str());
        block(
            menu,
            &entry.id,
            &title,
            default,
            help.as_deref(),
            &entry.parameters,
        )
    };
    blocks(menu.entries.iter().map(entry))
}

fn sessions(menu: &Menu, language: Language) -> String {
    let help = Label::Ours(Text::SessionHelp).ascii(language);
    let session = |session: &NamedSession| {
        let parameters = format!("perchdir={}", session.id);
        let name = format!("session-{}", session.id);
        let title = session_title(session, language);
        block(menu, &name, &title, false, Some(&help), &parameters)
    };
    match menu.sessions.is_empty() {
        true => String::new(),
        false => format!("\n{}", blocks(menu.sessions.iter().map(session))),
    }
}

fn session_title(session: &NamedSession, language: Language) -> String {
    let word = Label::Ours(Text::Session).ascii(language);
    format!("{word} {}: {}", session.id, plain(&ascii(&session.name)))
}

fn blocks(blocks: impl Iterator<Item = String>) -> String {
    blocks.collect::<Vec<_>>().join("\n\n")
}

/// One entry.
fn block(
    menu: &Menu,
    id: &str,
    title: &str,
    default: bool,
    help: Option<&str>,
    parameters: &str,
) -> String {
    let language = menu.language.map(locale::parameters).unwrap_or_default();
    let options = menu.all_options();
    let append = join([options.as_str(), language.as_str(), parameters]);
    let mut lines = vec![format!("LABEL {id}"), format!("  MENU LABEL {title}")];
    if default {
        lines.push("  MENU DEFAULT".into());
    }
    if let Some(help) = help {
        // The blanks keep a text from being the word that ends it.
        let text = format!("  TEXT HELP\n  {help}\n  ENDTEXT");
        lines.push(text);
    }
    lines.push(format!("  LINUX {}", menu.kernel));
    lines.push(format!("  INITRD {}", menu.initrd));
    if !append.is_empty() {
        lines.push(format!("  APPEND {append}"));
    }
    lines.join("\n")
}

/// The title with `^` before the letter that starts it, best where a word begins; as it is if it lacks that letter.
fn with_key(title: &str, key: Option<char>) -> String {
    let is_key = |c: char| key.is_some_and(|key| c.eq_ignore_ascii_case(&key));
    let places = || title.char_indices().filter(|(_, c)| is_key(*c));
    let starts_word = |at: &usize| {
        title
            .get(..*at)
            .is_none_or(|before| before.is_empty() || before.ends_with(' '))
    };
    let first = places().map(|(at, _)| at).find(starts_word);
    match first.or_else(|| Some(places().next()?.0)) {
        Some(at) => {
            let (before, after) = title.split_at(at);
            format!("{before}^{after}")
        }
        None => title.to_owned(),
    }
}

/// What each entry does, for a page of help; with its name, which a prompt on a serial line shows nowhere else.
fn help(menu: &Menu, language: Language) -> String {
    let entries = menu.entries.iter().map(|entry| {
        let help = entry.help.as_ref().map(|help| help.ascii(language));
        let help = help.map(|help| format!("\n      {help}"));
        let title = entry.title.ascii(language);
        format!("  {title} ({}){}", entry.id, help.unwrap_or_default())
    });
    let sessions = menu.sessions.iter().map(|session| {
        let title = session_title(session, language);
        format!("  {title} (session-{})", session.id)
    });
    entries.chain(sessions).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_marked_where_they_are_read_first() {
        for (title, key, want) in [
            ("Choose session", Some('s'), "Choose ^session"),
            ("Copy to RAM", Some('t'), "Copy ^to RAM"),
            ("Resume", Some('r'), "^Resume"),
            ("Letzte Sitzung", Some('g'), "Letzte Sitzun^g"),
            ("Neue", Some('x'), "Neue"),
            ("Neue", None, "Neue"),
        ] {
            assert_eq!(with_key(title, key), want);
        }
    }

    #[test]
    fn timeouts_are_tenths_of_a_second() {
        for (seconds, want) in [
            (Some(10), "TIMEOUT 100\nTOTALTIMEOUT 9000"),
            (Some(0), "TIMEOUT 1\nTOTALTIMEOUT 9000"),
            (Some(1800), "TIMEOUT 18000\nTOTALTIMEOUT 18000"),
            (Some(u32::MAX), "TIMEOUT 35996\nTOTALTIMEOUT 35996"),
            (None, "TIMEOUT 0"),
        ] {
            assert_eq!(timeouts(seconds), want, "{seconds:?}");
        }
    }
}
