//! Numbers of several threads, each on cache lines of its own, and the work between two sections.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Two lines: processors fetch them in pairs.
#[repr(align(128))]
#[derive(Default)]
pub struct Cell(AtomicU64);

impl Cell {
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    pub fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    /// Not atomic as a whole: two threads that are not kept apart lose counts.
    pub fn increment(&self) {
        self.set(self.get() + 1);
    }
}

pub fn cells(count: u64) -> Vec<Cell> {
    (0..count).map(|_| Cell::default()).collect()
}

/// The loop of toil.js.
pub fn toil(turns: u64, seed: u32) -> u32 {
    let mut x = seed;
    for _ in 0..turns {
        x = black_box(x.wrapping_mul(1_103_515_245).wrapping_add(12_345));
    }
    x
}
