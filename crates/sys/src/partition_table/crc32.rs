//! The checksum of a GPT: CRC-32 as in Ethernet and zlib (ISO 3309).

/// Of all bytes in turn. Bit by bit: a table of 256 words would be faster and larger than the 16 KiB
/// that are summed, once, in few boots.
pub(super) fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    const REVERSED_POLYNOMIAL: u32 = 0xEDB8_8320;
    let add = |sum: u32, byte: u8| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ (if sum & 1 == 1 { REVERSED_POLYNOMIAL } else { 0 })
        })
    };
    !bytes.fold(!0, add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sums() {
        // The first is the check value that every list of CRCs gives.
        for (text, want) in [("123456789", 0xCBF4_3926), ("", 0), ("a", 0xE8B7_BE43)] {
            assert_eq!(crc32(text.bytes()), want, "text {text:?}");
        }
    }
}
