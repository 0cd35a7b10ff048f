use std::fs;

use super::*;

#[test]
fn a_message_of_the_kernel() {
    let message = b"add@/devices/pci0000:00/block/sda/sda1\0ACTION=add\0\
        DEVPATH=/devices/pci0000:00/block/sda/sda1\0SUBSYSTEM=block\0MAJOR=8\0MINOR=1\0\
        DEVNAME=sda1\0DEVTYPE=partition\0DISKSEQ=9\0PARTN=1\0PARTNAME=a=b c\0SEQNUM=1234\0";
    let event = parse(message).unwrap();
    assert_eq!(event.action, "add");
    assert_eq!(event.devpath, "/devices/pci0000:00/block/sda/sda1");
    assert_eq!(event.subsystem.as_deref(), Some("block"));
    assert_eq!(event.devname.as_deref(), Some("sda1"));
    assert_eq!(event.devtype.as_deref(), Some("partition"));
    assert_eq!(event.modalias, None);
    assert_eq!(event.seqnum, Some(1234));
    assert_eq!(event.get("PARTNAME"), Some("a=b c"));
    assert_eq!(event.get("NOTHING"), None);
    assert_eq!(event.properties.len(), 11);
}

#[test]
fn odd_messages() {
    for (message, want) in [
        (&b""[..], None),
        (b"\0\0\0", None),
        (b"libudev\0\xfe\xed\xca\xfe\0", None),
        (b"add", None),
        (b"@/devices/x", None),
        (b"add@devices/x", None),
        (b"add@/x", Some((None, 0))),
        (b"add@/x\0SEQNUM=\0", Some((None, 1))),
        (b"add@/x\0SEQNUM=-1\0noequals\0\0=\0", Some((None, 2))),
        (
            b"add@/x\0SEQNUM=18446744073709551615",
            Some((Some(u64::MAX), 1)),
        ),
        (b"add@/\xff\xfe\0MODALIAS=\xff\0", Some((None, 1))),
    ] {
        let got = parse(message).map(|event| (event.seqnum, event.properties.len()));
        assert_eq!(got, want, "{}", String::from_utf8_lossy(message));
    }
}

#[test]
fn a_deadline_in_the_past_returns_at_once() {
    let events = Uevents::open().unwrap();
    // Another test or the machine may cause events; then there is something to return.
    let got = events.wait(Some(Instant::now())).unwrap();
    assert!(got.iter().all(|event| event.devpath.starts_with('/')));
}

/// Asks the kernel to announce the first loop device again.
fn announce() {
    fs::write("/sys/block/loop0/uevent", "change").unwrap();
}

#[test]
fn privileged_an_event_of_the_kernel_arrives() {
    let events = Uevents::open().unwrap();
    announce();
    let until = Instant::now() + Duration::from_secs(60);
    let event = loop {
        let batch = events.wait(Some(until)).unwrap();
        assert!(!batch.is_empty(), "no event of loop0");
        let ours = |event: &Uevent| event.devname.as_deref() == Some("loop0");
        if let Some(event) = batch.into_iter().find(ours) {
            break event;
        }
    };
    assert_eq!(event.action, "change");
    assert_eq!(event.subsystem.as_deref(), Some("block"));
    assert_eq!(event.devtype.as_deref(), Some("disk"));
    assert!(event.seqnum.is_some());
}

#[test]
fn privileged_a_full_queue_is_reported_and_then_goes_on() {
    let events = Uevents::open().unwrap();
    sockopt::set_socket_recv_buffer_size(&events.socket, 1).unwrap();
    for _ in 0..64 {
        announce();
    }
    let until = Instant::now() + Duration::from_secs(60);
    let mut lost = false;
    while !lost {
        match events.wait(Some(until)) {
            Ok(batch) => assert!(!batch.is_empty(), "never reported as lost"),
            Err(error) => lost = matches!(error, UeventError::Lost),
        }
    }
    announce();
    loop {
        match events.wait(Some(until)) {
            Ok(batch) if batch.is_empty() => panic!("nothing after the loss"),
            Ok(_) => break,
            Err(error) => assert!(matches!(error, UeventError::Lost), "{error:?}"),
        }
    }
}

#[test]
fn privileged_messages_of_programs_are_dropped() {
    let events = Uevents::open().unwrap();
    let forger = socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(KOBJECT_UEVENT),
    )
    .unwrap();
    let forged = b"add@/devices/forged\0ACTION=add\0SUBSYSTEM=block\0DEVNAME=forged\0";
    let to = SocketAddrNetlink::new(0, KERNEL_GROUP);
    rustix::net::sendto(&forger, forged, rustix::net::SendFlags::empty(), &to).unwrap();
    announce();
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let batch = events.wait(Some(until)).unwrap();
        assert!(!batch.is_empty(), "no event of loop0");
        assert!(batch.iter().all(|event| event.devpath != "/devices/forged"));
        let name = |event: &Uevent| event.devname.as_deref() == Some("loop0");
        if batch.iter().any(name) {
            return;
        }
    }
}
