//! Session metadata as the files of a store hold it.

use serde_json::{Map, Value, json};

/// An entry as a boot of the default system writes it.
pub fn native() -> Value {
    json!({ "mode": "native", "version": "5.1.1", "edition": "standard", "union": "overlayfs" })
}

/// An entry that differs from [`native`] in one field.
pub fn native_but(field: &str, value: &str) -> Value {
    let mut entry = native();
    entry[field] = value.into();
    entry
}

/// `session.json` with these entries; `default` also counts as the session that ran last.
pub fn json_text(default: &str, entries: &[(&str, Value)]) -> String {
    let sessions: Map<String, Value> = entries
        .iter()
        .map(|(id, entry)| ((*id).to_owned(), entry.clone()))
        .collect();
    format!(
        "{:#}",
        json!({ "default": default, "running": default, "sessions": sessions })
    )
}

/// `session.json` with one [`native`] entry for each of `ids`.
pub fn natives(default: &str, ids: &[&str]) -> String {
    let entries: Vec<(&str, Value)> = ids.iter().map(|id| (*id, native())).collect();
    json_text(default, &entries)
}

/// `session.conf` with one entry like [`native`] for each of `ids`.
pub fn conf_text(default: &str, ids: &[&str]) -> String {
    let entry = |id: &&str| {
        format!(
            "session_mode[{id}]=native\nsession_version[{id}]=5.1.1\nsession_edition[{id}]=standard\nsession_union[{id}]=overlayfs\n"
        )
    };
    let entries: String = ids.iter().map(entry).collect();
    format!("default={default}\nrunning={default}\n{entries}")
}
