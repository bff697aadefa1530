//! What scans of images cost.

use super::lines::{Book, line_of};
use crate::model::price::PriceItem;
use crate::record::{Meter, Quantity};

impl Book<'_> {
    /// Scans of Amazon Inspector, first ones and further ones, which are of
    /// everybody (semantics 8.5).
    pub(super) fn write_scans(&mut self, [first, further]: [u64; 2]) {
        for (item, meter, n) in [
            (PriceItem::EcrEnhancedScan, Meter::ImageScan, first),
            (PriceItem::EcrEnhancedRescan, Meter::ImageRescan, further),
        ] {
            let quantity = Quantity { units: n, per: 1, n_uses: n };
            let line = |quantity, price: &_| line_of(meter, "images", quantity, price);
            self.write_item(item, quantity, line, &[]);
        }
    }
}
