//! Fractions in 2^32nds, and the one function of them that is needed.

/// One.
pub(super) const ONE: u64 = 1 << 32;
/// 1 / e.
const INVERSE_E: u64 = 1_580_030_169;

/// `part / whole`, at most one.
pub(super) fn ratio(part: u64, whole: u64) -> u64 {
    if part >= whole {
        return ONE;
    }
    narrow(u128::from(part) * u128::from(ONE) / u128::from(whole))
}

/// `fraction` of `n`.
pub(super) fn of(fraction: u64, n: u64) -> u64 {
    narrow((u128::from(fraction) * u128::from(n)) >> 32)
}

/// `a * b / c`.
pub(super) fn scale(a: u64, b: u64, c: u64) -> u64 {
    narrow(u128::from(a) * u128::from(b) / u128::from(c.max(1)))
}

/// e to the power of -(part / whole): what is left of something after a time
/// `part` in which it decays with the time constant `whole`.
pub(super) fn decay(part: u64, whole: u64) -> u64 {
    if whole == 0 {
        return 0;
    }
    let (turns, rest) = (part / whole, ratio(part % whole, whole));
    if turns > 22 {
        return 0;
    }
    // The series of e^-x for x below one; eleven terms leave less than 2^-25.
    let (mut sum, mut term) = (ONE.cast_signed(), ONE);
    for n in 1..=12 {
        term = of(term, rest) / n;
        sum += if n % 2 == 1 { -term.cast_signed() } else { term.cast_signed() };
    }
    (0..turns).fold(sum.max(0).cast_unsigned(), |left, _| of(left, INVERSE_E))
}

fn narrow(it: u128) -> u64 {
    u64::try_from(it).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_decays_as_it_should() {
        for millis in [0_u64, 1, 50, 200, 333, 1000, 2400, 5000, 100_000] {
            let expected = (-(millis as f64) / 200.0).exp();
            let found = decay(millis, 200) as f64 / ONE as f64;
            assert!((found - expected).abs() < 1e-8, "{millis} ms: {found} instead of {expected}");
        }
        assert_eq!(decay(1, 0), 0);
    }
}
