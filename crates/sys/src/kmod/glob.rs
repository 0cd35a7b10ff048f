//! Matching of module alias patterns: `*`, `?` and `[…]`, over bytes.
//!
//! The patterns are the ones that the kernel's `scripts/mod/file2alias.c` writes and that depmod
//! copies to `modules.alias`; their meaning is that of fnmatch(3) without flags, with `-` and `_`
//! equal outside of brackets as in modprobe(8). Classes such as `[[:digit:]]` and escapes within
//! brackets do not occur there and have no meaning here.

use super::name::fold;

/// Whether `pattern` matches the whole of `text`.
///
/// Only the last `*` is ever tried again, as an earlier one could gain nothing by taking more: no
/// pattern makes this exponential.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (pattern, text);
    // What is left of the pattern behind the last `*`, and the text it was last tried on.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (p, t) {
            ([b'*'], _) | ([], []) => return true,
            ([b'*', rest @ ..], _) => {
                retry = Some((rest, t));
                p = rest;
                continue;
            }
            // Giving the last `*` more would leave even less for the rest.
            (_, []) => return false,
            (_, [c, after @ ..]) => {
                if let Some(rest) = step(p, fold(*c)) {
                    (p, t) = (rest, after);
                    continue;
                }
            }
        }
        match retry {
            Some((rest, [_, shorter @ ..])) => {
                retry = Some((rest, shorter));
                (p, t) = (rest, shorter);
            }
            _ => return false,
        }
    }
}

/// What is left of `pattern` if its first element, no `*`, takes the folded byte `c`.
fn step(pattern: &[u8], c: u8) -> Option<&[u8]> {
    let (hit, rest) = match pattern {
        [] => return None,
        [b'?', rest @ ..] => (true, rest),
        [b'\\', literal, rest @ ..] => (fold(*literal) == c, rest),
        // A bracket that is never closed stands for itself.
        [b'[', set @ ..] => bracket(set, c).unwrap_or((c == b'[', set)),
        [literal, rest @ ..] => (fold(*literal) == c, rest),
    };
    hit.then_some(rest)
}

/// Whether `c` is in the set, and what follows its `]`; `None` if there is no `]`.
fn bracket(set: &[u8], c: u8) -> Option<(bool, &[u8])> {
    let (negated, mut rest) = match set {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, set),
    };
    let (mut found, mut first) = (false, true);
    loop {
        match rest {
            [] => return None,
            // Right at the start it is a member: `[]x]`.
            [b']', after @ ..] if !first => return Some((found != negated, after)),
            [low, b'-', high, after @ ..] if *high != b']' => {
                found |= (*low..=*high).contains(&c);
                rest = after;
            }
            [member, after @ ..] => {
                found |= *member == c;
                rest = after;
            }
        }
        first = false;
    }
}

#[cfg(test)]
mod tests;
