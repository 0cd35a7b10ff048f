use super::archive::tests::archive;
use super::*;
use crate::child::End;

/// A root directory like that of an initramfs with one program, `tool`, in a plain archive.
fn initramfs(content: &[u8]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let archives = root.path().join(&ARCHIVES[1..]);
    fs::create_dir_all(&archives).unwrap();
    let index = "other /sbin/other other.cpio\ntool /usr/sbin/tool shared.cpio own.cpio\n";
    fs::write(root.path().join(&INDEX[1..]), index).unwrap();
    let dirs = [("usr", 0o040_755, &b""[..]), ("usr/sbin", 0o040_755, b"")];
    let shared = [&dirs[..], &[("usr/libshared", 0o100_755, b"library")]].concat();
    fs::write(archives.join("shared.cpio"), archive(&shared)).unwrap();
    let own = [&dirs[..], &[("usr/sbin/tool", 0o100_755, content)]].concat();
    fs::write(archives.join("own.cpio"), archive(&own)).unwrap();
    root
}

#[test]
fn the_first_use_unpacks_and_frees_the_archives() {
    let root = initramfs(b"#!/bin/true");
    let programs = Programs::below(root.path());
    assert!(programs.available("tool"));
    assert!(!root.path().join("usr/sbin/tool").exists(), "not by asking");
    let want = root.path().join("usr/sbin/tool");
    assert_eq!(programs.path("tool").unwrap(), want);
    assert_eq!(
        fs::read(root.path().join("usr/libshared")).unwrap(),
        b"library"
    );
    let archives = root.path().join(&ARCHIVES[1..]);
    assert_eq!(fs::read_dir(archives).unwrap().count(), 1, "the index");
    assert_eq!(programs.path("tool").unwrap(), want, "again");
    assert!(programs.available("tool"));
}

#[test]
fn a_damaged_archive_is_named() {
    let root = initramfs(b"");
    let own = root.path().join(&ARCHIVES[1..]).join("own.cpio");
    fs::write(&own, b"rubbish").unwrap();
    let error = Programs::below(root.path()).path("tool").unwrap_err();
    assert!(matches!(&error, ProgramError::Archive { archive, .. } if *archive == own));
    assert!(own.exists());
}

#[test]
fn a_system_is_searched_in_the_usual_directories_only() {
    let root = tempfile::tempdir().unwrap();
    let programs = Programs::below(root.path());
    assert!(matches!(
        programs.path("tool").unwrap_err(),
        ProgramError::Missing { .. }
    ));
    let sbin = root.path().join("sbin");
    fs::create_dir(&sbin).unwrap();
    fs::write(sbin.join("tool"), "").unwrap();
    assert!(!programs.available("tool"), "not executable");
    fs::set_permissions(sbin.join("tool"), Permissions::from_mode(0o755)).unwrap();
    assert_eq!(programs.path("tool").unwrap(), sbin.join("tool"));
    for name in ["", "../sbin/tool", "/sbin/tool", "."] {
        assert!(!programs.available(name), "{name:?}");
    }
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn status_and_words_are_told() {
    let ended = run("sh", ["-c", "echo out; echo 'err\x07' >&2; exit 3"], LONG).unwrap();
    assert_eq!(ended.end, End::Exited(3));
    assert_eq!(ended.said(), "out; err\\u{7}");
    let ended = run("sh", ["-c", "kill -9 $$"], LONG).unwrap();
    assert_eq!(ended.end, End::Killed(9));
    assert_eq!(ended.said(), "");
}

#[test]
fn nothing_of_ours_reaches_the_program() {
    let ours = tempfile::NamedTempFile::new().unwrap();
    let script = "cat; echo $HOME $LC_ALL; pwd; ls -l /proc/self/fd";
    let ended = run("sh", ["-c", script], LONG).unwrap();
    let words = Vec::from(ended.lines).join("\n");
    assert!(words.starts_with("C\n/\n"), "{words}");
    let name = ours.path().file_name().unwrap().to_string_lossy();
    assert!(words.contains("0 -> /dev/null"), "{words}");
    assert!(!words.contains(&*name), "{words}");
}

/// More than a pipe holds, and far more than is kept: without a reader it would never end.
#[test]
fn endless_words_are_cut() {
    let ended = run("head", ["-c", "1000000", "/dev/zero"], LONG).unwrap();
    assert_eq!(ended.end, End::Exited(0));
    assert_eq!(ended.lines.len(), 64);
}
