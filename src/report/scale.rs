//! From values to places along an axis: the range, round ticks, and how they
//! are written. A range is never empty, never infinite and never has more ticks
//! than were asked for, whatever the values.

/// Values beyond this are no measurements; they would overflow in a range.
const LARGEST: f64 = 1e30;

/// Values along an axis.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Scale {
    lower: f64,
    upper: f64,
    steps: Steps,
}

/// At which distances ticks are round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Steps {
    /// 1, 2, 5, 10 …
    Decimal,
    /// As decimal, but 3, 6, 12, 24 … where hours are counted.
    Hours,
    /// Powers of ten: equal ratios are equally far apart.
    Powers,
    /// Seconds, minutes, hours, days: equal ratios are equally far apart.
    Times,
}

/// What time is counted in along an axis.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct TimeUnit {
    /// Its length.
    pub(super) millis: f64,
    /// Several of it: `hours`.
    pub(super) name: &'static str,
    steps: Steps,
}

impl TimeUnit {
    /// For what is over in a few minutes.
    pub(super) const SECONDS: Self = Self { millis: 1000.0, name: "s", steps: Steps::Decimal };

    /// The one that suits a run of this length.
    pub(super) fn of(horizon_ms: u64) -> Self {
        match horizon_ms {
            it if it > 96 * 3_600_000 => Self { millis: 86_400_000.0, name: "days", steps: Steps::Decimal },
            it if it > 2 * 3_600_000 => Self { millis: 3_600_000.0, name: "hours", steps: Steps::Hours },
            _ => Self { millis: 60_000.0, name: "minutes", steps: Steps::Decimal },
        }
    }

    /// From the start to the horizon.
    pub(super) fn scale(self, horizon_ms: u64) -> Scale {
        Scale::between(0.0, horizon_ms as f64 / self.millis, self.steps)
    }
}

/// Whether a value can be drawn.
pub(super) fn is_drawable(value: f64) -> bool {
    value.abs() <= LARGEST
}

impl Scale {
    /// A linear scale over `values` and a little beyond.
    pub(super) fn around(values: impl IntoIterator<Item = f64>) -> Self {
        let (lower, upper) = extent(values).unwrap_or((0.0, 1.0));
        // Differences in the last digits of a sum are not worth an axis.
        let least = (lower.abs().max(upper.abs()) * 1e-6).max(1e-9);
        let span = upper - lower;
        let pad = if span > least { span * 0.06 } else { (upper.abs() * 0.05).max(0.5) };
        let floor = if lower >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
        Self { lower: (lower - pad).max(floor), upper: upper + pad, steps: Steps::Decimal }
    }

    /// The same, ending just above `most`: what no value can exceed.
    pub(super) fn at_most(self, most: f64) -> Self {
        let upper = self.upper.min(most + (most - self.lower).max(0.0) * 0.05);
        if upper > self.lower { Self { upper, ..self } } else { self }
    }

    /// A linear scale from zero to the greatest of `values` and a little beyond.
    pub(super) fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let upper = extent(values).map_or(0.0, |(_, upper)| upper);
        let upper = if upper > 1e-9 { upper * 1.05 } else { 1.0 };
        Self { lower: 0.0, upper, steps: Steps::Decimal }
    }

    /// A linear scale between two bounds.
    pub(super) fn between(lower: f64, upper: f64, steps: Steps) -> Self {
        let is_range = is_drawable(lower) && is_drawable(upper) && upper - lower > 1e-9;
        if is_range { Self { lower, upper, steps } } else { Self { lower: 0.0, upper: 1.0, steps } }
    }

    /// A scale of ratios over `values` above zero.
    pub(super) fn of_ratios(values: impl IntoIterator<Item = f64>) -> Self {
        let positive = values.into_iter().filter(|&it| it > 1e-12);
        let (lower, upper) = extent(positive).unwrap_or((1.0, 10.0));
        let (lower, upper) = if upper / lower > 1.01 { (lower, upper) } else { (lower / 2.0, upper * 2.0) };
        Self { lower, upper, steps: Steps::Powers }
    }

    /// The same for seconds.
    pub(super) fn of_times(seconds: impl IntoIterator<Item = f64>) -> Self {
        Self { steps: Steps::Times, ..Self::of_ratios(seconds) }
    }

    /// How far along the axis `value` lies: 0 at the lower end, 1 at the upper;
    /// what lies beyond an end is put on it.
    pub(super) fn share(&self, value: f64) -> f64 {
        let share = match self.steps {
            Steps::Decimal | Steps::Hours => (value - self.lower) / (self.upper - self.lower),
            Steps::Powers | Steps::Times => {
                (value.max(self.lower).ln() - self.lower.ln()) / (self.upper.ln() - self.lower.ln())
            }
        };
        share.clamp(0.0, 1.0)
    }

    /// At most about `n` round values within the range, ascending.
    pub(super) fn ticks(&self, n: usize) -> Vec<f64> {
        match self.steps {
            Steps::Powers => self.powers(n),
            Steps::Times => {
                const DAY: f64 = 86_400.0;
                const COARSE: [f64; 10] =
                    [0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 21_600.0, DAY, 10.0 * DAY, 100.0 * DAY];
                const FINE: [f64; 17] = [
                    0.1,
                    1.0,
                    2.0,
                    5.0,
                    10.0,
                    30.0,
                    60.0,
                    120.0,
                    300.0,
                    600.0,
                    1800.0,
                    3600.0,
                    7200.0,
                    21_600.0,
                    43_200.0,
                    DAY,
                    2.0 * DAY,
                ];
                let round = if n > 8 && self.upper < 3.0 * DAY { &FINE[..] } else { &COARSE[..] };
                round.iter().copied().filter(|it| (self.lower..=self.upper).contains(it)).collect()
            }
            Steps::Decimal | Steps::Hours => {
                let step = self.step(n);
                let first = (self.lower / step - 1e-9).ceil();
                let last = (self.upper / step + 1e-9).floor();
                let n_ticks = (last - first).clamp(0.0, 100.0) as usize;
                // Adding zero turns a negative zero into zero.
                (0..=n_ticks).map(|idx| (first + idx as f64) * step + 0.0).collect()
            }
        }
    }

    /// The label of a tick among `n`.
    pub(super) fn label(&self, tick: f64, n: usize) -> String {
        match self.steps {
            Steps::Times => duration(tick),
            Steps::Powers => number(tick, (-tick.log10().floor()).clamp(0.0, 9.0) as usize),
            Steps::Decimal | Steps::Hours => {
                let step = self.step(n);
                let decimals = (0..9).find(|&it| is_whole(step * 10_f64.powi(it))).unwrap_or(9);
                number(tick, decimals as usize)
            }
        }
    }

    fn step(&self, n: usize) -> f64 {
        let least = (self.upper - self.lower) / n.max(1) as f64;
        if self.steps == Steps::Hours {
            let round = [0.25, 0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 48.0, 72.0];
            if let Some(step) = round.into_iter().find(|&it| it >= least)
                && least > 0.1
            {
                return step;
            }
        }
        let power = 10_f64.powf(least.log10().floor());
        let factor = [1.0, 2.0, 5.0].into_iter().find(|it| it * power >= least).unwrap_or(10.0);
        factor * power
    }

    fn powers(&self, n: usize) -> Vec<f64> {
        let first = self.lower.log10().floor() as i32;
        let last = self.upper.log10().ceil() as i32;
        let every = ((last - first) as usize).div_ceil(n.max(1)).max(1);
        let factors: &[f64] = if last - first <= 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        (first..=last)
            .step_by(every)
            .flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powi(power)))
            .filter(|&it| it >= self.lower * (1.0 - 1e-9) && it <= self.upper * (1.0 + 1e-9))
            .collect()
    }
}

/// The least and the greatest of the values that can be drawn.
fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|&it| is_drawable(it)).fold(None, |extent, value| {
        let (lower, upper) = extent.unwrap_or((value, value));
        Some((lower.min(value), upper.max(value)))
    })
}

fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < 1e-6 * value.abs().max(1e-6)
}

/// A number with this many decimals and its thousands apart: `12,345.6`.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let plain = format!("{value:.decimals$}");
    let (sign, plain) = match plain.strip_prefix('-') {
        Some(rest) if rest.bytes().any(|it| matches!(it, b'1'..=b'9')) => ("−", rest),
        Some(rest) => ("", rest),
        None => ("", plain.as_str()),
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let mut grouped = String::new();
    for (idx, digit) in whole.chars().enumerate() {
        if idx > 0 && (whole.len() - idx).is_multiple_of(3) && whole.len() > 4 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if fraction.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{fraction}") }
}

/// A length of time in its largest fitting unit: `250 ms`, `30 s`, `10 min`.
pub(super) fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds {
        it if it < 1.0 => (it * 1000.0, "ms"),
        it if it < 60.0 => (it, "s"),
        it if it < 3600.0 => (it / 60.0, "min"),
        it if it < 86_400.0 => (it / 3600.0, "h"),
        it => (it / 86_400.0, "d"),
    };
    let decimals = usize::from(value < 10.0 && !is_whole(value));
    format!("{} {unit}", number(value, decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_values_give_a_finite_range_with_few_ticks() {
        let hostile: [&[f64]; 9] = [
            &[],
            &[f64::NAN],
            &[f64::INFINITY, f64::NEG_INFINITY],
            &[0.0],
            &[1e308, -1e308],
            &[7.0, 7.0],
            &[1.0, 1.0 + f64::EPSILON],
            &[-1e-300, 1e-300],
            &[1e30, -1e30, 3.0],
        ];
        for values in hostile {
            let values = values.iter().copied();
            for scale in [
                Scale::around(values.clone()),
                Scale::from_zero(values.clone()),
                Scale::of_ratios(values.clone()),
                Scale::between(values.clone().next().unwrap_or(0.0), 1.0, Steps::Hours),
            ] {
                for n in [0, 1, 5, 12] {
                    let ticks = scale.ticks(n);
                    assert!(ticks.len() <= 101 && ticks.iter().all(|it| it.is_finite()), "{scale:?}");
                    assert!(ticks.iter().all(|&it| !scale.label(it, n).is_empty()));
                }
                for value in [f64::MIN, -1.0, 0.0, 5.0, f64::MAX, f64::INFINITY] {
                    assert!((0.0..=1.0).contains(&scale.share(value)), "{scale:?} at {value}");
                }
            }
        }
    }

    #[test]
    fn ticks_are_round_and_written_with_the_decimals_they_need() {
        let labels = |scale: Scale| scale.ticks(5).iter().map(|&it| scale.label(it, 5)).collect::<Vec<_>>();
        assert_eq!(labels(Scale::between(0.0, 10.0, Steps::Decimal)), ["0", "2", "4", "6", "8", "10"]);
        let narrow = Scale::between(99.98, 100.0, Steps::Decimal);
        assert_eq!(labels(narrow), ["99.980", "99.985", "99.990", "99.995", "100.000"]);
        assert_eq!(labels(Scale::between(0.0, 48.0, Steps::Hours)), ["0", "12", "24", "36", "48"]);
        assert_eq!(labels(Scale::of_ratios([0.02, 500.0])), ["0.1", "1", "10", "100"]);
        assert_eq!(number(-1_234_567.891, 1), "−1,234,567.9");
        assert_eq!(number(-0.01, 1), "0.0");
        assert_eq!(duration(600.0), "10 min");
    }
}
