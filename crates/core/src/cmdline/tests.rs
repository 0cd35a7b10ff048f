use super::*;
use crate::session::{Mode, UnionKind};
use crate::units::SessionId;

fn id(number: u32) -> SessionId {
    SessionId::new(number).unwrap()
}

#[test]
fn words_are_split_as_the_kernel_splits_them() {
    let pair = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
    for (text, want) in [
        ("", vec![]),
        ("  a  b=c\n", vec![pair("a", None), pair("b", Some("c"))]),
        ("a=\"b c\" d", vec![pair("a", Some("b c")), pair("d", None)]),
        ("\"a=b c\" d", vec![pair("a", Some("b c")), pair("d", None)]),
        ("a=b=c", vec![pair("a", Some("b=c"))]),
        (
            "a=\"unterminated b",
            vec![pair("a", Some("unterminated b"))],
        ),
        ("a -- perch", vec![pair("a", None)]),
    ] {
        let got: Vec<_> = words(text).into_iter().map(|w| (w.name, w.value)).collect();
        assert_eq!(got, want, "text {text:?}");
    }
}

#[test]
fn actions_are_whole_words() {
    for (text, want) in [
        ("quiet", Action::Off),
        ("foo=superchannel", Action::Off),
        ("hostname=perch", Action::Off),
        ("xperch superperch=1 -perch", Action::Off),
        ("perch", Action::Resume),
        ("perchmode=native", Action::Resume),
        ("perchsize=100", Action::Resume),
        ("perchdir=resume", Action::Resume),
        ("perchdir=new perch", Action::New),
        ("perch perchdir=new", Action::New),
        ("perchdir=ask", Action::Ask),
        ("perchdir=fresh perch", Action::Fresh),
        ("perchdir=12", Action::Number(id(12))),
        ("perchdir=1 perchdir=2", Action::Number(id(2))),
        ("perchdir=", Action::Off),
        ("perchdir=\"new\"", Action::New),
        ("perch=", Action::Off),
    ] {
        let (request, odd) = parse(text);
        assert_eq!(request.action, want, "text {text:?}");
        assert_eq!(odd, [], "text {text:?}");
    }
}

#[test]
fn malformed_parameters_are_named_with_what_is_done_instead() {
    for (text, parameter, action) in [
        ("perchdir=007", "perchdir=007", Action::Fresh),
        ("perchdir=0", "perchdir=0", Action::Fresh),
        ("perchdir=9999999999", "perchdir=9999999999", Action::Fresh),
        ("perchdir=resum", "perchdir=resum", Action::Resume),
        ("perchmode=foo", "perchmode=foo", Action::Resume),
        ("perchsize=-5", "perchsize=-5", Action::Resume),
        ("perchsize=1.5G", "perchsize=1.5G", Action::Resume),
        ("perchsize=100K", "perchsize=100K", Action::Resume),
        (
            "perchsize=99999999999999999999",
            "perchsize=99999999999999999999",
            Action::Resume,
        ),
        (
            "perchsize=18446744073709551615T",
            "perchsize=18446744073709551615T",
            Action::Resume,
        ),
        ("perch=yes", "perch=yes", Action::Resume),
        ("perchname=x", "perchname=x", Action::Off),
        ("union=btrfs", "union=btrfs", Action::Off),
        ("from=/a/../b", "from=/a/../b", Action::Off),
        ("from=http://x/y", "from=http://x/y", Action::Off),
        (
            "from=/dev/disk/by-path/x",
            "from=/dev/disk/by-path/x",
            Action::Off,
        ),
        ("fromwait=soon", "fromwait=soon", Action::Off),
        ("frommissing=cry", "frommissing=cry", Action::Off),
        ("toram=x", "toram=x", Action::Off),
        ("load=(", "load=(", Action::Off),
        ("noload=3-1", "noload=3-1", Action::Off),
        ("perchdri=new", "perchdri=new", Action::Off),
        ("perchdir", "perchdir", Action::Off),
        ("persistent", "persistent", Action::Off),
        ("perchdir=\"a\x1b[2J\"", "perchdir=a\\u{1b}[2J", Action::Off),
    ] {
        let (request, odd) = parse(text);
        let named: Vec<_> = odd.iter().map(|o| o.parameter.as_str()).collect();
        assert_eq!(named, [parameter], "text {text:?}");
        assert_eq!(request.action, action, "text {text:?}");
    }
}

#[test]
fn sizes_count_as_the_boot_entries_in_the_field_mean_them() {
    for (text, want) in [
        ("512", Some(Size::Exactly(Mib(512)))),
        ("512m", Some(Size::Exactly(Mib(512)))),
        ("4G", Some(Size::Exactly(Mib(4000)))),
        ("4gb", Some(Size::Exactly(Mib(4000)))),
        ("4GiB", Some(Size::Exactly(Mib(4096)))),
        ("1T", Some(Size::Exactly(Mib(1_000_000)))),
        ("1TiB", Some(Size::Exactly(Mib(1_048_576)))),
        ("0", Some(Size::MostOfFree)),
        ("G", None),
        ("4X", None),
        ("+4", None),
    ] {
        assert_eq!(size(text), want, "size {text:?}");
    }
}

#[test]
fn sources_and_modes_become_types() {
    let (request, odd) = parse(
        "from=/dev/disk/by-label/MY_STICK/linux/minios5 perchmode=raw union=overlayfs bext=.xzm timing",
    );
    assert_eq!(odd, []);
    assert_eq!(request.mode, Some(Mode::Raw));
    assert_eq!(request.union, Some(UnionKind::Overlayfs));
    assert_eq!(request.extension, "xzm");
    assert!(request.timing);
    assert_eq!(
        request.source,
        Source {
            identity: Some(Identity::Label("MY_STICK".into())),
            dir: Some("linux/minios5".into()),
            ..Source::default()
        }
    );
}

#[test]
fn devices_are_named_in_every_form() {
    for (text, want) in [
        ("/dev/sda1", Some((Identity::Node("sda1".into()), ""))),
        (
            "/dev/sda1/a/b",
            Some((Identity::Node("sda1".into()), "a/b")),
        ),
        (
            "/dev/mapper/v/x",
            Some((Identity::Node("mapper/v".into()), "x")),
        ),
        ("label:L/d", Some((Identity::Label("L".into()), "d"))),
        (
            "uuid:1234-ABCD",
            Some((Identity::Uuid("1234-ABCD".into()), "")),
        ),
        (
            "/dev/disk/by-partuuid/x/y",
            Some((Identity::PartUuid("x".into()), "y")),
        ),
        ("partlabel:p", Some((Identity::PartLabel("p".into()), ""))),
        ("/dev/", None),
        ("/dev/mapper/", None),
        ("label:", None),
        ("/minios", None),
    ] {
        let got = Identity::parse(text);
        assert_eq!(got, want.map(|(i, d)| (i, d.to_owned())), "text {text:?}");
    }
}

#[test]
fn stores_elsewhere_are_written_in_every_form() {
    let spot = |dir: &str, word| Spot {
        dir: dir.to_owned(),
        word,
    };
    let device = |identity, dir, word| Place::Device {
        identity,
        spot: spot(dir, word),
    };
    let label = || Identity::Label("L".into());
    let node = || Identity::Node("sdb1".into());
    let resume = Action::Resume;
    for (text, action, place) in [
        ("/work", resume, Place::Directory(spot("work", None))),
        ("/a//b/", resume, Place::Directory(spot("a/b", None))),
        ("/", resume, Place::Directory(spot("", None))),
        ("/new", resume, Place::Directory(spot("new", None))),
        (
            "/a/new",
            Action::New,
            Place::Directory(spot("a", Some(Action::New))),
        ),
        ("/dev/sdb1", resume, device(node(), "", None)),
        ("/dev/sdb1/a/b", resume, device(node(), "a/b", None)),
        (
            "/dev/sdb1/ask",
            Action::Ask,
            device(node(), "", Some(Action::Ask)),
        ),
        (
            "label:L/a/fresh",
            Action::Fresh,
            device(label(), "a", Some(Action::Fresh)),
        ),
        ("/dev/disk/by-label/L/a", resume, device(label(), "a", None)),
        ("/dev/sdb1/3", resume, device(node(), "3", None)),
        ("askdisk", resume, Place::AskDisk { dir: "".into() }),
        ("askdisk/a/b", resume, Place::AskDisk { dir: "a/b".into() }),
        ("askdisk:a:b", resume, Place::AskDisk { dir: "a/b".into() }),
    ] {
        let (request, odd) = parse(&format!("perchdir={text}"));
        assert_eq!(
            (odd, request.action, request.place),
            (vec![], action, place),
            "text {text:?}"
        );
    }
}

#[test]
fn a_place_that_cannot_be_understood_is_not_replaced_by_the_boot_medium() {
    for text in [
        "/dev/",
        "/dev/disk/by-path/pci-0000:00:14.0-usb-0:1:1.0-scsi-0:0:0:0/x",
        "/dev/disk/by-diskseq/9",
        "label:",
        "/a/../b",
        "/dev/sdb1/..",
        "what:ever",
        "askdisks",
    ] {
        let (request, odd) = parse(&format!("perchdir={text}"));
        assert_eq!(odd.len(), 1, "text {text:?}");
        assert_eq!(request.action, Action::Fresh, "text {text:?}");
    }
}

#[test]
fn sources_may_be_images_or_picked_by_the_user() {
    for (text, identity, dir, iso, ask) in [
        ("/dir/x.iso", None, None, Some("dir/x.iso"), false),
        (
            "label:L/x.ISO",
            Some(Identity::Label("L".into())),
            None,
            Some("x.ISO"),
            false,
        ),
        ("/dir", None, Some("dir"), None, false),
        ("askdisk", None, None, None, true),
        ("askdisk:a:b", None, Some("a/b"), None, true),
    ] {
        let (request, odd) = parse(&format!("from={text}"));
        assert_eq!(odd, [], "text {text:?}");
        let want = Source {
            identity,
            dir: dir.map(str::to_owned),
            iso: iso.map(str::to_owned),
            ask,
        };
        assert_eq!(request.source, want, "text {text:?}");
    }
}

#[test]
fn questions_wait_as_long_as_the_user_says() {
    for (text, want, oddities) in [
        ("", Some(30), 0),
        ("asktimeout=5", Some(5), 0),
        ("asktimeout=0", None, 0),
        ("asktimeout=x", Some(30), 1),
    ] {
        let (request, odd) = parse(text);
        assert_eq!(
            (request.ask_seconds, odd.len()),
            (want, oddities),
            "text {text:?}"
        );
    }
}

#[test]
fn the_language_of_questions_is_that_of_the_system_unless_said() {
    use Language::{De, En, Fr, PtBr, Ru};
    for (text, want, odd) in [
        ("", En, 0),
        ("locales=de_DE.UTF-8", De, 0),
        ("locales=de_DE.UTF-8,en_US.UTF-8", De, 0),
        ("lang=de", De, 0),
        ("locale.LANG=pt_BR.UTF-8", PtBr, 0),
        ("locales=de_DE.UTF-8 perchlang=ru", Ru, 0),
        ("perchlang=ru perchlang=fr", Fr, 0),
        ("locales=xx_XX lang=fr", Fr, 0),
        ("lang=us locales=de_DE", De, 0),
        ("locales=C.UTF-8", En, 0),
        ("perchlang=klingon lang=de", De, 1),
        ("perchlang", En, 1),
    ] {
        let (request, oddities) = parse(text);
        assert_eq!((request.language, oddities.len()), (want, odd), "{text:?}");
        assert_eq!(request.action, Action::Off, "{text:?}");
    }
}

#[test]
fn flags_about_other_users_take_no_value_and_ask_for_nothing_else() {
    for (text, force, lease, odd) in [
        ("", false, false, 0),
        ("perchforce", true, false, 0),
        ("perchlease", false, true, 0),
        ("perchforce=1", false, false, 1),
        ("perchlease=no", false, false, 1),
    ] {
        let (request, oddities) = parse(text);
        let got = (request.force, request.lease, oddities.len());
        assert_eq!(got, (force, lease, odd), "{text:?}");
        assert_eq!(request.action, Action::Off, "{text:?}");
    }
}

#[test]
fn a_partition_grows_only_if_that_is_said_and_sessions_are_asked_for() {
    for (text, grows, problem) in [
        ("perch", false, None),
        ("perch perchgrow", true, None),
        ("perchgrow perchdir=new", true, None),
        ("perch perchgrow=yes", true, Some("takes no value")),
        ("perch xperchgrow", false, None),
        ("perchgrow", true, Some("none is asked for")),
        ("perchgrow perchdir=fresh", true, Some("none is asked for")),
    ] {
        let (request, odd) = parse(text);
        assert_eq!(request.grow_partition, grows, "{text}");
        let said: Vec<_> = odd.iter().map(|odd| odd.problem.as_str()).collect();
        assert_eq!(
            said.len(),
            usize::from(problem.is_some()),
            "{text}: {said:?}"
        );
        if let Some(problem) = problem {
            assert!(said[0].contains(problem), "{text}: {said:?}");
        }
    }
}
