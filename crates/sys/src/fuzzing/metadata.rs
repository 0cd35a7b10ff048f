//! `session.json` and `session.conf`, as a store that somebody brought may hold them.

use perch_core::metadata::{
    Contents, FileRead, Metadata, SessionDir, StoreFiles, assemble, conf, json,
};
use perch_core::units::SessionId;

/// Any `session.json`.
pub fn session_json(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok((metadata, _)) = json::parse(&text) {
        let written = json::write(&metadata);
        let (again, _) = json::parse(&written).expect("what was written is read");
        assert_eq!(json::write(&again), written);
        nothing_is_smuggled(&metadata);
    }
    every_directory_is_a_session(file(&text), FileRead::Absent);
}

/// Any `session.conf`.
pub fn session_conf(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (metadata, _) = conf::parse(&text);
    let written = conf::write(&metadata);
    assert_eq!(conf::write(&conf::parse(&written).0), written);
    nothing_is_smuggled(&metadata);
    every_directory_is_a_session(FileRead::Absent, file(&text));
}

fn file(text: &str) -> FileRead {
    FileRead::Text {
        text: text.to_owned(),
        modified: 1,
    }
}

/// No value becomes a line of its own in the other form.
fn nothing_is_smuggled(metadata: &Metadata) {
    let (again, _) = conf::parse(&conf::write(metadata));
    assert_eq!(again.default, metadata.default);
    assert_eq!(again.previous, metadata.previous);
    assert_eq!(again.running, metadata.running);
    for (id, record) in &again.sessions {
        let meant = &metadata.sessions[id];
        assert_eq!(record.mode, meant.mode);
        assert_eq!(record.union, meant.union);
        assert_eq!(record.size, meant.size);
    }
}

/// Whatever the files say, both directories are sessions; and what is written then is agreed upon.
fn every_directory_is_a_session(json: FileRead, conf: FileRead) {
    let files = StoreFiles {
        json,
        conf,
        backup: FileRead::Absent,
        legacy: FileRead::Absent,
        dirs: [1, 2].into_iter().filter_map(dir).collect(),
        unseen: Vec::new(),
    };
    let found = assemble(&files);
    let ids: Vec<u32> = found
        .sessions
        .iter()
        .map(|session| session.id.get())
        .collect();
    assert_eq!(ids, [1, 2]);
    let written = StoreFiles {
        json: file(&json::write(&found.metadata)),
        conf: file(&conf::write(&found.metadata)),
        ..files
    };
    let again = assemble(&written);
    assert!(again.agrees && again.quarantine.is_empty());
    assert_eq!(again.sessions, found.sessions);
}

fn dir(number: u32) -> Option<SessionDir> {
    Some(SessionDir {
        id: SessionId::new(number)?,
        modified: i64::from(number),
        image: None,
        allocated: None,
        disk: None,
        parts: None,
        holds: Contents {
            changes_dat: number == 2,
            changes_img: false,
            changes_dir: number == 1,
            workdir: false,
            aufs_marker: false,
            empty: false,
        },
    })
}
