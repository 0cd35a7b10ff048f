//! A disk that can be given any state while a machine has it.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rustix::fs::{FallocateFlags, fallocate};

use super::log::{Log, Piece};
use super::state::State;
use crate::disk::copy_into;

/// Two images: what was on the disk for good at some flush, which nobody else sees and which goes forward with the log;
/// and the state that is judged, which whoever mounts it may change.
pub(super) struct Disk {
    base: PathBuf,
    durable: File,
    /// So many entries are in `durable`.
    applied: usize,
    length: u64,
    state: File,
    /// Where the state is.
    pub path: PathBuf,
}

impl Disk {
    /// A disk beside `base`, the image of it before anything was logged.
    pub fn new(base: &Path) -> Result<Self> {
        let image = |path: &Path| {
            let mut options = File::options();
            options.create(true).truncate(true).read(true).write(true);
            options.open(path)
        };
        let path = base.with_extension("state");
        let mut disk = Self {
            base: base.to_owned(),
            durable: image(&base.with_extension("durable"))?,
            applied: 0,
            length: fs::metadata(base)?.len(),
            state: image(&path)?,
            path,
        };
        // A machine sees the length that it has when it starts.
        disk.state.set_len(disk.length)?;
        disk.rewind()?;
        Ok(disk)
    }

    /// Brings the disk into `state`. States in the order of their cuts cost least.
    pub fn put(&mut self, log: &Log, state: &State) -> Result<()> {
        let durable = state.settled(&log.entries);
        if durable < self.applied {
            self.rewind()?;
        }
        let whole = State {
            end: durable,
            lost: Vec::new(),
            torn: None,
        };
        for (offset, piece) in whole.writes(&log.entries, self.applied) {
            write(&self.durable, self.length, log, (offset, piece))?;
        }
        self.applied = durable;
        copy(&mut self.durable, &mut self.state, self.length)?;
        for (offset, piece) in state.writes(&log.entries, durable) {
            write(&self.state, self.length, log, (offset, piece))?;
        }
        Ok(())
    }

    fn rewind(&mut self) -> Result<()> {
        copy(&mut File::open(&self.base)?, &mut self.durable, self.length)?;
        self.applied = 0;
        Ok(())
    }
}

fn write(file: &File, length: u64, log: &Log, (offset, piece): (u64, Piece)) -> Result<()> {
    let end = offset.checked_add(piece.len as u64);
    ensure!(
        end.is_some_and(|end| end <= length),
        "a write at {offset} beyond the end of the disk"
    );
    Ok(file.write_all_at(&log.data(piece)?, offset)?)
}

/// Gives `to` the content of `from`; a length that is right never changes, since a machine may have it open.
fn copy(from: &mut File, to: &mut File, length: u64) -> Result<()> {
    to.set_len(length)?;
    let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    fallocate(&*to, hole, 0, length).context("the images need a file system that knows holes")?;
    copy_into(from, 0, length, to, 0)
}

#[cfg(test)]
mod tests {
    use super::super::log::tests::{file, image};
    use super::*;

    #[test]
    fn states_come_in_any_order_and_whatever_was_done_to_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("base.img");
        fs::write(&base, [vec![1; 512], vec![0; 1024]].concat()).unwrap();
        let flush = 1;
        let log = image(&[
            (1, 0, &[2; 512]),
            (0, flush, &[]),
            (2, 0, &[3; 512]),
            (0, 0, &[4; 1024]),
        ]);
        let log = Log::read(file(&log)).unwrap();
        let mut disk = Disk::new(&base).unwrap();
        assert_eq!(fs::metadata(&disk.path).unwrap().len(), 1536);
        let state = |end, lost: &[usize], torn| State {
            end,
            lost: lost.to_vec(),
            torn,
        };
        for (state, want) in [
            (state(0, &[], None), [1, 0, 0]),
            (state(4, &[], None), [4, 4, 3]),
            (state(4, &[2], None), [4, 4, 0]),
            (state(4, &[], Some(512)), [4, 2, 3]),
            (state(3, &[], None), [1, 2, 3]),
            (state(1, &[], None), [1, 2, 0]),
            (state(2, &[], None), [1, 2, 0]),
        ] {
            disk.put(&log, &state).unwrap();
            let got = fs::read(&disk.path).unwrap();
            assert_eq!([got[0], got[512], got[1024]], want, "{state}");
            // A journal is replayed, for example.
            fs::write(&disk.path, [9; 1536]).unwrap();
        }
    }

    #[test]
    fn a_write_behind_the_end_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("base.img");
        fs::write(&base, [1; 512]).unwrap();
        let log = Log::read(file(&image(&[(1, 0, &[2; 512])]))).unwrap();
        let state = State {
            end: 1,
            lost: Vec::new(),
            torn: None,
        };
        assert!(Disk::new(&base).unwrap().put(&log, &state).is_err());
    }
}
