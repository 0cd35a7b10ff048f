//! Looks at what the order of a shutdown depends on.

use std::io;
use std::path::Path;

use perch_core::serving::RECORD;
use perch_core::teardown::{Facts, Loop, Mounted, Server};

use crate::dir::{self, Content};
use crate::in_use::mounted::loop_files;
use crate::mountinfo;

/// More than it has to say, in bytes.
const MAX_SERVER: usize = 4096;

/// The mounts, the loop devices, and the server that `dir` (`/run/perch`) tells of.
pub fn facts(dir: &Path) -> io::Result<Facts> {
    let mounts = mountinfo::read()?.into_iter().map(|mount| Mounted {
        id: mount.id,
        parent: mount.parent,
        device: mount.device,
        target: mount.target,
        fs_type: mount.fs_type,
    });
    let loops = loop_files()
        .into_iter()
        .map(|(number, on)| Loop { number, on });
    Ok(Facts {
        mounts: mounts.collect(),
        loops: loops.collect(),
        servers: server(dir).into_iter().collect(),
    })
}

fn server(dir: &Path) -> Option<Server> {
    let dir = dir::open_dir(dir).ok()?;
    match dir::read_bounded(&dir, RECORD, MAX_SERVER) {
        Ok(Content::Bytes { bytes, .. }) => Server::parse(&bytes),
        _ => None,
    }
}
