//! Unpacks an archive into a directory that nobody uses yet: whatever is in it, nothing outside is reached.

use std::fs::File;
use std::ops::ControlFlow;
use std::os::fd::BorrowedFd;

use rustix::io::Errno;

use super::content::unpack;
use super::error::ReadError;
use super::list::{List, Sum};
use super::manifest::Manifest;
use super::member::{Member, MemberKind, Members};
use super::place::{Place, Shape};
use super::policy::{Finding, Findings, Limits, Policy, admit};
use super::stream::Stream;
use super::survey::Survey;
use crate::tree::{Entry, Kind, Losses, Progress, Sink, TreeError, Watch};

/// What came out of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Whether its files are those that its metadata tells of. Archives of others tell of none.
    pub is_listed: bool,
    /// How much there was.
    pub done: Progress,
    /// What the receiver should know of.
    pub findings: Findings,
    /// What the place could not keep.
    pub losses: Losses,
}

/// Unpacks `input`, of which `survey` tells, into `tree`, an empty directory that is open for reading; the caller puts it
/// in place, or, after a failure, removes it. Everything is on the disk afterwards.
pub fn read(
    input: &File,
    survey: &Survey,
    limits: Limits,
    policy: Policy,
    tree: BorrowedFd<'_>,
    watch: &mut Watch<'_>,
) -> Result<Imported, ReadError> {
    let stream = Stream::new(input, limits.ratio)?;
    let members = Members::new(stream, limits);
    members_into(members, survey, limits, policy, tree, watch)
}

pub(super) fn members_into(
    members: Members,
    survey: &Survey,
    limits: Limits,
    policy: Policy,
    tree: BorrowedFd<'_>,
    watch: &mut Watch<'_>,
) -> Result<Imported, ReadError> {
    let mut import = Import {
        sink: Sink::new(tree)?,
        findings: findings(&survey.manifest),
        done: Progress::default(),
        policy,
        watch,
    };
    let mut entries = Entries::new(members, survey.shape, limits);
    while let Some(next) = entries.next()? {
        import.take(next, &mut entries.members)?;
    }
    Ok(Imported {
        is_listed: survey.lists(&entries.list.sum()),
        done: import.done,
        findings: import.findings,
        losses: import.sink.finish()?,
    })
}

/// Reads `input` through as [`read`] does, and writes nothing.
pub fn inspect(
    input: &File,
    survey: &Survey,
    limits: Limits,
    policy: Policy,
    watch: &mut Watch<'_>,
) -> Result<Imported, ReadError> {
    let members = Members::new(Stream::new(input, limits.ratio)?, limits);
    let mut found = findings(&survey.manifest);
    let mut done = Progress::default();
    let mut keep = |progress| {
        done = progress;
        watch(progress)
    };
    let sum = entries(members, survey.shape, limits, &mut keep, &mut |next| {
        next.admit(policy, &mut found);
    })?;
    Ok(Imported {
        is_listed: survey.lists(&sum),
        done,
        findings: found,
        losses: Losses::default(),
    })
}

/// What there is to say about the metadata.
fn findings(manifest: &Manifest) -> Findings {
    let mut findings = Findings::default();
    for field in &manifest.unreadable {
        findings.add(b"", Finding::Unreadable(field));
    }
    findings
}

/// The entries of the tree in an archive.
struct Entries {
    members: Members,
    shape: Shape,
    depth: usize,
    list: List,
}

/// One of them, with what an entry of a tree does not have.
pub(super) struct Next {
    pub(super) entry: Entry,
    holes: Option<Vec<crate::tree::Extent>>,
    has_acl_text: bool,
}

impl Next {
    /// Takes from it what is not let in; whether anything is left.
    fn admit(&mut self, policy: Policy, findings: &mut Findings) -> bool {
        if self.has_acl_text {
            findings.add(&self.entry.path, Finding::AclLeftOut);
        }
        admit(&mut self.entry, policy, findings)
    }
}

impl Entries {
    fn new(members: Members, shape: Shape, limits: Limits) -> Self {
        Self {
            members,
            shape,
            depth: limits.depth,
            list: List::default(),
        }
    }

    fn next(&mut self) -> Result<Option<Next>, ReadError> {
        while let Some(member) = self.members.next()? {
            let Some(path) = self.path(&member.raw)? else {
                continue;
            };
            let next = self.entry(path, member)?;
            self.list.add(&next.entry);
            return Ok(Some(next));
        }
        Ok(None)
    }

    /// Where a name is in the tree; `None` where it tells about the archive.
    fn path(&self, raw: &[u8]) -> Result<Option<Vec<u8>>, ReadError> {
        match self.shape.place(raw, self.depth) {
            Ok(Place::Tree(path)) => Ok(Some(path)),
            Ok(Place::About) => Ok(None),
            Err(why) => Err(ReadError::Name {
                path: raw.into(),
                why,
            }),
        }
    }

    fn entry(&self, path: Vec<u8>, member: Member) -> Result<Next, ReadError> {
        let mut holes = None;
        let kind = match member.kind {
            MemberKind::File { size, holes: map } => {
                holes = map;
                Kind::File { size }
            }
            MemberKind::Directory => Kind::Directory,
            MemberKind::Symlink(target) => Kind::Symlink { target },
            MemberKind::HardLink(raw) => {
                let to = self.path(&raw)?.filter(|to| !to.is_empty());
                let to = to.ok_or(ReadError::Name {
                    path: raw,
                    why: super::place::Refusal::Outside,
                })?;
                Kind::HardLink { to }
            }
            MemberKind::Fifo => Kind::Fifo,
            MemberKind::Character(device) => Kind::Character(device),
            MemberKind::Block(device) => Kind::Block(device),
        };
        Ok(Next {
            entry: Entry {
                path,
                kind,
                attributes: member.attributes,
            },
            holes,
            has_acl_text: member.has_acl_text,
        })
    }
}

/// Reads everything, shows each entry, and tells what the list comes to. Damage is an error.
pub(super) fn entries(
    members: Members,
    shape: Shape,
    limits: Limits,
    watch: &mut Watch<'_>,
    show: &mut dyn FnMut(&mut Next),
) -> Result<Sum, ReadError> {
    let mut entries = Entries::new(members, shape, limits);
    let mut done = Progress::default();
    while let Some(mut next) = entries.next()? {
        show(&mut next);
        entries.members.content(&mut |chunk| {
            done.bytes += u64::try_from(chunk.len()).unwrap_or(0);
            match watch(done) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(ReadError::Stopped),
            }
        })?;
        done.entries += 1;
        if watch(done).is_break() {
            return Err(ReadError::Stopped);
        }
    }
    Ok(entries.list.sum())
}

/// An import under way.
struct Import<'a, 'w> {
    sink: Sink,
    findings: Findings,
    done: Progress,
    policy: Policy,
    watch: &'a mut Watch<'w>,
}

impl Import<'_, '_> {
    fn take(&mut self, mut next: Next, members: &mut Members) -> Result<(), ReadError> {
        if !next.admit(self.policy, &mut self.findings) {
            return Ok(());
        }
        let Next { entry, holes, .. } = next;
        let file = self.add(&entry)?;
        if let (Some(file), Kind::File { size }) = (file, &entry.kind) {
            let (done, watch) = (&mut self.done, &mut *self.watch);
            let mut step = |bytes| {
                done.bytes += bytes;
                watch(*done).is_continue()
            };
            unpack(
                members,
                &file,
                &entry.path,
                *size,
                holes.as_deref(),
                &mut step,
            )?;
            self.sink.seal(&file, &entry)?;
        }
        self.done.entries += 1;
        if (self.watch)(self.done).is_break() {
            return Err(ReadError::Stopped);
        }
        Ok(())
    }

    /// Makes an entry, and first the directories above it that nobody described. A directory may be described twice.
    fn add(&mut self, entry: &Entry) -> Result<Option<File>, ReadError> {
        match self.sink.add(entry) {
            Err(TreeError::Exists { .. }) if entry.kind == Kind::Directory => {
                self.sink.change_directory(entry)?;
                Ok(None)
            }
            Err(error) if error.errno() == Some(Errno::NOENT) => {
                let mut above: Vec<&[u8]> = Vec::new();
                for (at, _) in entry.path.iter().enumerate().filter(|(_, b)| **b == b'/') {
                    above.push(entry.path.get(..at).unwrap_or_default());
                }
                for path in above {
                    match self.sink.make_plain(path) {
                        Ok(()) | Err(TreeError::Exists { .. }) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Ok(self.sink.add(entry)?)
            }
            outcome => Ok(outcome?),
        }
    }
}
