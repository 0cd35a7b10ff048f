//! What a program file says about the other files it needs to run (elf(5)).

use object::elf;
use object::read::elf::{ElfFile, FileHeader, ProgramHeader};
use object::{Endianness, FileKind};

/// Why a program cannot run in an image.
#[derive(Debug, thiserror::Error)]
pub enum ElfError {
    /// It begins as an ELF file and does not go on as one.
    #[error("it is damaged")]
    Damaged(#[from] object::read::Error),
    /// A name in it.
    #[error("a name in it is no text")]
    Name,
    /// A script, or anything else that needs an interpreter.
    #[error("it is not a program in machine code")]
    NotElf,
    /// The program that would load it.
    #[error("its loader {0} is missing")]
    NoLoader(String),
    /// A library.
    #[error("the library {0} is missing")]
    NoLibrary(String),
}

/// The needs of one ELF file, as it writes them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Class and processor: a library for another one is passed over, as ld.so(8) does.
    pub machine: (bool, u16),
    /// The program that loads it, an absolute path; absent for libraries and static programs.
    pub interpreter: Option<String>,
    /// Names of libraries.
    pub libraries: Vec<String>,
    /// Directories where they are looked for first, with `$ORIGIN` as it is.
    pub run_path: Vec<String>,
}

/// Reads `bytes`; `None` if they are no ELF file.
pub(crate) fn needs(bytes: &[u8]) -> Result<Option<Needs>, ElfError> {
    match FileKind::parse(bytes) {
        Ok(FileKind::Elf64) => parse::<elf::FileHeader64<Endianness>>(bytes, true).map(Some),
        Ok(FileKind::Elf32) => parse::<elf::FileHeader32<Endianness>>(bytes, false).map(Some),
        _ => Ok(None),
    }
}

fn parse<H: FileHeader<Endian = Endianness>>(bytes: &[u8], wide: bool) -> Result<Needs, ElfError> {
    let file = ElfFile::<H>::parse(bytes)?;
    let endian = file.endian();
    let mut needs = Needs {
        machine: (wide, file.elf_header().e_machine(endian).0),
        ..Needs::default()
    };
    for segment in file.elf_program_headers() {
        if let Some(path) = segment.interpreter(endian, bytes)? {
            needs.interpreter = Some(text(path)?);
        }
    }
    let dynamic = file.elf_dynamic_table()?;
    for entry in &dynamic {
        match entry.tag {
            elf::DT_NEEDED => needs.libraries.push(text(dynamic.string(entry)?)?),
            elf::DT_RPATH | elf::DT_RUNPATH => {
                let list = text(dynamic.string(entry)?)?;
                needs.run_path.extend(list.split(':').map(str::to_owned));
            }
            _ => {}
        }
    }
    Ok(needs)
}

fn text(bytes: &[u8]) -> Result<String, ElfError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| ElfError::Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_program_names_its_libraries() {
        let bytes = std::fs::read("/proc/self/exe").unwrap();
        let found = needs(&bytes).unwrap().expect("an ELF file");
        assert!(found.libraries.iter().any(|name| name.starts_with("libc.")));
        let interpreter = found.interpreter.expect("a dynamic program");
        assert!(interpreter.starts_with("/lib"), "{interpreter}");
    }

    #[test]
    fn other_files_need_nothing_and_broken_ones_are_errors() {
        assert_eq!(needs(b"#!/bin/sh\n").unwrap(), None);
        assert_eq!(needs(b"").unwrap(), None);
        let bytes = std::fs::read("/proc/self/exe").unwrap();
        assert!(needs(&bytes[..100]).is_err());
    }
}
