//! What a file of ours was made with, as comments in it: so that a menu that is written again is the same but for what is
//! asked for anew, also if somebody else wrote it first.

use std::fmt::Display;

use super::entry::unicode;
use super::{Menu, locale, own_lines};

/// How such a line begins; a name and a value between quotes follow.
const BEGIN: &str = "# perch: ";

/// The comments for `menu`.
pub(super) fn lines(menu: &Menu) -> String {
    let or = |value: Option<String>, word: &str| value.unwrap_or_else(|| word.to_owned());
    fn text(value: impl Display) -> String {
        value.to_string()
    }
    let settings = [
        // Without what would end the comment.
        ("title", unicode(&menu.title)),
        ("kernel", menu.kernel.clone()),
        ("initrd", menu.initrd.clone()),
        ("options", menu.options.clone()),
        ("timeout", or(menu.timeout.map(text), "never")),
        ("serial", or(menu.serial.map(text), "off")),
        (
            "language",
            or(menu.language.map(locale::tag).map(text), "none"),
        ),
    ];
    let line = |(name, value): &(&str, String)| format!("{BEGIN}{name} \"{value}\"");
    settings.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Takes into `menu` what the comments in `file` say; what is not there, or cannot be understood, stays as it is.
pub fn take_over(file: &str, menu: &mut Menu) {
    let ours = file.lines().take_while(|line| *line != own_lines::BEGIN);
    for line in ours.filter_map(|line| line.strip_prefix(BEGIN)) {
        let Some((name, value)) = line.split_once(' ') else {
            continue;
        };
        let value = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        if let Some(value) = value {
            take(name, value, menu);
        }
    }
}

fn take(name: &str, value: &str, menu: &mut Menu) {
    match name {
        "title" => menu.title = value.to_owned(),
        "kernel" => menu.kernel = value.to_owned(),
        "initrd" => menu.initrd = value.to_owned(),
        "options" => menu.options = value.to_owned(),
        "timeout" => menu.timeout = or_none(value, "never", menu.timeout),
        "serial" => menu.serial = or_none(value, "off", menu.serial),
        "language" if value == "none" => menu.language = None,
        "language" => menu.language = locale::of_tag(value).or(menu.language),
        _ => {}
    }
}

/// `None` for `none`, the value if it is one, else what there was.
fn or_none<T: std::str::FromStr>(value: &str, none: &str, before: Option<T>) -> Option<T> {
    match value == none {
        true => None,
        false => value.parse().ok().or(before),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Loader, Serial, render};
    use super::*;
    use perch_core::menu::language::Language;

    #[test]
    fn a_menu_is_known_again_from_its_files() {
        let menu = Menu {
            title: r#"a "b" \"#.into(),
            kernel: "/x/vmlinuz".into(),
            options: "a=\"b c\" \"d\"".into(),
            timeout: None,
            serial: Some(Serial {
                unit: 2,
                speed: 9600,
            }),
            language: Some(Language::PtBr),
            ..Menu::default()
        };
        for loader in Loader::ALL {
            for menu in [&menu, &Menu::default()] {
                let files = render(menu, loader).unwrap();
                let main = files.iter().find(|file| file.text.contains(BEGIN)).unwrap();
                let mut again = Menu {
                    timeout: Some(3),
                    serial: None,
                    language: Some(Language::De),
                    ..Menu::new("other")
                };
                take_over(&main.text, &mut again);
                assert_eq!(&again, menu, "{loader:?}");
            }
        }
    }

    #[test]
    fn nonsense_changes_nothing() {
        let mut menu = Menu::default();
        take_over(
            "# perch: timeout \"soon\"\n# perch: serial \"9\"\n# perch: language \"tlh\"\n# perch: title none\n\
             # perch: your own lines begin\n# perch: title \"mine\"\n",
            &mut menu,
        );
        assert_eq!(menu, Menu::default());
    }
}
