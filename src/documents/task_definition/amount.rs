//! Task CPU and memory as texts: `256`, `1 vCPU`, `.25 vCPU`, `512`, `.5 GB`
//! (TD-11).

/// CPU units, from units or vCPU.
pub fn cpu_units(text: &str) -> Option<u64> {
    amount(text, "vcpu", 1024)
}

/// MiB, from MiB or GB of 1024 MiB.
pub fn memory_mib(text: &str) -> Option<u64> {
    amount(text, "gb", 1024)
}

/// Whole units after scaling, or nothing.
fn amount(text: &str, unit: &str, per_unit: u64) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let is_digits = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = text.strip_suffix(unit) else {
        return is_digits(&text).then(|| text.parse().ok()).flatten();
    };
    let number = number.trim_end();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    // 1/1024 needs ten digits; what is finer is no whole number of units.
    if fraction.is_empty()
        || fraction.len() > 10
        || !is_digits(whole)
        || !is_digits(fraction)
        || number.is_empty()
    {
        return None;
    }
    let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let scaled = whole.checked_mul(scale)?.checked_add(fraction.parse().ok()?)?.checked_mul(per_unit)?;
    scaled.is_multiple_of(scale).then_some(scaled / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_whole_units_in_either_way_of_writing() {
        for (text, units) in [
            ("256", Some(256)),
            ("1 vCPU", Some(1024)),
            ("1VCPU", Some(1024)),
            (".25 vCPU", Some(256)),
            ("0.0009765625 vcpu", Some(1)),
            ("1.50 vCPU", Some(1536)),
            ("0.3 vCPU", None),
            ("+1", None),
            ("-1", None),
            ("0.5", None),
            ("", None),
            ("vcpu", None),
            (". vcpu", None),
            ("1. vcpu", None),
            ("1 GB", None),
            ("99999999999999999999", None),
            ("9999999999999999 vcpu", None),
        ] {
            assert_eq!(cpu_units(text), units, "{text}");
        }
        for (text, mib) in [("512", Some(512)), (".5 gb", Some(512)), ("3GB", Some(3072)), ("512MB", None)] {
            assert_eq!(memory_mib(text), mib, "{text}");
        }
    }
}
