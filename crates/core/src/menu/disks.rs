//! The question which disk to use (contract §3.3): `perchdir=askdisk` and `from=askdisk`.
//!
//! Disks come and go while it is on the screen. The selection stays with its disk; where that is
//! pulled out nothing is selected, so that Enter cannot take another one by accident. Nobody
//! answering in time is the same as none of them.

use std::time::Duration;

use super::catalogue::{Catalogue, Text};
use super::countdown::Countdown;
use super::dialogue::{Dialogue, Key, Line, Screen, Style};
use super::glyphs::{untrusted, wrap};
use super::list::{self, Column, Page, Widths, dim, line};
use crate::fs::FsKind;
use crate::units::Bytes;

/// A partition, or a disk without partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskRow {
    /// Its name below `/dev/`.
    pub device: String,
    /// How large it is.
    pub size: Bytes,
    /// What lies on it.
    pub fs: FsKind,
    /// The label of its file system; absent where it has none.
    pub label: Option<String>,
    /// Whether it can be picked; else why not.
    pub usable: Result<(), &'static str>,
}

/// What the disk is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Sessions; without one changes stay in RAM.
    Sessions,
    /// The system; without an answer every disk is searched.
    System,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskAnswer {
    /// This one, by its name below `/dev/`.
    Picked(String),
    /// None of them.
    GiveUp,
}

/// The list of disks, and the second screen that asks back before none is used.
#[derive(Debug)]
pub struct DiskMenu {
    purpose: Purpose,
    dir: String,
    catalogue: Catalogue,
    /// Those that can be picked, as they were given.
    rows: Vec<DiskRow>,
    left_out: Vec<DiskRow>,
    selected: Option<String>,
    /// Where the selection was last: the next move starts there.
    at: usize,
    touched: bool,
    countdown: Countdown,
    giving_up: Option<usize>,
}

const GIVE_UP: [Text; 2] = [Text::Back, Text::NoneYes];

const COLUMNS: [(Text, Column); 4] = [
    (Text::Device, column(20, 0)),
    (Text::Size, column(10, 1)),
    (Text::FileSystem, column(20, 2)),
    (Text::Label, column(32, 3)),
];

const fn column(at_most: usize, rank: u8) -> Column {
    Column { at_most, rank }
}

impl DiskMenu {
    /// The question, without a disk yet. `dir` is the directory on the disk, empty for its root;
    /// `seconds` is how long it waits for the first key, absent means for ever.
    pub fn new(purpose: Purpose, dir: &str, catalogue: Catalogue, seconds: Option<u32>) -> Self {
        Self {
            purpose,
            dir: dir.to_owned(),
            catalogue,
            rows: Vec::new(),
            left_out: Vec::new(),
            selected: None,
            at: 0,
            touched: false,
            countdown: Countdown::new(seconds),
            giving_up: None,
        }
    }

    /// The disks that are there now. The selection stays with its disk.
    pub fn set_disks(&mut self, disks: Vec<DiskRow>) {
        (self.rows, self.left_out) = disks.into_iter().partition(|disk| disk.usable.is_ok());
        match self.position() {
            Some(at) => self.at = at,
            None if self.touched => self.selected = None,
            None => self.select(0),
        }
    }

    fn position(&self) -> Option<usize> {
        let device = self.selected.as_deref()?;
        self.rows.iter().position(|row| row.device == device)
    }

    fn select(&mut self, at: usize) {
        self.at = at;
        self.selected = self.rows.get(at).map(|row| row.device.clone());
    }

    /// A key on the second screen.
    fn confirm(&mut self, at: usize, key: Key) -> Option<DiskAnswer> {
        match key {
            Key::Enter if at > 0 => return Some(DiskAnswer::GiveUp),
            Key::Enter | Key::Escape => self.giving_up = None,
            key => self.giving_up = Some(list::step(key, at, GIVE_UP.len()).unwrap_or(at)),
        }
        None
    }

    fn list(&self, screen: &Screen) -> Vec<Line> {
        let glyphs = screen.glyphs;
        let columns = usize::from(screen.columns);
        let word = |text| self.catalogue.text(text, glyphs);
        let cells: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|disk| {
                vec![
                    untrusted(&disk.device, glyphs),
                    disk.size.to_string(),
                    disk.fs.to_string(),
                    disk.label
                        .as_deref()
                        .map_or(String::new(), |label| untrusted(label, glyphs)),
                ]
            })
            .collect();
        let names: Vec<String> = COLUMNS.iter().map(|(name, _)| word(*name)).collect();
        let all = cells.iter().chain([&names]).map(Vec::as_slice);
        let widths = Widths::new(&COLUMNS.map(|(_, column)| column), all, list::room(screen));
        let selected = self.position();
        let row = |at: usize| match cells.get(at) {
            Some(cells) => list::row(&widths.row(cells), Some(at) == selected),
            None => line(word(Text::NoDisk), Style::Warning),
        };
        let title = match self.purpose {
            Purpose::Sessions => Text::ChooseStore,
            Purpose::System => Text::ChooseSource,
        };
        let page = Page {
            len: self.rows.len().max(1),
            at: Some(self.at),
            row: &row,
            status: self.status(screen),
            title: line(word(title), Style::Title),
            help: list::help(&word(Text::DiskHelp), columns),
            header: match cells.is_empty() {
                true => line("", Style::Plain),
                false => line(format!("  {}", widths.row(&names)), Style::Dim),
            },
            detail: self.directory(screen),
            foot: self.left_out(screen),
        };
        page.lay_out(screen)
    }

    fn status(&self, screen: &Screen) -> Line {
        let Some(seconds) = self.countdown.left() else {
            return line("", Style::Plain);
        };
        let glyphs = screen.glyphs;
        let arguments: [(&str, &dyn ToString); 1] = [("seconds", &seconds)];
        let what = self.catalogue.say(Text::NoneIn, &arguments, glyphs);
        let any_key = self.catalogue.text(Text::AnyKey, glyphs);
        line(format!("{what} ({any_key})"), Style::Plain)
    }

    fn directory(&self, screen: &Screen) -> Vec<Line> {
        if self.dir.is_empty() {
            return Vec::new();
        }
        let dir = untrusted(&self.dir, screen.glyphs);
        let said = self
            .catalogue
            .say(Text::Directory, &[("dir", &dir)], screen.glyphs);
        dim(vec![said])
    }

    /// Why a disk that the user looks for is not in the list.
    fn left_out(&self, screen: &Screen) -> Vec<Line> {
        let disks = self.left_out.iter().map(|disk| {
            // The kind of content says it shortest, where it is the cause.
            let why = match (disk.fs.mountable(), disk.usable) {
                (Ok(()), Err(why)) => why,
                (Ok(()) | Err(_), _) => disk.fs.word(),
            };
            format!("{} ({why})", untrusted(&disk.device, screen.glyphs))
        });
        let disks: Vec<String> = disks.collect();
        if disks.is_empty() {
            return Vec::new();
        }
        let disks = disks.join(", ");
        let said = self
            .catalogue
            .say(Text::LeftOut, &[("list", &disks)], screen.glyphs);
        dim(wrap(&said, usize::from(screen.columns))
            .into_iter()
            .take(3)
            .collect())
    }

    fn second_screen(&self, at: usize, screen: &Screen) -> Vec<Line> {
        let glyphs = screen.glyphs;
        let columns = usize::from(screen.columns);
        let word = |text| self.catalogue.text(text, glyphs);
        let consequence = match self.purpose {
            Purpose::Sessions => Text::NoneStore,
            Purpose::System => Text::NoneSource,
        };
        let title = wrap(&word(Text::NoneTitle), columns).into_iter();
        let mut text: Vec<Line> = title.map(|text| line(text, Style::Title)).collect();
        text.push(line("", Style::Plain));
        let lines = wrap(&word(consequence), columns).into_iter();
        text.extend(lines.map(|text| line(text, Style::Warning)));
        let choices = GIVE_UP
            .iter()
            .enumerate()
            .map(|(place, choice)| list::row(&word(*choice), place == at))
            .collect();
        let help = line(word(Text::ConfirmHelp), Style::Dim);
        list::confirm(text, choices, help, screen)
    }
}

impl Dialogue for DiskMenu {
    type Answer = DiskAnswer;

    fn key(&mut self, key: Key) -> Option<DiskAnswer> {
        self.countdown.stop();
        self.touched = true;
        if let Some(at) = self.giving_up {
            return self.confirm(at, key);
        }
        match key {
            Key::Enter => {
                let device = self.rows.get(self.position()?)?.device.clone();
                return Some(DiskAnswer::Picked(device));
            }
            Key::Escape => self.giving_up = Some(0),
            key => {
                // Where nothing is selected the first move selects what is nearest.
                let last = self.rows.len().saturating_sub(1);
                let from = self.at.min(last);
                let to = list::step(key, from, self.rows.len());
                match (to, self.position()) {
                    (Some(to), Some(_)) => self.select(to),
                    (Some(_), None) => self.select(from),
                    (None, _) => {}
                }
            }
        }
        None
    }

    fn tick(&mut self, elapsed: Duration) -> Option<DiskAnswer> {
        self.countdown.tick(elapsed).then_some(DiskAnswer::GiveUp)
    }

    fn next_tick(&self, elapsed: Duration) -> Option<Duration> {
        self.countdown.next_tick(elapsed)
    }

    fn render(&self, screen: &Screen) -> Vec<Line> {
        match self.giving_up {
            Some(at) => self.second_screen(at, screen),
            None => self.list(screen),
        }
    }
}

#[cfg(test)]
#[path = "disks/tests.rs"]
mod tests;
