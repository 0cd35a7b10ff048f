use std::fs::{self, File};
use std::io::{Read, Write};

use super::*;

fn image(len: u64) -> File {
    let mut file = tempfile::tempfile_in("/var/tmp").unwrap();
    file.write_all(b"begin").unwrap();
    file.set_len(len).unwrap();
    file
}

fn sysfs(device: &LoopDevice, name: &str) -> Option<String> {
    let path = format!("/sys/block/loop{}/{name}", device.number);
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim_end().to_owned())
}

#[test]
fn privileged_configuration_reaches_the_kernel() {
    let plain = Config::default();
    for config in [
        plain,
        Config {
            read_only: false,
            ..plain
        },
        Config {
            direct_io: true,
            ..plain
        },
        Config {
            block_size: Some(4096),
            ..plain
        },
        Config {
            offset: 4096,
            ..plain
        },
    ] {
        let image = image(64 * 1024);
        let device = attach(&image, "an image", &config).unwrap();
        let size = 64 * 1024 - config.offset;
        assert_eq!(ioctl::block_device_size(&device.fd), Ok(size), "{config:?}");
        let status = ioctl::loop_status(&device.fd).unwrap();
        assert!(status.lo_file_name.starts_with(b"an image\0"));
        for (name, want) in [
            ("ro", u8::from(config.read_only).to_string()),
            ("loop/autoclear", "1".into()),
            ("loop/dio", u8::from(device.direct_io).to_string()),
            ("loop/offset", config.offset.to_string()),
        ] {
            assert_eq!(sysfs(&device, name), Some(want), "{name} of {config:?}");
        }
        if let Some(block) = config.block_size {
            let seen = sysfs(&device, "queue/logical_block_size");
            assert_eq!(seen, Some(block.to_string()));
        }
        assert_eq!(device.read_only, config.read_only);
        let mut start = [0; 5];
        let mut opened = File::open(&device.path).unwrap();
        opened.read_exact(&mut start).unwrap();
        assert_eq!(&start == b"begin", config.offset == 0, "{config:?}");
    }
}

#[test]
fn privileged_the_image_goes_with_the_last_user() {
    let device = attach(image(4096), "gone", &Config::default()).unwrap();
    let second = File::open(&device.path).unwrap();
    let LoopDevice { fd, .. } = device;
    drop(fd);
    let status = ioctl::loop_status(&second).unwrap();
    assert!(status.lo_file_name.starts_with(b"gone\0"));

    let kept = Config {
        autoclear: false,
        ..Config::default()
    };
    let device = attach(image(4096), "kept", &kept).unwrap();
    let again = File::open(&device.path).unwrap();
    device.detach().unwrap();
    // In use, so the kernel lets go with the last descriptor; the flag says so at once.
    if let Ok(status) = ioctl::loop_status(&again) {
        assert!(status.lo_flags & LO_FLAGS_AUTOCLEAR as u32 != 0);
    }
}

#[test]
fn privileged_direct_io_on_tmpfs_is_reported_truthfully() {
    let file = tempfile::tempfile_in("/dev/shm").unwrap();
    file.set_len(64 * 1024).unwrap();
    let config = Config {
        direct_io: true,
        ..Config::default()
    };
    let device = attach(&file, "shm", &config).unwrap();
    let seen = sysfs(&device, "loop/dio");
    assert_eq!(seen, Some(u8::from(device.direct_io).to_string()));
}

#[test]
fn privileged_many_at_once_all_get_a_device() {
    let devices: Vec<LoopDevice> = std::thread::scope(|scope| {
        let one = || attach(image(4096), "one of many", &Config::default()).unwrap();
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(move || (0..4).map(|_| one()).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let mut numbers: Vec<u32> = devices.iter().map(|device| device.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 32);
}

#[test]
fn privileged_refusals_name_the_image() {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    fs::write(dir.path().join("image"), [0; 4096]).unwrap();
    let read_only_file = File::open(dir.path().join("image")).unwrap();
    let writable = Config {
        read_only: false,
        ..Config::default()
    };
    let error = attach(&read_only_file, "the image", &writable).unwrap_err();
    assert!(matches!(error, LoopError::ReadOnly { .. }), "{error:?}");
    assert!(error.to_string().contains("the image"));

    let odd = Config {
        block_size: Some(1000),
        ..Config::default()
    };
    let error = attach(&read_only_file, "the image", &odd).unwrap_err();
    assert!(error.to_string().contains("the image"), "{error}");
    let folder = File::open(dir.path()).unwrap();
    let error = attach(&folder, "the folder", &Config::default()).unwrap_err();
    assert!(matches!(error, LoopError::Configure { .. }), "{error:?}");
}

#[test]
fn a_long_name_is_cut_with_room_for_its_end() {
    let name = "n".repeat(200);
    let raw = raw(&Config::default(), &name);
    assert_eq!(raw.info.lo_file_name[..63], [b'n'; 63]);
    assert_eq!(raw.info.lo_file_name[63], 0);
}
