//! `ecr_storage`: images of a repository, with layers that they may share.

use super::{PRICE_MAX, compare_cost, money, too_large};
use crate::base::SimDuration;
use crate::billing::registry;
use crate::conform::case::{Differences, Sealed};
use crate::conform::reader::{Faults, Object};
use crate::documents::json::Json;

/// A hundred years.
const DAYS_MAX: u64 = 36_525;

pub(super) fn judge(
    mut input: Object<'_>,
    expect: Sealed<'_>,
    faults: &mut Faults<'_>,
) -> Option<Differences> {
    let price = input.decimal("price_per_gb_month", PRICE_MAX, faults).map(money);
    let stored = input.decimal_or_zero("days_stored", DAYS_MAX, faults);
    let month = input.required("days_in_month", faults);
    let month = month.and_then(|it| Some((it, faults.decimal(it, DAYS_MAX)?)));
    if let Some((json, 0)) = month {
        faults.note("B0607", json, "a month is longer than no time");
        return None;
    }
    let images = input.given("images");
    let layers = images.map_or(Some(Vec::new()), |it| read_images(it, faults));
    input.finish(faults);
    let (layers, price, stored, month) = (layers?, price?, stored?, month?.1);
    let bytes = registry::stored_bytes(layers);
    // Only their ratio counts: no fraction of a day is lost.
    let common = greatest_common_divisor(month, stored);
    let part =
        |it: u128| SimDuration::from_millis(u64::try_from(it / common).expect("bounded by its reading"));
    let cost = bytes.and_then(|it| registry::cost(it, part(stored), part(month), price));
    let (Some(bytes), Some(cost)) = (bytes, cost) else {
        too_large(images.expect("nothing is not too large"), faults);
        return None;
    };
    let ((bytes, cost), expect) = expect.open((bytes, cost));

    let mut expect = Object::of(expect, faults)?;
    let mut differences = Differences::default();
    let expected: Option<u64> = expect.number("stored_bytes", faults);
    let is_cost_read = compare_cost(&mut expect, cost, &mut differences, faults);
    expect.finish(faults);
    differences.compare("stored_bytes", expected?.to_string(), bytes.to_string());
    is_cost_read.map(|()| differences)
}

/// Of two numbers of which the first is not zero.
fn greatest_common_divisor(a: u128, b: u128) -> u128 {
    let (mut a, mut b) = (a, b);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The layers of all images, as digest and size.
fn read_images<'a>(json: &'a Json, faults: &mut Faults<'_>) -> Option<Vec<(&'a str, u64)>> {
    let mut found = Vec::new();
    let mut is_whole = true;
    for image in faults.list(json)? {
        let Some(mut image) = Object::of(image, faults) else {
            is_whole = false;
            continue;
        };
        if let Some(tag) = image.given("tag") {
            faults.text(tag);
        }
        let layers = image.list_or_none("layers", faults);
        is_whole &= layers.is_some();
        for layer in layers.unwrap_or_default() {
            let read = Object::of(layer, faults).and_then(|mut layer| {
                let digest = layer.text("digest", faults);
                let bytes: Option<u64> = layer.number_or("bytes", 0, faults);
                layer.finish(faults);
                digest.zip(bytes)
            });
            is_whole &= read.is_some();
            found.extend(read);
        }
        image.finish(faults);
    }
    is_whole.then_some(found)
}
