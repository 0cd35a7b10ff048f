//! The list of sessions as lines.

use super::{Entry, Row, SessionMenu};
use crate::menu::catalogue::Text;
use crate::menu::dialogue::{Glyphs, Line, Screen, Style};
use crate::menu::glyphs::untrusted;
use crate::menu::list::{self, Column, Page, Widths, dim, flow, line};

/// Marks that a row begins with; the foot says what they mean.
const DEFAULT: char = '*';
const FAILED: char = '!';
const MISFIT: char = '#';
const TRIED: char = '?';

/// In place of a size that is not known yet.
const PENDING: &str = "...";

/// The columns of a row, and what each but the first two is called.
const COLUMNS: [(Option<Text>, Column); 10] = [
    (None, column(4, 0)),
    (None, column(9, 0)),
    (Some(Text::Name), column(20, 6)),
    (Some(Text::Version), column(14, 7)),
    (Some(Text::Edition), column(12, 4)),
    (Some(Text::Mode), column(9, 3)),
    (Some(Text::Union), column(9, 2)),
    (Some(Text::LastUsed), column(20, 8)),
    (Some(Text::InUse), column(10, 5)),
    (Some(Text::Limit), column(10, 1)),
];

const fn column(at_most: usize, rank: u8) -> Column {
    Column { at_most, rank }
}

impl SessionMenu {
    pub(super) fn list(&self, screen: &Screen) -> Vec<Line> {
        let glyphs = screen.glyphs;
        let columns = usize::from(screen.columns);
        let cells: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| self.cells(row, glyphs))
            .collect();
        // A column in which no session has anything is left out with its name.
        let names: Vec<String> = COLUMNS
            .iter()
            .enumerate()
            .map(|(at, (name, _))| {
                let used = |row: &Vec<String>| row.get(at).is_some_and(|cell| !cell.is_empty());
                match name {
                    Some(name) if cells.iter().any(used) => self.catalogue.text(*name, glyphs),
                    _ => String::new(),
                }
            })
            .collect();
        let all = cells.iter().chain([&names]).map(Vec::as_slice);
        let widths = Widths::new(&COLUMNS.map(|(_, column)| column), all, list::room(screen));
        let row = |at: usize| {
            let text = match self.entry(at) {
                Entry::New => format!("n  {}", self.catalogue.text(Text::NewSession, glyphs)),
                Entry::Fresh => format!("f  {}", self.catalogue.text(Text::FreshStart, glyphs)),
                Entry::Session(at) => cells.get(at).map_or(String::new(), |row| widths.row(row)),
            };
            list::row(&text, at == self.selected)
        };
        let page = Page {
            len: self.len(),
            at: Some(self.selected),
            row: &row,
            status: self.status(glyphs),
            title: line(self.title(glyphs), Style::Title),
            help: list::help(&self.catalogue.text(Text::SessionHelp, glyphs), columns),
            header: line(format!("  {}", widths.row(&names)), Style::Dim),
            detail: self.detail(screen, &widths),
            foot: dim(self.foot(glyphs, columns)),
        };
        page.lay_out(screen)
    }

    fn title(&self, glyphs: Glyphs) -> String {
        match self.missing {
            Some(id) => self
                .catalogue
                .say(Text::NumberMissing, &[("number", &id)], glyphs),
            None => self.catalogue.text(Text::ChooseSession, glyphs),
        }
    }

    fn status(&self, glyphs: Glyphs) -> Line {
        let say =
            |text, name, value: &dyn ToString| self.catalogue.say(text, &[(name, value)], glyphs);
        if let Some(number) = &self.no_such {
            return line(say(Text::NoSuchSession, "number", number), Style::Warning);
        }
        if !self.typed.is_empty() {
            return line(say(Text::Typed, "number", &self.typed), Style::Plain);
        }
        let Some(seconds) = self.countdown.left() else {
            return line("", Style::Plain);
        };
        let session = match self.unanswered {
            Entry::Session(at) => self.rows.get(at),
            Entry::New | Entry::Fresh => None,
        };
        let what = match (self.unanswered, session) {
            (_, Some(row)) => {
                let arguments: [(&str, &dyn ToString); 2] =
                    [("number", &row.id), ("seconds", &seconds)];
                self.catalogue.say(Text::ResumeIn, &arguments, glyphs)
            }
            (Entry::New, None) => say(Text::NewIn, "seconds", &seconds),
            (Entry::Fresh | Entry::Session(_), None) => say(Text::FreshIn, "seconds", &seconds),
        };
        let any_key = self.catalogue.text(Text::AnyKey, glyphs);
        line(format!("{what} ({any_key})"), Style::Plain)
    }

    /// The cells of a session's row; what is not recorded is said to be unknown.
    fn cells(&self, row: &Row, glyphs: Glyphs) -> Vec<String> {
        let marks = [
            (row.is_default, DEFAULT),
            (row.failed.is_some(), FAILED),
            (row.tries > 0, TRIED),
            (!row.fits, MISFIT),
        ];
        let text = |text: &Option<String>| match text {
            Some(text) => untrusted(text, glyphs),
            None => self.catalogue.text(Text::Unknown, glyphs),
        };
        let own = |shown: Option<String>| text(&shown);
        vec![
            marks
                .iter()
                .filter_map(|(set, mark)| set.then_some(*mark))
                .collect(),
            row.id.to_string(),
            row.name
                .as_deref()
                .map_or(String::new(), |name| untrusted(name, glyphs)),
            text(&row.version),
            text(&row.edition),
            row.mode.to_string(),
            own(row.union.map(|union| union.to_string())),
            match row.age {
                Some((counted, count)) => self.catalogue.count(counted, count, glyphs),
                None => self.catalogue.text(Text::Unknown, glyphs),
            },
            row.used.map_or(PENDING.to_owned(), |used| used.to_string()),
            row.limit
                .map_or(String::new(), |limit| limit.bytes().to_string()),
        ]
    }

    /// Everything about the selected session, with names: first what no column shows.
    fn detail(&self, screen: &Screen, widths: &Widths) -> Vec<Line> {
        const LINES: usize = 4;
        let glyphs = screen.glyphs;
        let mut lines: Vec<String> = Vec::new();
        if let Entry::Session(at) = self.entry(self.selected)
            && let Some(row) = self.rows.get(at)
        {
            let cells = self.cells(row, glyphs);
            let named = COLUMNS.iter().zip(cells).enumerate();
            let named = named.filter_map(|(at, ((name, _), cell))| {
                let name = (*name).filter(|_| !cell.is_empty())?;
                let named = format!("{}: {cell}", self.catalogue.text(name, glyphs));
                Some((widths.shows(at), named))
            });
            let (seen, unseen): (Vec<_>, Vec<_>) = named.partition(|(seen, _)| *seen);
            let mut items: Vec<String> = marks(row)
                .map(|(mark, text)| (mark, self.catalogue.text(text, glyphs)))
                .map(|(mark, words)| match &row.failed {
                    Some(why) if mark == FAILED => format!("{words} ({})", untrusted(why, glyphs)),
                    _ if mark == TRIED => format!("{words} ({}x)", row.tries),
                    _ => words,
                })
                .collect();
            items.extend(unseen.into_iter().chain(seen).map(|(_, named)| named));
            lines = flow(&items, usize::from(screen.columns));
        }
        lines.resize(LINES, String::new());
        dim(lines)
    }

    /// Free space, the place in the list, and what the marks mean, as far as there are any.
    fn foot(&self, glyphs: Glyphs, columns: usize) -> Vec<String> {
        let mut items = Vec::new();
        if let Some(free) = self.facts.store.free {
            items.push(self.catalogue.say(Text::Free, &[("size", &free)], glyphs));
        }
        items.push(format!("{}/{}", self.selected + 1, self.len()));
        for mark in [DEFAULT, FAILED, TRIED, MISFIT] {
            let mut all = self.rows.iter().flat_map(marks);
            if let Some((_, text)) = all.find(|(set, _)| *set == mark) {
                items.push(format!("{mark} {}", self.catalogue.text(text, glyphs)));
            }
        }
        flow(&items, columns)
    }
}

fn marks(row: &Row) -> impl Iterator<Item = (char, Text)> {
    [
        (row.is_default, DEFAULT, Text::Default),
        (row.failed.is_some(), FAILED, Text::LastFailed),
        (row.tries > 0, TRIED, Text::NotComeUp),
        (!row.fits, MISFIT, Text::Misfit),
    ]
    .into_iter()
    .filter_map(|(set, mark, text)| set.then_some((mark, text)))
}
