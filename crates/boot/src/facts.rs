//! Gathers the facts that the decision about sessions depends on.

use std::fs;
use std::os::fd::AsFd;

use perch_core::bundle::Bundle;
use perch_core::facts::{Facts, Medium, Store, StoreState, Tools};
use perch_core::fs::FsKind;
use perch_core::metadata::{Metadata, Source, assemble};
use perch_core::request::Place;
use perch_core::session::{Mode, System, UnionKind};
use perch_core::units::Bytes;
use perch_sys::layout::STORE;
use perch_sys::{dir, medium, store};
use rustix::fs::{OFlags, fstatvfs};
use rustix::io::Errno;

/// The file that says which system this is, put into the initramfs by whoever makes it.
const RELEASE: &str = "/etc/minios-release";

/// Gathers them. `bundles` are the layers, lowest first.
pub fn gather(medium: &medium::Medium, bundles: Vec<Bundle>) -> Facts {
    let fs = medium.superblock.kind;
    if medium.superblock.errors {
        log::warn!(
            "the file system of the medium is marked as damaged: check it from another system (fsck /dev/{})",
            medium.device.name
        );
    }
    Facts {
        system: System::parse(&fs::read_to_string(RELEASE).unwrap_or_default()),
        // Others are detected once perch can assemble them.
        unions: vec![UnionKind::Overlayfs],
        modes: vec![Mode::Native],
        tools: Tools::default(),
        console: false,
        answer: None,
        medium: Medium {
            device: medium.device.name.clone(),
            fs,
            dir: medium.path.clone(),
            bundles,
        },
        store: look_at_store(medium, fs),
    }
}

fn look_at_store(medium: &medium::Medium, fs: FsKind) -> Store {
    let mut found = Store {
        state: StoreState::Ready,
        place: Place::Medium,
        device: None,
        dir: None,
        word_is_directory: false,
        fs,
        free: fstatvfs(&medium.mount)
            .ok()
            .map(|stat| Bytes(stat.f_bavail.saturating_mul(stat.f_frsize))),
        sessions: Vec::new(),
        taken: Vec::new(),
        metadata: Metadata::default(),
        source: Source::None,
        agrees: false,
        quarantine: Vec::new(),
        notes: Vec::new(),
    };
    let opened = dir::open_beneath(&medium.dir, STORE, OFlags::RDONLY | OFlags::DIRECTORY);
    match opened {
        Ok(dir) => match store::read(dir.as_fd()) {
            Ok(read) => {
                for name in &read.ignored {
                    log::warn!("{name:?} in the session store is no session and is left alone");
                }
                found.taken = read.taken();
                found.take(assemble(&read.files));
            }
            Err(error) => found.state = StoreState::Unusable(error.to_string()),
        },
        Err(error) if error.errno() == Some(Errno::NOENT) => found.state = StoreState::Missing,
        Err(error) => found.state = StoreState::Unusable(error.to_string()),
    }
    if let Some(why) = &medium.unwritable {
        found.state = StoreState::ReadOnly(why.clone());
    }
    found
}
