use proptest::prelude::*;

use super::*;

fn places() -> Places<'static> {
    Places {
        old_root: Path::new("/oldroot"),
        memory: Path::new("/run/initramfs/memory"),
        aside: Path::new("/aside"),
    }
}

/// Mounts from lines "id parent major:minor target type".
fn mounts(table: &str) -> Vec<Mounted> {
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (major, minor) = words[2].split_once(':').unwrap();
        Mounted {
            id: words[0].parse().unwrap(),
            parent: words[1].parse().unwrap(),
            device: (major.parse().unwrap(), minor.parse().unwrap()),
            target: words[3].into(),
            fs_type: words[4].into(),
        }
    };
    table
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(line)
        .collect()
}

fn loops(list: &[(u32, Device)]) -> Vec<Loop> {
    list.iter()
        .map(|&(number, on)| Loop { number, on })
        .collect()
}

/// The plan in words, a line each.
fn worded(facts: &Facts) -> Vec<String> {
    let word = |undo: &Undo| match undo {
        Undo::CarryOut { from, to } => format!("{} -> {}", from.display(), to.display()),
        Undo::Unmount { target, .. } => target.display().to_string(),
        Undo::Detach { number } => format!("loop{number}"),
        Undo::Await(server) => format!("process {}", server.pid),
    };
    plan(facts, &places()).iter().map(word).collect()
}

/// What systemd leaves after its pivot: the new root with plain binds, the union, and `/run` in it.
const SYSTEMD: &str = "
    80 1 0:22 / tmpfs
    81 80 0:5 /dev devtmpfs
    82 80 0:20 /proc proc
    83 80 0:21 /sys sysfs
    84 80 0:22 /run tmpfs
    30 80 0:40 /oldroot overlay
    31 30 0:20 /oldroot/proc proc
    32 30 0:21 /oldroot/sys sysfs
    33 30 0:5 /oldroot/dev devtmpfs
    34 33 0:24 /oldroot/dev/pts devpts
    35 30 0:22 /oldroot/run tmpfs
    40 35 254:1 /oldroot/run/initramfs/memory/data vfat
    41 35 7:0 /oldroot/run/initramfs/memory/bundles/00-core.sb squashfs
    42 35 7:1 /oldroot/run/initramfs/memory/bundles/01-kernel.sb squashfs
    43 35 7:2 /oldroot/run/initramfs/memory/changes ext4
";

#[test]
fn a_container_on_a_stick() {
    let facts = Facts {
        mounts: mounts(SYSTEMD),
        loops: loops(&[(0, (254, 1)), (1, (254, 1)), (2, (254, 1))]),
        servers: Vec::new(),
    };
    let want = [
        "/oldroot/run -> /aside",
        "/oldroot/dev/pts",
        "/oldroot/dev",
        "/oldroot/sys",
        "/oldroot/proc",
        "/oldroot",
        "/aside/initramfs/memory/changes",
        "loop2",
        "/aside/initramfs/memory/bundles/01-kernel.sb",
        "loop1",
        "/aside/initramfs/memory/bundles/00-core.sb",
        "loop0",
        "/aside/initramfs/memory/data",
    ];
    assert_eq!(worded(&facts), want);
}

#[test]
fn a_server_ends_between_its_loop_device_and_the_disk() {
    let mut facts = Facts {
        mounts: mounts(SYSTEMD),
        // Its file lies on FUSE, which no mount shows.
        loops: loops(&[(0, (254, 1)), (1, (254, 1)), (2, (0, 55))]),
        servers: Vec::new(),
    };
    for (on_loop, after) in [(2, "loop2"), (0, "loop0"), (9, "")] {
        facts.servers = vec![Server {
            pid: 99,
            start: 1,
            on_loop,
        }];
        let list = worded(&facts);
        let at = |what: &str| list.iter().position(|line| line == what);
        let server = at("process 99").unwrap();
        assert!(server > at("/oldroot").unwrap(), "{list:?}");
        assert!(at(after).is_none_or(|at| server > at), "{list:?}");
        let disk = at("/aside/initramfs/memory/data").unwrap();
        assert!(server < disk, "{list:?}");
    }
}

#[test]
fn what_users_added_goes_before_the_union() {
    let more = "
        50 30 254:1 /oldroot/mnt vfat
        51 30 7:5 /oldroot/srv ext4
        52 51 8:1 /oldroot/srv/deep ext4
        53 30 0:50 /oldroot/tmp tmpfs
        54 53 7:6 /oldroot/tmp/x squashfs
        55 51 0:60 /oldroot/srv/over overlay
        56 53 254:1 /oldroot/tmp vfat
        57 35 8:2 /oldroot/run/media/stick exfat";
    let facts = Facts {
        mounts: mounts(&(SYSTEMD.to_owned() + more)),
        loops: loops(&[
            (2, (254, 1)),
            // Opened through the union; its file is in the container.
            (5, (7, 2)),
            (6, (8, 1)),
            // Attached, and mounted nowhere.
            (7, (254, 1)),
        ]),
        servers: Vec::new(),
    };
    let list = worded(&facts);
    let at = |what: &str| {
        let at = list.iter().position(|line| line == what);
        at.unwrap_or_else(|| panic!("{what} in {list:?}"))
    };
    for (first, then) in [
        ("/oldroot/srv/deep", "/oldroot/srv"),
        ("/oldroot/srv/over", "/oldroot/srv"),
        ("/oldroot/srv", "loop5"),
        ("loop5", "/oldroot"),
        ("/oldroot/tmp/x", "loop6"),
        ("loop6", "/oldroot/srv/deep"),
        ("loop7", "/oldroot"),
        ("/oldroot/mnt", "/oldroot"),
        ("/oldroot", "/aside/initramfs/memory/changes"),
        ("/oldroot", "/aside/media/stick"),
        ("loop2", "/aside/initramfs/memory/data"),
    ] {
        assert!(at(first) < at(then), "{first} before {then}: {list:?}");
    }
    let twice = list.iter().filter(|line| *line == "/oldroot/tmp").count();
    assert_eq!(twice, 2, "one on top of the other: {list:?}");
}

#[test]
fn odd_tables() {
    let bare = |table: &str, loops_of: &[(u32, Device)]| Facts {
        mounts: mounts(table),
        loops: loops(loops_of),
        servers: Vec::new(),
    };
    for (name, facts, want) in [
        ("nothing", Facts::default(), vec![]),
        (
            "no pivot: the union is the root",
            bare(
                "30 1 0:40 / overlay
                 35 30 0:22 /run tmpfs
                 40 35 254:1 /run/initramfs/memory/data vfat",
                &[],
            ),
            vec!["/run/initramfs/memory/data"],
        ),
        (
            "the initramfs was bound with all below it",
            bare(
                "80 1 0:22 / tmpfs
                 84 80 0:22 /run tmpfs
                 85 80 254:1 /memory/data vfat
                 86 84 254:1 /run/initramfs/memory/data vfat
                 30 80 0:40 /oldroot overlay",
                &[(0, (254, 1))],
            ),
            // The union comes first, and every mount of the disk after the loop device.
            vec![
                "loop0",
                "/oldroot",
                "/run/initramfs/memory/data",
                "/memory/data",
            ],
        ),
        (
            "its own tmpfs for the initramfs, mounted over",
            bare(
                "80 1 0:22 / tmpfs
                 30 80 0:40 /oldroot overlay
                 35 30 0:22 /oldroot/run tmpfs
                 36 35 0:23 /oldroot/run/initramfs tmpfs
                 37 36 0:24 /oldroot/run/initramfs tmpfs
                 40 37 254:1 /oldroot/run/initramfs/memory/data vfat",
                &[],
            ),
            vec![
                "/oldroot/run/initramfs -> /aside",
                "/oldroot/run/initramfs",
                "/oldroot/run",
                "/oldroot",
                "/aside/memory/data",
            ],
        ),
        (
            "each is mounted on the other, and on itself",
            bare(
                "50 51 8:1 /a ext4
                 51 50 8:2 /b ext4
                 52 52 8:3 /c ext4",
                &[(0, (7, 0)), (1, (7, 2)), (2, (7, 1))],
            ),
            vec!["loop0", "loop1", "loop2", "/c", "/b", "/a"],
        ),
        (
            "one number twice",
            bare(
                "50 1 8:1 /a ext4
                 50 1 8:1 /b ext4",
                &[],
            ),
            vec!["/b", "/a"],
        ),
        (
            "names that only begin alike",
            bare(
                "30 1 0:40 /oldroot overlay
                 31 30 0:22 /oldroot/run/initramfs/mem tmpfs
                 32 30 0:22 /oldrootrun tmpfs",
                &[],
            ),
            vec!["/oldrootrun", "/oldroot/run/initramfs/mem", "/oldroot"],
        ),
    ] {
        let got = worded(&facts);
        assert_eq!(got, want, "{name}");
    }
}

#[test]
fn only_what_is_in_memory_may_be_let_go_in_use() {
    for (fs_type, want) in [
        ("tmpfs", true),
        ("tracefs", true),
        ("cgroup2", true),
        ("overlay", false),
        ("btrfs", false),
        ("nfs4", false),
        ("fuseblk", false),
        ("something new", false),
    ] {
        assert_eq!(is_in_memory(fs_type), want, "{fs_type}");
    }
}

#[test]
fn what_the_starter_of_the_server_left() {
    let server = |pid, start, on_loop| {
        Some(Server {
            pid,
            start,
            on_loop,
        })
    };
    for (text, want) in [
        (
            r#"{"pid":70,"start":123,"loop":3,"session":"1"}"#,
            server(70, 123, 3),
        ),
        (
            r#"{"pid":70,"start":1,"loop":0,"session":"1","more":[]}"#,
            server(70, 1, 0),
        ),
        (r#"{"pid":70,"start":1,"loop":-1,"session":"1"}"#, None),
        (
            r#"{"pid":70,"start":1,"loop":"/dev/sda","session":"1"}"#,
            None,
        ),
        (r#"{"pid":1,"start":1,"loop":0,"session":"1"}"#, None),
        (r#"{"pid":0,"start":1,"loop":0,"session":"1"}"#, None),
        (r#"{"pid":-5,"start":1,"loop":0,"session":"1"}"#, None),
        (
            r#"{"pid":99999999999,"start":1,"loop":0,"session":"1"}"#,
            None,
        ),
        (r#"{"pid":70,"start":1}"#, None),
        ("[]", None),
        ("", None),
        ("\u{0}\u{1}", None),
    ] {
        assert_eq!(Server::parse(text.as_bytes()), want, "{text}");
    }
}

fn any_mount() -> impl Strategy<Value = Mounted> {
    let target = prop::sample::select(vec![
        "/",
        "/run",
        "/oldroot",
        "/oldroot/run",
        "/oldroot/run/initramfs/memory/data",
        "/oldroot/x",
        "/oldroot/x/y",
        "/memory",
    ]);
    let fs_type = prop::sample::select(vec!["ext4", "tmpfs", "overlay", "vfat", "proc"]);
    let device = prop_oneof![Just((254, 1)), (0_u32..5).prop_map(|minor| (7, minor))];
    (0_u32..12, 0_u32..12, device, target, fs_type).prop_map(
        |(id, parent, device, target, fs_type)| Mounted {
            id,
            parent,
            device,
            target: target.into(),
            fs_type: fs_type.to_owned(),
        },
    )
}

proptest! {
    /// Whatever the kernel's table says: an end, nothing twice, everything on a disk.
    #[test]
    fn every_table_is_undone(
        mounts in prop::collection::vec(any_mount(), 0..24),
        on in prop::collection::vec((0_u32..5, 0_u32..5), 0..5),
        on_loop in 0_u32..5,
    ) {
        let loops = on.into_iter().map(|(number, minor)| Loop { number, on: (7, minor) }).collect();
        let servers = vec![Server { pid: 2, start: 0, on_loop }];
        let facts = Facts { mounts, loops, servers };
        let list = plan(&facts, &places());
        let real = facts.mounts.iter().filter(|mount| {
            !is_in_memory(&mount.fs_type) && !["/", "/run"].contains(&mount.target.to_str().unwrap())
        });
        let count = |is: fn(&Undo) -> bool| list.iter().filter(|undo| is(undo)).count();
        let on_disk = count(|undo| matches!(undo, Undo::Unmount { in_memory: false, .. }));
        let unmounted = count(|undo| matches!(undo, Undo::Unmount { .. }));
        let detached = count(|undo| matches!(undo, Undo::Detach { .. }));
        let awaited = count(|undo| matches!(undo, Undo::Await(_)));
        prop_assert!(on_disk >= real.count());
        prop_assert!(unmounted <= facts.mounts.len());
        prop_assert_eq!(detached, facts.loops.len());
        prop_assert_eq!(awaited, 1);
    }
}
