//! The bill of each setting, line by line: what was used, how much of it, at
//! which price of which day, and what that cost, by meter and capacity provider.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Money;
use crate::base::stats::estimate;
use crate::experiment::results::Results;
use crate::metrics::Direction;
use crate::record::{LedgerLine, Meter};

use super::tables::{Cell, Column, Table, about_replicates};

/// Provider, meter, item: what has a row of its own. Zones are summed.
type Item<'a> = (&'a str, Meter, &'a str);

/// What an item came to over the runs of a setting.
#[derive(Default)]
struct Billed<'a> {
    /// Quantity and cost of each run.
    runs: Vec<(f64, Money)>,
    /// In 1e-12 USD; several where the price changed.
    prices: BTreeSet<u64>,
    days: BTreeSet<&'a str>,
}

/// One row a setting and item, as mean over the replicates; a run without such
/// a line has used none of it. `None` if nothing was billed.
pub fn bill(results: &Results) -> Option<Table> {
    let mut rows = Vec::new();
    for (setting, it) in results.settings.iter().enumerate() {
        let runs = results.rows_of(setting);
        let mut items: BTreeMap<Item<'_>, Billed<'_>> = BTreeMap::new();
        for (run, row) in runs.iter().enumerate() {
            for line in &row.record.ledger.lines {
                let billed = items.entry(item(line)).or_default();
                billed.runs.resize(runs.len(), (0.0, Money::ZERO));
                billed.runs[run].0 += line.billed();
                billed.runs[run].1 += line.cost();
                billed.prices.insert(line.price_pico_usd);
                billed.days.insert(line.price_as_of.as_str());
            }
        }
        for ((provider, meter, item), billed) in items {
            let quantities: Vec<f64> = billed.runs.iter().map(|it| it.0).collect();
            let costs: Vec<f64> = billed.runs.iter().map(|it| it.1.as_usd_f64()).collect();
            let days: Vec<&str> = billed.days.into_iter().filter(|it| !it.is_empty()).collect();
            rows.push(vec![
                Cell::count(setting as u64 + 1),
                Cell::Text(it.label.clone()),
                Cell::Text(provider.to_owned()),
                Cell::Text(meter.title().to_owned()),
                Cell::Text(item.to_owned()),
                Cell::estimate(estimate(&quantities), 1, false),
                Cell::Text(meter.unit().to_owned()),
                price(&billed.prices),
                Cell::Text(days.join(", ")),
                Cell::estimate(estimate(&costs), 2, false),
            ]);
        }
    }
    let cost = Column { direction: Direction::LowerIsBetter, ..Column::plain("cost, USD", "cost_usd", "") };
    (!rows.is_empty()).then(|| Table {
        title: "Bill".to_owned(),
        notes: vec![about_replicates(results)],
        columns: vec![
            Column::plain("#", "setting_number", "position of the setting"),
            Column::plain("setting", "setting", ""),
            Column::plain("capacity provider", "capacity_provider", ""),
            Column::plain("meter", "meter", ""),
            Column::plain(
                "item",
                "item",
                "instance type, platform of Fargate tasks, or what else is paid for",
            ),
            Column::plain("quantity", "quantity", "billed while measured, minimums included"),
            Column::plain("unit", "unit", "what the quantity is of"),
            Column::plain("price, USD", "price_usd", "of one unit; the least and the most where it changed"),
            Column::plain("price of", "price_as_of", "the day of the price"),
            cost,
        ],
        rows,
    })
}

/// Exact: a price has more decimals than an amount.
fn price(prices: &BTreeSet<u64>) -> Cell {
    let usd = |it: &u64| Money::from_pico_usd((*it).into()).to_string();
    Cell::Text(match (prices.first(), prices.last()) {
        (Some(least), Some(most)) if least == most => usd(least),
        (Some(least), Some(most)) => format!("{} to {}", usd(least), usd(most)),
        _ => String::new(),
    })
}

fn item(line: &LedgerLine) -> Item<'_> {
    (&line.capacity_provider, line.meter, &line.item)
}
