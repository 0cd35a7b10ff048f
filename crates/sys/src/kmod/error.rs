//! Why a kernel module is not there.

use std::path::PathBuf;

use rustix::io::Errno;

/// Why a kernel module could not be looked up or loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KmodError {
    /// A file of the module directory exists but cannot be read, or `modules.dep` is missing.
    #[error("cannot read the module index {}", .path.display())]
    Index {
        /// The file.
        path: PathBuf,
        /// The reason; `EFBIG` beyond 64 MiB.
        source: Errno,
    },
    /// Neither a module, nor an alias of one, nor built into this kernel.
    #[error("no kernel module is called or claims \"{}\"", .name.escape_default())]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// More modules need each other in a row than [`MAX_DEPTH`](super::MAX_DEPTH).
    #[error("the dependencies of kernel module {module} go too deep or in a circle")]
    TooDeep {
        /// The module at which this was noticed.
        module: String,
    },
    /// The module's file cannot be opened or read.
    #[error("cannot read kernel module {module} from {}", .path.display())]
    Read {
        /// The module.
        module: String,
        /// Its file.
        path: PathBuf,
        /// `ENOENT` where the index names a file that was not packed.
        source: Errno,
    },
    /// The module's file is compressed, the kernel does not unpack it, and neither can we.
    #[error("cannot decompress kernel module {module} from {}: {reason}", .path.display())]
    Decompress {
        /// The module.
        module: String,
        /// Its file.
        path: PathBuf,
        /// What is wrong with the data.
        reason: String,
    },
    /// The kernel does not take the module.
    #[error("the kernel refuses module {module}")]
    Refused {
        /// The module.
        module: String,
        /// `ENODEV` no such hardware, `ENOEXEC` built for another kernel, `EKEYREJECTED` not signed
        /// though secure boot wants that, `EPERM` blacklisted or not root. init_module(2).
        source: Errno,
    },
    /// A module that this one needs could not be loaded; the report says why.
    #[error("kernel module {module} needs {needs}, which could not be loaded")]
    Dependency {
        /// The module.
        module: String,
        /// The one it needs.
        needs: String,
    },
    /// The caller asked to stop before this module was begun.
    #[error("kernel module {module} was no longer wanted")]
    Stopped {
        /// The module.
        module: String,
    },
}
