//! How long requests take: `cargo test -p dynfilefs --all-features --release --test io -- --ignored --nocapture`.
//! Files are made in `TMPDIR`.

#![expect(clippy::disallowed_methods, reason = "time is what is measured")]
#![expect(clippy::unwrap_used, reason = "what fails cannot be measured")]

use std::time::Instant;

use dynfilefs::container::{Access, Container, create};
use dynfilefs::files::Files;
use dynfilefs::geometry::{BLOCK, MIB};
use dynfilefs::store::Store;
use rustix::fs::{CWD, Mode, OFlags, openat};

use super::flat::Flat;

const SIZE: u64 = 256 * MIB;

/// Requests of `len` bytes all over the disk: the median of five rounds, in ns a request.
fn rounds(len: u64, mut request: impl FnMut(u64)) -> u128 {
    let count = SIZE / len;
    // Odd, so that each is met once.
    let step = (count / 3) | 1;
    let mut times = [(); 5].map(|()| {
        let start = Instant::now();
        (0..count).for_each(|number| request(number * step % count * len));
        start.elapsed().as_nanos() / u128::from(count)
    });
    times.sort_unstable();
    times[2]
}

fn measure(what: &str, store: impl Store) {
    create(&store, SIZE, SIZE).unwrap();
    let container = Container::open(store, Access::Write).unwrap();
    let mut bytes = vec![1; MIB as usize];
    let start = Instant::now();
    (0..SIZE / MIB).for_each(|number| container.write(number * MIB, &bytes).unwrap());
    let new = start.elapsed().as_nanos() / u128::from(SIZE / MIB);
    container.flush().unwrap();
    let mut line = format!("{what}: ns a request: new 1 MiB {new}");
    for len in [BLOCK, MIB] {
        let bytes = bytes.get_mut(..len as usize).unwrap();
        let write = rounds(len, |at| container.write(at, bytes).unwrap());
        let read = rounds(len, |at| container.read(at, bytes).unwrap());
        line += &format!(", {len} overwrite {write} read {read}");
    }
    container.trim(0, SIZE).unwrap();
    container.flush().unwrap();
    let block = bytes.get(..BLOCK as usize).unwrap();
    let start = Instant::now();
    (0..SIZE / BLOCK).for_each(|number| container.write(number * BLOCK, block).unwrap());
    let new = start.elapsed().as_nanos() / u128::from(SIZE / BLOCK);
    println!("{line}, new 4096 {new}");
}

#[test]
#[ignore = "a measurement"]
fn requests() {
    measure("memory", Flat::default());
    let dir = tempfile::tempdir().unwrap();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = openat(CWD, dir.path(), flags, Mode::empty()).unwrap();
    measure(
        "files",
        Files::new(fd, "changes.dat", Access::Write).unwrap(),
    );
}

/// Reads a container in order, with cold caches: as root only, since nobody else can empty them.
#[test]
#[ignore = "a measurement"]
fn cold_reads() {
    let dir = tempfile::tempdir().unwrap();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = openat(CWD, dir.path(), flags, Mode::empty()).unwrap();
    let store = Files::new(fd, "changes.dat", Access::Write).unwrap();
    create(&store, 2 * SIZE, 2 * SIZE).unwrap();
    let container = Container::open(store, Access::Write).unwrap();
    let mut bytes = vec![1; MIB as usize];
    for piece in [MIB, 64 << 10, 16 << 10] {
        container.trim(0, 2 * SIZE).unwrap();
        container.flush().unwrap();
        let count = 2 * SIZE / piece;
        for number in 0..count {
            let order = if piece == MIB {
                number
            } else {
                number * 7919 % count
            };
            let bytes = bytes.get(..piece as usize).unwrap();
            container.write(order * piece, bytes).unwrap();
        }
        container.flush().unwrap();
        for ahead in [0, 4 * MIB, 0, 4 * MIB] {
            container.set_read_ahead(ahead);
            std::fs::write("/proc/sys/vm/drop_caches", "1").unwrap();
            let request = bytes.get_mut(..256 << 10).unwrap();
            let start = Instant::now();
            (0..SIZE >> 17).for_each(|at| container.read(at << 18, request).unwrap());
            let speed = 2.0 * SIZE as f64 / MIB as f64 / start.elapsed().as_secs_f64();
            println!("pieces of {piece}, {ahead} ahead: {speed:.0} MiB/s");
        }
    }
}
