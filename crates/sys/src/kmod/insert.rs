//! One module file into the kernel.

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::system::{finit_module, init_module};

use super::decompress::{MAX_MODULE, Packing, decompress};
use super::{KmodError, Loaded, name};

/// `MODULE_INIT_COMPRESSED_FILE` of `include/uapi/linux/module.h`, Linux 5.17.
const COMPRESSED_FILE: i32 = 4;

/// Loads the module in the file `path`.
///
/// A compressed file is handed to the kernel as it is; one that cannot unpack it (before 5.17, or
/// built without `MODULE_DECOMPRESS` or for another format) gets the unpacked bytes.
pub(super) fn insert(path: &Path, module: &str, parameters: &CStr) -> Result<Loaded, KmodError> {
    if is_live(module) {
        return Ok(Loaded::Already);
    }
    let unreadable = |source| KmodError::Read {
        module: module.into(),
        path: path.into(),
        source,
    };
    let file = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).map_err(unreadable)?;
    let packing = Packing::of(&path.to_string_lossy());
    let mut result = match packing {
        Packing::None => finit_module(&file, parameters, 0),
        _ => finit_module(&file, parameters, COMPRESSED_FILE),
    };
    // EINVAL: the flag or the format is unknown. EOPNOTSUPP: no decompression at all.
    if packing != Packing::None
        && matches!(result, Err(Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS))
    {
        let mut packed = Vec::new();
        let limit = MAX_MODULE + 1;
        (File::from(file).take(limit).read_to_end(&mut packed))
            .map_err(|e| unreadable(errno(e)))?;
        let bytes = decompress(packing, &packed).map_err(|e| KmodError::Decompress {
            module: module.into(),
            path: path.into(),
            reason: e.to_string(),
        })?;
        result = init_module(&bytes, parameters);
    }
    match result {
        Ok(()) => Ok(Loaded::Now),
        // Someone else was faster, the kernel's own modprobe for example.
        Err(Errno::EXIST) => Ok(Loaded::Already),
        Err(source) => Err(KmodError::Refused {
            module: module.into(),
            source,
        }),
    }
}

/// Whether the kernel has the module already, ready for use.
///
/// It would say so itself, but only after reading the file and checking its signature. Without
/// `/sys`, or while the module is still starting, the answer is no: the kernel then waits for it.
fn is_live(module: &str) -> bool {
    let path = format!("/sys/module/{}/initstate", name::canonical(module));
    // A name with a slash in it is no module's.
    !module.contains('/') && std::fs::read(path).is_ok_and(|state| state.trim_ascii() == b"live")
}

fn errno(error: io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}
