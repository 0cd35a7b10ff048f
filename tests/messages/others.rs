//! Examples of what devices are refused for, of the screens that end a boot, of parameters that are not
//! understood, and of notes on a store's metadata.

use perch_core::cmdline::{self, Oddity, OddityCode};
use perch_core::fs::FsKind;
use perch_core::identity::Identity;
use perch_core::metadata::{Contents, FileRead, Note, SessionDir, StoreFiles, assemble, code};
use perch_core::stop::Stop;
use perch_core::units::SessionId;
use perch_sys::dir::DirError;
use perch_sys::medium::{Description, ImageError, MountingError, Refused};
use perch_sys::superblock::Superblock;
use rustix::io::Errno;

use crate::examples::examples;

fn what(label: String) -> Description {
    kind(FsKind::Ext4, label)
}

fn kind(kind: FsKind, label: String) -> Description {
    let mut superblock = Superblock::of(kind);
    superblock.label = Some(label);
    Description::of(&superblock)
}

examples! { verdicts, Refused, t;
    Refused::NotAsked { .. } => Refused::NotAsked { wanted: Identity::Label(t("MY_STICK")) },
    Refused::Unreadable(_) => Refused::Unreadable(Errno::IO.into()),
    Refused::Unknown => Refused::Unknown,
    Refused::NoMedium { .. } => Refused::NoMedium {
        what: kind(FsKind::Swap, t("pages")),
        why: FsKind::Swap.mountable().unwrap_err(),
    },
    Refused::Mount { .. } => Refused::Mount {
        what: kind(FsKind::Ntfs, t("DATA")),
        source: Box::new(MountingError::NoNtfs),
    },
    Refused::NoImage { .. } => Refused::NoImage { what: what(t("DATA")), path: t("iso/live.iso") },
    Refused::Image { .. } => Refused::Image {
        what: what(t("DATA")),
        path: t("iso/live.iso"),
        source: Box::new(ImageError::NoImage),
    },
    Refused::NoDirectory { .. } => Refused::NoDirectory { what: what(t("DATA")), dir: t("minios") },
    Refused::NoBundles { .. } => Refused::NoBundles {
        what: what(t("DATA")),
        dir: t("minios"),
        extension: t("sb"),
    },
    Refused::Directory { .. } => Refused::Directory {
        what: what(t("DATA")),
        dir: t("minios"),
        source: DirError::List { source: Errno::IO },
    },
}

examples! { stops, Stop, t;
    Stop::MediumNotFound => Stop::MediumNotFound,
    Stop::MediumUnusable { .. } => Stop::MediumUnusable { device: t("sdb1") },
    Stop::MediumNotMounted => Stop::MediumNotMounted,
    Stop::MediumGone => Stop::MediumGone,
    Stop::BundleDamaged => Stop::BundleDamaged,
    Stop::BundleUnusable => Stop::BundleUnusable,
    Stop::NotPutTogether => Stop::NotPutTogether,
    Stop::NoSystem => Stop::NoSystem,
    Stop::NotStarted => Stop::NotStarted,
    Stop::Internal => Stop::Internal,
}

fn parsed(parameter: String) -> Oddity {
    let (_, mut oddities) = cmdline::parse(&parameter);
    oddities.pop().unwrap()
}

examples! { oddities, Oddity, t;
    Oddity { code: OddityCode::Ignored, .. } => parsed(format!("perchname={}", t("work"))),
    Oddity { code: OddityCode::Corrected, .. } => parsed(format!("perchsize={}", t("1.5G"))),
    Oddity { code: OddityCode::Refused, .. } => parsed("perchdir=007".to_owned()),
}

/// Stores that are as damaged as can be; together they give a note of every kind.
pub fn notes(t: fn(&str) -> String) -> Vec<Note> {
    let text = |text: String, modified| FileRead::Text { text, modified };
    let json = |value: serde_json::Value| value.to_string();
    let dir = |number, holds| SessionDir {
        id: SessionId::new(number).unwrap(),
        modified: 1,
        image: None,
        allocated: None,
        disk: None,
        parts: None,
        holds,
    };
    let tree = Contents {
        changes_dir: true,
        ..Contents::default()
    };
    let both = Contents {
        changes_img: true,
        ..tree
    };
    let entries = json(serde_json::json!({
        "default": t("../x"),
        "sessions": {
            "007": {},
            "1": {"mode": "raw"},
            "2": {"mode": t("zram")},
            "3": {"mode": "native"},
        },
    }));
    let many: serde_json::Map<_, _> = (0..60)
        .map(|n| (format!("x{n}"), serde_json::json!({})))
        .collect();
    [
        StoreFiles {
            json: text(entries, 1),
            conf: text("default=3\nsession_mode[3]=native\n".to_owned(), 2),
            dirs: vec![dir(1, tree), dir(2, tree), dir(3, both)],
            ..StoreFiles::default()
        },
        StoreFiles {
            json: text("{\"default\": \"1\",".to_owned(), 1),
            dirs: vec![dir(1, tree)],
            ..StoreFiles::default()
        },
        StoreFiles {
            json: FileRead::Unreadable {
                error: t("input/output error"),
            },
            legacy: text("3\n".to_owned(), 1),
            ..StoreFiles::default()
        },
        StoreFiles {
            legacy: text("3\n".to_owned(), 1),
            dirs: vec![dir(3, tree)],
            ..StoreFiles::default()
        },
        StoreFiles {
            json: text(json(serde_json::json!({"sessions": many})), 1),
            ..StoreFiles::default()
        },
    ]
    .iter()
    .flat_map(|files| assemble(files).notes)
    .collect()
}

/// One note of each kind, in the order of their list.
pub fn one_note_each(t: fn(&str) -> String) -> Vec<Note> {
    let all = notes(t);
    let first = |&(code, _): &(&str, _)| {
        let found = all.iter().find(|note| note.code == code);
        found
            .unwrap_or_else(|| panic!("no store gives a note {code}"))
            .clone()
    };
    code::ALL.iter().map(first).collect()
}
