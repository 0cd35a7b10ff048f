//! F2FS images through f2fs-tools, which fill a file system from a directory. They read single files by number only, and
//! few kernels of build machines have the driver: what is on such an image is looked at by the machine that boots it.

use std::path::Path;

use anyhow::Result;

use super::medium::Content;
use super::mounted;
use crate::host::{command, run};

pub(super) fn make(content: &Content, image: &Path) -> Result<()> {
    mounted::empty(content, image)?;
    let mut mkfs = command("mkfs.f2fs");
    mkfs.arg("-q");
    if !content.label.is_empty() {
        mkfs.args(["-l", content.label]);
    }
    run(mkfs.arg(image))?;
    run(command("sload.f2fs").arg("-f").arg(content.tree).arg(image))?;
    Ok(())
}
