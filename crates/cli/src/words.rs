//! What the commands on sessions say, in the language of whoever reads it.
//!
//! A language is one file below `words/`, in Fluent's form (projectfluent.org): the keys of `en.ftl`, each with the same
//! arguments. What has no key is in English: codes, JSON keys and words of the command line always, and whatever is too rare
//! to be translated well.
//!
//! The questions of a boot have a catalogue of their own in perch-core, which the compiler checks and which adds nothing to
//! the initramfs. Here there is room for a library, verbs that bend, and files that translators know.

mod errors;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use perch_core::menu::language::Language;
use unic_langid::LanguageIdentifier;

/// The words of one language.
pub(crate) struct Words {
    language: Language,
    /// Read when something is said first.
    bundle: OnceCell<FluentBundle<FluentResource>>,
}

/// The file of a language, and its name as it has to be given to whoever reads that.
fn source(language: Language) -> (&'static str, &'static str) {
    match language {
        Language::En => ("en", include_str!("words/en.ftl")),
        Language::De => ("de", include_str!("words/de.ftl")),
        Language::Es => ("es", include_str!("words/es.ftl")),
        Language::Fr => ("fr", include_str!("words/fr.ftl")),
        Language::Id => ("id", include_str!("words/id.ftl")),
        Language::It => ("it", include_str!("words/it.ftl")),
        Language::Pt => ("pt", include_str!("words/pt.ftl")),
        Language::PtBr => ("pt-BR", include_str!("words/pt_br.ftl")),
        Language::Ru => ("ru", include_str!("words/ru.ftl")),
    }
}

impl Words {
    /// In this language.
    pub(crate) fn new(language: Language) -> Self {
        Self {
            language,
            bundle: OnceCell::new(),
        }
    }

    /// In the language that the environment asks for.
    pub(crate) fn of_environment() -> Self {
        Self::new(asked_for(|name| std::env::var(name).ok()))
    }

    /// The text of `key`, which every language has.
    pub(crate) fn say(&self, key: &str, arguments: &[(&'static str, &dyn fmt::Display)]) -> String {
        self.find(key, arguments).unwrap_or_else(|| key.to_owned())
    }

    /// What is shown beside a bar: its translation, or itself where there is none.
    pub(crate) fn progress(&self, title: &'static str) -> Cow<'static, str> {
        let key = format!("progress-{}", title.replace(' ', "-"));
        self.find(&key, &[]).map_or(title.into(), Cow::Owned)
    }

    fn find(&self, key: &str, arguments: &[(&'static str, &dyn fmt::Display)]) -> Option<String> {
        let bundle = self.bundle.get_or_init(|| read(self.language));
        let pattern = bundle.get_message(key)?.value()?;
        let mut given = FluentArgs::new();
        for (name, value) in arguments {
            given.set(*name, FluentValue::from(value.to_string()));
        }
        // What Fluent has to complain about, a test has seen before.
        let text = bundle.format_pattern(pattern, Some(&given), &mut Vec::new());
        Some(text.into_owned())
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Words").field(&self.language).finish()
    }
}

fn read(language: Language) -> FluentBundle<FluentResource> {
    let (name, text) = source(language);
    let name: LanguageIdentifier = name.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new(vec![name]);
    // The marks around arguments would be seen on consoles, and copied with paths.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(text.to_owned());
    bundle.add_resource_overriding(resource.unwrap_or_else(|(resource, _)| resource));
    bundle
}

/// The language that the variables of the environment ask for: locale(7), and gettext's `LANGUAGE`.
fn asked_for(variable: impl Fn(&str) -> Option<String>) -> Language {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
    let Some(locale) = locale else {
        return Language::En;
    };
    if locale == "C" || locale == "POSIX" || locale.starts_with("C.") {
        return Language::En;
    }
    let listed = set("LANGUAGE").unwrap_or_default();
    let mut names = listed.split(':').chain([&*locale]);
    names.find_map(Language::of_locale).unwrap_or_default()
}

#[cfg(test)]
mod tests;
