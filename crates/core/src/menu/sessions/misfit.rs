//! The second screen: a session that does not fit the running system, and what about it.

use crate::menu::catalogue::{Catalogue, Text};
use crate::menu::dialogue::{Glyphs, Key, Line, Screen, Style};
use crate::menu::glyphs::{untrusted, wrap};
use crate::menu::list::{self, Column, Widths, line};
use crate::reason::Reason;
use crate::session::Mode;
use crate::units::SessionId;

/// The question whether to open a session all the same.
#[derive(Debug)]
pub(super) struct Misfit {
    id: SessionId,
    differences: Vec<Reason>,
    /// Its mode, if this system cannot do it.
    mode: Option<Mode>,
    /// Whether it can be opened at all.
    opens: bool,
    /// The selected choice; 0 is the way back.
    selected: usize,
}

/// What the user decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Open(SessionId),
    Back,
}

impl Misfit {
    pub(super) fn new(
        id: SessionId,
        differences: Vec<Reason>,
        mode: Option<Mode>,
        opens: bool,
    ) -> Self {
        Self {
            id,
            differences,
            mode,
            opens,
            selected: 0,
        }
    }

    pub(super) fn key(&mut self, key: Key) -> Option<Verdict> {
        match key {
            Key::Escape => Some(Verdict::Back),
            Key::Enter if self.selected == 0 => Some(Verdict::Back),
            Key::Enter => Some(Verdict::Open(self.id)),
            key => {
                if let Some(at) = list::step(key, self.selected, self.choices().len()) {
                    self.selected = at;
                }
                None
            }
        }
    }

    fn choices(&self) -> &'static [Text] {
        if self.opens {
            &[Text::Back, Text::OpenAtRisk]
        } else {
            &[Text::Back]
        }
    }

    pub(super) fn render(&self, catalogue: Catalogue, screen: &Screen) -> Vec<Line> {
        let glyphs = screen.glyphs;
        let columns = usize::from(screen.columns);
        let title = catalogue.say(Text::MisfitTitle, &[("number", &self.id)], glyphs);
        let mut text: Vec<Line> = wrap(&title, columns)
            .into_iter()
            .map(|text| line(text, Style::Title))
            .collect();
        text.push(line("", Style::Plain));
        if !self.differences.is_empty() {
            text.extend(self.table(catalogue, screen));
            text.push(line("", Style::Plain));
        }
        for warning in self.warnings(catalogue, glyphs) {
            let lines = wrap(&warning, columns).into_iter();
            text.extend(lines.map(|text| line(text, Style::Warning)));
        }
        let choices = self.choices().iter().enumerate();
        let choices = choices
            .map(|(at, choice)| list::row(&catalogue.text(*choice, glyphs), at == self.selected))
            .collect();
        let help = line(catalogue.text(Text::ConfirmHelp, glyphs), Style::Dim);
        list::confirm(text, choices, help, screen)
    }

    /// All differences side by side.
    fn table(&self, catalogue: Catalogue, screen: &Screen) -> Vec<Line> {
        const COLUMNS: [Column; 3] = [
            Column {
                at_most: 10,
                rank: 0,
            },
            Column {
                at_most: 24,
                rank: 0,
            },
            Column {
                at_most: 24,
                rank: 0,
            },
        ];
        let glyphs = screen.glyphs;
        let word = |text| catalogue.text(text, glyphs);
        let mut rows = vec![vec![
            String::new(),
            word(Text::ThisSystem),
            word(Text::TheSession),
        ]];
        rows.extend(self.differences.iter().filter_map(|difference| {
            let (what, runs, stored) = values(difference)?;
            Some(vec![
                word(what),
                untrusted(&runs, glyphs),
                untrusted(&stored, glyphs),
            ])
        }));
        let cells = rows.iter().map(Vec::as_slice);
        let widths = Widths::new(&COLUMNS, cells, usize::from(screen.columns));
        let styles = std::iter::once(Style::Dim).chain(std::iter::repeat(Style::Plain));
        rows.iter()
            .zip(styles)
            .map(|(row, style)| line(widths.row(row), style))
            .collect()
    }

    fn warnings(&self, catalogue: Catalogue, glyphs: Glyphs) -> Vec<String> {
        if self.opens {
            return vec![catalogue.text(Text::AtRisk, glyphs)];
        }
        let mut warnings = Vec::new();
        for difference in &self.differences {
            if let Reason::UnionDiffers { stored, runs, .. } = difference {
                let arguments: [(&str, &dyn ToString); 2] = [("runs", runs), ("stored", stored)];
                warnings.push(catalogue.say(Text::OtherUnion, &arguments, glyphs));
            }
        }
        if let Some(mode) = self.mode {
            warnings.push(catalogue.say(Text::OtherMode, &[("mode", &mode)], glyphs));
        }
        if warnings.is_empty() {
            warnings.push(catalogue.text(Text::CannotOpen, glyphs));
        }
        warnings
    }
}

/// What differs, what runs, and what the session records.
fn values(difference: &Reason) -> Option<(Text, String, String)> {
    match difference {
        Reason::UnionDiffers { stored, runs, .. } => {
            Some((Text::Union, runs.to_string(), stored.to_string()))
        }
        Reason::VersionDiffers { stored, runs, .. } => {
            Some((Text::Version, runs.clone(), stored.clone()))
        }
        Reason::EditionDiffers { stored, runs, .. } => {
            Some((Text::Edition, runs.clone(), stored.clone()))
        }
        _ => None,
    }
}
