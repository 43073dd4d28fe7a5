//! Which lock is meant by an address. Memory is reused, so an address means a lock only while a thread keeps the buffer
//! around it alive.

use super::Number;
use crate::hash::HashMap;
use crate::queue::Kind;
use crate::threads::ThreadId;

/// Where a lock lies.
#[derive(Clone, Copy)]
pub struct Place {
    /// The address of the buffer.
    pub base: usize,
    /// The address of the cell.
    pub cell: usize,
    /// The kind of lock.
    pub kind: Kind,
}

/// The numbers of the locks.
#[derive(Default)]
pub struct Identity {
    buffers: HashMap<usize, Buffer>,
    /// Sorted by name.
    classes: Vec<(String, Number)>,
}

/// A buffer that threads keep alive.
#[derive(Default)]
struct Buffer {
    /// For each thread how many times it keeps the buffer.
    keepers: Vec<(ThreadId, u32)>,
    locks: Vec<(usize, Kind, Number)>,
    /// The index in `locks` by the address of a cell and its kind.
    index: HashMap<(usize, u8), usize>,
}

impl Identity {
    pub fn clear(&mut self) {
        for buffer in self.buffers.values_mut() {
            buffer.locks.clear();
            buffer.index.clear();
        }
        self.classes.clear();
    }

    pub fn find(&self, place: Place) -> Option<Number> {
        let buffer = self.buffers.get(&place.base)?;
        let at = *buffer.index.get(&(place.cell, place.kind as u8))?;
        Some(buffer.locks[at].2)
    }

    /// Names a lock. It has no effect if no thread keeps the buffer.
    pub fn insert(&mut self, place: Place, number: Number) {
        if let Some(buffer) = self.buffers.get_mut(&place.base) {
            let at = buffer.locks.len();
            buffer.locks.push((place.cell, place.kind, number));
            buffer.index.insert((place.cell, place.kind as u8), at);
        }
    }

    pub fn find_class(&self, name: &str) -> Option<Number> {
        let at = self.search_class(name).ok()?;
        Some(self.classes[at].1)
    }

    pub fn insert_class(&mut self, name: String, number: Number) {
        match self.search_class(&name) {
            Ok(at) => self.classes[at].1 = number,
            Err(at) => self.classes.insert(at, (name, number)),
        }
    }

    fn search_class(&self, name: &str) -> Result<usize, usize> {
        self.classes
            .binary_search_by(|(other, _)| other.as_str().cmp(name))
    }

    pub fn keep(&mut self, base: usize, thread: ThreadId) {
        let keepers = &mut self.buffers.entry(base).or_default().keepers;
        match keepers.iter_mut().find(|(keeper, _)| *keeper == thread) {
            Some((_, times)) => *times += 1,
            None => keepers.push((thread, 1)),
        }
    }

    pub fn is_kept_by(&self, base: usize, thread: ThreadId) -> bool {
        let buffer = self.buffers.get(&base);
        buffer.is_some_and(|buffer| buffer.keepers.iter().any(|(keeper, _)| *keeper == thread))
    }

    /// Returns the locks that are no longer known.
    pub fn drop_buffer(&mut self, base: usize, thread: ThreadId) -> Vec<Number> {
        let Some(buffer) = self.buffers.get_mut(&base) else {
            return Vec::new();
        };
        if let Some((_, times)) = buffer
            .keepers
            .iter_mut()
            .find(|(keeper, _)| *keeper == thread)
        {
            *times -= 1;
        }
        buffer.keepers.retain(|(_, times)| *times > 0);
        self.remove_unkept(base)
    }

    /// Returns the locks that are no longer known.
    pub fn thread_ended(&mut self, thread: ThreadId) -> Vec<Number> {
        let mut left = Vec::new();
        for (base, buffer) in &mut self.buffers {
            buffer.keepers.retain(|(keeper, _)| *keeper != thread);
            if buffer.keepers.is_empty() {
                left.push(*base);
            }
        }
        left.into_iter()
            .flat_map(|base| self.remove_unkept(base))
            .collect()
    }

    fn remove_unkept(&mut self, base: usize) -> Vec<Number> {
        if self
            .buffers
            .get(&base)
            .is_none_or(|buffer| !buffer.keepers.is_empty())
        {
            return Vec::new();
        }
        let removed = self.buffers.remove(&base);
        removed.map_or_else(Vec::new, |buffer| {
            buffer
                .locks
                .into_iter()
                .map(|(_, _, number)| number)
                .collect()
        })
    }
}
