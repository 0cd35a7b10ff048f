//! The words of GRUB's menu as variables: for screens with all letters and for those with ASCII, in each language.

use perch_core::menu::dialogue::Glyphs;
use perch_core::menu::language::Language;

use super::quoted;
use crate::menu::entry::{Label, ascii, unicode};
use crate::menu::{Menu, Text, locale};

/// Lines that set all words for `$perch_lang` and `$perch_unicode`, and `perch_language`, the kernel's parameters.
pub(super) fn block(menu: &Menu) -> String {
    let mut languages = menu.languages.clone();
    languages.extend(menu.language.filter(|own| !languages.contains(own)));
    let mut lines = Lines::default();
    lines.open("if [ -n \"$perch_unicode\" ]; then");
    words(&mut lines, menu, &languages, Letters::All);
    lines.middle("else");
    words(&mut lines, menu, &languages, Letters::Ascii);
    lines.close();
    lines.add("set perch_language=");
    chain(&mut lines, &languages, |lines, language| {
        let parameters = locale::parameters(language);
        lines.add(&format!("set perch_language=\"{parameters}\""));
    });
    lines.text.trim_end().to_owned()
}

/// What a screen can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letters {
    All,
    Ascii,
}

impl Letters {
    fn given(self, text: &str) -> String {
        match self {
            Self::All => unicode(text),
            Self::Ascii => ascii(text),
        }
    }

    fn label(self, label: &Label, language: Language) -> String {
        match self {
            Self::All => label.unicode(language),
            Self::Ascii => label.ascii(language),
        }
    }
}

fn words(lines: &mut Lines, menu: &Menu, languages: &[Language], letters: Letters) {
    lines.set("perch_name", &letters.given(&menu.title));
    for session in &menu.sessions {
        let name = format!("perch_name_{}", session.id);
        lines.set(&name, &letters.given(&session.name));
    }
    // English comes first and is replaced where there are other words.
    ours(lines, menu, Language::En, letters);
    let others: Vec<Language> = languages
        .iter()
        .copied()
        .filter(|language| *language != Language::En)
        .filter(|language| letters == Letters::All || language.fits(Glyphs::Ascii) == *language)
        .collect();
    chain(lines, &others, |lines, language| {
        ours(lines, menu, language, letters);
    });
}

fn ours(lines: &mut Lines, menu: &Menu, language: Language, letters: Letters) {
    for (number, entry) in menu.entries.iter().enumerate() {
        if language == Language::En || matches!(entry.title, Label::Ours(_)) {
            let title = letters.label(&entry.title, language);
            lines.set(&format!("perch_title_{number}"), &title);
        }
    }
    for (name, text) in [
        ("perch_session", Text::Session),
        ("perch_menu", Text::Language),
        ("perch_loading", Text::Loading),
    ] {
        lines.set(name, &letters.label(&Label::Ours(text), language));
    }
}

/// What `each` adds is done for the language that `$perch_lang` names.
fn chain(lines: &mut Lines, languages: &[Language], each: impl Fn(&mut Lines, Language)) {
    for (number, language) in languages.iter().enumerate() {
        let tag = locale::tag(*language);
        match number {
            0 => lines.open(&format!("if [ \"$perch_lang\" = {tag} ]; then")),
            _ => lines.middle(&format!("elif [ \"$perch_lang\" = {tag} ]; then")),
        }
        each(lines, *language);
    }
    if !languages.is_empty() {
        lines.close();
    }
}

/// Lines, indented by what is open.
#[derive(Debug, Default)]
struct Lines {
    text: String,
    depth: usize,
}

impl Lines {
    fn add(&mut self, line: &str) {
        self.text.push_str(&"    ".repeat(self.depth));
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn set(&mut self, name: &str, value: &str) {
        self.add(&format!("set {name}={}", quoted(value)));
    }

    fn open(&mut self, line: &str) {
        self.add(line);
        self.depth += 1;
    }

    fn middle(&mut self, line: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.open(line);
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.add("fi");
    }
}
