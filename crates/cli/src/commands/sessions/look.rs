//! `list`, `active`, `running`: sessions as they are.

use std::fmt::Write;

use perch_manage::time::Time;
use perch_manage::view::SessionView;

use super::Sessions;
use crate::error::Error;
use crate::output::{Outcome, Output};

pub(super) fn list(sessions: &Sessions, output: &Output) -> Result<Outcome, Error> {
    let account = sessions.account(output)?;
    let views = SessionView::all(&sessions.store, &sessions.live, &account);
    let text = match views.is_empty() {
        true => output.say("no-sessions", &[]),
        false => views.iter().map(|view| paragraph(view, output)).collect(),
    };
    Ok(Outcome::new(text).answer(&views))
}

pub(super) fn active(sessions: &Sessions, output: &Output) -> Result<Outcome, Error> {
    let account = sessions.account(output)?;
    let id = account.active().map(|session| session.id);
    let view = id.and_then(|id| SessionView::one(&sessions.store, &sessions.live, &account, id));
    Ok(single("active-session", "no-active", view, output))
}

pub(super) fn running(sessions: &Sessions, output: &Output) -> Result<Outcome, Error> {
    let account = sessions.account(output)?;
    let view = SessionView::running(&sessions.store, &sessions.live, &account);
    Ok(single("running-session", "no-running", view, output))
}

fn single(what: &str, none: &str, view: Option<SessionView>, output: &Output) -> Outcome {
    let text = match &view {
        None => output.say(none, &[]),
        Some(view) => {
            let mut text = output.say(what, &[("id", &view.id)]) + "\n";
            for (label, value) in lines(view, output) {
                let _ = writeln!(text, "{label}: {value}");
            }
            text
        }
    };
    Outcome::new(text).answer(&view)
}

/// One session in the list.
fn paragraph(view: &SessionView, output: &Output) -> String {
    let marks = [
        (view.is_default, "mark-active"),
        (view.is_running, "mark-running"),
    ];
    let marks: Vec<String> = marks
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, mark)| output.say(mark, &[]))
        .collect();
    let marks = match marks.is_empty() {
        true => String::new(),
        false => format!(" ({})", marks.join(", ")),
    };
    let mut text = output.say("session", &[("id", &view.id)]);
    let _ = writeln!(text, "{marks}");
    for (label, value) in lines(view, output) {
        let _ = writeln!(text, "  {label} {value}");
    }
    text.push('\n');
    text
}

/// Label and value of everything that is known.
fn lines(view: &SessionView, output: &Output) -> Vec<(String, String)> {
    let size = match view.allocated {
        Some(_) => view.size_formatted.clone(),
        None => output.say("unknown", &[]),
    };
    let mut lines = vec![
        ("mode", view.mode.clone()),
        ("version", view.version.clone()),
        ("edition", view.edition.clone()),
        ("union", view.union.clone()),
        ("size", size),
    ];
    let total = view.total_size_formatted.clone();
    let used = view.used.map(Time::plain);
    let optional = [
        ("total-size", total.filter(|_| view.mode == "dynfilefs")),
        ("last-modified", used),
        ("status", view.status.map(str::to_owned)),
        ("name", view.name.clone()),
        ("session-note", view.note.clone()),
        ("failed", view.failed.clone()),
    ];
    for (label, value) in optional {
        lines.extend(value.map(|value| (label, value)));
    }
    for why in &view.reasons {
        lines.push(("differs", why.message.clone()));
    }
    let named = |(label, value)| (output.say(label, &[]), value);
    lines.into_iter().map(named).collect()
}
