//! The work of `workloads/parity` and nothing else, as tightly as we can write
//! it: the yardstick of what the simulator adds. Requests in, hosts chosen by one
//! of three rules, departures in between, the integrals that are measured, the
//! digest of all choices.
//!
//! What makes it fast:
//! - CPU has few levels (0 to 64 vCPU free). For each level and each block of 64
//!   hosts there is a word with the hosts of that block at that level, and the
//!   most memory that one of them has free. A row of a level is searched for the
//!   first block that will do, eight and more at a time, and a block that is found
//!   always has the host. All of it fits into the second cache up to 30,000 hosts.
//! - Departures are known from the requests: sorted once, in two passes over
//!   digits, they are a list that is walked and no queue. That is part of the time.
//! - Times are half seconds, so that every integral is whole.

#![allow(dead_code, reason = "each bench uses its part")]

use super::requests::{HOST_GIB, HOST_VCPU, Request};

/// Whom a request goes to, of the hosts with room: the one with the lowest
/// number, with the least free CPU, with the most; the lowest number on a tie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    First,
    Best,
    Worst,
}

/// What became of all requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) n_placed: u64,
    pub(crate) n_rejected: u64,
    pub(crate) peak: State,
    /// Just before the horizon.
    pub(crate) end: State,
    /// Hosts with a machine, and vCPUs in use, times half seconds.
    pub(crate) host_half_s: u64,
    pub(crate) vcpu_half_s: u64,
    /// FNV-1a over the hosts, `u32::MAX` for who was rejected.
    pub(crate) digest: u64,
}

/// What is in use at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) hosts: u64,
    pub(crate) machines: u64,
    pub(crate) vcpu: u64,
    pub(crate) gib: u64,
}

impl Outcome {
    /// Hours that hosts had a machine.
    pub(crate) fn host_hours(&self) -> f64 {
        self.host_half_s as f64 / 7200.0
    }

    /// Hours of vCPUs in use.
    pub(crate) fn vcpu_hours(&self) -> f64 {
        self.vcpu_half_s as f64 / 7200.0
    }
}

const LEVELS: usize = HOST_VCPU as usize + 1;
/// Blocks are searched so many at a time: rows of the tables are padded to it.
const STRIDE: usize = 16;
const FNV_OFFSET: u64 = 0xCBF2_9CE4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01B3;

/// Hosts by free CPU and block.
pub(crate) struct Pool {
    /// Free vCPU and GiB of each host, and its machines.
    hosts: Vec<Host>,
    n_blocks: usize,
    /// Of each level and block: which of its 64 hosts are at the level.
    at: Vec<u64>,
    /// The most GiB that one of them has free; 0 if there is none.
    most: Vec<i16>,
    /// The greatest of each level's row.
    most_of_level: [i16; LEVELS],
}

#[derive(Clone, Copy)]
struct Host {
    vcpu: u16,
    gib: i16,
    n_machines: u32,
}

impl Pool {
    /// Hosts without machines.
    pub(crate) fn new(n_hosts: usize) -> Self {
        let n_blocks = n_hosts.div_ceil(64).next_multiple_of(STRIDE);
        let empty = Host { vcpu: HOST_VCPU as u16, gib: HOST_GIB as i16, n_machines: 0 };
        let mut pool = Self {
            hosts: vec![empty; n_hosts],
            n_blocks,
            at: vec![0; LEVELS * n_blocks],
            most: vec![0; LEVELS * n_blocks],
            most_of_level: [0; LEVELS],
        };
        for number in 0..n_hosts {
            pool.enter(number, empty);
        }
        pool
    }

    /// The host that a request goes to.
    pub(crate) fn choose(&self, rule: Rule, vcpu: u32, gib: u32) -> Option<usize> {
        let (least, gib) = (vcpu as usize, gib as i16);
        let levels = &self.most_of_level[least..];
        match rule {
            Rule::Best => {
                let level = least + levels.iter().position(|&most| most >= gib)?;
                Some(self.first_of(level, gib))
            }
            Rule::Worst => {
                let level = least + levels.iter().rposition(|&most| most >= gib)?;
                Some(self.first_of(level, gib))
            }
            Rule::First => {
                let mut found = None;
                // No level need be searched beyond what another has found.
                let mut end = self.n_blocks;
                for (above, &most) in levels.iter().enumerate() {
                    if most < gib {
                        continue;
                    }
                    let level = least + above;
                    if let Some(block) = self.first_block(level, gib, end) {
                        let host = self.first_in(level, block, gib);
                        found = Some(found.map_or(host, |it: usize| it.min(host)));
                        end = (block + 1).next_multiple_of(STRIDE);
                    }
                }
                found
            }
        }
    }

    /// The first host of a level with so much memory; there is one.
    fn first_of(&self, level: usize, gib: i16) -> usize {
        let block = self.first_block(level, gib, self.n_blocks).expect("the level has a host for it");
        self.first_in(level, block, gib)
    }

    /// The first block of a level, before `end`, with a host that has so much
    /// memory.
    fn first_block(&self, level: usize, gib: i16, end: usize) -> Option<usize> {
        let row = &self.most[level * self.n_blocks..][..end];
        let (chunks, _) = row.as_chunks::<STRIDE>();
        for (idx, chunk) in chunks.iter().enumerate() {
            // Bits without a branch, so that the compiler takes the row in words.
            let hits =
                chunk.iter().enumerate().fold(0_u16, |hits, (n, &it)| hits | u16::from(it >= gib) << n);
            if hits != 0 {
                return Some(idx * STRIDE + hits.trailing_zeros() as usize);
            }
        }
        None
    }

    fn first_in(&self, level: usize, block: usize, gib: i16) -> usize {
        let mut word = self.at[level * self.n_blocks + block];
        loop {
            let host = block * 64 + word.trailing_zeros() as usize;
            if self.hosts[host].gib >= gib {
                return host;
            }
            word &= word - 1;
        }
    }

    /// A machine comes to a host; whether it was empty.
    pub(crate) fn place(&mut self, number: usize, vcpu: u32, gib: u32) -> bool {
        let before = self.hosts[number];
        let after = Host {
            vcpu: before.vcpu - vcpu as u16,
            gib: before.gib - gib as i16,
            n_machines: before.n_machines + 1,
        };
        self.change(number, before, after);
        before.n_machines == 0
    }

    /// A machine leaves a host; whether it is empty now.
    pub(crate) fn release(&mut self, number: usize, vcpu: u32, gib: u32) -> bool {
        let before = self.hosts[number];
        let after = Host {
            vcpu: before.vcpu + vcpu as u16,
            gib: before.gib + gib as i16,
            n_machines: before.n_machines - 1,
        };
        self.change(number, before, after);
        after.n_machines == 0
    }

    fn change(&mut self, number: usize, before: Host, after: Host) {
        self.hosts[number] = after;
        // Every machine takes CPU: the level is another.
        let (level, block) = (usize::from(before.vcpu), number / 64);
        let cell = level * self.n_blocks + block;
        self.at[cell] &= !(1 << (number % 64));
        if self.most[cell] == before.gib {
            let mut most = 0;
            let mut word = self.at[cell];
            while word != 0 {
                most = most.max(self.hosts[block * 64 + word.trailing_zeros() as usize].gib);
                word &= word - 1;
            }
            self.most[cell] = most;
            if most < before.gib && self.most_of_level[level] == before.gib {
                let row = &self.most[level * self.n_blocks..][..self.n_blocks];
                self.most_of_level[level] = row.iter().fold(0, |most, &it| most.max(it));
            }
        }
        self.enter(number, after);
    }

    fn enter(&mut self, number: usize, host: Host) {
        let level = usize::from(host.vcpu);
        let cell = level * self.n_blocks + number / 64;
        self.at[cell] |= 1 << (number % 64);
        self.most[cell] = self.most[cell].max(host.gib);
        self.most_of_level[level] = self.most_of_level[level].max(host.gib);
    }
}

/// Plays the requests, which are in the order of arrival, up to the horizon.
pub(crate) fn play(requests: &[Request], n_hosts: usize, rule: Rule, horizon_s: u64) -> Outcome {
    match rule {
        // One body each, without a question of the rule in it.
        Rule::First => {
            play_by(requests, n_hosts, horizon_s, |pool, it| pool.choose(Rule::First, it.vcpu, it.gib))
        }
        Rule::Best => {
            play_by(requests, n_hosts, horizon_s, |pool, it| pool.choose(Rule::Best, it.vcpu, it.gib))
        }
        Rule::Worst => {
            play_by(requests, n_hosts, horizon_s, |pool, it| pool.choose(Rule::Worst, it.vcpu, it.gib))
        }
    }
}

fn play_by(
    requests: &[Request],
    n_hosts: usize,
    horizon_s: u64,
    choose: impl Fn(&Pool, &Request) -> Option<usize>,
) -> Outcome {
    let horizon = u32::try_from(2 * horizon_s).expect("within years");
    let departures = sorted_departures(requests, horizon);
    let mut pool = Pool::new(n_hosts);
    let mut host_of: Vec<u32> = Vec::with_capacity(requests.len());
    let mut outcome = Outcome { digest: FNV_OFFSET, ..Outcome::default() };
    let (mut state, mut last, mut next) = (State::default(), 0, 0);

    for request in requests {
        let now = 2 * request.arrival_s;
        while let Some(&(at, machine)) = departures.get(next)
            && at < now
        {
            next += 1;
            let (host, it) = (host_of[machine as usize], &requests[machine as usize]);
            if host != u32::MAX {
                outcome.hold(state, at - last);
                last = at;
                state.leave(pool.release(host as usize, it.vcpu, it.gib), it);
            }
        }
        outcome.hold(state, now - last);
        last = now;
        let host = match choose(&pool, request) {
            Some(host) => {
                state.enter(pool.place(host, request.vcpu, request.gib), request);
                outcome.peak.raise(state);
                outcome.n_placed += 1;
                host as u32
            }
            None => u32::MAX,
        };
        host_of.push(host);
        for byte in host.to_le_bytes() {
            outcome.digest = (outcome.digest ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
    }
    for &(at, machine) in &departures[next..] {
        let (host, it) = (host_of[machine as usize], &requests[machine as usize]);
        if host != u32::MAX {
            outcome.hold(state, at - last);
            last = at;
            state.leave(pool.release(host as usize, it.vcpu, it.gib), it);
        }
    }
    outcome.hold(state, horizon - last);
    outcome.end = state;
    outcome.n_rejected = requests.len() as u64 - outcome.n_placed;
    outcome
}

impl Outcome {
    fn hold(&mut self, state: State, half_s: u32) {
        self.host_half_s += state.hosts * u64::from(half_s);
        self.vcpu_half_s += state.vcpu * u64::from(half_s);
    }
}

impl State {
    fn enter(&mut self, was_empty: bool, it: &Request) {
        self.hosts += u64::from(was_empty);
        self.machines += 1;
        self.vcpu += u64::from(it.vcpu);
        self.gib += u64::from(it.gib);
    }

    fn leave(&mut self, is_empty: bool, it: &Request) {
        self.hosts -= u64::from(is_empty);
        self.machines -= 1;
        self.vcpu -= u64::from(it.vcpu);
        self.gib -= u64::from(it.gib);
    }

    fn raise(&mut self, now: Self) {
        self.hosts = self.hosts.max(now.hosts);
        self.machines = self.machines.max(now.machines);
        self.vcpu = self.vcpu.max(now.vcpu);
        self.gib = self.gib.max(now.gib);
    }
}

/// Time and machine of every departure before the horizon, by time: sorted digit
/// by digit, the lower one first.
fn sorted_departures(requests: &[Request], horizon: u32) -> Vec<(u32, u32)> {
    const DIGIT: u32 = 1 << 11;
    let mut departures: Vec<(u32, u32)> = requests
        .iter()
        .enumerate()
        .filter(|(_, it)| it.departure_half_s < horizon)
        .map(|(machine, it)| (it.departure_half_s, machine as u32))
        .collect();
    let mut sorted = vec![(0, 0); departures.len()];
    let mut unit = 1;
    while unit < horizon {
        let digit = |at: u32| (at / unit % DIGIT) as usize;
        let mut starts = [0_u32; DIGIT as usize];
        for it in &departures {
            starts[digit(it.0)] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += std::mem::replace(start, sum);
        }
        for it in &departures {
            let start = &mut starts[digit(it.0)];
            sorted[*start as usize] = *it;
            *start += 1;
        }
        std::mem::swap(&mut departures, &mut sorted);
        unit = unit.saturating_mul(DIGIT);
    }
    departures
}

/// The same choice by best fit as a simulator without an index makes it, by a
/// plain scan over two columns: no bounds to check, no call, two passes that the
/// compiler takes four and more at a time: how little CPU, then who has it. Compared
/// as signed numbers, which the smallest instruction set can. One pass that keeps
/// the number as well takes three times as long.
pub(crate) fn scan(vcpu: &[u32], gib: &[u32], needs: (u32, u32)) -> Option<usize> {
    let (least, least_gib) = (needs.0 as i32, needs.1 as i32);
    let mut best = i32::MAX;
    for (&free_vcpu, &free_gib) in vcpu.iter().zip(gib) {
        let (free_vcpu, free_gib) = (free_vcpu as i32, free_gib as i32);
        let fits = (free_vcpu >= least) & (free_gib >= least_gib);
        let key = if fits { free_vcpu } else { i32::MAX };
        best = if key < best { key } else { best };
    }
    if best == i32::MAX {
        return None;
    }
    let mut columns = vcpu.iter().zip(gib);
    columns.position(|(&free_vcpu, &free_gib)| free_vcpu as i32 == best && free_gib as i32 >= least_gib)
}
