//! What an archive is, before anything comes out of it.

use std::fs::File;

use super::error::ReadError;
use super::manifest::{self, Manifest};
use super::member::{Member, MemberKind, Members};
use super::place::{Shape, is_within, names};
use super::policy::Limits;
use super::stream::Stream;
use super::{DATA, INFO, MANIFEST};

/// The largest `metadata.json`.
const MAX_MANIFEST: u64 = 64 * 1024;

/// What an archive is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Bytes of content: as its metadata tells in our own archives, counted in those of others.
    pub bytes: u64,
    pub(super) shape: Shape,
}

/// Finds out what `input` is. Of our own archives only the beginning is read; those of others are read through, since
/// what tells about them may be anywhere in them.
pub fn survey(input: &File, limits: Limits) -> Result<Survey, ReadError> {
    let stream = Stream::new(input, limits.ratio)?;
    of_members(Members::new(stream, limits), limits)
}

/// The metadata at the top, in `data/`, and whether there is anything at the top that is neither.
#[derive(Default)]
struct Seen {
    top: Option<Vec<u8>>,
    within: Option<Vec<u8>>,
    others: bool,
    bytes: u64,
}

pub(super) fn of_members(mut members: Members, limits: Limits) -> Result<Survey, ReadError> {
    let mut seen = Seen::default();
    while let Some(member) = members.next()? {
        if let MemberKind::File { size, .. } = member.kind {
            seen.bytes = seen.bytes.saturating_add(size);
        }
        seen.look(&member, &mut members, limits)?;
        if let Some(text) = seen
            .top
            .as_deref()
            .filter(|text| manifest::has_schema(text))
        {
            let manifest = manifest::parse(text)?;
            let bytes = manifest.sum.as_ref().map_or(0, |sum| sum.bytes);
            let shape = Shape::Beside;
            return Ok(Survey {
                manifest,
                bytes,
                shape,
            });
        }
    }
    let (text, shape) = match (seen.top, seen.within) {
        (Some(text), _) if seen.others => (text, Shape::Flat),
        (Some(text), _) => (text, Shape::Beside),
        (None, Some(text)) => (text, Shape::Within),
        (None, None) => return Err(ReadError::NoManifest),
    };
    Ok(Survey {
        manifest: manifest::parse(&text)?,
        bytes: seen.bytes,
        shape,
    })
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
