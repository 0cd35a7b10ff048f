//! `perch dynfilefs info`

mod content;
mod shown;

use std::io::Read;

use dynfilefs::container::{Access, Container, Form};
use dynfilefs::files::Files;
use dynfilefs::geometry::Geometry;
use dynfilefs::header::{self, Header, Kind};
use serde::Serialize;

use crate::args::dynfilefs::Info;
use crate::error::{Error, form_in_words};
use crate::output::{Outcome, Output};
use crate::storage::Storage;

const BLOCK: u64 = 4096;

/// What is known of a container. Sizes are in bytes.
#[derive(Serialize)]
struct Known {
    path: String,
    /// Format version: 400, or 300.
    version: u32,
    form: &'static str,
    format: &'static str,
    size: u64,
    split: u64,
    parts: u32,
    missing_parts: Vec<u32>,
    /// Length of all files.
    length: u64,
    /// What the files take on the medium.
    allocated: u64,
    /// Absent while it is in use: indexes are read by one program at a time.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    used: Option<Used>,
    in_use: Option<User>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part_list: Option<Vec<PartKnown>>,
}

/// What the indexes say.
#[derive(Serialize)]
struct Used {
    /// Of blocks.
    data: u64,
    /// Of slots between them.
    free: u64,
    /// Of headers and indexes, and what else holds no data.
    overhead: u64,
    /// Part of the disk that holds data, from 0 to 1.
    fill: f64,
    unaligned_blocks: u64,
    /// What is on the disk, as far as it is known.
    content: Option<String>,
}

#[derive(Serialize)]
struct User {
    pid: Option<u32>,
    program: Option<String>,
}

#[derive(Serialize)]
struct PartKnown {
    part: u32,
    file: String,
    length: Option<u64>,
    allocated: u64,
    data: u64,
    free: u64,
    unaligned_blocks: u64,
}

pub(super) fn run(args: &Info, output: &Output) -> Result<Outcome, Error> {
    let storage = Storage::at(&args.container.file)?;
    let known = match storage.open(Access::Rescue) {
        Ok(container) => from_indexes(&storage, &container, args.parts)?,
        Err(Error::InUse { user, .. }) => {
            let user = User {
                pid: user.as_ref().map(|user| user.pid),
                program: user.and_then(|user| user.program),
            };
            from_header(&storage, user)?
        }
        Err(error) => return Err(error),
    };
    for part in &known.missing_parts {
        output.notice(format!(
            "part {part} is missing: what it held reads as zeros"
        ));
    }
    let message = format!("{}: {}, {} MiB", known.path, known.format, known.size >> 20);
    Ok(Outcome::new(message).text(shown::text(&known)).data(&known))
}

fn from_indexes(
    storage: &Storage,
    container: &Container<Files>,
    list_parts: bool,
) -> Result<Known, Error> {
    let usage = container.usage().map_err(|error| storage.error(error))?;
    let geometry = container.geometry();
    let (length, allocated) = lengths(storage)?;
    let blocks =
        |count: fn(&dynfilefs::container::PartUsage) -> u64| usage.iter().map(count).sum::<u64>();
    let data = blocks(|part| part.used) * BLOCK;
    let free = blocks(|part| part.free) * BLOCK;
    let mut parts = Vec::new();
    for (number, part) in (0..).zip(&usage) {
        let file = format!("{}{}", storage.base(), part.file);
        let allocated = storage.stat(&file)?.map_or(0, |stat| allocated_of(&stat));
        parts.push(PartKnown {
            part: number,
            file,
            length: part.len,
            allocated,
            data: part.used * BLOCK,
            free: part.free * BLOCK,
            unaligned_blocks: part.unaligned,
        });
    }
    let missing = |part: &&PartKnown| part.length.is_none();
    Ok(Known {
        missing_parts: parts.iter().filter(missing).map(|part| part.part).collect(),
        length,
        allocated,
        used: Some(Used {
            data,
            free,
            overhead: length.saturating_sub(data).saturating_sub(free),
            fill: data as f64 / geometry.size() as f64,
            unaligned_blocks: blocks(|part| part.unaligned),
            content: content::of(container),
        }),
        part_list: list_parts.then_some(parts),
        ..from_geometry(storage, container.form(), &geometry)
    })
}

/// What the main file alone tells: of a container that is being written.
fn from_header(storage: &Storage, user: User) -> Result<Known, Error> {
    let mut start = Vec::new();
    let file = storage.peek()?;
    let look = |source| Error::Look {
        path: storage.path().to_owned(),
        source,
    };
    (&file)
        .take(header::LEN as u64)
        .read_to_end(&mut start)
        .map_err(look)?;
    let len = file.metadata().map_err(look)?.len();
    let unusable = |source| {
        storage.error(dynfilefs::error::Error::Header {
            file: dynfilefs::store::FileName::Main,
            source,
        })
    };
    let of = |header: Header| Geometry::new(header.split(), header.size());
    let (form, geometry) = match Kind::recognise(&start, len).map_err(unusable)? {
        Kind::Current(header) => (Form::Current, of(header)?),
        Kind::LegacySingle(header) => (Form::Single, of(header)?),
        Kind::Version3 { size } => (Form::Version3, Geometry::version3(size)?),
    };
    let (length, allocated) = lengths(storage)?;
    Ok(Known {
        length,
        allocated,
        in_use: Some(user),
        ..from_geometry(storage, form, &geometry)
    })
}

fn from_geometry(storage: &Storage, form: Form, geometry: &Geometry) -> Known {
    Known {
        path: storage.path().display().to_string(),
        version: match form {
            Form::Version3 => 300,
            Form::Current | Form::Single | Form::Padded => 400,
        },
        form: match form {
            Form::Current => "current",
            Form::Single => "single",
            Form::Padded => "padded",
            Form::Version3 => "version3",
        },
        format: form_in_words(form),
        size: geometry.size(),
        split: geometry.split(),
        parts: geometry.parts(),
        missing_parts: Vec::new(),
        length: 0,
        allocated: 0,
        used: None,
        in_use: None,
        part_list: None,
    }
}

/// Length of all files, and what they take on the medium.
fn lengths(storage: &Storage) -> Result<(u64, u64), Error> {
    let (mut length, mut allocated) = (0, 0);
    for name in storage.names()? {
        if let Some(stat) = storage.stat(&name)? {
            length += u64::try_from(stat.st_size).unwrap_or(0);
            allocated += allocated_of(&stat);
        }
    }
    Ok((length, allocated))
}

/// stat(2): `st_blocks` counts 512 bytes, whatever the file system's blocks are.
fn allocated_of(stat: &rustix::fs::Stat) -> u64 {
    u64::try_from(stat.st_blocks).unwrap_or(0) * 512
}
