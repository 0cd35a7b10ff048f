//! The members of an archive, one after the other: ustar, pax, and GNU's own forms. Nothing is decided here about where
//! they go.

mod blocks;
mod extra;
mod file;

use extra::{Extra, attributes};

use super::error::ReadError;
use super::header::Header;
use super::policy::Limits;
use super::stream::Stream;
use super::{BLOCK, padding, pax};
use crate::tree::{Attributes, Device, Extent};

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name as the archive has it.
    pub(super) raw: Vec<u8>,
    pub(super) kind: MemberKind,
    pub(super) attributes: Attributes,
    /// Whether it has an ACL in words.
    pub(super) has_acl_text: bool,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MemberKind {
    /// A regular file of `size` bytes, and its pieces between holes; absent where it has none.
    File {
        size: u64,
        holes: Option<Vec<Extent>>,
    },
    Directory,
    Symlink(Vec<u8>),
    /// Another name of the member of this name.
    HardLink(Vec<u8>),
    Fifo,
    Character(Device),
    Block(Device),
}

/// Key and value.
type OwnRecord = (Vec<u8>, Vec<u8>);

/// The members of a stream.
#[derive(Debug)]
pub(super) struct Members {
    stream: Stream,
    limits: Limits,
    /// Content of the present member that was not read yet, and what fills its last block.
    left: u64,
    padding: usize,
    entries: u64,
    bytes: u64,
    /// Records for all members that follow.
    global: Vec<OwnRecord>,
    /// Whether checksums of headers count, which no fuzzer finds.
    is_strict: bool,
}

impl Members {
    pub(super) fn new(stream: Stream, limits: Limits) -> Self {
        Self {
            stream,
            limits,
            left: 0,
            padding: 0,
            entries: 0,
            bytes: 0,
            global: Vec::new(),
            is_strict: true,
        }
    }

    /// As [`Members::new`], for bytes that somebody made up.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn made_up(bytes: Vec<u8>, limits: Limits) -> Self {
        Self {
            is_strict: false,
            ..Self::new(Stream::of(bytes), limits)
        }
    }

    /// The next member; `None` at the end. What was not read of the one before is passed over.
    pub(super) fn next(&mut self) -> Result<Option<Member>, ReadError> {
        self.content(&mut |_| Ok(()))?;
        let mut extra = Extra {
            records: self.global.clone(),
            ..Extra::default()
        };
        loop {
            let Some(block) = self.block()? else {
                return Err(ReadError::damaged("it ends in the middle"));
            };
            if block.iter().all(|&byte| byte == 0) {
                self.drain()?;
                return Ok(None);
            }
            let header = Header::parse(&block, self.is_strict)?;
            self.count(1, 0)?;
            match header.kind {
                // Two would be no use, and a million of them a lot of memory.
                b'x' if extra.is_extended => return Err(pax::PaxError.into()),
                b'x' => {
                    extra.is_extended = true;
                    let records = self.records(header.size)?;
                    extra.records.extend(records);
                }
                b'g' => {
                    let records = self.records(header.size)?;
                    self.global.extend(records.clone());
                    // They are kept for every member, so there must not be many.
                    let size = self
                        .global
                        .iter()
                        .map(|(key, value)| key.len() + value.len());
                    if size.sum::<usize>() > BLOCK * 16 {
                        return Err(ReadError::damaged("too many global records"));
                    }
                    extra.records.extend(records);
                }
                b'L' => extra.long_name = Some(self.long(header.size)?),
                b'K' => extra.long_link = Some(self.long(header.size)?),
                _ => return self.member(&block, header, extra).map(Some),
            }
        }
    }

    /// Hands the content of the present member over, piece by piece.
    pub(super) fn content(
        &mut self,
        take: &mut dyn FnMut(&[u8]) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        while self.left > 0 {
            let chunk = self.stream.chunk()?;
            let len = chunk
                .len()
                .min(usize::try_from(self.left).unwrap_or(usize::MAX));
            if len == 0 {
                return Err(ReadError::damaged("it ends in the middle of a file"));
            }
            take(chunk.get(..len).unwrap_or_default())?;
            self.stream.consume(len);
            self.left -= u64::try_from(len).unwrap_or(self.left);
        }
        while self.padding > 0 {
            let len = self.stream.chunk()?.len().min(self.padding);
            if len == 0 {
                return Err(ReadError::damaged("it ends in the middle of a file"));
            }
            self.stream.consume(len);
            self.padding -= len;
        }
        Ok(())
    }

    /// The content of a small member.
    pub(super) fn small(&mut self, max: u64) -> Result<Vec<u8>, ReadError> {
        if self.left > max {
            let what = "bytes in a small file";
            return Err(ReadError::Limit { what, limit: max });
        }
        let mut bytes = Vec::new();
        self.content(&mut |chunk| {
            bytes.extend_from_slice(chunk);
            Ok(())
        })?;
        Ok(bytes)
    }

    fn member(
        &mut self,
        block: &[u8; BLOCK],
        header: Header,
        mut extra: Extra,
    ) -> Result<Member, ReadError> {
        let mut raw = extra.get(b"path").map(<[u8]>::to_vec);
        raw = raw.or_else(|| extra.long_name.take());
        if let Some(name) = extra.get(b"GNU.sparse.name") {
            raw = Some(name.to_vec());
        }
        let raw = raw.unwrap_or_else(|| header.name.clone());
        let link = extra.get(b"linkpath").map(<[u8]>::to_vec);
        let link = link.or_else(|| extra.long_link.take());
        let link = link.unwrap_or_else(|| header.link.clone());
        let size = extra.number(b"size")?.unwrap_or(header.size);
        let device = || {
            let number = |number| u32::try_from(number).map_err(|_| ReadError::damaged("a device"));
            Ok::<_, ReadError>(Device {
                major: number(header.major)?,
                minor: number(header.minor)?,
            })
        };
        let is_file = matches!(header.kind, 0 | b'0' | b'7' | b'S');
        let is_directory = header.kind == b'5' || is_file && raw.ends_with(b"/");
        if size > 0 && (!is_file || is_directory) {
            return Err(ReadError::damaged("something that is no file has content"));
        }
        self.left = size;
        self.padding = padding(size);
        self.count(0, size)?;
        let kind = match header.kind {
            _ if is_directory => MemberKind::Directory,
            b'S' => self.old_sparse(block, size)?,
            _ if is_file => self.file(&extra, size)?,
            b'1' => MemberKind::HardLink(link),
            b'2' if link.is_empty() || link.contains(&0) => {
                return Err(ReadError::damaged("a symbolic link leads nowhere"));
            }
            b'2' => MemberKind::Symlink(link),
            b'3' => MemberKind::Character(device()?),
            b'4' => MemberKind::Block(device()?),
            b'6' => MemberKind::Fifo,
            other => {
                return Err(ReadError::Type {
                    path: raw,
                    kind: char::from(other),
                });
            }
        };
        Ok(Member {
            attributes: attributes(&header, &extra)?,
            has_acl_text: extra
                .records
                .iter()
                .any(|(key, _)| key.starts_with(b"SCHILY.acl.")),
            raw,
            kind,
        })
    }

    fn count(&mut self, entries: u64, bytes: u64) -> Result<(), ReadError> {
        self.entries += entries;
        self.bytes = self.bytes.saturating_add(bytes);
        let Limits {
            entries: most_entries,
            bytes: most_bytes,
            ..
        } = self.limits;
        for (what, is, limit) in [
            ("files", self.entries, most_entries),
            ("bytes", self.bytes, most_bytes),
        ] {
            if is > limit {
                return Err(ReadError::Limit { what, limit });
            }
        }
        Ok(())
    }
}
