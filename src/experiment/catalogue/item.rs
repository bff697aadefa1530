//! What a row of a price file is a price of, and what it is called there.

use super::Catalogue;
use super::fargate::FargatePrice;
use crate::base::{Diagnostic, Money};
use crate::model::price::PriceItem;

/// Stands before an instance type where its Spot price is meant.
pub(super) const SPOT: &str = "spot:";

/// Something that has a price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item<'a> {
    /// An hour of an instance on demand, by type.
    OnDemand(&'a str),
    /// The same as Spot.
    Spot(&'a str),
    /// An hour of a unit of Fargate.
    Fargate(FargatePrice),
    /// A unit of something else.
    Service(PriceItem),
}

impl<'a> Item<'a> {
    /// By its name in a price file.
    pub(super) fn named(name: &'a str) -> Option<Self> {
        if !name.contains(':') {
            return is_instance_type(name).then_some(Self::OnDemand(name));
        }
        if let Some(instance_type) = name.strip_prefix(SPOT) {
            return is_instance_type(instance_type).then_some(Self::Spot(instance_type));
        }
        let service = || PriceItem::NAMES.iter().find(|it| it.0 == name).map(|it| Self::Service(it.1));
        FargatePrice::named(name).map(Self::Fargate).or_else(service)
    }

    /// What a name that is none could have meant.
    pub(super) fn unknown(name: &str) -> Diagnostic {
        let message = format!("`{name}` is nothing that has a price");
        let services = PriceItem::NAMES.iter().map(|it| it.0.to_owned());
        let known: Vec<String> = FargatePrice::all().map(FargatePrice::name).chain(services).collect();
        let nearest = crate::base::nearest::nearest(name, known.iter().map(String::as_str));
        Diagnostic::new("B0120", message).help(match nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("an instance type, `spot:` and an instance type, or one of {}", known.join(", ")),
        })
    }

    /// Nothing costs more than this; a larger figure is a slip.
    pub(super) const fn dearest(self) -> Money {
        match self {
            Self::OnDemand(_) | Self::Spot(_) => Catalogue::DEAREST,
            // No unit of anything else costs a dollar.
            Self::Fargate(_) | Self::Service(_) => Money::from_pico_usd(100_000_000_000_000),
        }
    }
}

/// Whether it looks like one, `m6i.large`: a price of a type that the catalogue
/// does not know harms nobody.
fn is_instance_type(name: &str) -> bool {
    let is_part = |it: &str| {
        !it.is_empty() && it.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
    };
    name.split_once('.').is_some_and(|(family, size)| is_part(family) && is_part(size))
}
