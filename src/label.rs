//! What messages call a primitive.

use std::sync::Arc;

/// The name that the caller gave to a primitive, and the number of its cell in its buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// The name, if it has one.
    pub name: Option<Arc<str>>,
    /// The number of the cell.
    pub index: usize,
}

impl Label {
    /// The name, or the number of the cell of a primitive without one, behind the name of its class.
    pub fn behind(&self, class: &str) -> String {
        match &self.name {
            Some(name) => format!("{class} \"{name}\""),
            None => format!("{class} in cell {}", self.index),
        }
    }
}
