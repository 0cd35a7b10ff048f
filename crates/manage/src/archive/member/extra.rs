//! What an archive says about a member before its header, or in place of it.

use super::super::error::ReadError;
use super::super::header::Header;
use super::super::pax;
use super::OwnRecord;
use crate::tree::{Attributes, Time, Xattr};

/// The most extended attributes of one entry; a list of names has 64 KiB at most. xattr(7).
const MAX_XATTRS: usize = 4096;

/// What stands before a header and is about it.
#[derive(Debug, Default, Clone)]
pub(super) struct Extra {
    /// Whether there was an extended header.
    pub(super) is_extended: bool,
    pub(super) records: Vec<OwnRecord>,
    pub(super) long_name: Option<Vec<u8>>,
    pub(super) long_link: Option<Vec<u8>>,
}

impl Extra {
    /// The last record of that name.
    pub(super) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        let found = self.records.iter().rev().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_slice())
    }

    pub(super) fn number(&self, key: &[u8]) -> Result<Option<u64>, ReadError> {
        let number = |text| pax::decimal(text).ok_or_else(|| ReadError::from(pax::PaxError));
        self.get(key).map(number).transpose()
    }
}

/// Owner, time, permissions and extended attributes of a member.
pub(super) fn attributes(header: &Header, extra: &Extra) -> Result<Attributes, ReadError> {
    let owner = |key: &[u8], plain: u64| {
        let number = extra.number(key)?.unwrap_or(plain);
        // The highest number means "leave it" to chown(2).
        let number = u32::try_from(number)
            .ok()
            .filter(|&number| number != u32::MAX);
        number.ok_or_else(|| ReadError::damaged("an owner's number is too large"))
    };
    let modified = match extra.get(b"mtime") {
        Some(text) => pax::time(text).ok_or(pax::PaxError)?,
        None => Time {
            seconds: header.modified,
            nanoseconds: 0,
        },
    };
    let mut xattrs: Vec<Xattr> = Vec::new();
    for (key, value) in &extra.records {
        let Some(name) = key.strip_prefix(pax::XATTR) else {
            continue;
        };
        let name = pax::xattr_name(name);
        let is_name = !name.is_empty() && name.len() <= 255 && !name.contains(&0);
        if !is_name || value.len() > 65536 || xattrs.len() >= MAX_XATTRS {
            return Err(ReadError::damaged("an extended attribute that cannot be"));
        }
        // Of several with one name the last one counts.
        xattrs.retain(|xattr| xattr.name != name);
        let value = value.clone();
        xattrs.push(Xattr { name, value });
    }
    xattrs.sort();
    Ok(Attributes {
        mode: header.mode,
        uid: owner(b"uid", header.uid)?,
        gid: owner(b"gid", header.gid)?,
        modified,
        xattrs,
    })
}
