//! Files as a stick from anywhere may have them.

use std::ops::ControlFlow;

use super::disk::content;
use super::{Input, Numbers};
use crate::check::Finding;
use crate::container::{Access, Compaction, Container, create};
use crate::geometry::{BLOCK, Geometry, MIB};
use crate::header::Header;
use crate::memory::Memory;
use crate::store::{FileName, Store};

/// The most parts that files are made for.
const PARTS: u32 = 4;

fn files() -> impl Iterator<Item = FileName> {
    let padded = |number| FileName::Padded { number, width: 2 };
    [FileName::Main, FileName::NewMain]
        .into_iter()
        .chain((0..PARTS).flat_map(move |number| [FileName::Part(number), padded(number)]))
}

fn snapshot(memory: &Memory) -> Vec<Option<Vec<u8>>> {
    files().map(|file| memory.content(file)).collect()
}

/// Overwrites bytes here and there.
fn patch(input: &mut Input<'_>, bytes: &mut [u8], places: u64) {
    for _ in 0..places {
        let at = match input.byte() % 4 {
            // The numbers of a header, its start, and anything.
            0 => 0x800 + input.below(24) as usize,
            1 => input.below(64) as usize,
            _ => input.below(bytes.len().max(1) as u64) as usize,
        };
        let value = input.number::<8>().to_le_bytes();
        let len = usize::from(input.byte() % 9);
        for (to, from) in bytes.iter_mut().skip(at).zip(&value[..len.min(8)]) {
            *to = *from;
        }
    }
}

/// A part, or a main file with an index: header, some entries, some data.
fn part(input: &mut Input<'_>, header: &Header, geometry: &Geometry, index_at: usize) -> Vec<u8> {
    let data_start = usize::try_from(geometry.data_start()).unwrap();
    let mut bytes = vec![0; data_start];
    for (to, from) in bytes.iter_mut().zip(header.to_bytes()).take(index_at) {
        *to = from;
    }
    for _ in 0..input.byte() % 32 {
        let entry = input.below(geometry.entries()) as usize;
        let slot = geometry.data_start() + input.below(24) * BLOCK;
        let offset = match input.byte() % 8 {
            0 => input.number::<8>(),
            1 => input.below(0x10000),
            2 => slot + input.below(BLOCK),
            _ => slot,
        };
        bytes[index_at + 8 * entry..][..8].copy_from_slice(&offset.to_le_bytes());
    }
    let end = data_start + input.below(26 * BLOCK) as usize;
    let fill = input.byte();
    bytes.extend((data_start..end).map(|at| fill.wrapping_add((at / 512 % 251) as u8)));
    bytes
}

/// Any files: mostly such that it needs a look to see what is wrong with them.
fn any_files(input: &mut Input<'_>) -> Memory {
    let memory = Memory::new();
    let split = MIB * (1 + input.below(2));
    let size = MIB * (1 + input.below(3));
    let kind = input.byte() % 8;
    let header = Header::new(split, size).unwrap();
    let geometry = Geometry::new(split, size).unwrap();
    let mut main = match kind {
        // Everything in one file, as 4.00 and 3.00 had it.
        0 => {
            let header = Header::new(size, size).unwrap();
            part(
                input,
                &header,
                &Geometry::new(size, size).unwrap(),
                BLOCK as usize,
            )
        }
        1 => {
            let mut main = part(input, &header, &Geometry::version3(size).unwrap(), 0x38);
            main[..0x30].copy_from_slice(b"DynfilefsFS 3.00 (c) 2023 Tomas M <www.slax.org>");
            main[0x30..0x38].copy_from_slice(&size.to_le_bytes());
            main
        }
        _ => header.to_bytes().to_vec(),
    };
    let places = u64::from(input.byte() % 4);
    patch(input, &mut main, places);
    if input.byte() % 8 == 7 {
        main.resize(input.below(2 * BLOCK) as usize, 0);
    }
    if kind != 2 {
        memory.put(FileName::Main, main);
    }
    if kind <= 1 && input.byte() % 4 < 3 {
        return memory;
    }
    for number in 0..PARTS.min(geometry.parts() + u32::from(input.byte() % 2)) {
        let mut bytes = part(input, &header, &geometry, BLOCK as usize);
        let (places, choice) = (u64::from(input.byte() % 3), input.byte());
        patch(input, &mut bytes, places / 2);
        if choice % 16 == 1 {
            bytes.truncate(input.below(bytes.len() as u64) as usize);
        }
        let file = match (kind, choice % 16) {
            (_, 2) => continue,
            (2 | 3, _) | (_, 3) => FileName::Padded { number, width: 2 },
            _ => FileName::Part(number),
        };
        memory.put(file, bytes);
    }
    memory
}

/// Looks at some of a disk, which may be said to have exbibytes.
fn look(container: &Container<&Memory>) {
    let size = container.size();
    for offset in [0, size / 3, size.saturating_sub(1 << 20)] {
        let mut bytes = vec![0; (size - offset).min(1 << 20) as usize];
        container.read(offset, &mut bytes).unwrap();
    }
    let report = container.check().unwrap();
    report
        .findings
        .iter()
        .for_each(|finding| drop(finding.to_string()));
    assert!(report.repairs().len() <= 2 * report.findings.len());
}

/// Opens any files in every way: what comes is an error or a disk, and only what is open for writing changes.
///
/// # Panics
/// If a file was changed where none may be, or a disk does not hold what was written to it.
pub fn open(data: &[u8]) {
    let memory = any_files(&mut Input(data));
    let before = snapshot(&memory);
    for access in [Access::Read, Access::Rescue] {
        match Container::open(&memory, access) {
            Ok(container) => look(&container),
            Err(error) => drop(error.to_string()),
        }
        assert!(snapshot(&memory) == before, "{access:?} changed something");
    }
    // What is there must never be taken for nothing.
    if create(&memory, MIB, MIB).is_err() {
        assert!(snapshot(&memory) == before, "create changed something");
    } else {
        for (file, content) in files().zip(&before) {
            let index = Geometry::new(MIB, MIB).unwrap().data_start();
            let has_data = |content: &Vec<u8>| content.len() as u64 > index;
            let FileName::Part(0) = file else { continue };
            assert!(!content.as_ref().is_some_and(has_data), "data was lost");
        }
        return;
    }
    match Container::open(&memory, Access::Write) {
        Ok(container) => put_right(&memory, container),
        Err(error) => {
            drop(error.to_string());
            assert!(snapshot(&memory) == before, "what was refused is changed");
        }
    }
}

/// What is written to a damaged container is there, and it can be put right without another change.
fn put_right(memory: &Memory, container: Container<&Memory>) {
    look(&container);
    let mut disk = content(&container);
    for (block, byte) in [(1, 1), (130, 2), (20, 3), (255, 4)] {
        let offset = block * BLOCK - 512;
        container.write(offset, &[byte; 4096]).unwrap();
        disk[offset as usize..][..4096].fill(byte);
    }
    container.flush().unwrap();
    drop(container);
    let container = Container::open(memory, Access::Write).unwrap();
    assert!(content(&container) == disk, "not what was written");
    repair_all(&container);
    assert!(content(&container) == disk, "a repair changed what is read");
}

fn repair_all(container: &Container<&Memory>) {
    container
        .repair(&container.check().unwrap().repairs())
        .unwrap();
    let findings = container.check().unwrap().findings;
    // Blocks behind the end may hold what a repair must not throw away.
    let beyond = |finding: &Finding| matches!(finding, Finding::BeyondDisk { .. });
    assert!(findings.iter().all(beyond), "{findings:?}");
}

/// Repairs and compacts any index, and cuts it anywhere: what can be read stays the same.
///
/// # Panics
/// If it does not, or something is wrong afterwards.
pub fn repair(data: &[u8]) {
    let mut input = Input(data);
    let size = MIB * (1 + input.below(2));
    let (header, geometry) = (
        Header::new(MIB, size).unwrap(),
        Geometry::new(MIB, size).unwrap(),
    );
    let memory = Memory::new();
    create(&memory, MIB, size).unwrap();
    for number in 0..geometry.parts() {
        let bytes = part(&mut input, &header, &geometry, BLOCK as usize);
        memory.write_at(FileName::Part(number), &bytes, 0).unwrap();
        memory.sync(FileName::Part(number)).unwrap();
    }
    let start = memory.log_len();
    let disk = content(&Container::open(&memory, Access::Read).unwrap());
    let container = Container::open(&memory, Access::Write).unwrap();
    repair_all(&container);
    assert!(content(&container) == disk, "a repair changed what is read");
    let wanted = Compaction {
        drop_zeros: input.byte() % 2 == 1,
    };
    let did = container
        .compact(wanted, |_| ControlFlow::Continue(()))
        .unwrap();
    assert!(content(&container) == disk, "compacting changed something");
    assert_eq!(container.check().unwrap().unaligned, did.unaligned);
    let log = memory.log();
    let done = start + input.below((log.len() - start) as u64 + 1) as usize;
    let (kept, mut numbers) = (input.below(101), Numbers(input.number::<4>()));
    let memory = Memory::after_cut(&log, done, || numbers.below(100) < kept);
    let container = Container::open(&memory, Access::Write).unwrap();
    assert!(content(&container) == disk, "a cut changed what is read");
    repair_all(&container);
    assert!(content(&container) == disk, "a repair after a cut");
}
