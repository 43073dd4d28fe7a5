//! How messages refer to a primitive.

use std::sync::Arc;

/// The name that the user gave to a primitive, and the index of its cell in its buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// The name, if the user gave one.
    pub name: Option<Arc<str>>,
    /// The index of the cell.
    pub index: usize,
}
