//! The marks that overlayfs writes into an upper layer, by what they are worth elsewhere.

use super::Attributes;

/// What an attribute of overlayfs says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// The directory hides the one below it, or the file is a deletion mark: part of what the user sees.
    Content,
    /// The content is elsewhere in a lower layer: part of what the user sees, and able to show any file of a lower layer
    /// under any name and owner. Kernels follow it, so it must not come from a stranger.
    Detour,
    /// What overlayfs noted about the layers that it was mounted with; means nothing to a copy.
    Note,
}

/// What the extended attribute `name` with `value` says to overlayfs; `None` where it is none of its own.
/// fs/overlayfs/overlayfs.h, `OVL_XATTR_PREFIX` and following.
pub fn mark(name: &[u8], value: &[u8]) -> Option<Mark> {
    let rest = name.strip_prefix(b"trusted.overlay.")?;
    Some(match rest {
        // `x`, Linux 6.7: not opaque, but files with the attribute `whiteout` may be in it.
        b"opaque" if matches!(value, b"y" | b"x") => Mark::Content,
        b"whiteout" => Mark::Content,
        b"origin" | b"impure" | b"nlink" | b"upper" | b"uuid" => Mark::Note,
        _ => Mark::Detour,
    })
}

/// `attributes` without what overlayfs noted for itself; the number of attributes that went.
pub fn drop_notes(attributes: &mut Attributes) -> u64 {
    let before = attributes.xattrs.len();
    attributes
        .xattrs
        .retain(|xattr| mark(&xattr.name, &xattr.value) != Some(Mark::Note));
    u64::try_from(before - attributes.xattrs.len()).unwrap_or(u64::MAX)
}
