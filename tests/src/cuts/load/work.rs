//! Doing what is planned, in the machine whose writes are recorded.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::archive;
use super::content::{SECTOR, sector};
use super::plan::{Action, Load, archived, plan};

/// Does what `load` plans below `dir`. After each step its number, from 1, is written to `port` as a line, and the next one
/// begins when a line came back: whoever reads knows exactly what was written until then.
///
/// # Errors
/// If anything cannot be done, which also ends it.
pub fn work(load: &Load, dir: &Path, trimmed: &Path, port: &Path) -> Result<()> {
    let mut port = File::options().read(true).write(true).open(port)?;
    let mut answers = BufReader::new(port.try_clone()?);
    fs::create_dir(dir)?;
    sync_names(Path::new("/"))?;
    let place = Place {
        dir: dir.to_owned(),
        trimmed: trimmed.to_owned(),
    };
    for (number, step) in (1..).zip(plan(load)) {
        if let Some(noise) = &step.noise {
            let (from, sectors) = (noise.from, noise.sectors);
            let file = place.open(&noise.name, false)?;
            fill(&file, &noise.name, noise.generation, from, sectors)?;
        }
        let done = place.act(&step.action);
        done.with_context(|| format!("step {number}: {:?}", step.action))?;
        port.write_all(format!("{number}\n").as_bytes())?;
        let mut answer = String::new();
        ensure!(answers.read_line(&mut answer)? > 0, "nobody listens");
    }
    Ok(())
}

struct Place {
    dir: PathBuf,
    /// A directory of the file system that is trimmed: a union cannot be.
    trimmed: PathBuf,
}

impl Place {
    fn act(&self, action: &Action) -> Result<()> {
        match action {
            Action::Write {
                name,
                generation,
                sectors,
            } => {
                let file = self.open(name, true)?;
                fill(&file, name, *generation, 0, *sectors)?;
                file.sync_all()?;
                sync_names(&self.dir)
            }
            Action::Patch {
                name,
                generation,
                from,
                sectors,
            } => {
                let file = self.open(name, false)?;
                fill(&file, name, *generation, *from, *sectors)?;
                Ok(file.sync_data()?)
            }
            Action::Replace {
                name,
                generation,
                sectors,
            } => {
                let new = format!("{name}{NEW}");
                let file = self.open(&new, true)?;
                fill(&file, name, *generation, 0, *sectors)?;
                file.sync_all()?;
                fs::rename(self.dir.join(new), self.dir.join(name))?;
                sync_names(&self.dir)
            }
            Action::Remove { name } => {
                fs::remove_file(self.dir.join(name))?;
                sync_names(&self.dir)
            }
            Action::Unpack { archive, files } => {
                self.unpack(*archive, *files)?;
                rustix::fs::sync();
                Ok(())
            }
            Action::Thin { archive, files } => {
                for file in (0..*files).step_by(2) {
                    fs::remove_file(self.dir.join(archived(*archive, file).0))?;
                }
                rustix::fs::sync();
                Ok(())
            }
            Action::Trim => {
                // Not every medium below can: what matters is what is there afterwards.
                Command::new("fstrim").arg(&self.trimmed).output()?;
                Ok(())
            }
        }
    }

    fn open(&self, name: &str, empty: bool) -> Result<File> {
        let mut options = File::options();
        options.write(true).create(true).truncate(empty);
        Ok(options.open(self.dir.join(name))?)
    }

    fn unpack(&self, number: u32, files: u32) -> Result<()> {
        let mut tar = Command::new("tar")
            .args(["-x", "-C"])
            .arg(&self.dir)
            .stdin(Stdio::piped())
            .spawn()
            .context("cannot start tar")?;
        let input = tar.stdin.take().context("tar has no input")?;
        let mut input = BufWriter::with_capacity(64 << 10, input);
        archive::write(number, files, &mut input)?;
        input.flush()?;
        drop(input);
        let status = tar.wait()?;
        ensure!(status.success(), "tar ended with {status}");
        Ok(())
    }
}

/// What follows the name of a file that is to take another's place.
pub(super) const NEW: &str = ".new";

fn fill(file: &File, name: &str, generation: u32, from: u32, sectors: u32) -> Result<()> {
    let bytes: Vec<u8> = (from..from + sectors)
        .flat_map(|number| sector(name, generation, number))
        .collect();
    Ok(file.write_all_at(&bytes, u64::from(from) * SECTOR as u64)?)
}

fn sync_names(dir: &Path) -> Result<()> {
    Ok(File::open(dir)?.sync_all()?)
}
