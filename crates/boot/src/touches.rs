//! The touches: what the boot puts into the files of the system, once the union is mounted. What has
//! nothing to do costs one failed open; what fails is said, and the boot goes on.

mod config;
mod fstab;
mod preinit;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Instant;

use perch_core::cause::Causes;
use perch_core::facts::Medium;
use perch_core::notice::Notice;
use perch_core::record::{Status, Summary, Touch};
use perch_sys::dir;
use perch_sys::kmsg;
use perch_sys::rootcopy::{self, Limits};
use rustix::fs::OFlags;
use rustix::io::Errno;

/// What came of one touch.
#[derive(Debug)]
struct Done {
    ok: bool,
    /// In words.
    result: String,
}

/// Applies all of them: the medium's files first, then what may depend on them. `data` is the medium's
/// data directory.
pub fn apply(union: &Path, data: &OwnedFd, medium: &Medium, summary: &Summary) -> Vec<Touch> {
    let mut touches = Vec::new();
    let root = match dir::open_dir(union) {
        Ok(root) => root,
        Err(error) => {
            let error = Causes(&error).to_string();
            kmsg::tell(Notice::TouchesSkipped { error });
            return touches;
        }
    };
    let mut touch = |name, work: &mut dyn FnMut() -> Option<Done>| {
        let begun = Instant::now();
        let Some(Done { ok, result }) = work() else {
            return;
        };
        if ok {
            log::info!("{name}: {result}");
        } else {
            kmsg::tell(Notice::TouchFailed {
                touch: name,
                result: result.clone(),
            });
        }
        touches.push(Touch {
            name: name.into(),
            ok,
            result,
            ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
    };
    let (data, root) = (data.as_fd(), root.as_fd());
    touch("rootcopy", &mut || rootcopy(data, root, medium, summary));
    touch("config", &mut || config::hand_over(data, root));
    touch("fstab", &mut || fstab::update(root, summary.union));
    touch("preinit", &mut || preinit::run(data, union));
    touches
}

fn rootcopy(
    data: BorrowedFd<'_>,
    root: BorrowedFd<'_>,
    medium: &Medium,
    summary: &Summary,
) -> Option<Done> {
    let source = match dir::open_beneath(data, "rootcopy", OFlags::RDONLY | OFlags::DIRECTORY) {
        Ok(source) => source,
        Err(error) if error.errno() == Some(Errno::NOENT) => return None,
        Err(error) => {
            let result = Causes(&error).to_string();
            return Some(Done { ok: false, result });
        }
    };
    let in_session = summary.status == Status::Session;
    let limits = Limits {
        // What an image holds has modes, whatever file system the image lies in.
        keeps_modes: medium.image.is_some()
            || medium.fs.holds_native()
            || medium.fs.read_only_by_nature(),
        lasting: in_session,
        // What a session can take its file system says; memory is needed for more than this.
        bytes: if in_session {
            u64::MAX
        } else {
            free_memory() / 2
        },
        entries: 100_000,
        depth: 64,
    };
    let report = rootcopy::copy(source.as_fd(), root, &limits);
    for failure in &report.failures {
        kmsg::tell(Notice::RootcopyFile {
            failure: failure.to_string(),
        });
    }
    let (copied, unchanged, failed) = (report.copied, report.unchanged, report.failed);
    Some(Done {
        ok: failed == 0,
        result: format!("{copied} copied, {unchanged} unchanged, {failed} failed"),
    })
}

/// Memory that nothing uses, in bytes. sysinfo(2).
fn free_memory() -> u64 {
    let info = rustix::system::sysinfo();
    // Their types differ between architectures.
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_cast,
        reason = "the width of the fields differs between architectures"
    )]
    (info.freeram as u64).saturating_mul(u64::from(info.mem_unit))
}
