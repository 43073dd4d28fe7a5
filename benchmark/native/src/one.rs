//! Questions about one thread alone: nanoseconds of a pair, from the fastest batch, as harness/nanoseconds.js has it.

use std::hint::black_box;
use std::sync::RwLock;
use std::time::{Duration, Instant};

use crate::Answer;
use crate::primitives::{Kit, Lock};

const BATCHES: u32 = 12;
const BATCH: Duration = Duration::from_millis(10);

fn fastest(pair: impl Fn()) -> Answer {
    let timed = |pairs: u32| {
        let start = Instant::now();
        (0..pairs).for_each(|_| pair());
        start.elapsed()
    };
    let mut pairs = 1000;
    while timed(pairs) < BATCH {
        pairs *= 2;
    }
    let best = (0..BATCHES)
        .map(|_| timed(pairs))
        .min()
        .expect("some batches");
    (best.as_nanos() as f64 / f64::from(pairs), vec![])
}

pub fn lock_pair<K: Kit>() -> Answer {
    let lock = K::Lock::default();
    fastest(|| black_box(&lock).exclusively(|| ()))
}

pub fn try_lock_pair<K: Kit>() -> Answer {
    let lock = K::Lock::default();
    fastest(|| assert!(black_box(&lock).try_exclusively(|| ()), "it is free"))
}

pub fn read_pair() -> Answer {
    let lock = RwLock::new(());
    fastest(|| drop(black_box(&lock).read()))
}
