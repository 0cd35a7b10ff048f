//! Where a member of an archive belongs: in the session's tree, beside it, or nowhere. Pure.
//!
//! Four kinds of archives are about:
//!
//! | by | the two files that tell about the archive | the tree |
//! |---|---|---|
//! | us, older managers | `metadata.json`, `session.info` | `data/…` |
//! | the manager of MiniOS 5 | `data/metadata.json`, `data/session.info` | `data/./…` |
//! | hand, the oldest | `metadata.json`, `session.info` | everything else |

use super::{DATA, INFO, MANIFEST};

/// The longest name in a directory, on every file system that Linux writes.
const MAX_NAME: usize = 255;

/// How an archive is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The tree is in `data/`, what tells about it is beside it.
    Beside,
    /// Both are in `data/`; names of the tree begin with `data/./`.
    Within,
    /// Everything is at the top.
    Flat,
}

/// Where a member belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// It tells about the archive.
    About,
    /// It has this path in the tree; empty for the tree's own directory.
    Tree(Vec<u8>),
}

/// Why a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It begins with a slash.
    #[error("is an absolute path")]
    Absolute,
    /// It has `..` in it.
    #[error("leads upwards")]
    Upwards,
    /// It has a zero byte in it, or is empty.
    #[error("is no name")]
    NoName,
    /// A part of it is longer than any file system takes.
    #[error("has a part that is longer than {MAX_NAME} bytes")]
    LongName,
    /// Directories in directories beyond the limit.
    #[error("lies too deep")]
    TooDeep,
    /// It is not in `data/`, where everything else is.
    #[error("is outside of the session")]
    Outside,
}

/// The names in a path, without those that mean nothing.
pub(super) fn names(raw: &[u8], depth: usize) -> Result<Vec<&[u8]>, Refusal> {
    if raw.is_empty() || raw.contains(&0) {
        return Err(Refusal::NoName);
    }
    if raw.first() == Some(&b'/') {
        return Err(Refusal::Absolute);
    }
    let mut names = Vec::new();
    for name in raw.split(|&byte| byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => return Err(Refusal::Upwards),
            name if name.len() > MAX_NAME => return Err(Refusal::LongName),
            name => names.push(name),
        }
    }
    if names.len() > depth {
        return Err(Refusal::TooDeep);
    }
    Ok(names)
}

impl Shape {
    /// Where the member called `raw` belongs; `depth` is the most names in a path.
    pub(super) fn place(self, raw: &[u8], depth: usize) -> Result<Place, Refusal> {
        let names = names(raw, depth)?;
        Ok(match (self, names.as_slice()) {
            // `./`, which is nobody's, except that in the oldest form it is the tree.
            (Self::Beside | Self::Within, []) => Place::About,
            (Self::Beside | Self::Flat, [MANIFEST | INFO]) => Place::About,
            (Self::Within, [DATA, MANIFEST | INFO]) if is_within(raw) => Place::About,
            (Self::Beside | Self::Within, [DATA, rest @ ..]) => Place::Tree(rest.join(&b'/')),
            (Self::Flat, all) => Place::Tree(all.join(&b'/')),
            (Self::Beside | Self::Within, _) => return Err(Refusal::Outside),
        })
    }
}

/// Whether `raw` is one of the two files in `data/`, and not a file of the tree: those are called `data/./…`.
pub(super) fn is_within(raw: &[u8]) -> bool {
    let raw = raw.strip_prefix(b"./").unwrap_or(raw);
    let rest = raw
        .strip_prefix(DATA)
        .and_then(|rest| rest.strip_prefix(b"/"));
    matches!(rest, Some(MANIFEST | INFO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_its_places() {
        let tree = |path: &str| Ok(Place::Tree(path.into()));
        let about = Ok(Place::About);
        for (shape, raw, want) in [
            (Shape::Beside, "metadata.json", about.clone()),
            (Shape::Beside, "./session.info", about.clone()),
            (Shape::Beside, "data", tree("")),
            (Shape::Beside, "data/", tree("")),
            (Shape::Beside, "data/metadata.json", tree("metadata.json")),
            (Shape::Beside, "data/etc//a/./b/", tree("etc/a/b")),
            (Shape::Beside, "etc/a", Err(Refusal::Outside)),
            (Shape::Within, "data/metadata.json", about.clone()),
            (Shape::Within, "data/./metadata.json", tree("metadata.json")),
            (Shape::Within, "data/./", tree("")),
            (
                Shape::Within,
                "data/./home/workdir/x",
                tree("home/workdir/x"),
            ),
            (Shape::Flat, "./", tree("")),
            (Shape::Flat, "./data/x", tree("data/x")),
            (Shape::Flat, "session.info", about.clone()),
            (Shape::Flat, "etc/session.info", tree("etc/session.info")),
        ] {
            assert_eq!(shape.place(raw.as_bytes(), 9), want, "{shape:?} {raw}");
        }
    }

    #[test]
    fn nothing_leads_out() {
        let long = "data/".to_owned() + &"n".repeat(256);
        let fits = "data/".to_owned() + &"n".repeat(255);
        for shape in [Shape::Beside, Shape::Within, Shape::Flat] {
            for (raw, want) in [
                ("/data/x", Refusal::Absolute),
                ("//", Refusal::Absolute),
                ("../x", Refusal::Upwards),
                ("data/../../x", Refusal::Upwards),
                ("data/a/..", Refusal::Upwards),
                ("data/a\0b", Refusal::NoName),
                ("", Refusal::NoName),
                (&long, Refusal::LongName),
                ("data/1/2/3/4/5/6/7/8/9", Refusal::TooDeep),
            ] {
                assert_eq!(shape.place(raw.as_bytes(), 9), Err(want), "{raw}");
            }
            assert!(shape.place(fits.as_bytes(), 9).is_ok());
        }
    }
}
