//! What became of an entry, from what it is and what it was.

use super::below::Lower;
use super::change::{Aspect, Change, What, length};
use crate::tree::{Attributes, Entry, Kind, marks};

/// In what the attributes of two entries of one kind differ. The time of a directory changes with whatever is in it.
pub(super) fn aspects(now: &Attributes, before: &Attributes, with_time: bool) -> Vec<Aspect> {
    let (mut one, mut other) = (now.clone(), before.clone());
    for attributes in [&mut one, &mut other] {
        attributes
            .xattrs
            .retain(|xattr| marks::mark(&xattr.name, &xattr.value).is_none());
    }
    // squashfs keeps whole seconds.
    let later = now.modified.seconds != before.modified.seconds;
    [
        (one.mode != other.mode, Aspect::Mode),
        ((one.uid, one.gid) != (other.uid, other.gid), Aspect::Owner),
        (one.xattrs != other.xattrs, Aspect::Xattrs),
        (with_time && later, Aspect::Time),
    ]
    .into_iter()
    .filter_map(|(differs, aspect)| differs.then_some(aspect))
    .collect()
}

pub(super) fn changed(entry: &Entry, before: &Entry, aspects: Vec<Aspect>) -> Option<Change> {
    (!aspects.is_empty()).then(|| Change {
        aspects,
        ..change(entry, What::Changed, Some(before))
    })
}

pub(super) fn change(entry: &Entry, what: What, before: Option<&Entry>) -> Change {
    Change {
        path: entry.path.clone(),
        what,
        kind: Some(entry.kind.word()),
        before: before.map(|before| before.kind.word()),
        size: length(&entry.kind),
        size_before: before.map_or(0, |before| length(&before.kind)),
        aspects: Vec::new(),
        raises_rights: raises(entry) && !before.is_some_and(raises),
    }
}

pub(super) fn deleted(path: Vec<u8>, lower: Option<Lower>) -> Change {
    let before = lower.map(|lower| lower.found.entry);
    Change {
        path,
        what: What::Deleted,
        kind: None,
        before: before.as_ref().map(|before| before.kind.word()),
        size: 0,
        size_before: before.map_or(0, |before| length(&before.kind)),
        aspects: Vec::new(),
        raises_rights: false,
    }
}

/// Whether a file is a program with the rights of another user or group, or with capabilities.
fn raises(entry: &Entry) -> bool {
    let is_file = matches!(entry.kind, Kind::File { .. });
    let capable = entry.attributes.xattr(b"security.capability").is_some();
    is_file && (entry.attributes.mode & 0o6000 != 0 || capable)
}
