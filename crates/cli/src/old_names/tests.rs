use super::*;

fn parsed(args: &str) -> Result<Asked, BadArguments> {
    parse(args.split_ascii_whitespace().map(OsString::from))
}

fn mount(size: Option<Wanted>, split: Option<u64>) -> OldMount {
    OldMount {
        file: "c.dat".into(),
        dir: "/mnt".into(),
        size,
        split: split.map(Mib),
        ..OldMount::default()
    }
}

#[test]
fn every_documented_form_is_read() {
    let to = |mib| Some(Wanted::To(Mib(mib)));
    for (args, want) in [
        ("-f c.dat -m /mnt", mount(None, None)),
        (
            "-m /mnt -f c.dat -s 1024 -p 4000",
            mount(to(1024), Some(4000)),
        ),
        (
            "--file c.dat --mountdir /mnt --size 1024",
            mount(to(1024), None),
        ),
        (
            "--file=c.dat --mountdir=/mnt --size=1024 --split=7",
            mount(to(1024), Some(7)),
        ),
        ("-fc.dat -m/mnt -s1024", mount(to(1024), None)),
        ("c.dat /mnt -s 1024", mount(to(1024), None)),
        ("-s 1024 c.dat /mnt", mount(to(1024), None)),
        ("-f c.dat /mnt", mount(None, None)),
        ("c.dat -m /mnt", mount(None, None)),
        (
            "-f c.dat -m /mnt -s +100",
            mount(Some(Wanted::By(Mib(100))), None),
        ),
        // The form for /etc/fstab, which the existing program reads wrongly.
        (
            "c.dat /mnt -o rw,size=1024,split=4000",
            mount(to(1024), Some(4000)),
        ),
        (
            "c.dat /mnt -o split=4000,size=+100",
            mount(Some(Wanted::By(Mib(100))), Some(4000)),
        ),
        // As mount(8) calls it.
        (
            "c.dat /mnt -s -n -v -o rw,noauto,x-systemd.automount,size=8 -t fuse.dynfilefs",
            mount(to(8), None),
        ),
        ("c.dat /mnt -v -s", mount(None, None)),
    ] {
        match parsed(args) {
            Ok(Asked::Mount(got)) => assert_eq!(got, want, "{args}"),
            other => panic!("{args}: {other:?}"),
        }
    }
}

#[test]
fn flags_are_read() {
    for (args, want) in [
        ("-h", Asked::Help),
        ("c.dat --help", Asked::Help),
        ("c.dat /mnt -f -o rw", Asked::Nothing),
        (
            "-d c.dat /mnt -o ro",
            Asked::Mount(OldMount {
                read_only: true,
                foreground: true,
                ..mount(None, None)
            }),
        ),
    ] {
        assert_eq!(parsed(args).unwrap(), want, "{args}");
    }
}

#[test]
fn what_means_nothing_is_refused_in_words() {
    for (args, want) in [
        ("", "the storage file is missing"),
        ("-s 100", "the storage file is missing"),
        ("c.dat", "the directory to mount on is missing"),
        ("c.dat /mnt more", "\"more\" is one name too many"),
        (
            "c.dat /mnt -o size",
            "the mount option \"size\" is not known",
        ),
        (
            "c.dat /mnt -o bogus=1",
            "the mount option \"bogus=1\" is not known",
        ),
        (
            "c.dat /mnt -o remount,ro",
            "a container cannot be remounted: unmount it first",
        ),
        ("c.dat /mnt -N 12", "namespaces (-N) are not supported"),
        ("c.dat /mnt --bogus", "the option --bogus is not known"),
    ] {
        assert_eq!(parsed(args).unwrap_err().to_string(), want, "{args}");
    }
    assert!(matches!(
        parsed("c.dat /mnt -s 1x"),
        Err(BadArguments::Size(_))
    ));
}

#[test]
fn only_the_old_names_count() {
    for (name, want) in [
        ("/sbin/mount.dynfilefs", true),
        ("@mount.dynfilefs", true),
        ("dynfilefs", true),
        ("./@dynfilefs", true),
        ("@dynfilefs", false),
        ("perch", false),
        ("@perch-dynfilefs", false),
        ("", false),
    ] {
        assert_eq!(is_old_name(OsStr::new(name)), want, "{name}");
    }
}
