//! Names that a user gives to things of an account (API Tag).

use crate::documents::shape::shapes;

shapes! {
    /// A name and its value.
    Tag limited ["key": 1..=128, "value": 0..=256] {
        /// The name.
        key: Option<String> = "key",
        /// Its value.
        value: Option<String> = "value",
    }
}
