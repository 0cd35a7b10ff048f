//! Small facts for unit tests.

use crate::bundle::Bundle;
use crate::facts::{Facts, Medium, Store, StoreState, Tools};
use crate::fs::FsKind;
use crate::metadata::{Metadata, Source};
use crate::request::Place;
use crate::session::{Mode, Session, System, UnionKind};
use crate::units::{Bytes, SessionId};

/// The session number, which must be one.
pub fn id(number: u32) -> SessionId {
    SessionId::new(number).unwrap()
}

/// A native overlayfs session of this system.
pub fn session(number: u32) -> Session {
    Session {
        id: id(number),
        mode: Mode::Native,
        version: Some("5.1.1".into()),
        edition: Some("standard".into()),
        union: Some(UnionKind::Overlayfs),
        size: None,
        image: None,
        allocated: None,
        modified: Some(1000 + i64::from(number)),
        in_use: None,
    }
}

/// System 5.1.1 standard on a writable ext4 medium, with these sessions and this default.
pub fn facts(sessions: &[Session], default: Option<u32>) -> Facts {
    Facts {
        system: System {
            name: Some("MiniOS".into()),
            version: Some("5.1.1".into()),
            edition: Some("standard".into()),
        },
        unions: vec![UnionKind::Overlayfs],
        modes: vec![Mode::Native, Mode::Dynfilefs, Mode::Raw],
        tools: Tools {
            mke2fs: true,
            e2fsck: true,
            resize2fs: true,
        },
        console: false,
        answer: None,
        medium: Medium {
            device: "vda".into(),
            fs: FsKind::Ext4,
            dir: "minios".into(),
            image: None,
            namesakes: Vec::new(),
            in_ram: false,
            unwritable: None,
            bundles: vec![Bundle {
                path: "00-core.sb".into(),
                size: Bytes(4096),
                external: false,
                damage: None,
            }],
        },
        store: Store {
            state: StoreState::Ready,
            place: Place::Medium,
            device: None,
            dir: None,
            word_is_directory: false,
            fs: FsKind::Ext4,
            free: Some(Bytes(1 << 30)),
            total: Some(Bytes(8 << 30)),
            native_refused: None,
            in_use: None,
            sessions: sessions.to_vec(),
            taken: Vec::new(),
            metadata: Metadata {
                default: default.map(id),
                ..Metadata::default()
            },
            source: Source::Json,
            agrees: true,
            quarantine: Vec::new(),
            notes: Vec::new(),
        },
        growth: None,
    }
}
