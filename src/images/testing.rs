//! Pulls told again, slowly and otherwise: every layer of every pull is a fluid
//! whose level is followed from one change to the next, in floating point, and
//! what each gets is found anew each time. Nothing of it is shared with what it
//! checks.

use super::pulling::{LayerToPull, LinkRates};

/// What is asked of pulls, at a millisecond.
#[derive(Clone, Debug)]
pub(super) enum Call {
    /// Pull, link, rates of the link, layers that are missing.
    Begin(u64, u64, LinkRates, Vec<LayerToPull>),
    /// Pull.
    Abort(u64),
}

struct Pull {
    key: u64,
    link: u64,
    download: f64,
    unpack: f64,
    needs: Vec<LayerToPull>,
    n_there: usize,
    /// Layers that have a slot.
    slots: Vec<u32>,
    /// What is left to unpack of the layer whose turn it is.
    unpacks: Option<f64>,
    complete_at: Option<f64>,
}

struct Layer {
    link: u64,
    number: u32,
    left: f64,
    is_unpacked: bool,
}

/// Which pull was complete when, in milliseconds, in the order of their begin.
pub(super) fn fluid(registry_rate: Option<u64>, calls: &[(u64, Call)]) -> Vec<(u64, f64)> {
    let mut pulls: Vec<Pull> = Vec::new();
    let mut layers: Vec<Layer> = Vec::new();
    let mut complete = Vec::new();
    let mut now = 0.0;
    let mut called_at = None;
    let mut calls = calls.iter().peekable();
    loop {
        settle(now, &mut pulls, &layers);
        let flows = flows(registry_rate, &pulls, &layers);
        // How long until something changes, and what.
        let download = flows.iter().map(|&(at, rate)| (layers[at].left / rate, Change::Download(at)));
        let unpack = pulls.iter().enumerate();
        let unpack = unpack.filter_map(|(at, it)| Some((it.unpacks? / it.unpack, Change::Unpack(at))));
        let next = download.chain(unpack).min_by(|one, other| one.0.total_cmp(&other.0));
        let call_in = calls.peek().map(|it| (it.0 as f64 - now) / 1000.0);
        let (seconds, change) = match (next, call_in) {
            (None, None) => break,
            (Some(next), None) => next,
            (Some(next), Some(call)) if next.0 <= call => next,
            (_, Some(call)) => (call.max(0.0), Change::Call),
        };
        now += seconds * 1000.0;
        for (at, rate) in flows {
            layers[at].left = (layers[at].left - rate * seconds).max(0.0);
        }
        for pull in &mut pulls {
            pull.unpacks = pull.unpacks.map(|it| (it - pull.unpack * seconds).max(0.0));
        }
        match change {
            Change::Download(at) => {
                layers[at].left = 0.0;
                for pull in pulls.iter_mut().filter(|it| it.link == layers[at].link) {
                    pull.slots.retain(|&it| it != layers[at].number);
                }
            }
            Change::Unpack(at) => {
                let pull = &mut pulls[at];
                pull.unpacks = None;
                let number = pull.needs[pull.n_there].layer.number();
                let is_it = |it: &&mut Layer| it.link == pull.link && it.number == number;
                layers.iter_mut().find(is_it).unwrap().is_unpacked = true;
            }
            Change::Call => {
                let (at, call) = calls.next().unwrap();
                now = *at as f64;
                // What was complete before the first call of a moment has been told and is the caller's.
                if called_at.replace(*at) != Some(*at) {
                    complete.extend(pulls.iter().filter_map(|it| Some((it.key, it.complete_at?))));
                    pulls.retain(|it| it.complete_at.is_none());
                }
                if let Call::Abort(key) = call {
                    pulls.retain(|it| it.key != *key);
                }
                let is_needed = |layer: &Layer| {
                    let of = |it: &Pull| it.link == layer.link;
                    let needs = |it: &Pull| it.needs.iter().any(|it| it.layer.number() == layer.number);
                    pulls.iter().any(|it| of(it) && needs(it))
                };
                layers.retain(is_needed);
                if let Call::Begin(key, link, rates, needs) = call {
                    for it in needs {
                        let number = it.layer.number();
                        if !layers.iter().any(|it| it.link == *link && it.number == number) {
                            let left = it.compressed as f64;
                            layers.push(Layer { link: *link, number, left, is_unpacked: false });
                        }
                    }
                    pulls.push(Pull {
                        key: *key,
                        link: *link,
                        download: rates.download as f64,
                        unpack: rates.unpack as f64,
                        needs: needs.clone(),
                        n_there: 0,
                        slots: Vec::new(),
                        unpacks: None,
                        complete_at: None,
                    });
                }
            }
        }
    }
    complete.extend(pulls.iter().filter_map(|it| Some((it.key, it.complete_at?))));
    complete
}

enum Change {
    Download(usize),
    Unpack(usize),
    Call,
}

/// Whose a layer is: of the first pull that needs it.
fn owner(pulls: &[Pull], link: u64, number: u32) -> usize {
    let needs = |it: &Pull| it.needs.iter().any(|it| it.layer.number() == number);
    pulls.iter().position(|it| it.link == link && needs(it)).unwrap()
}

/// Fills the slots and lets pulls go on as far as they can without time.
fn settle(now: f64, pulls: &mut [Pull], layers: &[Layer]) {
    for at in 0..pulls.len() {
        loop {
            let pull = &pulls[at];
            let Some(layer) = pull.needs.get(pull.n_there) else {
                pulls[at].complete_at.get_or_insert(now);
                break;
            };
            let number = layer.layer.number();
            let found = layers.iter().find(|it| it.link == pull.link && it.number == number).unwrap();
            if found.is_unpacked {
                pulls[at].n_there += 1;
            } else {
                let is_own = owner(pulls, pull.link, number) == at;
                if is_own && found.left == 0.0 && pull.unpacks.is_none() {
                    pulls[at].unpacks = Some(layer.uncompressed as f64);
                }
                break;
            }
        }
        for idx in 0..pulls[at].needs.len() {
            let (pull, number) = (&pulls[at], pulls[at].needs[idx].layer.number());
            let found = layers.iter().find(|it| it.link == pull.link && it.number == number).unwrap();
            let moves = found.left > 0.0 && owner(pulls, pull.link, number) == at;
            if moves && pull.slots.len() < 3 && !pull.slots.contains(&number) {
                pulls[at].slots.push(number);
            }
        }
    }
}

/// Which layers flow, in bytes a second.
fn flows(registry_rate: Option<u64>, pulls: &[Pull], layers: &[Layer]) -> Vec<(usize, f64)> {
    let mut links: Vec<(u64, f64, f64)> = Vec::new();
    for pull in pulls.iter().filter(|it| !it.slots.is_empty()) {
        match links.iter_mut().find(|it| it.0 == pull.link) {
            Some(link) => link.2 += 1.0,
            None => links.push((pull.link, pull.download, 1.0)),
        }
    }
    // Whatever is left is offered again to those that are not full.
    let mut given = vec![0.0; links.len()];
    let mut rest = registry_rate.map_or(f64::INFINITY, |it| it as f64);
    while rest > 1e-9 {
        let open: Vec<usize> = (0..links.len()).filter(|&it| links[it].1 - given[it] > 1e-9).collect();
        let Some(least) = open.iter().map(|&it| links[it].1 - given[it]).reduce(f64::min) else { break };
        let each = least.min(rest / open.len() as f64);
        for &it in &open {
            given[it] += each;
            rest -= each;
        }
    }
    let mut flows = Vec::new();
    for pull in pulls {
        for &number in &pull.slots {
            let at = links.iter().position(|it| it.0 == pull.link).unwrap();
            let rate = given[at] / links[at].2 / pull.slots.len() as f64;
            let of = layers.iter().position(|it| it.link == pull.link && it.number == number).unwrap();
            flows.push((of, rate));
        }
    }
    flows
}
