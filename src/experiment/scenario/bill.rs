//! `[bill]` and `[[commitment]]`: what is on the invoice beside instances and
//! tasks, and what is paid for whether it is used or not.

use super::access::read_name;
use crate::base::{Money, SimDuration};
use crate::billing::commitments::{Commitment, CommitmentKind, Discount, FARGATE, family};
use crate::experiment::catalogue::Catalogue;
use crate::experiment::reader::{self, Faults};
use crate::experiment::tree::{Node, Value};
use crate::model::bill::{BillOptions, Month};
use crate::model::price::{PriceItem, Prices};

/// Nobody reserves more instances of one type.
const RESERVED_MAX: u64 = 1_000_000;
/// Nor has more NAT gateways.
const NAT_GATEWAYS_MAX: u64 = 1000;
/// The largest image: 100 GiB.
const IMAGE_MIB_MAX: u64 = 102_400;

/// Reads `[bill]`; what is not written is as [`BillOptions::default`] has it.
pub(super) fn read_options(node: Option<&Node>, faults: &Faults) -> BillOptions {
    let mut options = BillOptions::default();
    let Some(node) = node else { return options };
    let table = reader::Table::of(node, faults);
    let number = |name, most, field: &mut u32| {
        if let Some(read) = table.integer(name, 0..=most) {
            *field = u32::try_from(read).expect("within the range");
        }
    };
    number("root_volume_gib", BillOptions::ROOT_VOLUME_GIB_MAX.into(), &mut options.root_volume_gib);
    number("nat_gateways", NAT_GATEWAYS_MAX, &mut options.nat_gateways);
    number("nat_image_mib", IMAGE_MIB_MAX, &mut options.nat_image_mib);
    if let Some(kind) =
        table.optional("root_volume_type").and_then(|it| reader::word(it, &["gp3", "gp2"], faults))
    {
        options.root_volume = [PriceItem::EbsGp3GibMonth, PriceItem::EbsGp2GibMonth][kind];
    }
    if let Some(seconds) = table.integer("windows_minimum_seconds", 1..=3600) {
        options.windows_minimum = SimDuration::from_secs(seconds);
    }
    options.has_instance_addresses = table.flag("instance_public_ipv4").unwrap_or(false);
    if let Some(month) = table.optional("month").and_then(|it| read_month(it, faults)) {
        options.month = month;
    }
    if let Some(node) = table.optional("nat_image_mib").filter(|_| options.nat_gateways == 0)
        && options.nat_image_mib > 0
    {
        let fault = node.fault("B0110", "images are pulled through NAT gateways, and there is none");
        faults.note(fault.help("`nat_gateways = 1` is one for all zones"));
    }
    table.finish();
    options
}

/// `"calendar"`, or a number of days.
fn read_month(node: &Node, faults: &Faults) -> Option<Month> {
    if matches!(node.value, Value::Text(_)) {
        return reader::word(node, &["calendar"], faults).map(|_| Month::Calendar);
    }
    let days = reader::integer(node, 28..=31, faults)?;
    Some(Month::Days(u32::try_from(days).expect("within the range")))
}

/// What `[bill]` asks for has a price in the region.
pub(super) fn check_prices(
    node: Option<&Node>,
    options: &BillOptions,
    prices: &Prices,
    region: &str,
    faults: &Faults,
) {
    let asked = [
        ("instance_public_ipv4", options.has_instance_addresses, PriceItem::PublicIpv4Hour),
        ("nat_gateways", options.nat_gateways > 0, PriceItem::NatHour),
        ("nat_image_mib", options.nat_image_mib > 0, PriceItem::NatGb),
        ("root_volume_type", options.root_volume_gib > 0, options.root_volume),
    ];
    for (field, _, item) in asked.into_iter().filter(|it| it.1 && prices.of(it.2).is_none()) {
        let Some(node) = node.and_then(|it| it.get(field)) else { continue };
        let name = item.name();
        let fault = node.fault("B0119", format!("there is no price of `{name}` in region `{region}`"));
        let row = format!("`{region},{name},0.05,2026-10-01`");
        faults.note(fault.help(format!("give one in a file of your own with `prices`: {row}")));
    }
}

/// Reads every `[[commitment]]`; faulty ones are left out, and there is no setup
/// then.
pub(super) fn read_commitments(items: &[Node], catalogue: &Catalogue, faults: &Faults) -> Vec<Commitment> {
    let mut found: Vec<Commitment> = Vec::new();
    for node in items {
        let Some(commitment) = read_commitment(node, catalogue, faults) else { continue };
        if found.iter().any(|it| it.name == commitment.name) {
            faults.note(node.fault("B0111", format!("commitment `{}` is given twice", commitment.name)));
        }
        found.push(commitment);
    }
    found
}

fn read_commitment(node: &Node, catalogue: &Catalogue, faults: &Faults) -> Option<Commitment> {
    const KINDS: [&str; 3] = ["compute_savings_plan", "ec2_instance_savings_plan", "reserved_instances"];
    let table = reader::Table::of(node, faults);
    let name = read_name(&table, "a commitment");
    let kind = table.required("kind").and_then(|it| reader::word(it, &KINDS, faults));
    let usd_per_hour = table.required("usd_per_hour").and_then(|it| reader::money(it, faults));
    // Of an unknown kind nobody knows the other fields.
    let kind = match kind? {
        2 => {
            let instance_type = table.required("instance_type").and_then(|it| {
                let name = reader::text(it, faults)?;
                let is_known = catalogue.size(name).is_some();
                if !is_known {
                    let fault = it.fault("B0180", format!("no instance type is called `{name}`"));
                    faults.note(fault.help_nearest(name, catalogue.types().map(|it| it.0)));
                }
                is_known.then(|| name.to_owned())
            });
            let count = table.required("count").and_then(|it| reader::integer(it, 0..=RESERVED_MAX, faults));
            table.finish();
            CommitmentKind::ReservedInstances {
                instance_type: instance_type?,
                count: u32::try_from(count?).expect("within the range"),
                usd_per_hour: usd_per_hour?,
            }
        }
        kind => {
            let family = match kind {
                1 => table.required("instance_family").map(|it| read_family(it, catalogue, faults)),
                _ => Some(Some(String::new())),
            };
            let discount = table.required("discount_percent").and_then(|it| read_discount(it, faults));
            let discounts = match table.optional("discount_percent_of").filter(|_| kind == 0) {
                Some(node) => read_discounts(node, catalogue, faults),
                None => Some(Vec::new()),
            };
            if let Some(node) = node.get("discount_percent_of").filter(|_| kind == 1) {
                let message = "an EC2 Instance Savings Plan is for one family and has one discount";
                faults.note(node.fault("B0110", message));
            }
            table.finish();
            CommitmentKind::SavingsPlan {
                family: Some(family??).filter(|it| !it.is_empty()),
                usd_per_hour: usd_per_hour?,
                discount: discount?,
                discounts: discounts?,
            }
        }
    };
    Some(Commitment { name: name?, kind })
}

/// A family of the catalogue, such as `m6i`.
fn read_family(node: &Node, catalogue: &Catalogue, faults: &Faults) -> Option<String> {
    let name = reader::text(node, faults)?;
    check_family(name, node, catalogue, faults).then(|| name.to_owned())
}

fn check_family(name: &str, node: &Node, catalogue: &Catalogue, faults: &Faults) -> bool {
    let is_known = catalogue.types().any(|it| family(it.0) == name);
    if !is_known {
        let fault = node.fault("B0180", format!("no instance type is of a family `{name}`"));
        faults.note(fault.help_nearest(name, catalogue.types().map(|it| family(it.0))));
    }
    is_known
}

/// `{ fargate = 20, m6i = 28.5 }`.
fn read_discounts(node: &Node, catalogue: &Catalogue, faults: &Faults) -> Option<Vec<(String, Discount)>> {
    if !matches!(node.value, Value::Table(_)) {
        let expected = "a table such as { fargate = 20 }";
        faults.note(node.fault("B0103", format!("expected {expected}, found {}", node.kind())));
        return None;
    }
    let mut found = Vec::new();
    let mut is_whole = true;
    for field in node.fields() {
        let is_known = field.name == FARGATE || check_family(&field.name, &field.node, catalogue, faults);
        match read_discount(&field.node, faults).filter(|_| is_known) {
            Some(discount) => found.push((field.name.clone(), discount)),
            None => is_whole = false,
        }
    }
    is_whole.then_some(found)
}

/// Percent above 0 and below 100, in hundredths.
fn read_discount(node: &Node, faults: &Faults) -> Option<Discount> {
    const HUNDREDTH: i128 = 10_000_000_000;
    let Value::Number(written) = &node.value else {
        faults.note(node.fault("B0103", format!("expected a percentage, found {}", node.kind())));
        return None;
    };
    let hundredths = Money::parse_usd(written).map(Money::pico_usd).filter(|it| it % HUNDREDTH == 0);
    let hundredths = hundredths.and_then(|it| u32::try_from(it / HUNDREDTH).ok());
    let found = hundredths.filter(|it| (1..Discount::WHOLE).contains(it)).map(Discount);
    if found.is_none() {
        let message = format!("`{written}` is no discount: expected 0.01 to 99.99 percent");
        faults.note(node.fault("B0181", message));
    }
    found
}
