//! Profiles of synthetic workloads as TOML: what a fit writes, and what people may
//! write or change by hand. The first line that counts is `kind = "tasks"` or
//! `kind = "load"`.

use std::fmt::Write as _;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::base::{CpuUnits, Diagnostic, MemoryMib, Place, SimDuration};
use crate::model::task::Needs;
use crate::trace::quantiles::{LEVELS, Quantiles};
use crate::trace::synthetic::{BatchClass, IntensityNoise};
use crate::trace::{LoadProfile, TaskProfile};

/// What a profile file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Profile {
    /// Stand-alone tasks.
    Tasks(Box<TaskProfile>),
    /// The load of a service.
    Load(Box<LoadProfile>),
}

const KINDS: [&str; 2] = ["tasks", "load"];

#[derive(Deserialize)]
struct KindText {
    kind: toml::Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TasksText {
    #[serde(rename = "kind")]
    _kind: String,
    step_s: f64,
    batches_per_step: [f64; 24],
    noise_sigma: f64,
    noise_autocorrelation: f64,
    needs: Vec<[u32; 2]>,
    lifetime_edges_s: Vec<f64>,
    class: Vec<ClassText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassText {
    weight: u32,
    sizes: [f64; LEVELS.len()],
    needs_weights: Vec<u32>,
    needs_sharing: f64,
    lifetime_weights: Vec<u32>,
    lifetime_sharing: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoadText {
    #[serde(rename = "kind")]
    _kind: String,
    step_s: f64,
    hourly_mean: [f64; 24],
    quiet_ratios: [f64; LEVELS.len()],
    busy_ratios: [f64; LEVELS.len()],
    autocorrelation: f64,
}

impl Profile {
    /// Reads a profile; `file` is only for messages.
    ///
    /// # Errors
    ///
    /// The first fault of the text, or of the figures in it.
    pub fn read(text: &str, file: &str) -> Result<Self, Box<Diagnostic>> {
        let kind = parse::<KindText>(text, file)?.kind;
        let place = Place::in_source(file, text, kind.span().start, kind.span().end);
        let (profile, fault) = match kind.get_ref().as_str() {
            "tasks" => {
                let profile = parse::<TasksText>(text, file)?.profile();
                let fault = profile.fault();
                (Self::Tasks(Box::new(profile)), fault)
            }
            "load" => {
                let profile = parse::<LoadText>(text, file)?.profile();
                let fault = profile.fault();
                (Self::Load(Box::new(profile)), fault)
            }
            other => {
                let fault = Diagnostic::new("B0230", format!("`{other}` is not a kind of profile"));
                return Err(Box::new(fault.help_nearest(other, KINDS).at(place)));
            }
        };
        match fault {
            None => Ok(profile),
            Some(fault) => {
                let message = format!("these figures are no profile: {fault}");
                Err(Box::new(Diagnostic::new("B0231", message).at(place)))
            }
        }
    }

    /// The profile as text, below `comment`, of which each line becomes one of
    /// the file's.
    pub fn write(&self, comment: &str) -> String {
        let mut text: String =
            comment.lines().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect();
        match self {
            Self::Tasks(profile) => write_tasks(&mut text, profile),
            Self::Load(profile) => write_load(&mut text, profile),
        }
        text
    }
}

fn parse<T: DeserializeOwned>(text: &str, file: &str) -> Result<T, Box<Diagnostic>> {
    toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let place = Place::in_source(file, text, span.start, span.end);
        Box::new(Diagnostic::new("B0230", error.message().replace('\n', " ")).at(place))
    })
}

/// Seconds to the nearest millisecond; what is no number of them becomes zero,
/// which no profile allows where it matters.
fn duration(seconds: f64) -> SimDuration {
    SimDuration::from_millis((seconds * 1000.0).round() as u64).min(SimDuration::LONGEST)
}

impl TasksText {
    fn profile(self) -> TaskProfile {
        let class = |class: ClassText| BatchClass {
            weight: class.weight,
            sizes: Quantiles(class.sizes),
            needs_weights: class.needs_weights,
            needs_sharing: class.needs_sharing,
            lifetime_weights: class.lifetime_weights,
            lifetime_sharing: class.lifetime_sharing,
        };
        let needs = |[cpu, memory]: [u32; 2]| Needs::of(CpuUnits(cpu), MemoryMib(memory));
        TaskProfile {
            step: duration(self.step_s),
            batches_per_step: self.batches_per_step,
            noise: IntensityNoise { sigma: self.noise_sigma, autocorrelation: self.noise_autocorrelation },
            needs: self.needs.into_iter().map(needs).collect(),
            lifetime_edges: self.lifetime_edges_s.into_iter().map(duration).collect(),
            classes: self.class.into_iter().map(class).collect(),
        }
    }
}

impl LoadText {
    fn profile(self) -> LoadProfile {
        LoadProfile {
            step: duration(self.step_s),
            hourly_mean: self.hourly_mean,
            quiet_ratios: Quantiles(self.quiet_ratios),
            busy_ratios: Quantiles(self.busy_ratios),
            autocorrelation: self.autocorrelation,
        }
    }
}

fn write_tasks(text: &mut String, profile: &TaskProfile) {
    line(text, "kind", "\"tasks\"");
    line(text, "step_s", seconds(profile.step));
    array(text, "batches_per_step", &profile.batches_per_step);
    line(text, "noise_sigma", profile.noise.sigma);
    line(text, "noise_autocorrelation", profile.noise.autocorrelation);
    comment(text, "CPU units and MiB.");
    let needs: Vec<String> =
        profile.needs.iter().map(|it| format!("[{}, {}]", it.cpu.0, it.memory.0)).collect();
    array(text, "needs", &needs);
    array(text, "lifetime_edges_s", &profile.lifetime_edges.iter().copied().map(seconds).collect::<Vec<_>>());
    for class in &profile.classes {
        let limits = format!("Batches of {} to {} tasks.", class.sizes.at(0.0), class.sizes.at(1.0));
        comment(text, &limits);
        text.push_str("[[class]]\n");
        line(text, "weight", class.weight);
        array(text, "sizes", &class.sizes.0);
        line(text, "needs_sharing", class.needs_sharing);
        array(text, "needs_weights", &class.needs_weights);
        line(text, "lifetime_sharing", class.lifetime_sharing);
        array(text, "lifetime_weights", &class.lifetime_weights);
    }
}

fn write_load(text: &mut String, profile: &LoadProfile) {
    line(text, "kind", "\"load\"");
    line(text, "step_s", seconds(profile.step));
    array(text, "hourly_mean", &profile.hourly_mean);
    array(text, "quiet_ratios", &profile.quiet_ratios.0);
    array(text, "busy_ratios", &profile.busy_ratios.0);
    line(text, "autocorrelation", profile.autocorrelation);
}

fn seconds(duration: SimDuration) -> f64 {
    duration.as_secs_f64()
}

fn comment(text: &mut String, comment: &str) {
    write!(text, "\n# {comment}\n").expect("a string takes what is written");
}

fn line(text: &mut String, key: &str, value: impl std::fmt::Display) {
    writeln!(text, "{key} = {value}").expect("a string takes what is written");
}

/// An array on one line if it fits, otherwise in lines of bounded length.
fn array(text: &mut String, key: &str, values: &[impl std::fmt::Display]) {
    const WIDTH: usize = 100;
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    let joined = values.join(", ");
    if key.len() + joined.len() <= WIDTH {
        return line(text, key, format!("[{joined}]"));
    }
    line(text, key, "[");
    let mut row = "   ".to_owned();
    for value in values {
        if row.len() + value.len() > WIDTH {
            text.push_str(&row);
            text.push('\n');
            row = "   ".to_owned();
        }
        row = format!("{row} {value},");
    }
    text.push_str(&row);
    text.push_str("\n]\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Seed, SimTime};
    use crate::model::workload::TaskArrival;
    use crate::trace::OneThread;
    use crate::trace::fit::fit_tasks;
    use crate::trace::fit_load::fit_load;
    use crate::trace::formats::read_recognised;
    use crate::trace::testing::real_file;
    use crate::trace::{LoadSeries, Trace};

    const AZURE: &str = include_str!("../../workloads/profiles/azure-vm-2017.toml");
    const ELB: &str = include_str!("../../workloads/profiles/elb-requests.toml");

    fn real_trace() -> Option<Trace> {
        let text = real_file("azure-vm-2017/vm-requests-days-20-24.csv")?;
        Some(read_recognised(&mut text.as_bytes(), "azure", &OneThread).expect("the real file is sound").1)
    }

    fn real_load() -> Option<LoadSeries> {
        let text = real_file("nab/elb_request_count_8c0756.csv")?;
        Some(LoadSeries::read(&mut text.as_bytes(), "elb").expect("the real file is sound"))
    }

    fn azure() -> Box<TaskProfile> {
        match Profile::read(AZURE, "azure-vm-2017.toml") {
            Ok(Profile::Tasks(profile)) => profile,
            other => panic!("{other:?}"),
        }
    }

    fn elb() -> Box<LoadProfile> {
        match Profile::read(ELB, "elb-requests.toml") {
            Ok(Profile::Load(profile)) => profile,
            other => panic!("{other:?}"),
        }
    }

    /// The comment of a committed profile, without its marks.
    fn comment_of(text: &str) -> String {
        text.lines()
            .take_while(|line| line.starts_with('#'))
            .map(|line| line.trim_start_matches('#').strip_prefix(' ').unwrap_or("").to_owned() + "\n")
            .collect()
    }

    /// Compares with what was fitted anew; a difference is left to be looked at,
    /// and to be committed if it is meant.
    fn check_refit(name: &str, committed: &str, fitted: &Profile) {
        let text = fitted.write(&comment_of(committed));
        if text != committed {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/target/profiles");
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(format!("{folder}/{name}"), &text).unwrap();
            panic!("workloads/profiles/{name} is not what the fit gives: see target/profiles/{name}");
        }
        assert_eq!(Profile::read(&text, name).as_ref(), Ok(fitted));
        assert!(text.lines().count() < 150, "{name} is a table, not a trace");
    }

    #[test]
    fn the_committed_profile_of_tasks_is_what_the_fit_gives() {
        let Some(trace) = real_trace() else { return };
        check_refit("azure-vm-2017.toml", AZURE, &Profile::Tasks(Box::new(fit_tasks(&trace).unwrap())));
    }

    #[test]
    fn the_committed_profile_of_a_load_is_what_the_fit_gives() {
        let Some(series) = real_load() else { return };
        check_refit("elb-requests.toml", ELB, &Profile::Load(Box::new(fit_load(&series))));
    }

    /// What a cluster meets of a trace, whichever it is.
    fn figures(trace: &Trace, horizon: SimDuration) -> Vec<(&'static str, f64)> {
        let arrivals = trace.arrivals(Seed(1), true, horizon);
        let n_tasks = arrivals.len() as f64;
        let vcpus = |it: &TaskArrival| f64::from(trace.definitions[it.definition].needs.cpu.0) / 1024.0;
        let end = SimTime::ZERO + horizon;
        let mut sizes = vec![0_u32; trace.n_batches as usize];
        let mut steps: Vec<(SimTime, f64)> = Vec::new();
        for arrival in arrivals.iter() {
            sizes[arrival.batch as usize] += 1;
            let stop = (arrival.at + arrival.lifetime).min(end);
            steps.extend([(arrival.at, vcpus(&arrival)), (stop, -vcpus(&arrival))]);
        }
        steps.sort_by_key(|it| it.0);
        let (mut running, mut peak) = (0.0_f64, 0.0_f64);
        for (_, change) in steps {
            running += change;
            peak = peak.max(running);
        }
        sizes.sort_unstable();
        let size_at = |level: f64| f64::from(sizes[(level * (sizes.len() - 1) as f64) as usize]);
        let share =
            |is: &dyn Fn(&TaskArrival) -> bool| arrivals.iter().filter(|it| is(it)).count() as f64 / n_tasks;
        let finished_by =
            |secs: u64| share(&|it| it.lifetime.millis() < secs * 1000 && it.at + it.lifetime <= end);
        let vcpu_ms = arrivals.iter().map(|it| vcpus(&it) * it.lifetime.min(end - it.at).millis() as f64);
        vec![
            ("tasks an hour", n_tasks / horizon.as_secs_f64() * 3600.0),
            ("batches an hour", sizes.len() as f64 / horizon.as_secs_f64() * 3600.0),
            ("mean batch size", n_tasks / sizes.len() as f64),
            ("batch size at 50 %", size_at(0.5)),
            ("batch size at 90 %", size_at(0.9)),
            ("batch size at 99 %", size_at(0.99)),
            ("mean vCPUs", arrivals.iter().map(|it| vcpus(&it)).sum::<f64>() / n_tasks),
            (
                "share of the smallest 1.75 GiB size",
                share(&|it| {
                    trace.definitions[it.definition].needs == Needs::of(CpuUnits(1024), MemoryMib(1792))
                }),
            ),
            ("share finished in 450 s", finished_by(450)),
            ("share finished in 1950 s", finished_by(1950)),
            ("share finished in 1 h", finished_by(3750)),
            ("share finished in 4 h", finished_by(14_550)),
            ("share finished in 24 h", finished_by(86_550)),
            ("share running at the end", share(&|it| it.at + it.lifetime > end)),
            (
                "mean hours run",
                arrivals.iter().map(|it| it.lifetime.min(end - it.at).millis() as f64).sum::<f64>()
                    / n_tasks
                    / 3.6e6,
            ),
            ("thousand vCPU-hours", vcpu_ms.sum::<f64>() / 3.6e9),
            ("peak of thousand vCPUs", peak / 1000.0),
        ]
    }

    /// Which part of the tasks each hour of the day has.
    fn hours(trace: &Trace, horizon: SimDuration) -> [f64; 24] {
        let mut batches = [0.0; 24];
        let mut seen = vec![false; trace.n_batches as usize];
        for arrival in trace.arrivals(Seed(1), false, horizon).iter() {
            if !std::mem::replace(&mut seen[arrival.batch as usize], true) {
                batches[(arrival.at.millis() / 3_600_000 % 24) as usize] += 1.0;
            }
        }
        batches
    }

    /// The largest difference that is allowed, as a part of the real figure.
    /// Batches of hundreds are few, so whatever they weigh in varies by a tenth
    /// between two drawn traces of this length.
    const TOLERANCE: f64 = 0.12;
    const N_DRAWN: u32 = 5;

    #[test]
    fn drawn_tasks_resemble_the_real_ones() {
        let Some(real) = real_trace() else { return };
        let horizon = real.end() - SimTime::ZERO;
        let drawn: Vec<Trace> =
            (0..N_DRAWN).map(|it| azure().generate(Seed(it.into()), horizon, 1.0)).collect();
        let drawn_figures: Vec<_> = drawn.iter().map(|trace| figures(trace, horizon)).collect();
        let mut table = String::new();
        let mut is_near = true;
        for (idx, (name, real)) in figures(&real, horizon).into_iter().enumerate() {
            let mean = drawn_figures.iter().map(|it| it[idx].1).sum::<f64>() / f64::from(N_DRAWN);
            writeln!(table, "{name:<38} {real:>9.3} {mean:>9.3} {:>+7.1} %", 100.0 * (mean / real - 1.0))
                .unwrap();
            is_near &= (mean / real - 1.0).abs() <= TOLERANCE;
        }
        let mut worst = 0.0_f64;
        for (hour, real) in hours(&real, horizon).into_iter().enumerate() {
            let mean = drawn.iter().map(|it| hours(it, horizon)[hour]).sum::<f64>() / f64::from(N_DRAWN);
            worst = worst.max((mean / real - 1.0).abs());
        }
        writeln!(table, "batches by hour of the day: at most {:.1} % off", 100.0 * worst).unwrap();
        assert!(is_near && worst <= 0.15, "real, drawn (mean of {N_DRAWN}):\n{table}");
        #[expect(clippy::print_stdout, reason = "shown with --nocapture: the figures in the profile's head")]
        {
            println!("{table}");
        }
    }

    #[test]
    fn a_drawn_load_resembles_the_real_one() {
        let Some(real) = real_load() else { return };
        let horizon = SimDuration::from_secs(14 * 86_400);
        let drawn: Vec<LoadSeries> = (0..N_DRAWN).map(|it| elb().generate(Seed(9), it, horizon)).collect();
        let figures = |series: &LoadSeries| {
            let mut values: Vec<f64> = series.points().iter().map(|it| it.1 as f64 / 1000.0).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            values.sort_by(f64::total_cmp);
            let at = |level: f64| values[(level * (values.len() - 1) as f64) as usize];
            [("mean", mean), ("25 %", at(0.25)), ("50 %", at(0.5)), ("90 %", at(0.9)), ("99 %", at(0.99))]
        };
        let mut table = String::new();
        let mut is_near = true;
        for (idx, (name, real)) in figures(&real).into_iter().enumerate() {
            let mean = drawn.iter().map(|it| figures(it)[idx].1).sum::<f64>() / f64::from(N_DRAWN);
            writeln!(table, "{name:<38} {real:>9.3} {mean:>9.3} {:>+7.1} %", 100.0 * (mean / real - 1.0))
                .unwrap();
            is_near &= (mean / real - 1.0).abs() <= TOLERANCE;
        }
        assert!(is_near, "real, drawn (mean of {N_DRAWN}):\n{table}");
        #[expect(clippy::print_stdout, reason = "shown with --nocapture: the figures in the profile's head")]
        {
            println!("{table}");
        }
    }

    #[test]
    fn a_committed_profile_serves_without_the_reference_data() {
        let hour = SimDuration::from_secs(3600);
        let trace = azure().generate(Seed(1), hour, 0.1);
        assert!((20..2000).contains(&trace.n_tasks()), "{}", trace.n_tasks());
        assert_eq!(elb().generate(Seed(1), 0, hour).points().len(), 12);
    }

    #[test]
    fn a_fault_of_a_profile_has_its_place() {
        for (text, code, line) in [
            ("", "B0230", 1),
            ("kind = 3\n", "B0230", 1),
            ("kind = \"taks\"\n", "B0230", 1),
            ("kind = \"load\"\nstep_s = x\n", "B0230", 2),
            (&ELB.replace("autocorrelation", "autocorelation"), "B0230", ELB.lines().count() as u64),
            (&ELB.replace("step_s = 300", "step_s = 0"), "B0231", 1 + comment_of(ELB).lines().count() as u64),
            (
                &ELB.replace("step_s = 300", "step_s = nan"),
                "B0231",
                1 + comment_of(ELB).lines().count() as u64,
            ),
            (
                &AZURE.replace("noise_sigma = 0", "noise_sigma = -1"),
                "B0231",
                1 + comment_of(AZURE).lines().count() as u64,
            ),
        ] {
            let fault = Profile::read(text, "p.toml").unwrap_err();
            assert_eq!((fault.code, fault.place.as_ref().unwrap().line), (code, line), "{fault}");
        }
    }
}
