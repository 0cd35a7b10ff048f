//! The files of a session: whether the union that opens it next sees what was written.

use std::os::fd::BorrowedFd;

use perch_core::manage::check::Finding;
use perch_core::quoted::PathShown;
use perch_core::session::{Session, UnionKind};
use perch_sys::container::is_file_of_one;
use perch_sys::dir::{self, Kind as EntryKind, open_beneath};
use perch_sys::layout::{IMAGE, IMAGE_UNFINISHED, UPPER, WORK};
use rustix::fs::OFlags;
use rustix::io::Errno;
use serde::Serialize;

use crate::archive::Layout;
use crate::diff::marks::{Marks, Meaning};
use crate::error::Error;
use crate::tree::{Found, Kind, Progress, TreeError, Walk, Watch, is_blind, split};

/// What mke2fs(8) leaves in a new file system.
const LOST_AND_FOUND: &str = "lost+found";

/// What the files of a session are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Files, directories and all others, marks not counted.
    pub entries: u64,
    /// Lengths of all files, in bytes; further names not counted.
    pub bytes: u64,
    /// Marks of deletions.
    pub deleted: u64,
    /// Directories that hide those below.
    pub opaque: u64,
    /// Directories whose files lie under another name in a bundle, as overlayfs recorded.
    pub redirected: u64,
}

/// What is wrong with single files: how many, and the first.
#[derive(Default)]
struct Odd {
    count: u64,
    first: Vec<u8>,
}

impl Odd {
    fn add(&mut self, path: &[u8]) {
        if self.count == 0 {
            self.first = path.to_vec();
        }
        self.count += 1;
    }

    /// `3 files …, the first is /etc/x`
    fn told(&self, what: &str) -> Option<String> {
        let first = PathShown(&self.first);
        (self.count > 0).then(|| format!("{} {what}, the first is /{first}", self.count))
    }
}

#[derive(Default)]
struct Odds {
    /// Marks of the union that did not write the session.
    foreign: Odd,
    /// Content that is only in bundles.
    metacopy: Odd,
    /// Marks that Linux understands since 6.7.
    newer: Odd,
    /// Attributes of overlays that users mount.
    user: Odd,
}

/// Looks at all files. `None` where they cannot be read to the end.
pub(super) fn look(
    root: BorrowedFd<'_>,
    tree: BorrowedFd<'_>,
    layout: Layout,
    session: &Session,
    watch: &mut Watch<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Option<Counts>, Error> {
    around(root, layout, session, findings);
    let (mut counts, mut odds) = (Counts::default(), Odds::default());
    let walked = walk(tree, layout, watch, &mut counts, &mut odds);
    findings.extend(told(&odds, layout, &counts));
    match walked {
        Ok(()) if is_blind() && layout == Layout::Overlayfs => {
            let text = "only root sees the marks of overlayfs: they were not checked";
            findings.push(Finding::note("not-root", text).next("start it with sudo"));
            Ok(Some(counts))
        }
        Ok(()) => Ok(Some(counts)),
        Err(TreeError::Stopped) => Err(TreeError::Stopped.into()),
        Err(error) if is_blind() && matches!(error.errno(), Some(Errno::ACCESS | Errno::PERM)) => {
            let text = "only root can read all of its files: they were not checked to the end";
            findings.push(Finding::note("not-root", text).next("start it with sudo"));
            Ok(None)
        }
        Err(error) => {
            findings.push(Finding::wrong(
                "files-unreadable",
                error.to_string(),
                "copy what can be read, and check the medium and its file system",
            ));
            Ok(None)
        }
    }
}

fn walk(
    tree: BorrowedFd<'_>,
    layout: Layout,
    watch: &mut Watch<'_>,
    counts: &mut Counts,
    odds: &mut Odds,
) -> Result<(), TreeError> {
    let marks = Marks::of(layout);
    let mut walk = Walk::new(tree)?;
    let mut done = Progress::default();
    while let Some(found) = walk.next()? {
        done.entries += 1;
        if watch(done).is_break() {
            return Err(TreeError::Stopped);
        }
        let path = &found.entry.path;
        let (parent, name) = split(path);
        match marks.meaning(&found.entry, name, parent.is_empty()) {
            Meaning::Deletes(_) => counts.deleted += 1,
            Meaning::Opaque => counts.opaque += 1,
            Meaning::Internal => {}
            Meaning::Itself => {
                counts.entries += u64::from(!path.is_empty());
                if let Kind::File { size } = found.entry.kind {
                    counts.bytes += size;
                }
                let foreign = match marks {
                    Marks::Overlayfs => name.starts_with(b".wh."),
                    Marks::Aufs => found.entry.kind == Kind::WHITEOUT,
                };
                if foreign {
                    odds.foreign.add(path);
                }
            }
        }
        attributes(&found, marks, counts, odds);
    }
    Ok(())
}

fn attributes(found: &Found, marks: Marks, counts: &mut Counts, odds: &mut Odds) {
    let path = &found.entry.path;
    for xattr in &found.entry.attributes.xattrs {
        let name = xattr.name.as_slice();
        if name.starts_with(b"user.overlay.") {
            odds.user.add(path);
        }
        let Some(rest) = name.strip_prefix(b"trusted.overlay.") else {
            continue;
        };
        match (marks, rest) {
            (Marks::Aufs, b"opaque" | b"redirect") => odds.foreign.add(path),
            (Marks::Aufs, _) => {}
            (_, b"opaque") if xattr.value == b"x" => odds.newer.add(path),
            (_, b"opaque") => counts.opaque += 1,
            (_, b"whiteout") => odds.newer.add(path),
            (_, b"redirect") => counts.redirected += 1,
            (_, b"metacopy") => odds.metacopy.add(path),
            _ => {}
        }
    }
}

fn told(odds: &Odds, layout: Layout, counts: &Counts) -> Vec<Finding> {
    let other = match layout {
        Layout::Overlayfs => "are marks of aufs, which overlayfs shows as plain files",
        Layout::Aufs | Layout::Flat => "are marks of overlayfs, which aufs does not understand",
    };
    let foreign = odds.foreign.told(other).map(|text| {
        let next = "what they delete shows again: delete it in the session, and the marks with it";
        Finding::note("foreign-marks", text).next(next)
    });
    let metacopy = odds
        .metacopy
        .told("files lie in bundles but for their attributes");
    let metacopy = metacopy.map(|text| {
        Finding::wrong(
            "metacopy",
            text,
            "perch does not open them: mount the session once with metacopy=on and copy each over itself",
        )
    });
    let newer = odds.newer.told("marks need Linux 6.7").map(|text| {
        Finding::note("needs-linux-6.7", text).next("an older kernel shows deleted files again")
    });
    let user = odds
        .user
        .told("entries have marks of an overlay that a user mounted");
    let user = user.map(|text| Finding::note("user-overlay", text));
    let redirected = (counts.redirected > 0).then(|| {
        let text = format!(
            "{} directories were renamed, and their files lie in bundles under the old name",
            counts.redirected
        );
        Finding::note("redirected", text)
            .next("the session needs these bundles, and a kernel that follows redirects")
    });
    [foreign, metacopy, newer, user, redirected]
        .into_iter()
        .flatten()
        .collect()
}

/// What lies beside the session's tree.
fn around(root: BorrowedFd<'_>, layout: Layout, session: &Session, findings: &mut Vec<Finding>) {
    let runs = match layout {
        Layout::Overlayfs => Some(UnionKind::Overlayfs),
        Layout::Aufs => Some(UnionKind::Aufs),
        Layout::Flat => None,
    };
    if let (Some(recorded), Some(found)) = (session.union, runs)
        && recorded != found
    {
        findings.push(Finding::wrong(
            "union-differs",
            format!(
                "it is recorded as written through {recorded}, and its files are those of {found}"
            ),
            format!("boot it with union={found} and look whether everything is there"),
        ));
    }
    let Ok(entries) = dir::list(root) else {
        return;
    };
    // aufs has everything there. Where nothing tells the union, a boot through overlayfs shows nothing of it.
    if layout == Layout::Aufs {
        return;
    }
    let mut strange = Odd::default();
    for entry in &entries {
        let known = [UPPER, WORK, LOST_AND_FOUND, IMAGE, IMAGE_UNFINISHED];
        let is_known = known.iter().any(|name| entry.name == *name);
        if !is_known && !is_file_of_one(&entry.name) {
            strange.add(entry.name.as_encoded_bytes());
        }
    }
    if let Some(text) = strange.told("entries lie beside its files, where no boot shows them") {
        let next = format!("move them into {UPPER}/, or delete them");
        findings.push(Finding::wrong("files-outside", text, next));
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let work = |name: &str| {
        let open = open_beneath(root, format!("{WORK}/{name}"), flags).ok()?;
        dir::list(&open).ok()
    };
    // The device that overlayfs makes whiteouts of stays there.
    let copies = |entries: Vec<dir::Entry>| {
        let copies = entries
            .iter()
            .filter(|entry| entry.kind != EntryKind::Special);
        copies.count()
    };
    let left = work("work").map_or(0, copies);
    if left > 0 {
        let text =
            format!("{left} unfinished copies of files lie in {WORK}/work, as after a power cut");
        findings.push(Finding::note("work-left", text).next("the next boot of it deletes them"));
    }
    let index = work("index").unwrap_or_default();
    if index.iter().any(|entry| entry.kind != EntryKind::Directory) {
        let text = "it was mounted with index=on: other bundles than those it was written over may be refused";
        findings.push(Finding::note("index", text));
    }
}
