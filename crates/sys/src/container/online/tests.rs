use std::fs;
use std::os::fd::AsFd;
use std::path::Path;

use perch_core::units::Mib;

use super::*;
use crate::container::Image;
use crate::layout::IMAGE;
use crate::mount;
use crate::test_namespace::{isolated, unmount};

fn spot(above: &Path, device: u32) -> Spot {
    Spot {
        above: dir::open_dir(above).unwrap(),
        name: "changes".to_owned(),
        dev: dir::open_dir("/dev").unwrap(),
        device,
    }
}

/// Whether the kernel lets us grow a mounted ext4 (fs/ext4/resize.c, `ext4_resize_begin`); not in every container.
fn may_grow() -> bool {
    let held = rustix::thread::capabilities(None).unwrap().effective;
    held.contains(rustix::thread::CapabilitySet::SYS_RESOURCE)
}

#[test]
fn privileged_a_mounted_container_grows_and_is_not_held() {
    isolated(|place| {
        let session = place.join("1");
        let changes = place.join("changes");
        fs::create_dir(&session).unwrap();
        fs::create_dir(&changes).unwrap();
        let fd = dir::open_dir(&session).unwrap();
        let image = Image::make(fd.as_fd(), Mib(64)).unwrap();
        let mounted = image.mount("changes/1/changes.img").unwrap();
        let spot = spot(place, mounted.device.number);
        assert!(spot.open().unwrap().is_none(), "nothing is mounted there");
        mount::attach_path(mounted.mount, &changes).unwrap();
        let usage = || spot.open().unwrap().unwrap().usage().unwrap();
        let before = usage();
        fs::write(changes.join("kept"), vec![7; 40 << 20]).unwrap();
        let after = usage();
        assert!(before.free.0 - after.free.0 >= 40 << 20, "{after:?}");
        let may_grow = may_grow();
        for mib in [300, 1500] {
            let file = fs::File::options()
                .write(true)
                .open(session.join(IMAGE))
                .unwrap();
            file.set_len(mib << 20).unwrap();
            let online = spot.open().unwrap().unwrap();
            let grown = online.grow(Bytes(mib << 20));
            let device = ioctl::block_device_size(&online.device).unwrap();
            assert_eq!(device, mib << 20);
            if !may_grow {
                let source = Errno::PERM;
                assert!(
                    matches!(grown, Err(OnlineError::FileSystem { source: it, .. }) if it == source),
                    "{grown:?}"
                );
                continue;
            }
            grown.unwrap();
            // What it has is no growth, and not refused.
            online.grow(Bytes(mib << 20)).unwrap();
            let total = online.usage().unwrap().total.0 >> 20;
            assert!(total > mib * 9 / 10, "{total} of {mib} MiB");
        }
        let refused = spot.open().unwrap().unwrap().grow(Bytes(2000 << 20));
        assert!(
            matches!(refused, Err(OnlineError::Device { .. })),
            "{refused:?}"
        );
        assert_eq!(fs::read(changes.join("kept")).unwrap().len(), 40 << 20);
        unmount(&changes);
        assert!(spot.open().unwrap().is_none(), "it is gone");
        drop(image);
        assert_eq!(Image::open(fd.as_fd()).unwrap().check().unwrap(), None);
    });
}
