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
        true => "No sessions found".to_owned(),
        false => views.iter().map(paragraph).collect(),
    };
    Ok(Outcome::new(text).answer(&views))
}

pub(super) fn active(sessions: &Sessions, output: &Output) -> Result<Outcome, Error> {
    let account = sessions.account(output)?;
    let id = account.active().map(|session| session.id);
    let view = id.and_then(|id| SessionView::one(&sessions.store, &sessions.live, &account, id));
    Ok(single("Active", "No active session", view))
}

pub(super) fn running(sessions: &Sessions, output: &Output) -> Result<Outcome, Error> {
    let account = sessions.account(output)?;
    let view = SessionView::running(&sessions.store, &sessions.live, &account);
    Ok(single("Running", "No running session", view))
}

fn single(what: &str, none: &str, view: Option<SessionView>) -> Outcome {
    let text = match &view {
        None => none.to_owned(),
        Some(view) => {
            let mut text = format!("{what} session: #{}\n", view.id);
            for (label, value) in lines(view) {
                let _ = writeln!(text, "{label}: {value}");
            }
            text
        }
    };
    Outcome::new(text).answer(&view)
}

/// One session in the list.
fn paragraph(view: &SessionView) -> String {
    let marks: Vec<&str> = [(view.is_default, "ACTIVE"), (view.is_running, "RUNNING")]
        .into_iter()
        .filter_map(|(is, mark)| is.then_some(mark))
        .collect();
    let marks = match marks.is_empty() {
        true => String::new(),
        false => format!(" ({})", marks.join(", ")),
    };
    let mut text = format!("Session #{}{marks}\n", view.id);
    for (label, value) in lines(view) {
        let _ = writeln!(text, "  {label} {value}");
    }
    text.push('\n');
    text
}

/// Label and value of everything that is known.
fn lines(view: &SessionView) -> Vec<(&'static str, String)> {
    let size = match view.allocated {
        Some(_) => view.size_formatted.clone(),
        None => "unknown".to_owned(),
    };
    let mut lines = vec![
        ("Mode", view.mode.clone()),
        ("Version", view.version.clone()),
        ("Edition", view.edition.clone()),
        ("Union FS", view.union.clone()),
        ("Size", size),
    ];
    let total = view.total_size_formatted.clone();
    let used = view.used.map(Time::plain);
    let optional = [
        ("Total Size", total.filter(|_| view.mode == "dynfilefs")),
        ("Last Modified", used),
        ("Status", view.status.map(str::to_owned)),
        ("Name", view.name.clone()),
        ("Note", view.note.clone()),
        ("Failed", view.failed.clone()),
    ];
    for (label, value) in optional {
        lines.extend(value.map(|value| (label, value)));
    }
    for why in &view.reasons {
        lines.push(("Differs", why.message.clone()));
    }
    lines
}
