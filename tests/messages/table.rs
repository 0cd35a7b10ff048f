//! All messages as rows, and the document that shows them.

use std::fmt::{Debug, Write};

use perch_core::cause::Causes;

use crate::{notices, others, reasons};

pub const INFO: &str = "info";
pub const WARNING: &str = "warning";
pub const STOPS: &str = "stops";

/// One message.
pub struct Row {
    pub code: String,
    pub kind: &'static str,
    /// As it is shown, without the next step and the code.
    pub example: String,
    /// The next step; empty if there is none.
    pub todo: String,
    /// Which variant of what it is.
    pub variant: String,
}

/// Messages of one origin.
pub struct Group {
    title: &'static str,
    about: &'static str,
    pub rows: Vec<Row>,
}

/// Every message there is. `t` makes the texts in them.
pub fn groups(t: fn(&str) -> String) -> Vec<Group> {
    vec![
        Group {
            title: "Screens that end a boot",
            about: "In a frame, with what was found. What follows is what `frommissing=` says.",
            rows: stops(t),
        },
        Group {
            title: "Devices that are not the medium",
            about: "On the screen `medium-not-found` (without the code), in the kernel log, and in `devices` of the record.",
            rows: verdicts(t),
        },
        Group {
            title: "Boot parameters",
            about: "In `oddities` of the record.",
            rows: oddities(t),
        },
        Group {
            title: "Why a session is opened, or not",
            about: "In `reasons` of the record.",
            rows: reasons(t),
        },
        Group {
            title: "The session store's metadata",
            about: "In `facts.store.notes` of the record. Where nothing is to be done, nothing is lost.",
            rows: notes(t),
        },
        Group {
            title: "All else",
            about: "In `notices` of the record; those about the end of the system are on the consoles only.",
            rows: notices(t),
        },
    ]
}

/// The name of a value's variant.
fn variant(group: &str, value: &impl Debug) -> String {
    let debug = format!("{value:?}");
    let name = debug.split(|c: char| !c.is_alphanumeric()).next();
    format!("{group} {}", name.unwrap_or_default())
}

/// The text without the next step at its end.
fn without(text: &str, hint: &str) -> String {
    let shown = format!(" ({hint})");
    text.strip_suffix(&shown)
        .map(str::to_owned)
        .or_else(|| text.strip_suffix(&format!("{shown}.")).map(str::to_owned))
        .unwrap_or_else(|| text.to_owned())
}

fn stops(t: fn(&str) -> String) -> Vec<Row> {
    let row = |(_, stop): (&str, perch_core::stop::Stop)| Row {
        code: stop.code().to_owned(),
        kind: STOPS,
        example: stop.title(),
        todo: stop.advice().join("; or "),
        variant: variant("stop", &stop),
    };
    others::stops::all(t).into_iter().map(row).collect()
}

fn verdicts(t: fn(&str) -> String) -> Vec<Row> {
    let row = |(_, refused): (&str, perch_sys::medium::Refused)| Row {
        code: refused.code().to_owned(),
        kind: INFO,
        example: format!("/dev/sdb1 {}", Causes(&refused)),
        todo: refused.hint().unwrap_or_default().to_owned(),
        variant: variant("device", &refused),
    };
    others::verdicts::all(t).into_iter().map(row).collect()
}

fn oddities(t: fn(&str) -> String) -> Vec<Row> {
    let row = |(_, oddity): (&str, perch_core::cmdline::Oddity)| Row {
        code: oddity.code.word().to_owned(),
        kind: WARNING,
        example: without(&oddity.to_string(), oddity.code.hint()),
        todo: oddity.code.hint().to_owned(),
        variant: variant("oddity", &oddity.code),
    };
    others::oddities::all(t).into_iter().map(row).collect()
}

fn reasons(t: fn(&str) -> String) -> Vec<Row> {
    let row = |(_, reason): (&str, perch_core::reason::Reason)| {
        let todo = reason.hint().unwrap_or_default();
        Row {
            code: reason.code().to_owned(),
            kind: if reason.is_warning() { WARNING } else { INFO },
            example: without(&reason.to_string(), &todo),
            todo,
            variant: variant("reason", &reason),
        }
    };
    reasons::reasons::all(t).into_iter().map(row).collect()
}

fn notes(t: fn(&str) -> String) -> Vec<Row> {
    let row = |note: perch_core::metadata::Note| {
        let todo = note.hint().unwrap_or_default();
        Row {
            code: note.code.to_string(),
            kind: WARNING,
            example: without(&note.to_string(), todo),
            todo: todo.to_owned(),
            variant: format!("note {}", note.code),
        }
    };
    others::one_note_each(t).into_iter().map(row).collect()
}

fn notices(t: fn(&str) -> String) -> Vec<Row> {
    let row = |(_, notice): (&str, perch_core::notice::Notice)| Row {
        code: notice.code().to_owned(),
        kind: if notice.is_warning() { WARNING } else { INFO },
        example: without(&notice.to_string(), &notice.hint()),
        todo: notice.hint(),
        variant: variant("notice", &notice),
    };
    notices::notices::all(t).into_iter().map(row).collect()
}

const HEAD: &str = "\
# Messages of a boot

What perch says on the consoles, in the kernel log and in `/run/perch/boot.json`, with the code at the end of each line:

```
perch: MESSAGE (WHAT TO DO) [CODE]
```

Codes are stable from release to release, words are not: search for the code. A *warning* is on every console even under `quiet`;
*info* is in the kernel log, and on the console without `quiet` (what is waited for is always there); after what *stops* there is no
system. Names and numbers are examples.

This file is made by `PERCH_BLESS=1 cargo test -p perch-tests --test messages`, from examples of every message in the code.
";

/// The document.
pub fn document(groups: &[Group]) -> String {
    let mut text = HEAD.to_owned();
    for Group { title, about, rows } in groups {
        let _ = write!(text, "\n## {title}\n\n{about}\n\n");
        text += "| code | kind | message | what to do |\n|---|---|---|---|\n";
        for row in rows {
            let todo = if row.todo.is_empty() { "-" } else { &row.todo };
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} |",
                row.code,
                row.kind,
                escaped(&row.example),
                escaped(todo)
            );
        }
    }
    text
}

/// Text that Markdown shows as it is.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "|*<_\\`".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
