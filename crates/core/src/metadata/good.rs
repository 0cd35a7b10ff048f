//! Which sessions come up: the word of the running system, and how often a session was tried without it.

use super::Metadata;
use crate::session::System;
use crate::units::SessionId;

impl Metadata {
    /// Session `id` is running and its system says that it has come up: its tries are forgotten, and it is
    /// the last good one. Changes nothing where that is recorded already.
    pub fn mark_good(&mut self, id: SessionId) {
        let others = self.sessions.iter().filter(|(other, _)| **other != id);
        let latest = others.filter_map(|(_, record)| record.good).max();
        let record = self.sessions.entry(id).or_default();
        record.tries = None;
        if record.good.is_none() || record.good <= latest {
            record.good = Some(latest.unwrap_or(0).saturating_add(1));
        }
    }

    /// How often session `id` was opened in a row without coming up; 0 where nothing is counted.
    pub fn tries(&self, id: SessionId) -> u32 {
        let record = self.sessions.get(&id);
        record.and_then(|record| record.tries).unwrap_or(0)
    }

    /// Whether the system says when a session of it has come up: it did for this session, or for one that
    /// the same version and edition wrote. What never said so is not expected to.
    pub fn reports(&self, id: SessionId, system: &System) -> bool {
        self.sessions.iter().any(|(other, record)| {
            let same = record.version.is_some()
                && record.version == system.version
                && record.edition == system.edition;
            record.good.is_some() && (*other == id || same)
        })
    }

    /// Session `id` gets all its tries again, as after a repair.
    pub fn forget_tries_of(&mut self, id: SessionId) {
        if let Some(record) = self.sessions.get_mut(&id) {
            record.tries = None;
        }
    }

    /// An older content of the file says nothing of the last boots.
    pub(super) fn forget_tries(&mut self) {
        for record in self.sessions.values_mut() {
            record.tries = None;
        }
    }

    /// Whether the line form of both is the same, as far as it depends on sessions: nothing but tries
    /// differs.
    pub fn differs_in_tries_only(&self, other: &Self) -> bool {
        let without = |metadata: &Self| {
            let mut metadata = metadata.clone();
            metadata.forget_tries();
            metadata
        };
        self != other && without(self) == without(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::id;
    use crate::metadata::{FileRead, Record, StoreFiles, assemble, conf, json};

    fn metadata(sessions: &str) -> Metadata {
        json::parse(&format!(r#"{{"sessions": {sessions}}}"#))
            .unwrap()
            .0
    }

    #[test]
    fn the_last_good_session_has_the_largest_number() {
        let mut all = metadata(r#"{"1": {"tries": 2}, "2": {"good": 4}, "3": {}}"#);
        let good = |all: &Metadata| -> Vec<Option<u32>> {
            all.sessions.values().map(|record| record.good).collect()
        };
        all.mark_good(id(1));
        assert_eq!(good(&all), [Some(5), Some(4), None]);
        assert_eq!(all.tries(id(1)), 0);
        let before = all.clone();
        all.mark_good(id(1));
        assert_eq!(all, before, "said twice");
        all.mark_good(id(2));
        assert_eq!(good(&all), [Some(5), Some(6), None]);
        all.mark_good(id(9));
        assert_eq!(all.sessions[&id(9)].good, Some(7));
        // Copied together with its record.
        let mut twins = metadata(r#"{"1": {"good": 1}, "2": {"good": 1}}"#);
        twins.mark_good(id(1));
        assert_eq!(good(&twins), [Some(2), Some(1)]);
        let mut end = metadata(r#"{"1": {"good": 4294967295}, "2": {}}"#);
        end.mark_good(id(2));
        assert_eq!(end.sessions[&id(2)].good, Some(u32::MAX));
    }

    #[test]
    fn a_system_reports_if_this_session_or_a_sibling_did() {
        let system = |version: &str, edition: &str| System {
            name: None,
            version: Some(version.into()),
            edition: Some(edition.into()),
        };
        let (ours, other) = (system("5.1.1", "standard"), system("5.2", "standard"));
        let all = metadata(
            r#"{"1": {"version": "5.1.1", "edition": "standard"},
                "2": {"version": "5.1.1", "edition": "standard", "good": 1},
                "3": {"version": "5.2", "edition": "standard"},
                "4": {"good": 2}}"#,
        );
        for (number, system, want) in [
            (1, &ours, true),
            (2, &ours, true),
            (2, &other, true),
            (3, &other, false),
            (3, &ours, true),
            (4, &other, true),
            (7, &ours, true),
            (7, &other, false),
            (1, &system("5.1.1", "toolbox"), false),
            (1, &System::default(), false),
        ] {
            assert_eq!(all.reports(id(number), system), want, "{number} {system:?}");
        }
    }

    #[test]
    fn only_tries_differ_or_something_else_does_too() {
        let one = metadata(r#"{"1": {"good": 1}}"#);
        let mut tried = one.clone();
        tried.sessions.insert(
            id(1),
            Record {
                tries: Some(1),
                good: Some(1),
                ..Record::default()
            },
        );
        assert!(one.differs_in_tries_only(&tried));
        assert!(!one.differs_in_tries_only(&one));
        tried.default = Some(id(1));
        assert!(!one.differs_in_tries_only(&tried));
    }

    /// A store with this `session.json`, and the line form that a writer left who knows nothing of tries.
    fn store(json: FileRead, conf: &str, modified: i64) -> Metadata {
        let files = StoreFiles {
            json,
            conf: FileRead::Text {
                text: conf.into(),
                modified,
            },
            backup: FileRead::Text {
                text:
                    r#"{"default": "1", "sessions": {"1": {"mode": "raw", "tries": 3, "good": 2}}}"#
                        .into(),
                modified: 0,
            },
            unseen: vec![id(1), id(2)],
            ..StoreFiles::default()
        };
        assemble(&files).metadata
    }

    #[test]
    fn another_writer_of_the_line_form_takes_no_tries_away() {
        let json = r#"{"default": "1", "sessions": {"1": {"mode": "raw", "tries": 2, "good": 1}}}"#;
        let text = json.to_owned();
        let file = FileRead::Text { text, modified: 5 };
        for (conf, modified, default) in [
            (&*conf::write(&json::parse(json).unwrap().0), 4, 1),
            (&*conf::write(&json::parse(json).unwrap().0), 9, 1),
            ("default=2\nsession_mode[1]=raw\n", 4, 1),
            ("default=2\nsession_mode[1]=raw\n", 9, 2),
        ] {
            let got = store(file.clone(), conf, modified);
            let of = &got.sessions[&id(1)];
            let got = (got.default, of.tries, of.good);
            assert_eq!(
                got,
                (Some(id(default)), Some(2), Some(1)),
                "{conf} {modified}"
            );
        }
    }

    /// The backup is older than the last boots: a session that has come up since must not lose its tries.
    #[test]
    fn a_backup_tells_which_sessions_came_up_but_no_tries() {
        for json in [FileRead::NotText, FileRead::Absent] {
            let got = store(json, "", 1);
            let of = &got.sessions[&id(1)];
            assert_eq!((of.tries, of.good), (None, Some(2)));
        }
        let got = store(FileRead::NotText, "default=1\nsession_mode[1]=raw\n", 1);
        assert_eq!(got.sessions[&id(1)].tries, None);
    }
}
