//! Swap files, which keep their file system from being unmounted.

use std::fs;
use std::path::PathBuf;

use rustix::io::Errno;

use crate::ioctl;
use crate::mountinfo::unescape;

/// Takes every swap file and partition out of use, and returns those for which that failed. Swap in memory
/// (zram) stays: it holds up nothing.
pub fn swap_off() -> Vec<(PathBuf, Errno)> {
    let table = fs::read("/proc/swaps").unwrap_or_default();
    parse(&table)
        .into_iter()
        .filter_map(|path| Some((path.clone(), ioctl::swap_off(&path).err()?)))
        .collect()
}

/// The paths in `/proc/swaps` that lie on a disk. proc_swaps(5).
fn parse(table: &[u8]) -> Vec<PathBuf> {
    let line = |line: &[u8]| {
        let path = line.split(|byte| byte.is_ascii_whitespace()).next()?;
        let path = PathBuf::from(unescape(path));
        let in_memory = path.to_string_lossy().starts_with("/dev/zram");
        (path.is_absolute() && !in_memory).then_some(path)
    };
    table
        .split(|byte| *byte == b'\n')
        .filter_map(line)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel() {
        let table = b"Filename\t\t\tType\t\tSize\t\tUsed\t\tPriority\n\
            /dev/zram0                              partition\t1024\t\t0\t\t100\n\
            /oldroot/swap\\040file                   file\t\t1024\t\t0\t\t-2\n\
            /dev/sda2                               partition\t1024\t\t0\t\t-3\n\n";
        let want: Vec<PathBuf> = vec!["/oldroot/swap file".into(), "/dev/sda2".into()];
        assert_eq!(parse(table), want);
        assert_eq!(parse(b""), Vec::<PathBuf>::new());
        assert_eq!(parse(b"\xff\n(deleted)\n"), Vec::<PathBuf>::new());
    }
}
