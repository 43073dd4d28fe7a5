//! What the cells are called, for messages and for the supervisor: the name that some thread of the process gave to a
//! primitive, or else the number of its cell.

use crate::queue::{Key, Kind};
use crate::sync::lock;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

static NAMES: LazyLock<Mutex<HashMap<Key, Entry>>> = LazyLock::new(Mutex::default);

struct Entry {
    /// How many native objects are on the cell.
    objects: usize,
    name: Option<String>,
    index: usize,
}

/// Keeps the name of a cell, for as long as a native object is on it.
pub struct Named(Key);

impl Named {
    /// An object is made on a cell that is the `index`-th of its buffer.
    pub fn new(key: Key, name: Option<String>, index: usize) -> Self {
        let mut names = lock(&NAMES);
        let entry = names.entry(key).or_insert(Entry {
            objects: 0,
            name: None,
            index,
        });
        entry.objects += 1;
        if name.is_some() {
            entry.name = name;
        }
        Named(key)
    }

    /// The cell.
    pub fn key(&self) -> Key {
        self.0
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let mut names = lock(&NAMES);
        if let Some(entry) = names.get_mut(&self.0) {
            entry.objects -= 1;
            if entry.objects == 0 {
                names.remove(&self.0);
            }
        }
    }
}

/// The name that somebody gave to it.
pub fn name_of(key: Key) -> Option<String> {
    lock(&NAMES).get(&key)?.name.clone()
}

/// What a message calls it.
pub fn label(key: Key) -> String {
    let class = class_of(key.kind());
    match lock(&NAMES).get(&key) {
        Some(Entry {
            name: Some(name), ..
        }) => format!("{class} \"{name}\""),
        Some(Entry { index, .. }) => format!("{class} in cell {index}"),
        None => class.to_owned(),
    }
}

/// A kind of primitive, as its class is called.
pub fn class_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Mutex => "Mutex",
        Kind::Condition => "Condition",
        Kind::Barrier | Kind::BarrierGate => "Barrier",
        Kind::Latch => "Latch",
        Kind::Semaphore => "Semaphore",
        Kind::RwLock => "RwLock",
    }
}
