//! Plain numbers, which nearly every field of a trace is: digits, and at most
//! three more behind a point. Eight bytes are looked at in one step, so that a
//! field costs the same however many digits it has.

/// As many bytes must follow any position that is looked at.
pub(super) const PADDING: usize = 24;

/// A field of a line, and the number that it is if it is a plain one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    /// Where it begins in its block, and where it ends.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Its digits before the point, below 10^15; `NOT_PLAIN` if it is anything
    /// else, which is for others to understand.
    integer: u64,
    /// Its thousandths behind the point.
    part: u32,
}

const NOT_PLAIN: u64 = u64::MAX;

/// A plain number: below 10^15, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plain {
    integer: u64,
    part: u32,
}

impl Span {
    /// A field of which only the place is known.
    pub(super) const fn of_text(start: usize, end: usize) -> Self {
        Self { start, end, integer: NOT_PLAIN, part: 0 }
    }

    /// Its number, if it is a plain one.
    #[inline]
    pub(super) fn plain(self) -> Option<Plain> {
        let Self { integer, part, .. } = self;
        (integer != NOT_PLAIN).then_some(Plain { integer, part })
    }
}

impl Plain {
    /// In thousandths.
    #[inline]
    pub(super) fn thousandths(self) -> u64 {
        self.integer * 1000 + u64::from(self.part)
    }

    /// If it is a whole number.
    #[inline]
    pub(super) fn whole(self) -> Option<u64> {
        (self.part == 0).then_some(self.integer)
    }
}

/// Finds the field that begins at this position and ends before a comma or the
/// end of a line, and returns that end; `None` if only a closer look can tell.
/// `block` has [`PADDING`] zeros behind its text.
// All that is returned fits a register: a whole `Span` would go through memory,
// and what is read there just after it was written in other pieces has to wait
// (half of the time of a row, when it was tried).
#[inline(always)]
pub(super) fn find(block: &[u8], start: usize, field: &mut Span) -> Option<usize> {
    let (mut n, mut integer) = digits(block, start);
    let mut part = 0;
    let mut is_plain = n > 0;
    if n == 8 {
        let (n_more, more) = digits(block, start + 8);
        is_plain = n_more < 8;
        n += n_more;
        integer = integer * TENS[n_more & 7] + more;
    }
    let mut end = start + n;
    if block[end] == b'.' {
        let (n_behind, behind) = digits(block, end + 1);
        is_plain &= n_behind > 0 && n_behind < 4;
        part = (behind * TENS[3_usize.saturating_sub(n_behind)]) as u32;
        end += 1 + n_behind;
    }
    if !(is_plain && matches!(block[end], b',' | b'\n' | b'\r')) {
        end = end_of_text(block, start)?;
        integer = NOT_PLAIN;
        part = 0;
    }
    field.start = start;
    field.end = end;
    field.integer = integer;
    field.part = part;
    Some(end)
}

/// Where a field ends that is no plain number, or nothing.
#[inline(never)]
fn end_of_text(block: &[u8], start: usize) -> Option<usize> {
    let length = block.len() - PADDING;
    let text = block.get(start..length)?;
    let n = text.iter().position(|byte| matches!(byte, b',' | b'\n' | b'"'))?;
    if text[n] == b'"' {
        return None;
    }
    let is_before_line_end = text[n] == b'\n' && text[..n].last() == Some(&b'\r');
    Some(start + n - usize::from(is_before_line_end))
}

const TENS: [u64; 8] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

/// How many digits begin at this position, up to eight, and their number.
#[inline(always)]
fn digits(block: &[u8], start: usize) -> (usize, u64) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let bytes = block[start..start + 8].try_into().expect("eight bytes");
    // A byte that is a digit becomes its value, any other one is above nine;
    // adding 0x76 to its low bits tells the two apart by the highest.
    let values = u64::from_le_bytes(bytes) ^ (EACH * 0x30);
    let above_nine = ((values & (EACH * 0x7F)) + EACH * 0x76) | values;
    let n = ((above_nine & (EACH * 0x80)).trailing_zeros() / 8) as usize;
    if n == 0 {
        return (0, 0);
    }
    // The digits at the high end, zeros before them; then two, four and eight
    // neighbours are put together.
    let eight = values << (64 - 8 * n);
    let pairs = eight.wrapping_mul(10).wrapping_add(eight >> 8);
    const OF_PAIRS: u64 = 0x0000_00FF_0000_00FF;
    let upper = (pairs & OF_PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let lower = ((pairs >> 16) & OF_PAIRS).wrapping_mul(1 + (10_000 << 32));
    (n, upper.wrapping_add(lower) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Domain, Seed};
    use crate::trace::number;

    fn field(block: &[u8], start: usize) -> Option<Span> {
        let mut field = Span::default();
        let end = find(block, start, &mut field)?;
        assert_eq!(end, field.end);
        Some(field)
    }

    fn padded(text: &[u8]) -> Vec<u8> {
        [text, &[0; PADDING]].concat()
    }

    /// Whatever is read at a glance is what the exact reader says of the text.
    #[test]
    fn a_plain_number_is_the_number_of_its_text() {
        let mut stream = Seed(1).stream(Domain::TieBreak, 0);
        let (mut n_plain, mut n_other) = (0, 0);
        for round in 0..200_000 {
            let length = stream.below(20) as usize;
            let letters: &[u8] = if round % 4 == 0 { b"0123456789.-+ /:e\xFF" } else { b"0123456789." };
            let text: Vec<u8> =
                (0..length).map(|_| letters[stream.below(letters.len() as u64) as usize]).collect();
            let end = [&b",7"[..], b"\n8", b"\r\n"][round % 3];
            let block = padded(&[&text, end].concat());
            let found = field(&block, 0).expect("it has an end");
            assert_eq!(&block[found.start..found.end], text, "{}", String::from_utf8_lossy(&block));
            match found.plain() {
                None => n_other += 1,
                Some(plain) => {
                    n_plain += 1;
                    let exact = number::thousandths(&text).unwrap_or_else(|_| panic!("{text:?}"));
                    assert_eq!(plain.thousandths(), exact);
                    assert_eq!(
                        plain.whole(),
                        number::whole(&text).ok().filter(|_| exact.is_multiple_of(1000))
                    );
                }
            }
        }
        assert!(n_plain > 20_000 && n_other > 20_000, "{n_plain} {n_other}");
    }

    #[test]
    fn what_may_not_end_where_it_seems_to_is_left_alone() {
        for text in ["", "12", "a", "\"1\",", "1\"2\","] {
            assert_eq!(field(&padded(text.as_bytes()), 0), None, "{text}");
        }
        for text in ["123456789012345", "99999999.999", "0.5", "7"] {
            assert!(field(&padded(format!("{text},").as_bytes()), 0).unwrap().plain().is_some(), "{text}");
        }
        for text in ["1234567890123456", "1.", ".5", "0.0005", "-1", " 1", "1 ", ""] {
            assert!(field(&padded(format!("{text},").as_bytes()), 0).unwrap().plain().is_none(), "{text}");
        }
    }
}
