//! `perch menu`: the menus of the boot loaders on a medium.
//!
//! Everything is rendered, read and compared before the first byte is written. A file is replaced as a whole or not at
//! all, and if one cannot be, those before it get their old content back.

mod failure;
mod file;
mod medium;
mod sessions;
mod writable;
mod write;

use std::fs;

use perch_medium::menu::{self, Loader};
use serde::Serialize;

use crate::args::menu::{Loaders, Menu as Args};
use crate::error::Error;
use crate::output::{Outcome, Output};
pub(crate) use failure::MenuFailure;
use file::{Action, File};
use medium::Medium;

/// What was written, or would be.
#[derive(Serialize)]
struct Written<'a> {
    medium: String,
    loaders: Vec<&'static str>,
    dry_run: bool,
    files: Vec<FileWritten<'a>>,
}

#[derive(Serialize)]
struct FileWritten<'a> {
    path: &'a str,
    action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    backup: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

/// Carries out the command.
pub(crate) fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let medium = Medium::find(args.medium.as_deref(), args.live_name.as_deref())?;
    let loaders = loaders(args, &medium)?;
    let menu = menu(args, &medium, &loaders, output)?;
    let mut files = Vec::new();
    for loader in &loaders {
        for file in render(args, &menu, *loader)? {
            files.push(file::compare(&medium, file, args.force)?);
        }
    }
    file::refuse_strangers(&files)?;
    let changes = files.iter().filter(|file| file.is_change()).count();
    if changes > 0 && !args.dry_run {
        write::write(&medium, &files, output)?;
    }
    let message = message(args, &medium, changes);
    let mut outcome = Outcome::new(message.clone()).data(&written(args, &medium, &loaders, &files));
    if args.dry_run && changes > 0 {
        let shown: Vec<String> = files.iter().filter_map(File::difference).collect();
        outcome = outcome.text(format!("{}{message}", shown.concat()));
    }
    Ok(outcome)
}

fn message(args: &Args, medium: &Medium, changes: usize) -> String {
    let place = medium.root.display();
    let files = match changes {
        1 => "1 file".to_owned(),
        _ => format!("{changes} files"),
    };
    match (changes, args.dry_run) {
        (0, _) => format!("the menus on {place} are as they should be"),
        (_, true) => format!("would write {files} on {place}"),
        (_, false) => format!("wrote {files} on {place}"),
    }
}

fn written<'a>(args: &Args, medium: &Medium, loaders: &[Loader], files: &'a [File]) -> Written<'a> {
    let file = |file: &'a File| FileWritten {
        path: &file.path,
        action: file.action,
        backup: file.backup.as_deref(),
        text: (args.dry_run && file.is_change()).then_some(&file.new),
    };
    Written {
        medium: medium.root.display().to_string(),
        loaders: loaders.iter().map(|loader| loader.word()).collect(),
        dry_run: args.dry_run,
        files: files.iter().map(file).collect(),
    }
}

/// Which menus are written.
fn loaders(args: &Args, medium: &Medium) -> Result<Vec<Loader>, MenuFailure> {
    if let Some(asked) = args.loader {
        if asked == Loaders::All && args.template.is_some() {
            return Err(MenuFailure::TemplateForAll);
        }
        return Ok(asked.list());
    }
    let found: Vec<Loader> = Loader::ALL
        .into_iter()
        .filter(|loader| medium.loader_dir(*loader).is_some())
        .collect();
    match found.is_empty() {
        true => Err(MenuFailure::NoLoader {
            medium: medium.root.clone(),
        }),
        false => Ok(found),
    }
}

/// The menu as it is on the medium, with what is asked for anew.
fn menu(
    args: &Args,
    medium: &Medium,
    loaders: &[Loader],
    output: &Output,
) -> Result<menu::Menu, MenuFailure> {
    let mut menu = menu::Menu::new(&medium.live);
    for loader in Loader::ALL {
        let dir = match loader {
            Loader::Grub => &mut menu.grub_dir,
            Loader::Syslinux => &mut menu.syslinux_dir,
        };
        if let Some(found) = medium.loader_dir(loader) {
            *dir = found;
        }
    }
    menu.syslinux_ui = medium.syslinux_ui(&menu.syslinux_dir);
    // The first one counts where there are two.
    for loader in loaders.iter().rev() {
        let main = match loader {
            Loader::Grub => format!("{}/grub.cfg", menu.grub_dir),
            Loader::Syslinux => format!("{}/perch.cfg", menu.syslinux_dir),
        };
        if let Some(text) = file::ours(medium, &main)? {
            menu::take_over(&text, &mut menu);
        }
    }
    set(&mut menu.title, args.title.clone());
    set(&mut menu.options, args.options.clone());
    set(&mut menu.kernel, absolute(args.kernel.as_deref()));
    set(&mut menu.initrd, absolute(args.initrd.as_deref()));
    set(&mut menu.timeout, args.timeout.map(|timeout| timeout.0));
    set(&mut menu.serial, args.serial.map(|serial| serial.0));
    set(&mut menu.language, args.language.map(|language| language.0));
    if args.sessions {
        menu.sessions = sessions::named(medium, output)?;
    }
    for (path, option) in [(&menu.kernel, "--kernel"), (&menu.initrd, "--initrd")] {
        medium.require(path, option)?;
    }
    Ok(menu)
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

/// A path on the medium, however it was given.
fn absolute(path: Option<&str>) -> Option<String> {
    path.map(|path| format!("/{}", path.trim_start_matches('/')))
}

fn render(
    args: &Args,
    menu: &menu::Menu,
    loader: Loader,
) -> Result<Vec<menu::MenuFile>, MenuFailure> {
    let Some(path) = &args.template else {
        return Ok(menu::render(menu, loader)?);
    };
    let template = fs::read_to_string(path).map_err(|source| MenuFailure::Template {
        path: path.clone(),
        source,
    })?;
    Ok(menu::render_from(menu, loader, &template)?)
}
