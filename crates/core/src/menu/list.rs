//! A list on a screen: moving in it, the part of it that is shown, its columns, and what stands
//! around it.

use std::ops::Range;

use super::dialogue::{Key, Line, Screen, Style};
use super::glyphs::{cut, pad, width};

/// Rows that page up and page down move by. Screens differ in height, the answer must not.
const PAGE: usize = 10;
/// Blanks between two columns.
const GAP: usize = 2;
/// What stands before the row that Enter takes, and before the others.
const MARKER: [&str; 2] = ["> ", "  "];

/// Where a key moves to in a list of `len` rows; `None` if it moves nothing.
pub(super) fn step(key: Key, at: usize, len: usize) -> Option<usize> {
    let last = len.checked_sub(1)?;
    let to = match key {
        Key::Up | Key::Char('k') => at.saturating_sub(1),
        Key::Down | Key::Char('j') => at.saturating_add(1),
        Key::PageUp => at.saturating_sub(PAGE),
        Key::PageDown => at.saturating_add(PAGE),
        Key::Home => 0,
        Key::End => last,
        Key::Enter | Key::Escape | Key::Backspace | Key::Char(_) => return None,
    };
    Some(to.min(last))
}

/// The part of a list that is shown, with the selected row in it.
fn window(at: usize, len: usize, height: usize) -> Range<usize> {
    let start = at
        .saturating_sub(height / 2)
        .min(len.saturating_sub(height));
    start..len.min(start + height)
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// The most cells it takes, whatever is in it.
    pub(super) at_most: usize,
    /// Columns with a smaller number are given up first on a narrow screen; 0 never is.
    pub(super) rank: u8,
}

/// The widths of a table's columns; 0 for one that is not shown.
#[derive(Debug)]
pub(super) struct Widths(Vec<usize>);

impl Widths {
    /// Measures the rows and gives up columns until the rest fits into `room` cells.
    pub(super) fn new<'a>(
        columns: &[Column],
        rows: impl IntoIterator<Item = &'a [String]>,
        room: usize,
    ) -> Self {
        let mut widths = vec![0; columns.len()];
        for row in rows {
            for ((widest, cell), column) in widths.iter_mut().zip(row).zip(columns) {
                *widest = width(cell).min(column.at_most).max(*widest);
            }
        }
        let mut widths = Self(widths);
        while widths.total() > room {
            let shown = widths.0.iter_mut().zip(columns);
            match shown
                .filter(|(width, column)| **width > 0 && column.rank > 0)
                .min_by_key(|(_, column)| column.rank)
            {
                Some((width, _)) => *width = 0,
                None => break,
            }
        }
        widths
    }

    /// Whether a column is shown.
    pub(super) fn shows(&self, column: usize) -> bool {
        self.0.get(column).is_some_and(|width| *width > 0)
    }

    fn total(&self) -> usize {
        let shown = self.0.iter().filter(|width| **width > 0);
        shown.fold(0, |sum, width| sum + width + GAP)
    }

    /// A row of cells, each in its column.
    pub(super) fn row(&self, cells: &[String]) -> String {
        let mut row = String::new();
        for (cell, width) in cells.iter().zip(&self.0).filter(|(_, width)| **width > 0) {
            row.push_str(&pad(cell, *width));
            row.extend(std::iter::repeat_n(' ', GAP));
        }
        row.truncate(row.trim_end().len());
        row
    }
}

/// A row of a list, marked if Enter takes it.
pub(super) fn row(text: &str, selected: bool) -> Line {
    let [marked, plain] = MARKER;
    Line {
        text: format!("{}{text}", if selected { marked } else { plain }),
        style: if selected {
            Style::Selected
        } else {
            Style::Plain
        },
    }
}

/// The cells that a row has beside its marker.
pub(super) fn room(screen: &Screen) -> usize {
    usize::from(screen.columns).saturating_sub(MARKER[0].len())
}

pub(super) fn line(text: impl Into<String>, style: Style) -> Line {
    Line {
        text: text.into(),
        style,
    }
}

pub(super) fn dim(lines: Vec<String>) -> Vec<Line> {
    let lines = lines.into_iter();
    lines.map(|text| line(text, Style::Dim)).collect()
}

/// Items side by side, two blanks between them, each whole on one line where it fits.
pub(super) fn flow(items: &[String], columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if width(line) + GAP + width(item) <= columns => {
                line.extend(std::iter::repeat_n(' ', GAP));
                line.push_str(item);
            }
            _ => lines.push(item.clone()),
        }
    }
    lines
}

/// The keys of a list: items with two blanks between them, on as many lines as they take.
pub(super) fn help(text: &str, columns: usize) -> Vec<Line> {
    let items: Vec<String> = text.split("  ").map(str::to_owned).collect();
    dim(flow(&items, columns))
}

/// A list and what stands around it, from the most to the least important: as much of it is shown as
/// there is room for.
pub(super) struct Page<'a> {
    /// How many rows the list has.
    pub(super) len: usize,
    /// The selected one; absent if none is.
    pub(super) at: Option<usize>,
    /// A row.
    pub(super) row: &'a dyn Fn(usize) -> Line,
    /// A countdown or what was typed: always in its place, also when empty.
    pub(super) status: Line,
    /// What the list is about.
    pub(super) title: Line,
    /// The keys, in as many lines as it takes.
    pub(super) help: Vec<Line>,
    /// The names of the columns.
    pub(super) header: Line,
    /// More about the selected row; always as many lines.
    pub(super) detail: Vec<Line>,
    /// What holds for the whole list.
    pub(super) foot: Vec<Line>,
}

impl Page<'_> {
    /// The lines for a screen.
    pub(super) fn lay_out(mut self, screen: &Screen) -> Vec<Line> {
        let rows = usize::from(screen.rows);
        let blank = || line("", Style::Plain);
        let (roomy, usual, small) = (rows >= 18, rows >= 10, rows >= 6);
        if roomy {
            self.detail.truncate(4);
        } else {
            // One line of each, and what the list leaves: for the keys, the foot, the detail.
            let around = 6;
            let mut spare = rows.saturating_sub(around + self.len);
            for lines in [&mut self.help, &mut self.foot, &mut self.detail] {
                let most = lines.len().min(1 + spare);
                spare -= most.saturating_sub(1);
                lines.truncate(most);
            }
        }
        let mut above = Vec::new();
        let mut below = Vec::new();
        if small {
            above.push(self.title);
        }
        if roomy {
            above.push(blank());
            below.push(blank());
        }
        if usual {
            above.push(self.header);
            below.append(&mut self.detail);
            below.append(&mut self.foot);
        }
        if roomy {
            below.push(blank());
        }
        if rows > 1 {
            below.push(self.status);
        }
        if small {
            below.append(&mut self.help);
        }
        let height = rows.saturating_sub(above.len() + below.len()).max(1);
        let mut lines = above;
        lines.extend(window(self.at.unwrap_or(0), self.len, height).map(self.row));
        lines.append(&mut below);
        fitted(lines, screen)
    }
}

/// A screen with something to read and a choice below it. On a small screen the blank lines go
/// first, then the end of the text, never the choice.
pub(super) fn confirm(
    text: Vec<Line>,
    choice: Vec<Line>,
    help: Line,
    screen: &Screen,
) -> Vec<Line> {
    let rows = usize::from(screen.rows);
    let blank = || line("", Style::Plain);
    let mut text = text;
    let mut end = choice;
    if text.len() + end.len() + 3 <= rows {
        text.push(blank());
        end.push(blank());
        end.push(help);
    } else {
        text.retain(|line| !line.text.is_empty());
        if text.len() + end.len() < rows {
            end.push(help);
        }
        text.truncate(rows.saturating_sub(end.len()));
    }
    text.append(&mut end);
    fitted(text, screen)
}

/// Cut at the screen's edges, whatever went in.
fn fitted(mut lines: Vec<Line>, screen: &Screen) -> Vec<Line> {
    lines.truncate(usize::from(screen.rows));
    for line in &mut lines {
        line.text = cut(&line.text, usize::from(screen.columns));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_in_the_window() {
        for len in 1..40 {
            for height in 1..30 {
                for at in 0..len {
                    let window = window(at, len, height);
                    assert!(window.contains(&at), "{at} of {len} in {height}");
                    assert_eq!(window.len(), len.min(height), "{at} of {len} in {height}");
                }
            }
        }
    }

    #[test]
    fn keys_move_within_the_list() {
        for (key, at, want) in [
            (Key::Up, 0, Some(0)),
            (Key::Up, 5, Some(4)),
            (Key::Char('k'), 5, Some(4)),
            (Key::Down, 29, Some(29)),
            (Key::Char('j'), 5, Some(6)),
            (Key::PageDown, 5, Some(15)),
            (Key::PageDown, 25, Some(29)),
            (Key::PageUp, 5, Some(0)),
            (Key::Home, 5, Some(0)),
            (Key::End, 5, Some(29)),
            (Key::Enter, 5, None),
            (Key::Char('x'), 5, None),
        ] {
            assert_eq!(step(key, at, 30), want, "{key:?} from {at}");
        }
        assert_eq!(step(Key::Down, 0, 0), None);
    }

    #[test]
    fn a_narrow_screen_gives_up_columns_by_rank() {
        let columns = [0, 2, 1].map(|rank| Column { at_most: 6, rank });
        let cells = ["one", "two", "longer than six"].map(str::to_owned);
        for (room, want) in [
            (40, "one  two  lon..."),
            (18, "one  two  lon..."),
            (17, "one  two"),
            (9, "one"),
            (1, "one"),
        ] {
            let widths = Widths::new(&columns, [&cells[..]], room);
            assert_eq!(widths.row(&cells), want, "{room}");
        }
    }
}
