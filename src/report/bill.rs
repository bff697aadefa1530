//! The bill of each setting: what was used, how many hours of it, and what that
//! cost, by meter and capacity provider.

use std::collections::BTreeMap;

use crate::base::Money;
use crate::base::stats::estimate;
use crate::experiment::results::Results;
use crate::metrics::Direction;
use crate::record::{LedgerLine, Meter};

use super::tables::{Cell, Column, Table, about_replicates};

/// Provider, meter, item: what has a row of its own. Zones are summed.
type Item<'a> = (&'a str, Meter, &'a str);

/// One row a setting and item, as mean over the replicates; a run without such
/// a line has used none of it. `None` if nothing was billed.
pub fn bill(results: &Results) -> Option<Table> {
    let mut rows = Vec::new();
    for (setting, it) in results.settings.iter().enumerate() {
        let runs = results.rows_of(setting);
        let mut items: BTreeMap<Item<'_>, Vec<(f64, Money)>> = BTreeMap::new();
        for (run, row) in runs.iter().enumerate() {
            for line in &row.record.ledger.lines {
                let of_runs = items.entry(item(line)).or_insert_with(|| vec![(0.0, Money::ZERO); runs.len()]);
                of_runs[run].0 += line.billed();
                of_runs[run].1 += line.cost();
            }
        }
        for ((provider, meter, item), of_runs) in items {
            let hours: Vec<f64> = of_runs.iter().map(|it| it.0).collect();
            let costs: Vec<f64> = of_runs.iter().map(|it| it.1.as_usd_f64()).collect();
            rows.push(vec![
                Cell::count(setting as u64 + 1),
                Cell::Text(it.label.clone()),
                Cell::Text(provider.to_owned()),
                Cell::Text(meter.title().to_owned()),
                Cell::Text(item.to_owned()),
                Cell::estimate(estimate(&hours), 1, false),
                Cell::Text(meter.unit().to_owned()),
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
            Column::plain("item", "item", "instance type, or platform of Fargate tasks"),
            Column::plain("quantity", "quantity", "billed while measured, minimums included"),
            Column::plain("unit", "unit", "what the quantity is of"),
            cost,
        ],
        rows,
    })
}

fn item(line: &LedgerLine) -> Item<'_> {
    (&line.capacity_provider, line.meter, &line.item)
}
