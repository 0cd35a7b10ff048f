//! Changes of a session, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use perch_core::quoted::PathShown;
use perch_core::units::{Bytes, SessionId};
use perch_manage::diff::{Aspect, Change, Sum, Summary, What};
use perch_manage::layers::Layers;
use serde::Serialize;

use crate::output::Output;

/// How much text is gathered before it goes out.
const ENOUGH: usize = 1 << 16;

/// What was found.
pub(super) struct Told {
    pub(super) changes: Vec<Change>,
    pub(super) summary: Summary,
}

/// Lines that go out in lumps.
pub(super) struct Lines<'a> {
    output: &'a Output,
    text: String,
    is_compared: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(output: &'a Output, is_compared: bool) -> Self {
        Self {
            output,
            text: String::new(),
            is_compared,
        }
    }

    pub(super) fn add(&mut self, change: &Change) {
        line(&mut self.text, change, self.is_compared);
        if self.text.len() >= ENOUGH {
            self.flush();
        }
    }

    pub(super) fn flush(&mut self) {
        self.output.show(&self.text);
        self.text.clear();
    }
}

fn line(text: &mut String, change: &Change, is_compared: bool) {
    let alert = if change.raises_rights { '!' } else { ' ' };
    let size = match (change.what, change.growth()) {
        (What::Changed | What::Retyped, 0) => String::new(),
        (What::Changed | What::Retyped, growth) => {
            let sign = if growth < 0 { '-' } else { '+' };
            format!("{sign}{}", bytes(growth.unsigned_abs()))
        }
        (What::Deleted, _) if change.size_before > 0 => format!("-{}", Bytes(change.size_before)),
        (_, 0) => String::new(),
        (_, _) => Bytes(change.size).to_string(),
    };
    let slash = match (change.kind, change.before) {
        (Some("directory"), _) | (None, Some("directory")) => "/",
        _ => "",
    };
    let word = change.what.word();
    let _ = write!(
        text,
        "{alert}{word:<8} {size:>9}  /{}{slash}",
        PathShown(&change.path)
    );
    let more = match (change.what, change.kind, change.before) {
        (What::Retyped, Some(now), Some(before)) => format!("{now}, was {before}"),
        (What::Added | What::Present, Some(kind), _) if kind != "file" && slash.is_empty() => {
            kind.to_owned()
        }
        (What::Deleted, _, None) if is_compared => "not in any bundle".to_owned(),
        _ => {
            let words: Vec<&str> = change.aspects.iter().map(|it| it.word()).collect();
            words.join(", ")
        }
    };
    if !more.is_empty() {
        let _ = write!(text, "  ({more})");
    }
    text.push('\n');
}

fn bytes(count: u128) -> Bytes {
    Bytes(u64::try_from(count).unwrap_or(u64::MAX))
}

/// What all changes come to, for people.
pub(super) fn text_of(id: SessionId, summary: &Summary, is_compared: bool) -> String {
    let count = summary.count();
    let mut text = match (is_compared, count) {
        (true, 0) => format!("session {id} changed nothing\n"),
        (true, 1) => format!("session {id} changed 1 entry\n"),
        (true, count) => format!("session {id} changed {count} entries\n"),
        (false, count) => format!("session {id} holds {count} entries\n"),
    };
    for (what, sum) in summary.sums().filter(|(_, sum)| sum.count > 0) {
        let size = match what {
            What::Deleted => format!("{} in bundles", Bytes(sum.bytes_before)),
            What::Changed | What::Retyped => {
                format!("{}, before {}", Bytes(sum.bytes), Bytes(sum.bytes_before))
            }
            What::Added | What::Replaced | What::Present => Bytes(sum.bytes).to_string(),
        };
        let _ = writeln!(text, "  {:<8} {:>7}  {size}", what.word(), sum.count);
    }
    if summary.raised > 0 {
        let _ = writeln!(
            text,
            "  {} with the rights of another user now (marked !): look whether that is right",
            summary.raised
        );
    }
    text
}

/// What programs get.
#[derive(Serialize)]
pub(super) struct Answer {
    id: SessionId,
    /// The bundles that it was compared with, the highest first; null if with none.
    bundles: Option<Vec<String>>,
    count: u64,
    summary: BTreeMap<What, Sum>,
    raises_rights: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<Shown>>,
}

/// One change, for programs.
#[derive(Serialize)]
struct Shown {
    /// From the root of the system. What is no UTF-8 in it is shown as U+FFFD.
    path: String,
    /// The bytes of the path in hexadecimal digits, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
    change: What,
    kind: Option<&'static str>,
    before: Option<&'static str>,
    size: u64,
    size_before: u64,
    aspects: Vec<Aspect>,
    raises_rights: bool,
}

impl Told {
    pub(super) fn answer(
        self,
        id: SessionId,
        layers: Option<&Layers>,
        with_changes: bool,
    ) -> Answer {
        let names = |layers: &Layers| layers.names().into_iter().map(str::to_owned).collect();
        let changes = self.changes.into_iter().map(shown);
        Answer {
            id,
            bundles: layers.map(names),
            count: self.summary.count(),
            summary: self.summary.sums().collect(),
            raises_rights: self.summary.raised,
            changes: with_changes.then(|| changes.collect()),
        }
    }
}

fn shown(change: Change) -> Shown {
    let text = String::from_utf8_lossy(&change.path);
    let hex = |path: &[u8]| path.iter().map(|byte| format!("{byte:02x}")).collect();
    let path_hex = std::str::from_utf8(&change.path)
        .is_err()
        .then(|| hex(&change.path));
    Shown {
        path: format!("/{text}"),
        path_hex,
        change: change.what,
        kind: change.kind,
        before: change.before,
        size: change.size,
        size_before: change.size_before,
        aspects: change.aspects,
        raises_rights: change.raises_rights,
    }
}
