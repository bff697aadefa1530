//! Money as a text such as `"0.0416"`: no decimal is lost on the way.

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

use crate::base::Money;

pub(super) fn serialize<S: Serializer>(amount: &Money, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    let text = String::deserialize(deserializer)?;
    Money::parse_usd(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no amount of money")))
}
