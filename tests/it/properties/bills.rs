//! What holds of every bill.

use std::collections::BTreeMap;

use berthlab::base::Money;
use berthlab::billing::commitments::{Commitment, CommitmentKind, Discount};
use berthlab::model::bill::{BillOptions, Month};
use berthlab::model::price::{DatedPrice, PriceItem, Prices};
use berthlab::model::workload::Workload;
use berthlab::record::{Ledger, Meter};
use berthlab::sim::Setup;

/// Odd prices of everything, so that every line is rounded.
pub(super) fn prices() -> Prices {
    let odd = |number: usize| Money::from_pico_usd(7_000_000_001 + 1_234_567_891 * number as i128);
    let items = PriceItem::NAMES.iter().enumerate();
    let of_items =
        items.map(|(number, it)| (it.1, DatedPrice { usd: odd(number), as_of: "2026-01-01".to_owned() }));
    Prices::new(of_items.collect::<BTreeMap<_, _>>())
}

/// The setup with a bill. Nothing is drawn for it, so that what happens is what
/// it was without.
pub(super) fn billed(mut setup: Setup, workload: &Workload) -> Setup {
    let mut salt = workload.arrivals.len() * 7 + workload.service_changes.len() * 31 + setup.services.len();
    let mut choose = |n: usize| {
        let chosen = salt % n;
        salt = salt / n + 41;
        chosen
    };
    setup.bill = BillOptions {
        root_volume_gib: [0, 30, 100][choose(3)],
        root_volume: [PriceItem::EbsGp3GibMonth, PriceItem::EbsGp2GibMonth][choose(2)],
        has_instance_addresses: choose(2) == 0,
        month: [Month::Days(30), Month::Calendar][choose(2)],
        nat_gateways: [0, 2][choose(2)],
        nat_image_mib: [0, 300][choose(2)],
        ..BillOptions::default()
    };
    if choose(3) > 0 {
        let first = setup.instance_types.rows()[0].name.clone();
        setup.commitments = commitments(&first, choose(4) as u32, [0, 1, 13, 500][choose(4)]);
    }
    setup
}

/// A reservation of the first type and a plan for what is left.
fn commitments(instance_type: &str, count: u32, cents_per_hour: u32) -> Vec<Commitment> {
    let cents = |n: u32| Money::from_pico_usd(i128::from(n) * 10_000_000_007);
    let reserved = CommitmentKind::ReservedInstances {
        instance_type: instance_type.to_owned(),
        count,
        usd_per_hour: cents(5),
    };
    let plan = CommitmentKind::SavingsPlan {
        family: None,
        usd_per_hour: cents(cents_per_hour),
        discount: Discount(2_717),
        discounts: vec![("fargate".to_owned(), Discount(2_000))],
    };
    [("reserved", reserved), ("plan", plan)]
        .map(|(name, kind)| Commitment { name: name.to_owned(), kind })
        .into()
}

/// Parts sum to their wholes, to the last digit.
pub(super) fn check(setup: &Setup, ledger: &Ledger) {
    for (number, line) in ledger.lines.iter().enumerate() {
        let shares = ledger.shares.iter().filter(|it| it.line as usize == number);
        assert_eq!(shares.map(|it| it.amount).sum::<Money>(), line.cost(), "{line:?}");
        assert!(line.cost() >= Money::ZERO, "{line:?}");
        // Of commitments, and of Spot whose price changes, the price is a mean.
        if !line.item.ends_with(')') && !matches!(line.meter, Meter::UnusedCommitment | Meter::Ec2Spot) {
            let price = Money::from_pico_usd(line.price_pico_usd.into());
            assert_eq!(
                price.times(line.quantity.into(), line.units_per_price.into()),
                line.cost(),
                "{line:?}"
            );
        }
    }
    let of_owners: Money = ledger.by_owner().iter().map(|it| it.2).sum();
    assert_eq!(of_owners, ledger.total());
    assert!(ledger.unpriced.is_empty(), "{:?}", ledger.unpriced);
    assert_eq!(ledger.commitments.len(), setup.commitments.len());
    for record in &ledger.commitments {
        let covered = ledger.lines.iter().filter(|it| it.item.ends_with(&format!("({})", record.name)));
        assert_eq!(covered.map(|it| it.cost()).sum::<Money>(), record.used, "{record:?}");
        let is_unused = |meter, item: &str| meter == Meter::UnusedCommitment && item == record.name;
        let unused = ledger.lines.iter().filter(|it| is_unused(it.meter, &it.item));
        assert_eq!(record.used + unused.map(|it| it.cost()).sum(), record.committed, "{record:?}");
        assert!(record.covered_on_demand <= record.eligible_on_demand, "{record:?}");
    }
}
