//! The lines of the bill and whose they are, made at the end of a run.

use std::collections::BTreeMap;

use super::hours::{self, HOUR_MS, Settlement, UsageKey};
use super::{Bill, FargateBill, InstanceBill, InstanceUse};
use crate::base::Money;
use crate::base::id::{CapacityProviderId, ZoneId};
use crate::billing::attribution::{self, Reserved};
use crate::billing::fargate::{self, Usage};
use crate::model::price::{DatedPrice, PriceItem};
use crate::record::{CostOwner, CostShare, Ledger, LedgerLine, LineGroup, Meter, Quantity};
use crate::sim::fargate::FargateLine;
use crate::sim::setup::Setup;
use crate::sim::simulation::Simulation;
use crate::sim::watch::Watch;

/// A bill that is being written.
pub(super) struct Book<'a> {
    pub(super) setup: &'a Setup,
    pub(super) bill: &'a Bill,
    settlement: Settlement,
    /// Parts of each commitment that lines were written of.
    written: Vec<i128>,
    ledger: Ledger,
}

/// Owners with their weights in a line.
pub(super) type Weights = Vec<(CostOwner, u128)>;

impl<W: Watch> Simulation<'_, W> {
    /// The whole bill: instances in the order of providers, types and zones,
    /// Fargate, what comes with instances, load balancers, transfer, commitments.
    pub(in crate::sim) fn ledger(&self, settlement: Settlement) -> Ledger {
        let mut book = Book {
            setup: self.setup,
            bill: &self.bill,
            settlement,
            written: vec![0; self.setup.commitments.len()],
            ledger: Ledger::default(),
        };
        for (line, bill) in self.bill.of_instances().filter(|it| it.1.seconds > 0) {
            book.write_instances(line, bill);
        }
        for (line, bill) in &self.bill.fargate {
            book.write_fargate(*line, bill);
        }
        book.write_what_comes_with_instances();
        book.write_addresses_of_tasks();
        book.write_load_balancers(&self.requests_by_hour());
        book.write_transfer(&self.requests_by_hour(), self.recorder.image_record());
        book.write_scans(self.scans.charged);
        book.close_commitments();
        book.ledger
    }
}

impl Book<'_> {
    /// Writes a line and whose it is. Nothing is written where nothing was used.
    pub(super) fn write(&mut self, line: LedgerLine, weights: &[(CostOwner, u128)]) {
        if line.quantity == 0 && line.amount == Money::ZERO {
            return;
        }
        let number = u32::try_from(self.ledger.lines.len()).expect("fewer than 2^32 lines");
        let of_owners: Vec<u128> = weights.iter().map(|it| it.1).collect();
        let parts = match of_owners.is_empty() {
            true => vec![(CostOwner::Shared, line.amount)],
            false => {
                let parts = attribution::split(line.amount, &of_owners);
                weights.iter().map(|it| it.0).zip(parts).collect()
            }
        };
        let shares = parts.into_iter().filter(|it| it.1 != Money::ZERO);
        self.ledger.shares.extend(shares.map(|(owner, amount)| CostShare { line: number, owner, amount }));
        self.ledger.lines.push(line);
    }

    /// The same at the price of an item; what has no known price is not billed,
    /// and said to be missing.
    pub(super) fn write_item(
        &mut self,
        item: PriceItem,
        quantity: Quantity,
        line: impl FnOnce(Quantity, &DatedPrice) -> LedgerLine,
        weights: &[(CostOwner, u128)],
    ) {
        if let Some(price) = self.setup.prices.of(item) {
            let line = line(quantity, price);
            self.write(line, weights);
        } else if quantity.units > 0 {
            self.ledger.unpriced.insert(item.name().to_owned());
        }
    }

    fn write_instances(&mut self, of: InstanceUse, bill: &InstanceBill) {
        let setup = self.setup;
        let instance_type = &setup.instance_types[of.instance_type];
        let place = (setup.providers[of.provider].name.as_str(), setup.zones[of.zone].as_str());
        let weights = self.weights_on_instances([bill]);
        if of.is_spot || setup.commitments.is_empty() {
            let meter = if of.is_spot { Meter::Ec2Spot } else { Meter::Ec2OnDemand };
            let quantity = Quantity { units: bill.seconds, per: 3600, n_uses: bill.n_uses };
            let line = line_of(meter, &instance_type.name, quantity, instance_type.price(of.is_spot));
            let line = match super::spot_prices(setup, of) {
                Some(_) => {
                    let amount = Money::from_pico_usd(1).times(bill.price_millis, HOUR_MS.into());
                    LedgerLine { price_as_of: String::new(), ..line.with_amount(amount) }
                }
                None => line,
            };
            return self.write(line.with_place(place.0, place.1), &weights);
        }
        let covered = [Meter::Ec2OnDemand, Meter::Ec2Reserved, Meter::Ec2SavingsPlan];
        let key = UsageKey::Instances(of);
        self.write_covered(key, covered, &instance_type.name, bill.n_uses, place, &weights);
    }

    /// What is left on demand of a usage, and what commitments cover: meters of
    /// those, of reservations and of plans.
    fn write_covered(
        &mut self,
        key: UsageKey,
        [on_demand, reserved, plan]: [Meter; 3],
        item: &str,
        n_uses: u64,
        place: (&str, &str),
        weights: &[(CostOwner, u128)],
    ) {
        let setup = self.setup;
        let price = key.price(setup);
        let per = u64::from(key.units_per_price()) * HOUR_MS;
        let covers: Vec<_> = setup
            .commitments
            .iter()
            .enumerate()
            .filter_map(|(number, it)| Some((number, it, *self.settlement.covered.get(&(key, number))?)))
            .collect();
        let covered: u64 = covers.iter().map(|it| it.2.unit_ms).sum();
        let quantity = Quantity { units: self.bill.hours.total(key) - covered, per, n_uses };
        self.write(line_of(on_demand, item, quantity, price).with_place(place.0, place.1), weights);
        for (number, commitment, covered) in covers {
            // Rounded as one sum over all lines: they and what is unused are the
            // commitment to the last digit.
            let before = commitment.cost(self.written[number]);
            self.written[number] += covered.takes;
            let amount = commitment.cost(self.written[number]) - before;
            let meter = if hours::is_reservation(commitment) { reserved } else { plan };
            let item = format!("{item} ({})", commitment.name);
            let quantity = Quantity { units: covered.unit_ms, per, n_uses: 0 };
            let line = LedgerLine::of(meter, item, quantity, Money::ZERO, "").with_amount(amount);
            self.write(line.with_place(place.0, place.1), weights);
        }
    }

    fn write_fargate(&mut self, of: FargateLine, bill: &FargateBill) {
        let setup = self.setup;
        for line in fargate::lines(of.customer(setup), &bill.usage, of.rates(setup)) {
            let used: fn(&Usage) -> u64 = match line.meter {
                Meter::FargateVcpu | Meter::FargateSpotVcpu | Meter::FargateWindowsLicense => {
                    |it| it.cpu_unit_seconds
                }
                Meter::FargateMemory | Meter::FargateSpotMemory => |it| it.mib_seconds,
                _ => |it| it.storage_gib_seconds,
            };
            let weights = self.weights_of(bill.of_owners.iter().map(|it| (*it.0, used(&it.1.usage).into())));
            let key = match line.meter {
                Meter::FargateVcpu => UsageKey::FargateVcpu(of),
                Meter::FargateMemory => UsageKey::FargateMemory(of),
                _ => {
                    self.write(line, &weights);
                    continue;
                }
            };
            if setup.commitments.is_empty() {
                self.write(line, &weights);
                continue;
            }
            let plan = match line.meter {
                Meter::FargateVcpu => Meter::FargateSavingsPlanVcpu,
                _ => Meter::FargateSavingsPlanMemory,
            };
            let place = (line.capacity_provider.as_str(), line.availability_zone.as_str());
            self.write_covered(key, [line.meter, plan, plan], &line.item, line.n_uses, place, &weights);
        }
    }

    /// Root volumes, and public addresses where instances have them.
    fn write_what_comes_with_instances(&mut self) {
        let (setup, bill) = (self.setup, self.bill);
        let options = setup.bill;
        let mut places: BTreeMap<(CapacityProviderId, ZoneId), Vec<&InstanceBill>> = BTreeMap::new();
        for (line, bill) in bill.of_instances().filter(|it| it.1.seconds > 0) {
            places.entry((line.provider, line.zone)).or_default().push(bill);
        }
        let month = options.month.seconds(setup.starts_at_ms);
        let volume = if options.root_volume == PriceItem::EbsGp2GibMonth { "gp2" } else { "gp3" };
        for ((provider, zone), bills) in &places {
            let place = (setup.providers[*provider].name.as_str(), setup.zones[*zone].as_str());
            let seconds: u64 = bills.iter().map(|it| it.seconds).sum();
            let n_uses = bills.iter().map(|it| it.n_uses).sum();
            let weights = self.weights_on_instances(bills.iter().copied());
            let quantity =
                Quantity { units: seconds * u64::from(options.root_volume_gib), per: month, n_uses };
            let write = |quantity, price: &DatedPrice| {
                line_of(Meter::EbsVolume, volume, quantity, price).with_place(place.0, place.1)
            };
            self.write_item(options.root_volume, quantity, write, &weights);
            if options.has_instance_addresses {
                let quantity = Quantity { units: seconds, per: 3600, n_uses };
                let write = |quantity, price: &DatedPrice| {
                    line_of(Meter::PublicIpv4, "instances", quantity, price).with_place(place.0, place.1)
                };
                self.write_item(PriceItem::PublicIpv4Hour, quantity, write, &weights);
            }
        }
    }

    fn write_addresses_of_tasks(&mut self) {
        let (setup, bill) = (self.setup, self.bill);
        for (of, bill) in &bill.fargate {
            let shares = bill.of_owners.iter();
            let weights = self.weights_of(shares.map(|it| (*it.0, it.1.address_seconds.into())));
            let quantity = Quantity {
                units: bill.of_owners.values().map(|it| it.address_seconds).sum(),
                per: 3600,
                n_uses: bill.of_owners.values().map(|it| it.n_addresses).sum(),
            };
            let customer = of.customer(setup);
            let write = |quantity, price: &DatedPrice| {
                line_of(Meter::PublicIpv4, "tasks", quantity, price)
                    .with_place(customer.capacity_provider, customer.availability_zone)
            };
            self.write_item(PriceItem::PublicIpv4Hour, quantity, write, &weights);
        }
    }

    /// What of commitments nobody used, and what became of each. It is shared as
    /// the costs of instances and Fargate are.
    fn close_commitments(&mut self) {
        let setup = self.setup;
        let mut computed: BTreeMap<CostOwner, Money> = BTreeMap::new();
        for share in &self.ledger.shares {
            let group = self.ledger.lines[share.line as usize].meter.group();
            if matches!(group, LineGroup::Instances | LineGroup::Fargate) {
                *computed.entry(share.owner).or_default() += share.amount;
            }
        }
        let used: Vec<u128> = computed.values().map(|it| it.pico_usd().unsigned_abs()).collect();
        let weights: Weights = computed.into_keys().zip(attribution::in_proportion(&used)).collect();
        for (number, commitment) in setup.commitments.iter().enumerate() {
            let (promised, taken) = self.settlement.parts[number];
            assert_eq!(self.written[number], taken, "every cover has its line");
            let amount = commitment.cost(promised) - commitment.cost(taken);
            let unused_ms = (promised - taken) / commitment.available(1).max(1);
            let units = u64::try_from(unused_ms).expect("no more than the run has");
            let quantity = Quantity { units, per: HOUR_MS, n_uses: 0 };
            let line =
                LedgerLine::of(Meter::UnusedCommitment, commitment.name.as_str(), quantity, Money::ZERO, "");
            self.write(line.with_amount(amount), &weights);
            let record = self.bill.hours.record(setup, &self.settlement, number);
            self.ledger.commitments.push(record);
        }
    }

    /// By what tasks reserved of these instances together; the rest is idle.
    fn weights_on_instances<'b>(&self, bills: impl IntoIterator<Item = &'b InstanceBill>) -> Weights {
        let mut there = Reserved::default();
        let mut reserved = vec![Reserved::default(); self.bill.n_owners];
        let add = |to: &mut Reserved, it: Reserved| {
            to.cpu_ms += it.cpu_ms;
            to.memory_ms += it.memory_ms;
        };
        for bill in bills {
            add(&mut there, bill.there);
            for (sum, it) in reserved.iter_mut().zip(&bill.reserved) {
                add(sum, it.reserved());
            }
        }
        self.bill.owners().zip(attribution::shares(there, &reserved)).collect()
    }

    /// In proportion to what owners used, given by their positions.
    pub(super) fn weights_of(&self, used: impl Iterator<Item = (usize, u128)>) -> Weights {
        let (positions, used): (Vec<usize>, Vec<u128>) = used.filter(|it| it.1 > 0).unzip();
        let owners: Vec<CostOwner> = self.bill.owners().collect();
        positions.into_iter().map(|it| owners[it]).zip(attribution::in_proportion(&used)).collect()
    }
}

/// A line at a price of the list.
pub(super) fn line_of(meter: Meter, item: &str, quantity: Quantity, price: &DatedPrice) -> LedgerLine {
    LedgerLine::of(meter, item, quantity, price.usd, price.as_of.as_str())
}
