//! Space that comes back, and disks that grow.

use std::os::unix::fs::MetadataExt;

use super::*;

/// Bytes that the files in a directory take.
fn taken(dir: &Path) -> u64 {
    let entries = dir.read_dir().unwrap();
    let blocks = entries.map(|entry| entry.unwrap().metadata().unwrap().blocks());
    blocks.sum::<u64>() * 512
}

/// Check 21, where the file system knows holes: what is trimmed is free for others at once.
#[test]
fn check_21_trimmed_space_is_given_back() {
    let dir = tempfile::tempdir().unwrap();
    let container = create(dir.path(), 40, 100);
    let data: Vec<u8> = (0..100 * MIB)
        .map(|at| (at / 512 % 251) as u8 + 1)
        .collect();
    container.write(0, &data).unwrap();
    container.flush().unwrap();
    let full = taken(dir.path());
    assert!(full >= 100 * MIB);
    // Scattered, so that the ends of parts are not all of it.
    let (mut trimmed, mut shadow) = (0, data);
    for at in (0..100 * MIB).step_by(1 << 20) {
        container.trim(at, MIB - 8192).unwrap();
        shadow[at as usize..(at + MIB - 8192) as usize].fill(0);
        trimmed += MIB - 8192;
    }
    container.flush().unwrap();
    let given = full - taken(dir.path());
    assert!(given * 100 >= trimmed * 95, "{given} of {trimmed} bytes");
    assert!(read(&container, 0, 100 * MIB) == shadow);

    // And a compaction makes the files short.
    let go = |_| std::ops::ControlFlow::Continue(());
    container.compact(Default::default(), go).unwrap();
    let len = |part: &str| dir.path().join(part).metadata().unwrap().len();
    let lens = ["changes.dat.0", "changes.dat.1", "changes.dat.2"].map(len);
    assert!(lens.iter().sum::<u64>() < 2 * MIB, "{lens:?}");
    drop(container);
    assert!(read(&open(dir.path()), 0, 100 * MIB) == shadow);
}

/// Check 8: a file system in a container grows with it, across the border of parts, and nothing of it is lost.
#[test]
fn check_08_a_file_system_grows_with_its_disk() {
    if !["mke2fs", "e2fsck", "resize2fs", "debugfs"]
        .into_iter()
        .all(has)
    {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("image");
    let from = dir.path().join("from");
    std::fs::create_dir(&from).unwrap();
    let content: Vec<u8> = (0..3_000_000_u32).map(|at| (at / 7) as u8).collect();
    std::fs::write(from.join("file"), &content).unwrap();
    std::fs::File::create(&image)
        .unwrap()
        .set_len(12 * MIB)
        .unwrap();
    let mke2fs = ["-q", "-F", "-t", "ext4", "-d"];
    run(Command::new("mke2fs").args(mke2fs).arg(&from).arg(&image));

    let container = create(dir.path(), 8, 12);
    container.write(0, &std::fs::read(&image).unwrap()).unwrap();
    container.grow(37 * MIB).unwrap();
    let smaller = container.grow(20 * MIB).unwrap_err().to_string();
    assert_eq!(
        smaller,
        "the disk has 38797312 bytes and cannot shrink to 20971520"
    );
    container.flush().unwrap();
    drop(container);
    let container = Container::open(files(dir.path(), Access::Read), Access::Read).unwrap();
    assert_eq!(container.geometry().parts(), 5);
    std::fs::write(&image, read(&container, 0, 37 * MIB)).unwrap();
    run(Command::new("e2fsck").args(["-f", "-n"]).arg(&image));
    run(Command::new("resize2fs").arg(&image));
    drop(container);
    let container = open(dir.path());
    container.write(0, &std::fs::read(&image).unwrap()).unwrap();
    container.flush().unwrap();
    std::fs::write(&image, read(&container, 0, 37 * MIB)).unwrap();
    run(Command::new("e2fsck").args(["-f", "-n"]).arg(&image));
    let out = dir.path().join("out");
    let dump = format!("dump /file {}", out.display());
    run(Command::new("debugfs").args(["-R", &dump]).arg(&image));
    assert!(std::fs::read(&out).unwrap() == content);
}
