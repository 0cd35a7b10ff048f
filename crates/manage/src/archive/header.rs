//! One block that begins a member: POSIX.1-2017 pax, "ustar Interchange Format", and what GNU tar makes of it.

use super::BLOCK;

/// Largest number in eleven and in seven octal digits.
pub(super) const MAX_LONG: u64 = 0o777_7777_7777;
pub(super) const MAX_SHORT: u64 = 0o777_7777;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Header {
    /// At most 100 bytes when written; with the prefix when read.
    pub(super) name: Vec<u8>,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    /// Bytes of content behind the header, without the padding.
    pub(super) size: u64,
    /// Seconds since 1970.
    pub(super) modified: i64,
    pub(super) kind: u8,
    pub(super) link: Vec<u8>,
    pub(super) major: u64,
    pub(super) minor: u64,
}

/// What is wrong with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The block is not a header, or was changed.
    #[error("the checksum of a header is wrong")]
    Checksum,
    /// A number is not written as any tar would.
    #[error("a number in a header cannot be read")]
    Number,
}

impl Header {
    /// The block. Numbers that do not fit are cut to the largest: an extended header has them then.
    pub(super) fn block(&self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        put(&mut block, 0, 100, &self.name);
        octal(&mut block, 100, 8, self.mode.into());
        octal(&mut block, 108, 8, self.uid.min(MAX_SHORT));
        octal(&mut block, 116, 8, self.gid.min(MAX_SHORT));
        octal(&mut block, 124, 12, self.size.min(MAX_LONG));
        let seconds = u64::try_from(self.modified).unwrap_or(0);
        octal(&mut block, 136, 12, seconds.min(MAX_LONG));
        put(&mut block, 148, 8, b"        ");
        put(&mut block, 156, 1, &[self.kind]);
        put(&mut block, 157, 100, &self.link);
        put(&mut block, 257, 8, b"ustar\x0000");
        octal(&mut block, 329, 8, self.major);
        octal(&mut block, 337, 8, self.minor);
        let sum = block.iter().map(|&byte| u64::from(byte)).sum();
        octal(&mut block, 148, 7, sum);
        block
    }

    /// Reads a block that is not all zeros; the checksum counts if `is_strict`.
    pub(super) fn parse(block: &[u8; BLOCK], is_strict: bool) -> Result<Self, HeaderError> {
        let stored = number(field(block, 148, 8))?;
        let (mut unsigned, mut signed) = (0_i64, 0_i64);
        for (at, &byte) in block.iter().enumerate() {
            let byte = if (148..156).contains(&at) { b' ' } else { byte };
            unsigned += i64::from(byte);
            // Some old tars took bytes for signed.
            signed += i64::from(byte.cast_signed());
        }
        if is_strict && stored != unsigned && stored != signed {
            return Err(HeaderError::Checksum);
        }
        let mut name = text(field(block, 0, 100)).to_vec();
        // GNU's own format has "ustar  " there, and other things than a prefix behind it.
        let prefix = text(field(block, 345, 155));
        if field(block, 257, 6) == b"ustar\0" && !prefix.is_empty() {
            name = [prefix, b"/", &name].concat();
        }
        let positive = |at, len| {
            let number = number(field(block, at, len))?;
            u64::try_from(number).map_err(|_| HeaderError::Number)
        };
        Ok(Self {
            name,
            mode: u32::try_from(positive(100, 8)? & 0o7777).unwrap_or(0),
            uid: positive(108, 8)?,
            gid: positive(116, 8)?,
            size: positive(124, 12)?,
            modified: number(field(block, 136, 12))?,
            kind: field(block, 156, 1).first().copied().unwrap_or(0),
            link: text(field(block, 157, 100)).to_vec(),
            major: positive(329, 8)?,
            minor: positive(337, 8)?,
        })
    }
}

pub(super) fn field(block: &[u8], at: usize, len: usize) -> &[u8] {
    block.get(at..at + len).unwrap_or_default()
}

/// Up to the first zero.
fn text(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Octal digits, or, with the highest bit set, a binary number with the highest byte first as GNU tar writes what does
/// not fit.
pub(super) fn number(field: &[u8]) -> Result<i64, HeaderError> {
    let Some(&first) = field.first() else {
        return Ok(0);
    };
    if first & 0x80 != 0 {
        let negative = first & 0x40 != 0;
        let mut value: i128 = if negative { -1 } else { 0 };
        for (at, &byte) in field.iter().enumerate() {
            // All but the mark, which carries the sign in its second bit.
            let byte = match at {
                0 if negative => byte | 0x80,
                0 => byte & 0x7f,
                _ => byte,
            };
            value = (value << 8) | i128::from(byte);
        }
        return i64::try_from(value).map_err(|_| HeaderError::Number);
    }
    let digits = field.iter().skip_while(|&&byte| byte == b' ');
    let mut value = 0_i64;
    for &byte in digits.take_while(|&&byte| byte != 0 && byte != b' ') {
        let digit = match byte {
            b'0'..=b'7' => i64::from(byte - b'0'),
            _ => return Err(HeaderError::Number),
        };
        value = value
            .checked_mul(8)
            .and_then(|value| value.checked_add(digit))
            .ok_or(HeaderError::Number)?;
    }
    Ok(value)
}

fn put(block: &mut [u8; BLOCK], at: usize, len: usize, bytes: &[u8]) {
    for (to, from) in block.iter_mut().skip(at).take(len).zip(bytes) {
        *to = *from;
    }
}

/// Digits with zeros before them, and a zero byte behind.
fn octal(block: &mut [u8; BLOCK], at: usize, len: usize, number: u64) {
    let text = format!("{number:0width$o}\0", width = len - 1);
    put(block, at, len, text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_reads_back() {
        let header = Header {
            name: vec![b'n'; 100],
            mode: 0o4755,
            uid: MAX_SHORT,
            gid: 7,
            size: MAX_LONG,
            modified: 1_763_736_000,
            kind: b'4',
            link: b"to".into(),
            major: 259,
            minor: 0o377_7777,
        };
        let block = header.block();
        assert_eq!(Header::parse(&block, true), Ok(header));
        let mut changed = block;
        changed[3] ^= 1;
        assert_eq!(Header::parse(&changed, true), Err(HeaderError::Checksum));
    }

    #[test]
    fn numbers_come_in_several_forms() {
        for (field, want) in [
            (&b"0000644\0"[..], Ok(0o644)),
            (b"   644 \0", Ok(0o644)),
            (b"\0\0\0\0\0\0\0\0", Ok(0)),
            (b"77777777777\0", Ok(0o777_7777_7777)),
            (b"\x80\0\0\0\0\0\0\x02\0\0\0\0", Ok(0x2_0000_0000)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", Ok(-1)),
            (
                b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0",
                Err(HeaderError::Number),
            ),
            (b"12x\0", Err(HeaderError::Number)),
            (b"-1\0", Err(HeaderError::Number)),
        ] {
            assert_eq!(number(field), want, "{field:?}");
        }
    }
}
