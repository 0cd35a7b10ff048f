//! `perch menu` on directories, and on file systems that are read-only or full.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../shared/golden.rs"]
mod golden;
mod medium;
mod mounted;

use medium::Medium;

#[test]
fn menus_are_written_where_a_loader_is() {
    let medium = Medium::new();
    let said = medium.run(&[]);
    assert_eq!(said.json()["code"], "no-loader", "{said:?}");
    assert!(said.err.contains("--loader"), "{said:?}");

    medium.make_dir("boot/grub");
    let said = medium.run(&[]).ok();
    assert_eq!(said.json()["loaders"], serde_json::json!(["grub"]));
    assert!(medium.has("boot/grub/grub.cfg") && !medium.has("boot/syslinux"));

    medium.make_dir("minios/boot/syslinux");
    medium.write("minios/boot/syslinux/vesamenu.c32", "");
    medium.run(&["--title", "My Live"]).ok();
    let menu = medium.read("minios/boot/syslinux/perch.cfg");
    assert!(menu.contains("UI vesamenu.c32\n"), "{menu}");
    assert!(menu.contains("MENU TITLE My Live\n"), "{menu}");
    assert!(medium.read("boot/grub/grub.cfg").contains("'My Live'"));
    assert!(medium.leftovers().is_empty(), "{:?}", medium.leftovers());
}

#[test]
fn own_lines_stay_and_nothing_is_written_twice() {
    let medium = Medium::with_menus();
    let file = "boot/grub/grub.cfg";
    let mine = "menuentry 'mine' {\n    halt\n}\n";
    let with_mine = |text: &str| {
        let end = "# perch: your own lines end\n";
        text.replace(end, &format!("{mine}{end}"))
    };
    medium.write(file, &with_mine(&medium.read(file)));
    let before = medium.files();

    let said = medium.run(&["--loader", "all"]).ok();
    assert!(said.out.contains("as they should be"), "{said:?}");
    assert_eq!(medium.files(), before);

    medium.run(&["--timeout", "5"]).ok();
    let text = medium.read(file);
    assert!(
        text.contains(mine) && text.contains("set timeout=5\n"),
        "{text}"
    );
}

#[test]
fn what_is_not_said_anew_stays() {
    let medium = Medium::new();
    let given = [
        "--title",
        "My \"Live\"",
        "--options",
        "quiet a=\"b c\"",
        "--language",
        "de",
    ];
    medium
        .run(&[&["--loader", "all"][..], &given].concat())
        .ok();
    let said = medium.run(&[]).ok();
    assert!(said.out.contains("as they should be"), "{said:?}");
    medium.run(&["--language", "none", "--timeout", "7"]).ok();
    let text = medium.read("boot/syslinux/perch.cfg");
    assert!(
        text.contains("MENU TITLE My \"Live\"\n") && text.contains("TIMEOUT 70\n"),
        "{text}"
    );
    assert!(text.contains(" quiet a=\"b c\" perchdir=new\n"), "{text}");
}

#[test]
fn lines_that_nobody_can_tell_apart_stop_everything() {
    let medium = Medium::with_menus();
    let file = "boot/syslinux/perch.cfg";
    let broken = medium
        .read(file)
        .replace("# perch: your own lines end\n", "mine\n");
    medium.write(file, &broken);
    let before = medium.files();
    let said = medium.run(&["--title", "Other"]);
    assert_eq!(said.json()["code"], "bad-marks", "{said:?}");
    assert_eq!(medium.files(), before);
}

#[test]
fn files_of_others_are_left_alone_or_kept() {
    let medium = Medium::new();
    medium.write("boot/grub/grub.cfg", "# somebody's\n");
    medium.write("boot/syslinux/syslinux.cfg", "# somebody's, too\n");
    let before = medium.files();
    let said = medium.run(&[]);
    assert_eq!(said.json()["code"], "not-ours", "{said:?}");
    for name in [
        "boot/grub/grub.cfg",
        "boot/syslinux/syslinux.cfg",
        "--force",
    ] {
        assert!(said.err.contains(name), "{said:?}");
    }
    assert_eq!(medium.files(), before);

    medium.run(&["--force"]).ok();
    assert_eq!(medium.read("boot/grub/grub.cfg.bak"), "# somebody's\n");
    assert!(
        medium
            .read("boot/grub/grub.cfg")
            .contains("made by perch menu")
    );

    // A second one does not take the place of the first.
    medium.write("boot/grub/grub.cfg", "# another\n");
    medium.run(&["--force"]).ok();
    assert_eq!(medium.read("boot/grub/grub.cfg.bak"), "# somebody's\n");
    assert_eq!(medium.read("boot/grub/grub.cfg.bak2"), "# another\n");
}

#[test]
fn what_grub_remembers_is_not_overwritten() {
    let medium = Medium::with_menus();
    let mut block = medium.read("boot/grub/grubenv");
    assert_eq!(block.len(), 1024);
    block.replace_range(25..38, "perch_lang=ru");
    medium.write("boot/grub/grubenv", &block);
    medium.run(&["--title", "Other", "--force"]).ok();
    assert_eq!(medium.read("boot/grub/grubenv"), block);
}

#[test]
fn a_dry_run_shows_what_changes_and_writes_nothing() {
    let medium = Medium::with_menus();
    let before = medium.files();
    let said = medium.run(&["--timeout", "never", "--dry-run"]).ok();
    assert!(said.out.contains("would write 2 files"), "{said:?}");
    let text = said.text.unwrap();
    assert!(
        text.contains("-set timeout=10\n+set timeout=-1\n"),
        "{text}"
    );
    assert_eq!(medium.files(), before);
}

#[test]
fn named_sessions_get_entries() {
    let medium = Medium::with_menus();
    medium.make_dir("minios/changes/3/changes");
    medium.make_dir("minios/changes/12/changes");
    medium.make_dir("minios/changes/13/changes");
    let names = serde_json::json!({"sessions": {
        "3": {"mode": "native", "name": " it's $mine\n} "},
        "12": {"mode": "native", "name": "Arbeit"},
        "13": {"mode": "native", "name": "  "},
        "14": {"mode": "native", "name": "gone"},
    }});
    medium.write("minios/changes/session.json", &names.to_string());
    medium.run(&["--sessions"]).ok();
    let grub = medium.read("boot/grub/grub.cfg");
    assert!(grub.contains("set perch_name_12='Arbeit'\n"), "{grub}");
    assert!(grub.contains(r"set perch_name_3='it'\''s $mine"), "{grub}");
    assert_eq!(grub.matches("--id session-").count(), 2, "{grub}");
    let syslinux = medium.read("boot/syslinux/perch.cfg");
    assert!(
        syslinux.contains("MENU LABEL Session 12: Arbeit\n"),
        "{syslinux}"
    );
    assert!(syslinux.contains(" perchdir=12\n"), "{syslinux}");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_written() {
    let medium = Medium::with_menus();
    medium.write("template", "menuentry x { @KERNEL@ @NONSENSE@ }\n@OWN@\n");
    let template = medium.root().join("template");
    let template = template.to_str().unwrap().to_owned();
    let before = medium.files();
    for (args, code) in [
        (&["--kernel", "/no/such/vmlinuz"][..], "not-found"),
        (&["--options", "quiet -- x"], "bad-menu"),
        (&["--loader", "all", "--template", &template], "bad-menu"),
        (&["--loader", "grub", "--template", &template], "bad-menu"),
        (
            &["--loader", "grub", "--template", "/no/such/file"],
            "no-template",
        ),
    ] {
        let said = medium.run(args);
        assert_eq!(said.json()["code"], code, "{said:?}");
        assert_eq!(said.status, 1);
        assert_eq!(medium.files(), before, "{args:?}");
    }
    for args in [
        ["--serial", "9"],
        ["--timeout", "-1"],
        ["--language", "tlh"],
    ] {
        assert_eq!(medium.run(&args).status, 2, "{args:?}");
    }
}

#[test]
fn help_is_as_written() {
    let out = medium::perch(&["menu", "--help"]).text.unwrap();
    golden::assert_golden("help-menu.txt", &out);
}
