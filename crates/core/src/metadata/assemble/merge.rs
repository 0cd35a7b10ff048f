//! Two accounts of one store made into one.
//!
//! A medium used with several systems has them: some write only `session.json`, some only
//! `session.conf` (contract §1.6).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::conf::{KEPT_LINES, line_form};
use super::super::{Metadata, Record};

/// Joins the two per session and field; the newer one is right where they differ, and the other
/// fills in what it does not tell.
///
/// `previous` and `running` come from the newer file even if it has none: their absence says
/// something. A default is different. None of the two systems takes one away, so a newer file
/// without one is a fragment, and the older one's is better than none.
pub(super) fn merge(json: &Metadata, conf: &Metadata, conf_is_newer: bool) -> Metadata {
    let (newer, older) = if conf_is_newer {
        (conf, json)
    } else {
        (json, conf)
    };
    let ids: BTreeSet<_> = newer.sessions.keys().chain(older.sessions.keys()).collect();
    let sessions = ids.into_iter().filter_map(|id| {
        let merged = match (json.sessions.get(id), conf.sessions.get(id)) {
            (Some(json), Some(conf)) => record(json, conf, conf_is_newer),
            (Some(only), None) | (None, Some(only)) => only.clone(),
            (None, None) => return None,
        };
        Some((*id, merged))
    });
    let mut extra = extra(&json.extra, &conf.extra, conf_is_newer);
    // The file that is made of lines knows best which of them are there.
    match conf.extra.get(KEPT_LINES) {
        Some(lines) => extra.insert(KEPT_LINES.to_owned(), lines.clone()),
        None => extra.shift_remove(KEPT_LINES),
    };
    Metadata {
        default: newer.default.or(older.default),
        previous: newer.previous,
        running: newer.running,
        sessions: sessions.collect(),
        // The line form never holds them whole.
        foreign: self::extra(&json.foreign, &conf.foreign, false),
        extra,
    }
}

fn record(json: &Record, conf: &Record, conf_is_newer: bool) -> Record {
    let (newer, older) = if conf_is_newer {
        (conf, json)
    } else {
        (json, conf)
    };
    // A value in `extra` under a known name is one the newer file tells, though not to us.
    let silent = |name: &str| !newer.extra.contains_key(name);
    let text = |newer: &Option<String>, older: &Option<String>, name| {
        let filled = || older.clone().filter(|_| silent(name));
        newer.clone().or_else(filled)
    };
    Record {
        mode: newer.mode.or(older.mode.filter(|_| silent("mode"))),
        version: text(&newer.version, &older.version, "version"),
        edition: text(&newer.edition, &older.edition, "edition"),
        union: newer.union.or(older.union.filter(|_| silent("union"))),
        size: newer.size.or(older.size.filter(|_| silent("size"))),
        // Its absence says that the session works again.
        failed: newer.failed.clone(),
        // Only the JSON form holds it.
        tries: json.tries,
        good: newer.good.or(older.good.filter(|_| silent("good"))),
        extra: extra(&json.extra, &conf.extra, conf_is_newer),
    }
}

/// In the order of the JSON form, so that joining a file with its own mirror changes nothing.
fn extra(
    json: &Map<String, Value>,
    conf: &Map<String, Value>,
    conf_is_newer: bool,
) -> Map<String, Value> {
    let mut merged = json.clone();
    for (key, text) in conf {
        match merged.get_mut(key) {
            // The line form has lost the type of a number; that is no difference.
            Some(value) if line_form(value).as_deref() == text.as_str() => {}
            Some(value) if conf_is_newer => *value = text.clone(),
            Some(_) => {}
            None => {
                merged.insert(key.clone(), text.clone());
            }
        }
    }
    merged
}
