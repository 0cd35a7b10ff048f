use super::*;
use crate::menu::dialogue::Glyphs;
use crate::menu::language::Language;

const SCREEN: Screen = Screen {
    columns: 80,
    rows: 24,
    glyphs: Glyphs::Ascii,
};

fn disk(device: &str) -> DiskRow {
    DiskRow {
        device: device.into(),
        size: Bytes(1 << 30),
        fs: FsKind::Ext4,
        label: None,
        usable: Ok(()),
    }
}

fn menu(devices: &[&str]) -> DiskMenu {
    let catalogue = Catalogue::of(Language::En);
    let mut menu = DiskMenu::new(Purpose::Sessions, "mine", catalogue, Some(30));
    menu.set_disks(devices.iter().map(|device| disk(device)).collect());
    menu
}

fn selected(menu: &DiskMenu) -> Option<String> {
    let lines = menu.render(&SCREEN);
    let mut marked = lines.iter().filter(|line| line.style == Style::Selected);
    let first = marked.next().map(|line| line.text.clone());
    assert_eq!(marked.next(), None, "two selections");
    first.map(|text| text.split_whitespace().nth(1).unwrap().to_owned())
}

#[test]
fn the_selection_stays_with_its_disk() {
    let mut menu = menu(&["sda1", "sdb1"]);
    assert_eq!(selected(&menu).as_deref(), Some("sda1"));
    menu.key(Key::Down);
    menu.set_disks(vec![disk("nvme0n1p1"), disk("sda1"), disk("sdb1")]);
    assert_eq!(selected(&menu).as_deref(), Some("sdb1"));
    let picked = menu.key(Key::Enter);
    assert_eq!(picked, Some(DiskAnswer::Picked("sdb1".into())));
}

#[test]
fn enter_takes_no_other_disk_than_the_one_that_was_pulled_out() {
    let mut menu = menu(&["sda1", "sdb1", "sdc1"]);
    menu.key(Key::Down);
    menu.set_disks(vec![disk("sda1"), disk("sdc1")]);
    assert_eq!(selected(&menu), None);
    assert_eq!(menu.key(Key::Enter), None);
    menu.key(Key::Down);
    assert_eq!(selected(&menu).as_deref(), Some("sdc1"));
    menu.set_disks(vec![]);
    assert_eq!(menu.key(Key::Down), None);
    assert_eq!(menu.key(Key::Enter), None);
}

#[test]
fn a_disk_that_appears_in_an_empty_list_is_selected() {
    let mut menu = menu(&[]);
    assert_eq!(menu.key(Key::Char('x')), None);
    menu.set_disks(vec![disk("sdb1")]);
    assert_eq!(selected(&menu), None, "nobody chose it");
    menu.key(Key::Down);
    assert_eq!(selected(&menu).as_deref(), Some("sdb1"));
}

#[test]
fn what_cannot_be_used_is_named_and_not_offered() {
    let mut menu = menu(&[]);
    let swap = DiskRow {
        fs: FsKind::Swap,
        usable: Err("is swap space"),
        ..disk("sda2")
    };
    menu.set_disks(vec![swap, disk("sda1")]);
    assert_eq!(selected(&menu).as_deref(), Some("sda1"));
    let text = menu.render(&SCREEN);
    assert!(
        text.iter()
            .any(|line| line.text == "Not usable: sda2 (swap)"),
        "{text:?}"
    );
    menu.key(Key::End);
    assert_eq!(selected(&menu).as_deref(), Some("sda1"));
}

#[test]
fn none_is_asked_back_and_the_end_of_the_time_is_none() {
    let mut asked = menu(&["sda1"]);
    assert_eq!(asked.key(Key::Escape), None);
    assert_eq!(asked.key(Key::Enter), None, "the way back is selected");
    assert_eq!(selected(&asked).as_deref(), Some("sda1"));
    for (keys, want) in [
        (&[Key::Escape, Key::Escape, Key::Enter][..], "sda1"),
        (
            &[Key::Escape, Key::Down, Key::Up, Key::Enter, Key::Enter][..],
            "sda1",
        ),
    ] {
        let mut menu = menu(&["sda1"]);
        let answers: Vec<_> = keys.iter().filter_map(|key| menu.key(*key)).collect();
        assert_eq!(answers, [DiskAnswer::Picked(want.into())], "{keys:?}");
    }
    assert_eq!(asked.key(Key::Escape), None);
    assert_eq!(asked.key(Key::Down), None);
    assert_eq!(asked.key(Key::Enter), Some(DiskAnswer::GiveUp));

    let mut left_alone = menu(&["sda1"]);
    assert_eq!(left_alone.tick(Duration::from_secs(29)), None);
    let end = left_alone.tick(Duration::from_secs(30));
    assert_eq!(end, Some(DiskAnswer::GiveUp));
    let mut touched = menu(&["sda1"]);
    touched.key(Key::Char('x'));
    assert_eq!(touched.tick(Duration::from_secs(99)), None);
    assert_eq!(touched.next_tick(Duration::ZERO), None);
}

#[test]
fn no_screen_is_exceeded() {
    let mut row = disk("mapper/a-volume-with-a-name-of-more-than-any-width");
    row.label = Some("label ".repeat(40));
    let mut useless = disk("sdz9");
    useless.usable = Err("is in use by the firmware of the machine");
    let many: Vec<_> = (0..70).map(|at| disk(&format!("sd{at}"))).collect();
    for disks in [vec![], vec![row, useless.clone()], vec![useless; 40], many] {
        for language in Language::ALL {
            let catalogue = Catalogue::of(language);
            let mut menu = DiskMenu::new(Purpose::System, "a/b", catalogue, Some(9));
            menu.set_disks(disks.clone());
            for key in [Key::Down, Key::End, Key::Escape] {
                menu.key(key);
                for columns in [1, 3, 20, 33, 40, 79, 80, 199] {
                    for rows in [1, 2, 5, 6, 7, 12, 24, 59] {
                        let screen = Screen {
                            columns,
                            rows,
                            glyphs: Glyphs::Utf8Cyrillic,
                        };
                        let lines = menu.render(&screen);
                        assert!(lines.len() <= usize::from(rows), "{screen:?}");
                        let fits = |line: &Line| line.text.chars().count() <= columns.into();
                        assert!(lines.iter().all(fits), "{screen:?} {lines:?}");
                    }
                }
            }
        }
    }
}
