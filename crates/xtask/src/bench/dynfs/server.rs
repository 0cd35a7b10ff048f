//! What the process that serves a container costs.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use perch_tests::host::command;
use rustix::process::{Pid, Signal, kill_process};

use super::disk::{Container, Disk};
use super::jobs::Random;

/// Requests while system calls are counted.
const REQUESTS: u32 = 2000;
/// How much is written while its processor time is counted, in MiB.
const WRITTEN_MIB: u32 = 512;
/// How long strace may take to begin.
const ATTACH: Duration = Duration::from_secs(30);
/// What O_DIRECT asks of the place of a buffer, in bytes.
const ALIGN: usize = 4096;

/// The process that serves one container.
pub struct Server {
    pid: i32,
}

/// What was counted in one run.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Figures {
    /// System calls for each request of 4 KiB that overwrites.
    pub calls_per_write: f64,
    /// The same for reads.
    pub calls_per_read: f64,
    /// Seconds of processor time for each GiB written in sequence.
    pub cpu_s_per_gib: f64,
}

impl Server {
    /// The process that has the container `file` open.
    ///
    /// # Errors
    /// If none has.
    pub fn find(file: &Path) -> Result<Self> {
        let file = file.canonicalize()?;
        for entry in fs::read_dir("/proc")? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(pid) = name.parse() else { continue };
            let Ok(descriptors) = fs::read_dir(entry.path().join("fd")) else {
                continue;
            };
            let mut links = descriptors.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok());
            if links.any(|link| link == file) {
                return Ok(Self { pid });
            }
        }
        bail!("no process serves {}", file.display())
    }

    /// Seconds of processor time so far. proc(5), `/proc/pid/stat`, utime and stime.
    fn cpu_s(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        let (_, behind_name) = stat.rsplit_once(')').context("no name in stat")?;
        let fields: Vec<&str> = behind_name.split_whitespace().collect();
        let field = |index: usize| -> Result<f64> {
            Ok(fields.get(index).context("stat is short")?.parse()?)
        };
        // Fields 14 and 15, of which the first behind the name is the third.
        let ticks = field(11)? + field(12)?;
        #[expect(clippy::cast_precision_loss, reason = "100 or 1000")]
        Ok(ticks / rustix::param::clock_ticks_per_second() as f64)
    }

    /// Memory that it holds, in KiB.
    fn resident_kib(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let words = line.context("no VmRSS")?;
        Ok(words
            .split_whitespace()
            .next()
            .context("VmRSS is empty")?
            .parse()?)
    }

    /// Counts, with requests past every cache of the guest's.
    ///
    /// # Errors
    /// If the disk fails, or strace cannot count.
    pub fn figures(&self, disk: &Disk) -> Result<Figures> {
        let path = disk.root().join("counted");
        let mut block = Aligned::new(1 << 20);
        Random(5).fill(block.bytes());
        let open = |direct: bool| {
            let flags = if direct { o_direct() } else { 0 };
            OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .custom_flags(flags)
                .open(&path)
        };
        let file = open(false)?;
        let before = self.cpu_s()?;
        for number in 0..WRITTEN_MIB {
            file.write_all_at(block.bytes(), u64::from(number) << 20)?;
        }
        file.sync_all()?;
        let cpu_s = self.cpu_s()? - before;
        let file = open(true)?;
        let small = &mut block.bytes()[..4096];
        let at = |number: u32| u64::from(number % (WRITTEN_MIB << 8)) << 12;
        let calls_per_write = self.calls(disk, || {
            for number in 0..REQUESTS {
                file.write_all_at(small, at(number * 17))?;
            }
            Ok(())
        })?;
        let calls_per_read = self.calls(disk, || {
            for number in 0..REQUESTS {
                file.read_exact_at(small, at(number * 17))?;
            }
            Ok(())
        })?;
        Ok(Figures {
            calls_per_write,
            calls_per_read,
            cpu_s_per_gib: cpu_s * 1024.0 / f64::from(WRITTEN_MIB),
        })
    }

    /// System calls for each request of `work`, which makes [`REQUESTS`]. strace(1) counts those of all threads.
    fn calls(&self, disk: &Disk, work: impl FnOnce() -> Result<()>) -> Result<f64> {
        disk.sync()?;
        let dir = tempfile::tempdir()?;
        let table = dir.path().join("calls");
        let strace = command("strace")
            .args(["-f", "-c", "-U", "calls,name", "-o"])
            .arg(&table)
            .args(["-p", &self.pid.to_string()])
            .stderr(Stdio::null())
            .spawn()?;
        let traced = self.wait_traced().and_then(|()| work());
        let table = end(strace).and_then(|()| Ok(fs::read_to_string(&table)?));
        traced?;
        let calls = total(&table?).context("strace counted nothing")?;
        Ok(f64::from(calls) / f64::from(REQUESTS))
    }

    /// Waits until every thread is traced.
    fn wait_traced(&self) -> Result<()> {
        let deadline = Instant::now() + ATTACH;
        loop {
            let mut all = true;
            for thread in fs::read_dir(format!("/proc/{}/task", self.pid))? {
                let status = fs::read_to_string(thread?.path().join("status"))?;
                let tracer = status.lines().find_map(|l| l.strip_prefix("TracerPid:"));
                all &= tracer.is_some_and(|pid| pid.trim() != "0");
            }
            if all {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "strace does not begin");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Lets strace go of what it traces and write its table.
fn end(mut strace: Child) -> Result<()> {
    let pid = i32::try_from(strace.id())?;
    kill_process(Pid::from_raw(pid).context("no process")?, Signal::INT)?;
    strace.wait()?;
    Ok(())
}

/// The sum at the end of strace's table, in its column of calls.
fn total(table: &str) -> Option<u32> {
    let last = table.lines().rfind(|line| line.ends_with("total"))?;
    last.split_whitespace().next()?.parse().ok()
}

fn o_direct() -> i32 {
    rustix::fs::OFlags::DIRECT.bits().cast_signed()
}

/// Bytes that begin where O_DIRECT wants them.
struct Aligned {
    space: Vec<u8>,
    start: usize,
    len: usize,
}

impl Aligned {
    fn new(len: usize) -> Self {
        let space = vec![0; len + ALIGN];
        let start = space.as_ptr().align_offset(ALIGN);
        Self { space, start, len }
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.space[self.start..self.start + self.len]
    }
}

/// What a server holds in memory, in KiB, when every part of a disk of 1 TiB was written and read.
///
/// # Errors
/// If the container cannot be made or used.
pub fn resident_of_a_tebibyte(dir: &Path, perch: &Path) -> Result<u64> {
    const SIZE_MIB: u64 = 1 << 20;
    fs::create_dir(dir)?;
    let container = Container::make(dir, SIZE_MIB, perch)?;
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(container.file())?;
    let mut bytes = [0; 4096];
    Random(6).fill(&mut bytes);
    for at in (0..SIZE_MIB).step_by(256) {
        file.write_all_at(&bytes, at << 20)?;
    }
    file.sync_all()?;
    fs::write("/proc/sys/vm/drop_caches", "3")?;
    for at in (0..SIZE_MIB).step_by(64) {
        file.read_exact_at(&mut bytes, at << 20)?;
    }
    let resident = container.server().resident_kib()?;
    drop(file);
    drop(container);
    fs::remove_dir_all(dir)?;
    Ok(resident)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_calls_is_found() {
        let table = "    calls syscall\n--------- ----------------\n     2001 read\n     2000 pwrite64\n--------- ----------------\n     4001 total\n";
        assert_eq!(total(table), Some(4001));
        assert_eq!(total(""), None);
    }
}
