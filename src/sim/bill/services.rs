//! What requests and pulls cost on their way: load balancers, NAT gateways,
//! transfer.
//!
//! A request comes through the first load balancer that listens for the first
//! target group of its service. What goes on from an Application Load Balancer
//! to another zone is free, and a Network Load Balancer stays in its zone by
//! default; between tasks that call each other (Service Connect) caller and
//! called are taken to be in any zone alike (MODEL).

use super::hours::HOUR_MS;
use super::lines::{Book, Weights, line_of};
use crate::base::SimDuration;
use crate::base::id::{Id as _, ServiceId};
use crate::billing::load_balancer::{self, HourUsage, ONE};
use crate::billing::transfer::{self, BYTES_PER_GB};
use crate::model::network::{LoadBalancer, LoadBalancerType};
use crate::model::price::{DatedPrice, PriceItem};
use crate::model::repository::Location;
use crate::record::{ImageRecord, Meter, Quantity};
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// Requests are counted in millionths.
const REQUEST: u128 = 1_000_000;
/// Capacity units are billed in parts of a billionth.
const UNIT_PARTS: u64 = 1_000_000_000;

/// Of each service its requests while measured by hour of the run, in
/// millionths.
pub(super) type RequestsByHour = Vec<Vec<u64>>;

impl<W: Watch> Simulation<'_, W> {
    /// Played ones as they were, others at their constant rate.
    pub(super) fn requests_by_hour(&self) -> RequestsByHour {
        let (begin, end) = (self.setup.warm_up.millis(), self.setup.horizon.millis());
        let of_service = |service: ServiceId| match &self.traffic[service] {
            Some(traffic) => traffic.by_hour().to_vec(),
            None => {
                let rate = self.setup.services[service].millirequests_per_second;
                let hours = (0..end.div_ceil(HOUR_MS)).map(|hour| {
                    let from = (hour * HOUR_MS).max(begin);
                    // Thousandths a second are millionths a millisecond.
                    rate * ((hour + 1) * HOUR_MS).min(end).saturating_sub(from)
                });
                if rate == 0 { Vec::new() } else { hours.collect() }
            }
        };
        self.setup.services.ids().map(of_service).collect()
    }
}

impl Book<'_> {
    /// The positions of the services whose requests come through a balancer.
    fn services_behind(&self, number: usize) -> Vec<usize> {
        let balancers = &self.setup.network.load_balancers;
        let listens = |it: &LoadBalancer, group| it.listeners.iter().any(|it| it.target_group == group);
        let services = self.setup.services.iter().filter(|(_, policy)| {
            let group = policy.load_balancers.first().map(|it| it.target_group);
            group.and_then(|group| balancers.iter().position(|it| listens(it, group))) == Some(number)
        });
        services.map(|(id, _)| id.idx()).collect()
    }

    /// Hours, capacity units, addresses and answers of every load balancer.
    pub(super) fn write_load_balancers(&mut self, requests: &RequestsByHour) {
        let setup = self.setup;
        let measured = SimDuration::from_millis(setup.horizon.millis() - setup.warm_up.millis());
        for (number, balancer) in setup.network.load_balancers.iter().enumerate() {
            let behind = self.services_behind(number);
            let sent = |service: usize| requests[service].iter().map(|it| u128::from(*it)).sum::<u128>();
            let mut weights = self.weights_of(behind.iter().map(|&it| (it, sent(it))));
            if weights.is_empty() {
                weights = self.weights_of(behind.iter().map(|&it| (it, 1)));
            }
            let [hour, unit_hour] = match balancer.kind {
                LoadBalancerType::Application => [PriceItem::AlbHour, PriceItem::AlbLcuHour],
                LoadBalancerType::Network => [PriceItem::NlbHour, PriceItem::NlbLcuHour],
            };
            let name = balancer.name.as_str();
            let hours = load_balancer::billed_hours(measured);
            let quantity = Quantity { units: hours, per: 1, n_uses: 1 };
            let write = |meter| move |quantity, price: &DatedPrice| line_of(meter, name, quantity, price);
            self.write_item(hour, quantity, write(Meter::LoadBalancerHour), &weights);

            let units: u128 = (0..behind.iter().map(|&it| requests[it].len()).max().unwrap_or(0))
                .map(|hour| self.capacity_units(balancer, &behind, requests, hour))
                .sum();
            let parts = (units + ONE / u128::from(UNIT_PARTS) / 2) * u128::from(UNIT_PARTS) / ONE;
            let quantity = Quantity { units: saturated(parts), per: UNIT_PARTS, n_uses: 1 };
            self.write_item(unit_hour, quantity, write(Meter::LoadBalancerCapacityUnit), &weights);

            if !balancer.is_internal {
                let n_zones =
                    if balancer.zones.is_empty() { setup.zones.len() } else { balancer.zones.len() };
                let seconds = measured.millis().div_ceil(1000) * n_zones as u64;
                let quantity = Quantity { units: seconds, per: 3600, n_uses: n_zones as u64 };
                self.write_item(PriceItem::PublicIpv4Hour, quantity, write(Meter::PublicIpv4), &weights);

                let bytes_of = |service: usize| {
                    let policy = &setup.services.rows()[service];
                    sent(service) * u128::from(policy.message_bytes.response) / REQUEST
                };
                let bytes = behind.iter().map(|&it| bytes_of(it)).sum();
                let weights = self.weights_of(behind.iter().map(|&it| (it, bytes_of(it))));
                let quantity = gigabytes(bytes);
                self.write_item(PriceItem::InternetOutGb, quantity, write(Meter::InternetTransfer), &weights);
            }
        }
    }

    /// Capacity unit-hours of one hour of the run, in 1e-12. Of an hour that is
    /// measured in part the part counts: what passed is spread over the whole.
    fn capacity_units(
        &self,
        balancer: &LoadBalancer,
        behind: &[usize],
        requests: &RequestsByHour,
        hour: usize,
    ) -> u128 {
        let sent = |service: usize| u128::from(requests[service].get(hour).copied().unwrap_or(0));
        let n_requests: u128 = behind.iter().map(|&it| sent(it)).sum();
        let bytes = behind
            .iter()
            .map(|&it| sent(it) * u128::from(self.setup.services.rows()[it].message_bytes.total()));
        let per_second = n_requests * (ONE / REQUEST) / 3600;
        let connections = per_second / u128::from(balancer.connections.requests_each.max(1));
        let usage = HourUsage {
            new_connections_per_second: connections,
            active_connections_per_minute: connections * u128::from(balancer.connections.open_for.millis())
                / 1000,
            processed_gb: bytes.sum::<u128>() * (ONE / REQUEST) / u128::from(BYTES_PER_GB),
            requests_per_second: per_second,
            rules_processed: u128::from(balancer.connections.rules_processed) * ONE,
        };
        load_balancer::capacity_units(balancer.kind, &usage).expect("rates and rules are bounded")
    }

    /// NAT gateways with what was pulled through them, and calls between tasks.
    pub(super) fn write_transfer(&mut self, requests: &RequestsByHour, images: &ImageRecord) {
        let (setup, bill) = (self.setup, self.bill);
        let measured_ms = setup.horizon.millis() - setup.warm_up.millis();
        let n = u64::from(setup.bill.nat_gateways);
        if n > 0 {
            let quantity = Quantity { units: n * measured_ms.div_ceil(HOUR_MS), per: 1, n_uses: n };
            let n_pulls = || bill.n_pulls.iter().enumerate().map(|it| (it.0, u128::from(*it.1)));
            let weights = self.weights_of(n_pulls());
            let write =
                |meter| move |quantity, price: &DatedPrice| line_of(meter, "NAT gateway", quantity, price);
            self.write_item(PriceItem::NatHour, quantity, write(Meter::NatGatewayHour), &weights);
            // What is said of every start, and what moved of described images.
            let of_start = u128::from(setup.bill.nat_image_mib) << 20;
            let moved = |owner: usize| u128::from(images.bytes_of_owners.get(owner).copied().unwrap_or(0));
            let bytes: Vec<(usize, u128)> =
                n_pulls().map(|(owner, n)| (owner, n * of_start + moved(owner))).collect();
            let weights = self.weights_of(bytes.iter().copied());
            let total = bytes.iter().map(|it| it.1).sum();
            let quantity = Quantity { n_uses: bill.n_pulls.iter().sum(), ..gigabytes(total) };
            self.write_item(PriceItem::NatGb, quantity, write(Meter::NatGatewayTransfer), &weights);
        }
        self.write_registries(images);
        for (id, policy) in setup.services.iter() {
            if !policy.load_balancers.is_empty() {
                continue;
            }
            let sent: u128 = requests[id.idx()].iter().map(|it| u128::from(*it)).sum();
            let bytes = saturated(sent * u128::from(policy.message_bytes.total()) / REQUEST);
            let n_zones = setup.zones_of(&policy.placement).count() as u64;
            let quantity = gigabytes(transfer::between_zones(bytes, n_zones).into());
            let weights: Weights = self.weights_of([(id.idx(), 1)].into_iter());
            let write = |quantity, price: &DatedPrice| {
                line_of(Meter::InterZoneTransfer, &policy.name, quantity, price)
            };
            self.write_item(PriceItem::InterZoneGb, quantity, write, &weights);
        }
    }
}

impl Book<'_> {
    /// What repositories store (semantics 8.5), and images from other regions.
    fn write_registries(&mut self, images: &ImageRecord) {
        let setup = self.setup;
        let month = setup.bill.month.seconds(setup.starts_at_ms);
        for (record, repository) in images.repositories.iter().zip(setup.registry.repositories.rows()) {
            // The first 50 GB of the public gallery are free (MODEL: all of it is).
            let is_own = |account: &str| setup.registry.own.split('.').next() == Some(account);
            match &repository.location {
                Location::Public { .. } => continue,
                // Another account pays for its own.
                Location::Private { account, .. } if !is_own(account) => continue,
                Location::Private { .. } => (),
            }
            let stored = [
                (record.byte_ms, PriceItem::EcrGbMonth, Meter::RegistryStorage),
                (record.archived_byte_ms, PriceItem::EcrArchiveGbMonth, Meter::RegistryArchive),
            ];
            for (byte_ms, item, meter) in stored {
                // KiB-seconds, of which a GB-month has so many.
                let quantity =
                    Quantity { units: saturated(byte_ms / (1000 << 10)), per: month << 20, n_uses: 1 };
                let write = |quantity, price: &DatedPrice| line_of(meter, &record.name, quantity, price);
                self.write_item(item, quantity, write, &[]);
            }
        }
        let quantity = gigabytes(images.bytes_from_other_regions.into());
        let write =
            |quantity, price: &DatedPrice| line_of(Meter::InterRegionTransfer, "images", quantity, price);
        self.write_item(PriceItem::InterRegionGb, quantity, write, &[]);
    }
}

fn gigabytes(bytes: u128) -> Quantity {
    Quantity { units: saturated(bytes), per: BYTES_PER_GB, n_uses: 1 }
}

fn saturated(n: u128) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
