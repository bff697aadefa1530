//! What the rules of security groups leave open. Rules add up, those of one
//! group and those of several; replies need none.

use std::ops::RangeInclusive;

use crate::model::network::{Cidr, Network, Peer, Protocol, SecurityGroup, SecurityRule};

/// Who is on the other side of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Other<'a> {
    /// Anybody on the internet: only what is open to all is open to them.
    Everybody,
    /// A member of these groups within the VPC.
    Members(&'a [String]),
}

/// Whether `groups` leave all of `ports` open in one direction. A side without
/// groups, or with one that nobody describes, is open.
pub(super) fn are_open(
    network: &Network,
    groups: &[String],
    rules_of: fn(&SecurityGroup) -> &[SecurityRule],
    protocol: Protocol,
    ports: &RangeInclusive<u16>,
    other: Other<'_>,
) -> bool {
    let described = |name: &String| network.security_groups.iter().find(|it| it.name == *name);
    if groups.is_empty() || groups.iter().any(|it| described(it).is_none()) {
        return true;
    }
    let rules = groups.iter().filter_map(described).flat_map(rules_of);
    let applies =
        |it: &&SecurityRule| it.protocol.is_none_or(|it| it == protocol) && is_other(&it.peer, other);
    let mut open: Vec<&RangeInclusive<u16>> = rules.filter(applies).map(|it| &it.ports).collect();
    open.sort_by_key(|it| *it.start());
    // The first port that no rule so far has opened.
    let mut next = u32::from(*ports.start());
    for range in open {
        if u32::from(*range.start()) <= next {
            next = next.max(u32::from(*range.end()) + 1);
        }
    }
    next > u32::from(*ports.end())
}

fn is_other(peer: &Peer, other: Other<'_>) -> bool {
    match (peer, other) {
        (Peer::Group(_), Other::Everybody) => false,
        (Peer::Group(name), Other::Members(groups)) => groups.contains(name),
        (Peer::Cidr(cidr), Other::Everybody) => cidr.prefix == 0,
        (Peer::Cidr(cidr), Other::Members(_)) => is_in_vpc(*cidr),
    }
}

/// The addresses of private networks (RFC 1918).
const PRIVATE: [Cidr; 3] = [
    Cidr { address: 10 << 24, prefix: 8 },
    Cidr { address: 172 << 24 | 16 << 16, prefix: 12 },
    Cidr { address: 192 << 24 | 168 << 16, prefix: 16 },
];

/// MODEL: nobody says which addresses the VPC has. A range that meets private
/// addresses and holds a subnet at least (16 addresses) is taken to be its own.
fn is_in_vpc(cidr: Cidr) -> bool {
    let overlaps = |other: &Cidr| {
        let fixed = u32::from(cidr.prefix.min(other.prefix));
        let mask = u32::MAX.checked_shl(32 - fixed).unwrap_or(0);
        cidr.address & mask == other.address & mask
    };
    cidr.prefix <= 28 && PRIVATE.iter().any(overlaps)
}
