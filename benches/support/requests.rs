//! Requests for virtual machines, drawn: the same arguments give the same bytes
//! on every machine, for there are only integers. Two thirds of a full pool are
//! there at second 0; the rest follows a daily curve, one draw in a hundred a
//! burst of equal machines. Sizes are small, lives short, both with a heavy tail.
//! The figures are invented in the shape of what clouds have published.
//!
//! Arrivals fall on whole seconds and departures on half ones, so that the order
//! of the two never matters.

#![allow(dead_code, reason = "each bench uses its part")]

use std::fmt::Write as _;
use std::io::{self, Write};

/// vCPUs of a host.
pub(crate) const HOST_VCPU: u32 = 64;
/// GiB of a host.
pub(crate) const HOST_GIB: u32 = 256;
const DAY_S: u64 = 86_400;

/// vCPUs, GiB and how often in a thousand.
const SIZES: [(u32, u32, u64); 16] = [
    (1, 2, 180),
    (1, 4, 100),
    (2, 4, 180),
    (2, 8, 200),
    (2, 16, 40),
    (4, 8, 60),
    (4, 16, 100),
    (4, 32, 30),
    (8, 16, 20),
    (8, 32, 40),
    (8, 64, 20),
    (16, 64, 15),
    (16, 128, 5),
    (32, 128, 6),
    (32, 256, 2),
    (64, 256, 2),
];
/// Lives before they are scaled: how often in a thousand, the shortest in
/// seconds, how many octaves above it.
const LIVES: [(u64, u64, u64); 4] = [(460, 60, 4), (260, 960, 3), (180, 7680, 3), (100, 61_440, 3)];
/// Arrivals by hour of the day, relative.
const BY_HOUR: [u64; 24] = [
    55, 50, 46, 44, 45, 50, 62, 80, 105, 125, 136, 140, 138, 135, 136, 138, 136, 128, 115, 102, 92, 82, 72,
    62,
];
/// Of a full pool in thousandths: at second 0, and on average of what comes later.
const STANDING: u64 = 650;
const COMING: u64 = 560;
/// Of what comes later in thousandths: never leaves.
const STAYING: u64 = 2;

/// What is drawn.
#[derive(Clone, Copy)]
pub(crate) struct Ask {
    pub(crate) n_requests: usize,
    /// Hosts that the load is meant for.
    pub(crate) n_hosts: u64,
    pub(crate) n_days: u64,
    pub(crate) seed: u64,
}

impl Ask {
    /// Two weeks by the first seed.
    pub(crate) const fn of(n_requests: usize, n_hosts: u64) -> Self {
        Self { n_requests, n_hosts, n_days: 14, seed: 1 }
    }

    /// From the start to the last moment that is looked at.
    pub(crate) const fn horizon_s(self) -> u64 {
        self.n_days * DAY_S
    }
}

/// A machine that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Whole seconds.
    pub(crate) arrival_s: u32,
    /// Half seconds, odd; `u32::MAX` for one that outlives the trace.
    pub(crate) departure_half_s: u32,
    pub(crate) vcpu: u32,
    pub(crate) gib: u32,
}

impl Request {
    const STAYS: u32 = u32::MAX;

    /// When it leaves; `None` if it outlives the trace.
    pub(crate) fn departure_half_s(self) -> Option<u32> {
        (self.departure_half_s != Self::STAYS).then_some(self.departure_half_s)
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
struct Draws(u64);

impl Draws {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let it = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let it = (it ^ it >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        it ^ it >> 31
    }

    fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// The position of a weight, each as likely as it is heavy.
    fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let mut left = self.below(weights.clone().sum());
        for (idx, weight) in weights.enumerate() {
            if left < weight {
                return idx;
            }
            left -= weight;
        }
        unreachable!("what is drawn is below the sum")
    }

    fn size(&mut self) -> usize {
        self.weighted(SIZES.iter().map(|it| it.2))
    }
}

/// One that comes later, its life not scaled yet.
struct Coming {
    arrival_s: u64,
    size: usize,
    life_s: Option<u64>,
}

/// The requests in the order of arrival.
pub(crate) fn draw(ask: Ask) -> Vec<Request> {
    let mut draws = Draws(ask.seed);
    let horizon_s = ask.horizon_s();
    let pool = ask.n_hosts * u64::from(HOST_VCPU);
    let request = |arrival_s: u64, size: usize, departure: Option<u64>| Request {
        arrival_s: u32::try_from(arrival_s).expect("within weeks"),
        departure_half_s: departure.map_or(Request::STAYS, |it| u32::try_from(it).expect("within years")),
        vcpu: SIZES[size].0,
        gib: SIZES[size].1,
    };
    let mut requests = Vec::with_capacity(ask.n_requests);
    let mut standing = 0;
    while standing < pool * STANDING / 1000 && requests.len() < ask.n_requests {
        let size = draws.size();
        standing += u64::from(SIZES[size].0);
        let departure = if draws.below(10) < 7 { None } else { Some(2 * (1 + draws.below(horizon_s)) + 1) };
        requests.push(request(0, size, departure));
    }

    let n_coming = ask.n_requests - requests.len();
    let mut coming: Vec<Coming> = Vec::with_capacity(n_coming);
    while coming.len() < n_coming {
        let day = draws.below(ask.n_days);
        let hour = draws.weighted(BY_HOUR.iter().copied()) as u64;
        let arrival_s = (day * DAY_S + hour * 3600 + draws.below(3600)).max(1);
        let size = draws.size();
        let n = if draws.below(100) == 0 { 8 + draws.below(32) } else { 1 };
        let (_, shortest_s, n_octaves) = LIVES[draws.weighted(LIVES.iter().map(|it| it.0))];
        let octave_s = shortest_s << draws.below(n_octaves);
        let stays = draws.below(1000) < STAYING;
        for _ in 0..n.min((n_coming - coming.len()) as u64) {
            let life_s = if stays { None } else { Some(octave_s + draws.below(octave_s)) };
            coming.push(Coming { arrival_s, size, life_s });
        }
    }

    // Lives are scaled so that what comes fills its share of the pool.
    let vcpu_seconds = |it: &Coming| {
        it.life_s.map_or(0, |life_s| u64::from(SIZES[it.size].0) * life_s.min(horizon_s - it.arrival_s))
    };
    let have = coming.iter().map(vcpu_seconds).sum::<u64>().max(1);
    let want = pool * horizon_s * COMING / 1000;
    let scaled = |life_s: u64| ((u128::from(life_s) * u128::from(want) / u128::from(have)) as u64).max(1);
    requests.extend(coming.iter().map(|it| {
        request(it.arrival_s, it.size, it.life_s.map(|life_s| 2 * (it.arrival_s + scaled(life_s)) + 1))
    }));
    requests.sort_by_key(|it| it.arrival_s);
    requests
}

/// Writes them in the form `vm-requests`, every departure so many milliseconds
/// later.
pub(crate) fn write(requests: &[Request], later_ms: u64, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"vm_id,arrival_s,departure_s,vcpu,mem_gib\n")?;
    let mut line = String::new();
    for (number, it) in requests.iter().enumerate() {
        line.clear();
        let _ = write!(line, "{number},{},", it.arrival_s);
        if let Some(half_s) = it.departure_half_s() {
            let tenths = u64::from(half_s) * 5 + later_ms / 100;
            let _ = write!(line, "{}.{}", tenths / 10, tenths % 10);
        }
        let _ = writeln!(line, ",{},{}", it.vcpu, it.gib);
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}
