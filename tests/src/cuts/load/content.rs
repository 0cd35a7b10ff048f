//! Content that tells whose it is: every sector of a file says of which file, which generation and which sector it is.

use super::super::random::SplitMix;

/// What is judged, in bytes. Smaller than any block, so that a block of which one half is old is seen.
pub const SECTOR: usize = 512;

const MAGIC: &[u8; 8] = b"perchcut";

/// What a sector of a file was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Zeros: what was never written.
    Zero,
    /// What this generation of this very file has there.
    Generation(u32),
    /// Neither: damaged, of another place, or of another file.
    Foreign,
}

/// The content of one sector: `number` counts from the start of the file `name`.
pub fn sector(name: &str, generation: u32, number: u32) -> [u8; SECTOR] {
    let mut bytes = [0; SECTOR];
    let name = hash(name);
    let place = u64::from(generation) << 32 | u64::from(number);
    let mut random = SplitMix(name ^ place.rotate_left(17));
    for (index, word) in bytes.chunks_mut(8).enumerate() {
        word.copy_from_slice(&match index {
            0 => *MAGIC,
            1 => name.to_le_bytes(),
            2 => place.to_le_bytes(),
            _ => random.next().to_le_bytes(),
        });
    }
    bytes
}

/// Recognises sector `number` of the file `name`, of which `found` may be the beginning only.
pub fn recognise(name: &str, number: u32, found: &[u8]) -> Kind {
    if found.iter().all(|byte| *byte == 0) {
        return Kind::Zero;
    }
    let place = found.get(16..24).and_then(|place| place.try_into().ok());
    let generation = place.map(|place| u64::from_le_bytes(place) >> 32);
    match generation.and_then(|generation| u32::try_from(generation).ok()) {
        Some(generation) if sector(name, generation, number).starts_with(found) => {
            Kind::Generation(generation)
        }
        _ => Kind::Foreign,
    }
}

/// FNV-1a (Fowler, Noll, Vo) of 64 bits.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sector_is_known_only_where_it_belongs() {
        let bytes = sector("a", 3, 7);
        assert_eq!(recognise("a", 7, &bytes), Kind::Generation(3));
        assert_eq!(recognise("a", 7, &bytes[..100]), Kind::Generation(3));
        assert_eq!(recognise("a", 7, &[0; 512]), Kind::Zero);
        let mut torn = bytes;
        torn[500..].fill(0);
        for (name, number, found) in [("b", 7, bytes), ("a", 8, bytes), ("a", 7, torn)] {
            assert_eq!(
                recognise(name, number, &found),
                Kind::Foreign,
                "{name} {number}"
            );
        }
    }
}
