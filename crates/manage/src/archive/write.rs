//! Packs a session: into a file beside the one that is asked for, which is read back before it gets the name.

use std::io::{self, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

use jiff::Timestamp;
use rustix::fs::{Advice, fadvise};

use super::content::Packer;
use super::error::{ReadError, WriteError};
use super::feed::Feed;
use super::layout::Layout;
use super::list::{List, Sum};
use super::manifest::{self, About};
use super::member::Members;
use super::place::Shape;
use super::policy::Limits;
use super::stream::Stream;
use super::target::{Target, write_error};
use super::{BLOCK, DATA, INFO, MANIFEST, pack, read};
use crate::tree::marks::drop_notes;
use crate::tree::{Extent, Found, Kind, Progress, Time, TreeError, Walk, Watch, extents};

/// Room for the frame that the archive begins with.
const HEAD: u64 = 4096;

/// How an archive is written.
#[derive(Debug, Clone)]
pub struct Options {
    /// Of zstd: 1 to 19, or up to 22 with much memory; higher is smaller and slower.
    pub level: i32,
    /// How many threads pack; `None` for one on each processor.
    pub threads: Option<u32>,
    /// Whether a file that is there is replaced.
    pub replace: bool,
    /// When it is made.
    pub at: Timestamp,
}

impl Options {
    /// Level 3 on all processors, and nothing replaced.
    pub fn new(at: Timestamp) -> Self {
        Self {
            level: 3,
            threads: None,
            replace: false,
            at,
        }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What the list of files comes to.
    pub sum: Sum,
    /// Bytes of content, which holes are not.
    pub content: u64,
    /// Length of the archive in bytes.
    pub packed: u64,
    /// Sockets, which no archive has a place for: the first hundred, and how many there are.
    pub sockets: (Vec<Vec<u8>>, u64),
    /// Attributes in which overlayfs had noted something about its layers; they mean nothing elsewhere.
    pub notes_dropped: u64,
    /// Whether attributes `trusted.*` could not be seen, because we are not root: deletion of whole directories is
    /// recorded in them.
    pub blind: bool,
}

/// An archive that is written and has no name yet. Dropped before [`Packed::commit`], nothing is left of it.
pub struct Packed {
    target: Target,
    written: Written,
    replace: bool,
}

impl Packed {
    /// Packs the session whose files are below `tree` into a file that is to be called `out`; `layout` says where they
    /// were in the session.
    pub fn new(
        tree: BorrowedFd<'_>,
        layout: Layout,
        about: &About,
        out: &Path,
        options: &Options,
        watch: &mut Watch<'_>,
    ) -> Result<Self, WriteError> {
        let target = Target::begin(out, options.replace)?;
        let failed = |error| write_error(out, error);
        // What the list comes to is told at the beginning, and known at the end.
        let mut file = target.file();
        file.seek(SeekFrom::Start(HEAD)).map_err(failed)?;
        let mut done = Progress::default();
        let written = std::thread::scope(|scope| {
            let feed = Feed::new(scope, target.file(), options).map_err(failed)?;
            let mut packer = Packer::new(feed, DATA);
            let written = walk(tree, &mut |found| {
                let modified = found.entry.attributes.modified;
                member(&mut packer, found, modified, &failed, &mut |bytes| {
                    done.bytes += bytes;
                    watch(done).is_continue()
                })?;
                done.entries += 1;
                go_on(watch(done))
            })?;
            packer.out.write_all(&[0; 2 * BLOCK]).map_err(failed)?;
            packer.out.finish().map_err(failed)?;
            Ok::<_, WriteError>(written)
        })?;
        head(about, layout, &written.sum, done.bytes, options.at)
            .and_then(|head| file.write_all_at(&head, 0))
            .map_err(failed)?;
        target.file().sync_all().map_err(failed)?;
        let packed = target.file().metadata().map_err(failed)?.len();
        Ok(Self {
            target,
            written: Written {
                content: done.bytes,
                packed,
                ..written
            },
            replace: options.replace,
        })
    }

    /// Reads everything back, from the disk where the kernel lets go of what it remembers.
    pub fn verify(&self, watch: &mut Watch<'_>) -> Result<(), WriteError> {
        verify(&self.target, &self.written.sum, watch).map_err(|source| match source {
            ReadError::Stopped => TreeError::Stopped.into(),
            source => WriteError::Verify {
                path: self.target.path().into(),
                source: Box::new(source),
            },
        })
    }

    /// Gives it its name.
    pub fn commit(self) -> Result<Written, WriteError> {
        self.target.commit(self.replace)?;
        Ok(self.written)
    }
}

/// The two files that tell about the archive, in a frame of their own, and a frame behind it that readers pass over, which
/// fills the room that was left for them. RFC 8878, 3.1.2.
fn head(
    about: &About,
    layout: Layout,
    sum: &Sum,
    stored: u64,
    at: Timestamp,
) -> io::Result<Vec<u8>> {
    let modified = Time {
        seconds: at.as_second(),
        nanoseconds: 0,
    };
    let mut encoder = zstd::Encoder::new(Vec::new(), 19)?;
    encoder.include_checksum(true)?;
    for (name, text) in [
        (MANIFEST, manifest::text(about, layout, sum, stored, at)),
        (INFO, manifest::info(about, sum, at)),
    ] {
        encoder.write_all(&pack::own_file(name, &text, modified))?;
    }
    let mut head = encoder.finish()?;
    let room = usize::try_from(HEAD).unwrap_or(0);
    // Texts are short, so this is out of reach.
    let fill = room.checked_sub(head.len() + 8);
    let fill = fill.and_then(|fill| u32::try_from(fill).ok());
    let fill = fill.ok_or(io::ErrorKind::InvalidInput)?;
    head.extend_from_slice(&0x184d_2a50_u32.to_le_bytes());
    head.extend_from_slice(&fill.to_le_bytes());
    head.resize(room, 0);
    Ok(head)
}

fn go_on(answer: ControlFlow<()>) -> Result<(), WriteError> {
    match answer {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(TreeError::Stopped.into()),
    }
}

/// Walks through the tree, and tells all but the length of the archive.
fn walk(
    root: BorrowedFd<'_>,
    visit: &mut dyn FnMut(&Found) -> Result<(), WriteError>,
) -> Result<Written, WriteError> {
    let mut list = List::default();
    let (mut sockets, mut notes_dropped) = ((Vec::new(), 0), 0);
    let mut walk = Walk::new(root)?;
    while let Some(mut found) = walk.next()? {
        notes_dropped += drop_notes(&mut found.entry.attributes);
        if found.entry.kind == Kind::Socket {
            sockets.1 += 1;
            if sockets.0.len() < 100 {
                sockets.0.push(found.entry.path);
            }
            continue;
        }
        list.add(&found.entry);
        visit(&found)?;
    }
    Ok(Written {
        sum: list.sum(),
        content: 0,
        packed: 0,
        sockets,
        notes_dropped,
        blind: crate::tree::is_blind(),
    })
}

/// Packs one entry, which had been written at `as_found` when it was found.
pub(crate) fn member<W: Write>(
    packer: &mut Packer<W>,
    found: &Found,
    as_found: Time,
    failed: &dyn Fn(std::io::Error) -> WriteError,
    step: &mut dyn FnMut(u64) -> bool,
) -> Result<(), WriteError> {
    let entry = &found.entry;
    let size = match entry.kind {
        Kind::File { size } => size,
        _ => 0,
    };
    let mut holes = None;
    if let Some(file) = found.file.as_ref().filter(|_| found.has_holes) {
        let found = extents(file, size);
        holes = found.map_err(TreeError::call(crate::tree::Action::Read, &entry.path))?;
    }
    let Some(blocks) = pack::blocks(entry, holes.as_deref(), packer.at) else {
        return Ok(());
    };
    packer.out.write_all(&blocks).map_err(failed)?;
    if let Some(file) = &found.file {
        let whole = vec![Extent {
            start: 0,
            len: size,
        }];
        let pieces = holes.unwrap_or(whole);
        packer.pack(file, &entry.path, &pieces, failed, step)?;
        let (size, modified) = Found::state(file, &entry.path)?;
        if entry.kind != (Kind::File { size }) || as_found != modified {
            let path = entry.path.clone();
            return Err(TreeError::Changed { path }.into());
        }
    }
    Ok(())
}

fn verify(target: &Target, sum: &Sum, watch: &mut Watch<'_>) -> Result<(), ReadError> {
    let _ = fadvise(target.file(), 0, None, Advice::DontNeed);
    // It is as large as it is: what counts is that it is the same.
    let limits = Limits {
        ratio: u64::MAX,
        entries: u64::MAX,
        depth: usize::MAX,
        header: u64::MAX,
        ..Limits::default()
    };
    let stream = Stream::new(target.file(), limits.ratio)?;
    let members = Members::new(stream, limits);
    match read::entries(members, Shape::Beside, limits, watch, &mut |_| {})? == *sum {
        true => Ok(()),
        false => Err(ReadError::List),
    }
}
