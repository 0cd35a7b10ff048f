//! GRUB's menu: `grub.cfg`, and a file for GRUB to remember the language in.
//!
//! GRUB's language is like a shell's (GRUB manual, "Shell-like scripting"). Between single quotes everything stands for
//! itself, and what a variable holds is not read as a command again.

mod texts;

use perch_core::cmdline;
use perch_core::menu::language::Language;

use super::check::{MenuError, value};
use super::{Entry, Menu, MenuFile, NamedSession, Serial, locale, own_lines, settings, template};

/// Our own template.
pub(super) const TEMPLATE: &str = include_str!("../../../../grub/grub.cfg.in");

pub(super) fn render(menu: &Menu, template: &str) -> Result<Vec<MenuFile>, MenuError> {
    template::require(template, "OWN")?;
    let first = menu.entries.first().map(|entry| entry.id.as_str());
    let timeout = menu
        .timeout
        .map_or("-1".into(), |seconds| seconds.to_string());
    let words = [
        ("KERNEL", menu.kernel.clone()),
        ("INITRD", menu.initrd.clone()),
        ("OPTIONS", arguments(&menu.all_options())),
        ("DEFAULT", first.unwrap_or_default().to_owned()),
        ("TIMEOUT", timeout),
        ("SERIAL", menu.serial.map(serial).unwrap_or_default()),
        ("CHOSEN", menu.language.map(chosen).unwrap_or_default()),
        ("TEXTS", texts::block(menu)),
        (
            "ENTRIES",
            blocks(menu.entries.iter().enumerate().map(entry)),
        ),
        ("SESSIONS", blocks(menu.sessions.iter().map(session))),
        ("LANGUAGES", languages(&menu.languages)),
        ("SETTINGS", settings::lines(menu)),
        ("OWN", own_lines::empty()),
    ];
    let mut files = vec![MenuFile {
        path: format!("{}/grub.cfg", menu.grub_dir),
        text: template::fill(template, &words)?,
        once: false,
    }];
    if menu.remember_language && !menu.languages.is_empty() {
        files.push(MenuFile {
            path: format!("{}/grubenv", menu.grub_dir),
            text: environment(),
            once: true,
        });
    }
    Ok(files)
}

/// Any text as one argument that stands for itself.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Kernel parameters as arguments. GRUB puts the quotes back around what holds a blank.
fn arguments(options: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "=_-.,:/+".contains(c);
    let argument = |word: &cmdline::Word| {
        let word = value(word);
        match word.chars().all(plain) {
            true => word,
            false => quoted(&word),
        }
    };
    let arguments: Vec<String> = cmdline::words(options).iter().map(argument).collect();
    arguments.join(" ")
}

fn serial(Serial { unit, speed }: Serial) -> String {
    format!(
        "# A serial line where the machine has one; the screen always.
    if serial --unit={unit} --speed={speed}; then
        set perch_serial=serial
        terminal_input serial console
        terminal_output serial console
    fi"
    )
}

fn chosen(language: Language) -> String {
    let tag = locale::tag(language);
    format!("if [ -z \"$perch_lang\" ]; then\n    set perch_lang={tag}\nfi")
}

fn blocks(blocks: impl Iterator<Item = String>) -> String {
    blocks.collect::<Vec<_>>().join("\n")
}

fn entry((number, entry): (usize, &Entry)) -> String {
    let hotkey = entry.hotkey.filter(char::is_ascii_alphanumeric);
    let hotkey = hotkey
        .map(|key| format!(" --hotkey {key}"))
        .unwrap_or_default();
    let parameters = arguments(&entry.parameters);
    let live = format!("perch_live {parameters}");
    format!(
        "menuentry \"$perch_title_{number}\" --id {id}{hotkey} {{\n    {live}\n}}",
        id = entry.id,
        live = live.trim_end(),
    )
}

fn session(session: &NamedSession) -> String {
    let id = session.id;
    format!(
        "menuentry \"$perch_session {id}: $perch_name_{id}\" --id session-{id} {{\n    perch_live perchdir={id}\n}}"
    )
}

fn languages(languages: &[Language]) -> String {
    if languages.is_empty() {
        return String::new();
    }
    let entries = languages.iter().map(|language| {
        let tag = locale::tag(*language);
        let entry = |name: &str| {
            let name = quoted(name);
            format!("menuentry {name} --id {tag} {{ perch_choose {tag} }}")
        };
        let native = locale::native_name(*language);
        let ascii = locale::ascii_name(*language);
        match native == ascii {
            true => format!("    {}", entry(native)),
            false => format!(
                "    if [ -n \"$perch_unicode\" ]; then\n        {}\n    else\n        {}\n    fi",
                entry(native),
                entry(&ascii)
            ),
        }
    });
    let entries = blocks(entries);
    format!("submenu \"$perch_menu\" --id language --hotkey l {{\n{entries}\n}}")
}

/// An environment block without a variable: GRUB manual, "The GRUB environment block". It has exactly 1024 bytes.
fn environment() -> String {
    let mut text = "# GRUB Environment Block\n".to_owned();
    text.extend(std::iter::repeat_n('#', 1024 - text.len()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_stand_for_themselves() {
        for (options, want) in [
            ("boot=live  quiet", "boot=live quiet"),
            ("a=$x b={c} d;e", "'a=$x' 'b={c}' 'd;e'"),
            ("a=\"b c\" \"d=e f\"", "'a=b c' 'd=e f'"),
            ("x=# y=*", "'x=#' 'y=*'"),
            ("", ""),
        ] {
            assert_eq!(arguments(options), want, "{options:?}");
        }
        assert_eq!(quoted("it's $5 \"now\""), r#"'it'\''s $5 "now"'"#);
    }

    #[test]
    fn an_environment_block_has_a_kibibyte() {
        assert_eq!(environment().len(), 1024);
    }
}
