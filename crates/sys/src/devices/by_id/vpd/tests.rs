//! Pages as libata and others make them, and garbage.

use proptest::prelude::*;

use super::*;

fn descriptor(codes: u8, kind: u8, bytes: &[u8]) -> Vec<u8> {
    [&[codes, kind, 0, bytes.len() as u8], bytes].concat()
}

fn page(code: u8, content: &[u8]) -> Vec<u8> {
    let len = (content.len() as u16).to_be_bytes();
    [&[0, code, len[0], len[1]], content].concat()
}

/// What libata makes of IDENTIFY data (`ata_scsiop_inq_83` in `drivers/ata/libata-scsi.c`).
fn libata(model: &str, serial: &str, wwn: Option<u64>) -> Vec<u8> {
    let long = format!("ATA     {model:40}{serial:20}");
    let mut content = descriptor(2, 0, format!("{serial:20}").as_bytes());
    content.extend(descriptor(2, 1, long.as_bytes()));
    if let Some(wwn) = wwn {
        content.extend(descriptor(1, 3, &wwn.to_be_bytes()));
    }
    page(0x83, &content)
}

fn identify_page(model: &str, serial: &str, wwn: u64) -> Vec<u8> {
    let mut data = vec![0; 512];
    let mut put = |word: usize, text: String| {
        for (at, pair) in text.as_bytes().chunks(2).enumerate() {
            data[2 * (word + at)..][..2].copy_from_slice(&[pair[1], pair[0]]);
        }
    };
    put(10, format!("{serial:20}"));
    put(27, format!("{model:40}"));
    for word in 0..4 {
        let value = (wwn >> (48 - 16 * word)) as u16;
        data[2 * (108 + word)..][..2].copy_from_slice(&value.to_le_bytes());
    }
    page(0x89, &[vec![0; 56], data].concat())
}

#[test]
fn an_ata_drive_by_either_page() {
    let wwn = 0x5000_c500_a1b2_c3d4;
    let names = ["ata-ST1000LM035-1RK172_WL1ABCDE", "wwn-0x5000c500a1b2c3d4"];
    let model = "ST1000LM035-1RK172";
    for (page_83, page_89) in [
        (libata(model, "WL1ABCDE", Some(wwn)), Vec::new()),
        (Vec::new(), identify_page(model, "WL1ABCDE", wwn)),
        (
            libata("other", "1", None),
            identify_page(model, "WL1ABCDE", wwn),
        ),
    ] {
        let found = ata(&page_83, &page_89).expect("a drive");
        assert_eq!(found.names(), names);
    }
    for (model, serial, want) in [
        (
            "QEMU HARDDISK",
            "QM00001",
            &["ata-QEMU_HARDDISK_QM00001"][..],
        ),
        ("QEMU HARDDISK", "", &["ata-QEMU_HARDDISK"]),
        ("A  B/C", " 1 2 ", &["ata-A_B_C_1_2"]),
    ] {
        let found = ata(&libata(model, serial, None), &[]).expect("a drive");
        assert_eq!(found.names(), want, "{model:?} {serial:?}");
    }
    assert_eq!(ata(&page(0x83, &descriptor(2, 1, b"QEMU    x")), &[]), None);
    assert_eq!(ata(&[], &identify_page("", "", 0)), None);
}

#[test]
fn a_scsi_drive_by_the_best_that_it_says() {
    let naa_5 = descriptor(1, 3, &0x5000_1234_5678_9abc_u64.to_be_bytes());
    let naa_6 = descriptor(1, 3, &[0x60; 16]);
    let eui = descriptor(1, 2, &[0xAB; 8]);
    let vendors = descriptor(2, 0, b"drive-scsi0");
    let t10 = descriptor(2, 1, b"LIO-ORG disk0:1234");
    let of_the_port = descriptor(1, 0x13, &[0x50; 8]);
    for (descriptors, want) in [
        (
            vec![&t10, &naa_5],
            &["scsi-35000123456789abc", "wwn-0x5000123456789abc"][..],
        ),
        (
            vec![&naa_5, &naa_6],
            &[
                "scsi-360606060606060606060606060606060",
                "wwn-0x60606060606060606060606060606060",
            ],
        ),
        (vec![&eui, &t10], &["scsi-2abababababababab"]),
        (vec![&vendors, &t10], &["scsi-1LIO-ORG_disk0:1234"]),
        (vec![&vendors], &["scsi-0QEMU_QEMU_HARDDISK_drive-scsi0"]),
        (vec![&of_the_port], &["scsi-SQEMU_QEMU_HARDDISK_77"]),
        (vec![], &["scsi-SQEMU_QEMU_HARDDISK_77"]),
    ] {
        let content: Vec<u8> = descriptors.into_iter().flatten().copied().collect();
        let pages = (page(0x83, &content), page(0x80, b"77"));
        let names = scsi("QEMU", "QEMU HARDDISK   ", &pages.0, &pages.1);
        assert_eq!(names, want);
    }
    // A number is bytes; a drive may say that its are text all the same.
    let told_as_text = page(0x83, &[0x02, NAA, 0, 3, b'5', 0x1b, b'/']);
    let want = ["scsi-35__", "wwn-0x5__"];
    assert_eq!(scsi("QEMU", "QEMU HARDDISK", &told_as_text, &[]), want);
    assert_eq!(scsi("QEMU", "QEMU HARDDISK", &[], &[]), [""; 0]);
    assert_eq!(scsi("A", "B", &[], &page(0x80, b"    ")), [""; 0]);
}

proptest! {
    #[test]
    fn pages_of_garbage(
        mut page_83 in proptest::collection::vec(any::<u8>(), 0..300),
        mut page_89 in proptest::collection::vec(any::<u8>(), 0..700),
        mut page_80 in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        for (page, code) in [(&mut page_83, 0x83), (&mut page_89, 0x89), (&mut page_80, 0x80)] {
            if let Some(byte) = page.get_mut(1) {
                *byte = code;
            }
        }
        let mut names = scsi("", "\u{1b}[2J", &page_83, &page_80);
        names.extend(ata(&page_83, &page_89).iter().flat_map(Ata::names));
        for name in names {
            let safe = |c: char| !c.is_whitespace() && c != '/' && !c.is_control();
            prop_assert!(name.chars().all(safe), "{:?}", name);
        }
    }
}
