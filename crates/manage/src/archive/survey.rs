//! What an archive is, before anything comes out of it.

use std::fs::File;

use perch_core::session::UnionKind;

use super::error::ReadError;
use super::layout::Layout;
use super::list::Sum;
use super::manifest::{self, Manifest};
use super::member::{Member, MemberKind, Members};
use super::place::{Shape, is_within, names};
use super::policy::Limits;
use super::stream::Stream;
use super::{DATA, INFO, MANIFEST};
use crate::tree::{Progress, Watch};

/// The largest `metadata.json`.
const MAX_MANIFEST: u64 = 64 * 1024;

/// What an archive is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Bytes of content without holes: as its metadata tells in our own archives, counted in those of others.
    pub bytes: u64,
    /// How many files, directories and others.
    pub entries: u64,
    /// How its session is laid out.
    pub layout: Layout,
    pub(super) shape: Shape,
}

impl Survey {
    fn new(manifest: Manifest, bytes: u64, entries: u64, shape: Shape) -> Self {
        let union = manifest.about.union.unwrap_or(UnionKind::Overlayfs);
        Self {
            layout: manifest.layout.unwrap_or(Layout::of(union)),
            bytes,
            entries,
            shape,
            manifest,
        }
    }

    /// Whether these are the files that the metadata tells of, if it does.
    pub(super) fn lists(&self, sum: &Sum) -> bool {
        let told = self.manifest.sum.as_ref();
        told.is_none_or(|told| told == sum)
    }
}

/// Finds out what `input` is. Of our own archives only the beginning is read; those of others are read through, since
/// what tells about them may be anywhere in them.
pub fn survey(input: &File, limits: Limits, watch: &mut Watch<'_>) -> Result<Survey, ReadError> {
    let stream = Stream::new(input, limits.ratio)?;
    of_members(Members::new(stream, limits), limits, watch)
}

/// The metadata at the top, in `data/`, and whether there is anything at the top that is neither.
#[derive(Default)]
struct Seen {
    top: Option<Vec<u8>>,
    within: Option<Vec<u8>>,
    others: bool,
    bytes: u64,
    entries: u64,
}

pub(super) fn of_members(
    mut members: Members,
    limits: Limits,
    watch: &mut Watch<'_>,
) -> Result<Survey, ReadError> {
    let mut seen = Seen::default();
    while let Some(member) = members.next()? {
        seen.entries += 1;
        if watch(Progress {
            entries: seen.entries,
            bytes: seen.bytes,
        })
        .is_break()
        {
            return Err(ReadError::Stopped);
        }
        if let MemberKind::File { size, holes } = &member.kind {
            let pieces = holes
                .as_deref()
                .map(|pieces| pieces.iter().map(|piece| piece.len));
            let stored = pieces.map_or(*size, |lens| lens.fold(0, u64::saturating_add));
            seen.bytes = seen.bytes.saturating_add(stored);
        }
        seen.look(&member, &mut members, limits)?;
        if let Some(text) = seen
            .top
            .as_deref()
            .filter(|text| manifest::has_schema(text))
        {
            let manifest = manifest::parse(text)?;
            let sum = manifest.sum.as_ref();
            let (bytes, entries) = sum.map_or((0, 0), |sum| (sum.bytes, sum.files));
            let bytes = manifest.stored.unwrap_or(bytes);
            return Ok(Survey::new(manifest, bytes, entries, Shape::Beside));
        }
    }
    let (text, shape) = match (seen.top, seen.within) {
        (Some(text), _) if seen.others => (text, Shape::Flat),
        (Some(text), _) => (text, Shape::Beside),
        (None, Some(text)) => (text, Shape::Within),
        (None, None) => return Err(ReadError::NoManifest),
    };
    let manifest = manifest::parse(&text)?;
    Ok(Survey::new(manifest, seen.bytes, seen.entries, shape))
}

impl Seen {
    fn look(
        &mut self,
        member: &Member,
        members: &mut Members,
        limits: Limits,
    ) -> Result<(), ReadError> {
        let names = names(&member.raw, limits.depth).map_err(|why| ReadError::Name {
            path: member.raw.clone(),
            why,
        })?;
        let is_file = matches!(member.kind, MemberKind::File { .. });
        match names.as_slice() {
            [] | [INFO] => {}
            [MANIFEST] if is_file && self.top.is_none() => {
                self.top = Some(members.small(MAX_MANIFEST)?);
            }
            [DATA, MANIFEST] if is_file && is_within(&member.raw) && self.within.is_none() => {
                self.within = Some(members.small(MAX_MANIFEST)?);
            }
            [DATA, ..] => {}
            _ => self.others = true,
        }
        Ok(())
    }
}
