//! Memory: what a run takes, what the machine has, and who may start. Only when
//! runs begin depends on it, never what they come to.

pub mod estimate;
pub mod gate;
pub mod machine;

pub use estimate::{Footprint, footprint};
pub use gate::Gate;
pub use machine::available_bytes;

/// A size in words: three digits or more, in KiB, MiB or GiB.
pub fn shown(bytes: u64) -> String {
    match bytes {
        0..0x10_0000 => format!("{} KiB", bytes.div_ceil(1 << 10)),
        0x10_0000..0x2_8000_0000 => format!("{} MiB", bytes.div_ceil(1 << 20)),
        _ => format!("{} GiB", bytes >> 30),
    }
}

/// Reads a size: bytes, or a whole number of `K`, `M`, `G` or `T` (powers of
/// 1024, with or without `iB` behind it). `None` for anything else.
pub fn parse_size(text: &str) -> Option<u64> {
    let digits_end = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits_end);
    let shift = match unit.strip_suffix("iB").unwrap_or(unit) {
        "" if unit.is_empty() => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_of_two_letters_at_most_three() {
        let cases = [
            ("0", Some(0)),
            ("4096", Some(4096)),
            ("512M", Some(512 << 20)),
            ("2GiB", Some(2 << 30)),
            ("3T", Some(3 << 40)),
            ("1K", Some(1024)),
            ("", None),
            ("G", None),
            ("iB", None),
            ("1iB", None),
            ("1.5G", None),
            ("-1", None),
            ("2GB", None),
            ("2 G", None),
            ("99999999999T", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_size(text), expected, "{text}");
        }
    }

    #[test]
    fn a_size_is_told_in_the_unit_that_fits() {
        let cases =
            [(0, "0 KiB"), (1, "1 KiB"), (5 << 20, "5 MiB"), (9 << 30, "9216 MiB"), (24 << 30, "24 GiB")];
        for (bytes, expected) in cases {
            assert_eq!(shown(bytes), expected);
        }
    }
}
