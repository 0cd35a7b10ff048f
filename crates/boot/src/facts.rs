//! Gathers the facts that the decision about sessions depends on.

use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use perch_core::aufs::MAX_BUNDLES;
use perch_core::bundle::Bundle;
use perch_core::decide::interest;
use perch_core::facts::{Facts, Medium, Store, StoreState, Tools};
use perch_core::metadata::{Metadata, Outline, Source};
use perch_core::notice::Notice;
use perch_core::request::{Request, Spot};
use perch_core::session::{Mode, System, UnionKind};
use perch_core::units::Bytes;
use perch_sys::apply::StorePlace;
use perch_sys::dir::{self, DirError};
use perch_sys::layout::STORE;
use perch_sys::{console, kmsg, medium, programs, store};
use rustix::fs::fstatvfs;
use rustix::io::Errno;

use crate::place::Located;

/// The file that says which system this is, put into the initramfs by whoever makes it.
const RELEASE: &str = "/etc/minios-release";

/// Gathers them. `bundles` are the layers, lowest first.
pub fn gather(medium: &medium::Medium, in_ram: bool, bundles: Vec<Bundle>, store: Store) -> Facts {
    if medium.superblock.errors {
        kmsg::tell(Notice::MediumDamaged {
            device: medium.device.name.clone(),
        });
    }
    Facts {
        system: System::parse(&fs::read_to_string(RELEASE).unwrap_or_default()),
        unions: vec![UnionKind::Overlayfs],
        modes: vec![Mode::Native],
        tools: tools(),
        console: console::any(),
        answer: None,
        medium: Medium {
            device: medium.device.name.clone(),
            fs: medium.superblock.kind,
            dir: medium.path.clone(),
            image: medium.image.as_ref().map(|image| image.path.clone()),
            namesakes: Vec::new(),
            in_ram,
            unwritable: medium.unwritable.clone(),
            bundles,
        },
        store,
        growth: None,
    }
}

/// The unions that can join so many bundles.
pub fn unions(aufs: bool, bundles: usize) -> Vec<UnionKind> {
    let mut unions = vec![UnionKind::Overlayfs];
    if aufs && bundles <= MAX_BUNDLES {
        unions.push(UnionKind::Aufs);
    } else if aufs {
        kmsg::tell(Notice::AufsTooManyBundles {
            bundles,
            most: MAX_BUNDLES,
        });
    }
    unions
}

/// What this program can open with what the kernel has; `fuse` tells whether that can be loaded.
pub fn modes(fuse: bool) -> Vec<Mode> {
    modes_with(Path::new("/dev/loop-control").exists(), fuse)
}

/// A dynfilefs container needs both: FUSE shows its disk as the file that a loop device wants.
fn modes_with(loops: bool, fuse: bool) -> Vec<Mode> {
    let containers = [(Mode::Dynfilefs, loops && fuse), (Mode::Raw, loops)];
    let containers = containers.into_iter().filter(|(_, can)| *can);
    let containers = containers.map(|(mode, _)| mode);
    std::iter::once(Mode::Native).chain(containers).collect()
}

/// The programs at hand. Nothing is unpacked for the answer.
fn tools() -> Tools {
    Tools {
        mke2fs: programs::available("mke2fs"),
        e2fsck: programs::available("e2fsck"),
        resize2fs: programs::available("resize2fs"),
    }
}

/// Looks at the store where it was located: what it holds, and where the steps find it.
pub fn look_at_store(
    request: &Request,
    located: Located,
    medium: &medium::Medium,
    data_dir: &Path,
) -> Result<(Store, StorePlace), DirError> {
    let mut found = Store {
        state: StoreState::Missing,
        place: request.place.clone(),
        device: None,
        dir: None,
        word_is_directory: false,
        fs: medium.superblock.kind,
        free: None,
        total: None,
        native_refused: None,
        in_use: medium.in_use.clone(),
        sessions: Vec::new(),
        taken: Vec::new(),
        metadata: Metadata::default(),
        source: Source::None,
        agrees: false,
        quarantine: Vec::new(),
        notes: Vec::new(),
    };
    let mut place = StorePlace {
        base: root_of(&medium.dir)?,
        path: STORE.to_owned(),
        mount: None,
        shown_at: Some(data_dir.join(STORE)),
    };
    let (mut unwritable, mut on) = (medium.unwritable.as_ref(), &medium.mount);
    let elsewhere;
    let spot = match located {
        Located::Nowhere(why) => {
            found.state = StoreState::NotFound(why);
            return Ok((found, place));
        }
        Located::Medium { dir } => dir,
        Located::Volume { volume, spot } => {
            elsewhere = volume;
            unwritable = elsewhere.unwritable.as_ref();
            on = &elsewhere.mount;
            found.fs = elsewhere.superblock.kind;
            found.in_use.clone_from(&elsewhere.in_use);
            found.device = Some(elsewhere.device.name.clone());
            place.mount = Some(root_of(on)?);
            Some(spot)
        }
    };
    if let Some(spot) = spot {
        place.base = root_of(on)?;
        place.path = dir_of(&place.base, &spot, &mut found.word_is_directory);
        found.dir = Some(place.path.clone());
    }
    if let Ok(stat) = fstatvfs(on) {
        found.free = Some(Bytes(stat.f_bavail.saturating_mul(stat.f_frsize)));
        found.total = Some(Bytes(stat.f_blocks.saturating_mul(stat.f_frsize)));
    }
    match place.open() {
        Ok(dir) => read(&dir, request, &mut found),
        Err(error) if error.errno() == Some(Errno::NOENT) => {}
        Err(error) => found.state = StoreState::Unusable(error.to_string()),
    }
    if let Some(why) = unwritable {
        found.state = StoreState::ReadOnly(why.clone());
    }
    Ok((found, place))
}

fn root_of(mount: &OwnedFd) -> Result<OwnedFd, DirError> {
    dir::open_dir_beneath(mount, "")
}

/// The directory that is meant: with the word behind it, if a directory of that name holds sessions.
fn dir_of(root: &OwnedFd, spot: &Spot, word_is_directory: &mut bool) -> String {
    let holds_sessions = |path: &String| {
        dir::open_dir_beneath(root, path)
            .and_then(|dir| store::read(dir.as_fd()))
            .is_ok_and(|found| found.holds_something())
    };
    match spot.dir_with_word().filter(holds_sessions) {
        Some(path) => {
            *word_is_directory = true;
            path
        }
        None => spot.dir.clone(),
    }
}

/// Reads the store: its files, and those session directories that something depends on.
fn read(dir: &OwnedFd, request: &Request, found: &mut Store) {
    match store::list(dir.as_fd()) {
        Ok(mut read) => {
            let outline = Outline::of(&read.files);
            let interest = interest(request, found.word_is_directory);
            let ids = outline.to_look_into(&read.files, interest);
            store::look_into(dir.as_fd(), &mut read, &ids);
            for name in &read.ignored {
                kmsg::tell(Notice::StoreNameIgnored { name: name.clone() });
            }
            found.state = StoreState::Ready;
            found.taken = read.taken();
            found.take(outline.complete(&read.files));
        }
        Err(error) => found.state = StoreState::Unusable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_need_loop_devices_and_one_kind_fuse_as_well() {
        use Mode::{Dynfilefs, Native, Raw};
        assert_eq!(modes_with(true, true), [Native, Dynfilefs, Raw]);
        assert_eq!(modes_with(true, false), [Native, Raw]);
        assert_eq!(modes_with(false, true), [Native]);
    }

    #[test]
    fn aufs_counts_where_it_is_and_takes_all_bundles() {
        use UnionKind::{Aufs, Overlayfs};
        assert_eq!(unions(false, 3), [Overlayfs]);
        assert_eq!(unions(true, 126), [Overlayfs, Aufs]);
        assert_eq!(unions(true, 127), [Overlayfs]);
        assert_eq!(unions(false, 127), [Overlayfs]);
    }
}
