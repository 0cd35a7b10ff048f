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
    let menu = menu(args, &medium, output)?;
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

fn menu(args: &Args, medium: &Medium, output: &Output) -> Result<menu::Menu, MenuFailure> {
    let usual = menu::Menu::new(&medium.live);
    let sessions = match args.sessions {
        true => sessions::named(medium, output)?,
        false => Vec::new(),
    };
    let grub_dir = medium.loader_dir(Loader::Grub);
    let syslinux_dir = medium.loader_dir(Loader::Syslinux);
    let syslinux_dir = syslinux_dir.unwrap_or(usual.syslinux_dir);
    let menu = menu::Menu {
        title: args.title.clone(),
        kernel: absolute(args.kernel.as_deref()).unwrap_or(usual.kernel),
        initrd: absolute(args.initrd.as_deref()).unwrap_or(usual.initrd),
        options: args.options.clone(),
        timeout: args.timeout.0,
        serial: args.serial.0,
        language: args.language,
        sessions,
        syslinux_ui: medium.syslinux_ui(&syslinux_dir),
        grub_dir: grub_dir.unwrap_or(usual.grub_dir),
        syslinux_dir,
        ..menu::Menu::default()
    };
    for (path, option) in [(&menu.kernel, "--kernel"), (&menu.initrd, "--initrd")] {
        medium.require(path, option)?;
    }
    Ok(menu)
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
