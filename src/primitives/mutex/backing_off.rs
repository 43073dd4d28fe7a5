//! Backing off from a lock that its owner reacquires again and again.
//!
//! If an owner wants its lock back sooner than a cache line travels to another processor, two threads that take turns
//! are slower than one alone. The other thread makes the owner wait for the line, and then waits for the line itself.
//! So a thread that detects this leaves the lock to its owner for a while: Anderson, "The Performance of Spin Lock
//! Alternatives for Shared-Memory Multiprocessors", 1990. What counts is for how long the lock stays free, compared
//! with the time that the line travels. That time differs from machine to machine, and on virtual machines from one
//! moment to the next, so each sample compares the two.
//!
//! A sample counts loads of the word for a fixed time. No single load is timed, so a clock with steps of 100 nanoseconds
//! is good enough. A load takes a fixed time if the line is there, and longer if the line has to travel. So the number
//! of loads, compared with that for a word that no thread changes, shows for how much of the time the line travelled.

use super::{FREE, Mutex};
use crate::futex::Deadline;
use crate::queue::{Cooldown, back_off};

/// How long to sample, in nanoseconds. Critical sections that are longer than this make up for the travel of the line.
const SAMPLE_NS: u64 = 2_000;
/// A sample that took this much longer lost its processor in between, and shows nothing.
const LOST_NS: u64 = 2 * SAMPLE_NS;
/// With so many changes of the word in one sample, the owner gets on although its line is watched.
const MANY_CHANGES: u64 = 20;
/// How many times a thread backs off before it samples again.
const BACK_OFFS: u32 = 8;

/// The bit of a hint as a number.
const IS_HOT: u32 = 1 << Cooldown::BITS;

/// What threads learned about one lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// How many samples to skip after those that found the lock steady.
    cooldown: Cooldown,
    /// Whether the last sample found the lock hot.
    is_hot: bool,
    /// How many times to back off, after two such samples.
    back_offs: u32,
}

impl Hint {
    /// From a number that [`Hint::get`] gave.
    pub fn new(number: u32) -> Self {
        Hint {
            cooldown: Cooldown::new(number.into()),
            is_hot: number & IS_HOT != 0,
            back_offs: number >> (Cooldown::BITS + 1),
        }
    }

    /// As a number. Zero is a hint about a lock of which nothing is known.
    pub fn get(self) -> u32 {
        let is_hot = if self.is_hot { IS_HOT } else { 0 };
        self.cooldown.get() as u32 | is_hot | self.back_offs << (Cooldown::BITS + 1)
    }

    /// How many contended calls to skip before the next one. None while the lock is hot.
    pub fn skip(self) -> u32 {
        self.cooldown.skip().into()
    }
}

impl Mutex {
    /// Backs off if the lock is hot, that is, rapidly reacquired. Takes a sample now and then. Returns what to know at
    /// the next contended call that is not skipped.
    pub fn back_off(self, before: Hint) -> Hint {
        if before.back_offs > 0 {
            back_off();
            let back_offs = before.back_offs - 1;
            return Hint {
                back_offs,
                ..before
            };
        }
        let sample = Sample::take(|| self.cell.load(), nanoseconds);
        let is_hot = sample.is_hot(Sample::of_quiet_word());
        Hint {
            cooldown: before.cooldown.after(Some(is_hot)),
            is_hot,
            back_offs: if is_hot && before.is_hot {
                BACK_OFFS
            } else {
                0
            },
        }
    }
}

/// What one sample of a word has counted.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    loads: u64,
    /// Loads that found another word than the load before.
    changes: u64,
    /// The nanoseconds between the two readings of the clock.
    took: u64,
}

impl Sample {
    fn take(load: impl Fn() -> u32, clock: impl Fn() -> u64) -> Self {
        let mut sample = Sample::default();
        let mut before = load();
        let start = clock();
        while sample.took < SAMPLE_NS {
            let word = load();
            sample.loads += 1;
            sample.changes += u64::from(word != before);
            before = word;
            // Also keeps the processor from loading ahead: it would have to discard those loads whenever the word changes,
            // which takes longer than the travel of the line.
            sample.took = clock() - start;
        }
        sample
    }

    /// A sample of a word that no thread changes. It is taken after each other sample, since the same loads take longer
    /// while another thread uses the same core.
    fn of_quiet_word() -> Self {
        let word = crate::sync::AtomicU32::new(FREE);
        Sample::take(|| word.load(crate::sync::Ordering::Acquire), nanoseconds)
    }

    /// Whether the owner wants the lock back sooner than its line travels: the line travels for more than a third of
    /// the time, and the owner hardly gets on. `quiet` is a sample of a word that no thread changes.
    fn is_hot(self, quiet: Sample) -> bool {
        let possible = self.took * quiet.loads / quiet.took.max(1);
        self.took <= LOST_NS && self.changes < MANY_CHANGES && 3 * self.loads < 2 * possible
    }
}

fn nanoseconds() -> u64 {
    Deadline::now().as_nanoseconds()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::cell::SharedWord;
    use crate::sync::{AtomicBool, AtomicU32, Ordering};
    use crate::threads::ThreadId;
    use std::cell::Cell;
    use std::time::Duration;

    /// Samples the lock up to `times` times, or until `enough` samples found it hot. Returns how many did. Meanwhile
    /// its owner spins for `inside` iterations while it owns the lock and for `outside` iterations while it does not.
    fn times_found_hot(inside: u32, outside: u32, times: usize, enough: usize) -> usize {
        let word = AtomicU32::new(0);
        // SAFETY: aligned, and it outlives the threads of the scope.
        let mutex = Mutex::new(unsafe { SharedWord::new(&word) });
        let stop = AtomicBool::new(false);
        let id = ThreadId::new(1).unwrap();
        let spin = |turns| (0..turns).for_each(|_| std::hint::spin_loop());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    assert!(mutex.try_lock_fast(id));
                    spin(inside);
                    assert!(mutex.unlock_fast(id));
                    spin(outside);
                }
            });
            let found = (0..times)
                .filter(|_| mutex.back_off(Hint::default()).is_hot)
                .take(enough)
                .count();
            stop.store(true, Ordering::Relaxed);
            found
        })
    }

    // Many times, as the owner's thread may not have a processor yet.
    const OFTEN: usize = 1_000_000;
    const SOMETIMES: usize = 200;
    // The sampling thread may lose its processor in the middle of a sample.
    const BY_MISTAKE: usize = 20;
    // Fifteen seconds, on a machine that is busy with other programs.
    const RUNS: usize = 100;
    const BETWEEN_RUNS: Duration = Duration::from_millis(100);

    #[test]
    fn a_lock_that_its_owner_reacquires_at_once_is_hot() {
        assert_eq!(times_found_hot(0, 0, OFTEN, 10), 10);
        assert_eq!(times_found_hot(2, 0, OFTEN, 10), 10);
    }

    /// Whether at least one of many runs does not find the lock hot. In any run other threads may need the
    /// processors, and a thread that loses its processor in the middle of a sample measures a reacquisition that did
    /// not happen.
    fn is_steady(inside: u32, outside: u32) -> bool {
        (0..RUNS).any(|run| {
            if run > 0 {
                std::thread::sleep(BETWEEN_RUNS);
            }
            times_found_hot(inside, outside, SOMETIMES, SOMETIMES) < BY_MISTAKE
        })
    }

    #[test]
    fn a_lock_that_is_free_for_longer_than_its_line_travels_is_not_hot() {
        assert!(is_steady(0, 100_000));
    }

    #[test]
    fn a_lock_that_is_owned_for_longer_than_a_sample_is_not_hot() {
        assert!(is_steady(1_000_000, 0));
    }

    /// The time that reading the clock takes.
    const CLOCK_NS: u64 = 24;

    /// An owner that locks for `inside` nanoseconds and unlocks for `outside`, and a line that travels for `line`
    /// nanoseconds. A load of a line that is there takes one.
    struct Simulation {
        inside: u64,
        outside: u64,
        line: u64,
        now: Cell<u64>,
        next_change: Cell<u64>,
        is_owned: Cell<bool>,
        /// Whether the line is with the thread that samples.
        is_here: Cell<bool>,
    }

    impl Simulation {
        fn new(inside: u64, outside: u64, line: u64) -> Self {
            Simulation {
                inside,
                outside,
                line,
                now: Cell::new(0),
                next_change: Cell::new(1),
                is_owned: Cell::new(false),
                is_here: Cell::new(false),
            }
        }

        fn load(&self) -> u32 {
            while self.next_change.get() <= self.now.get() {
                let travels = if self.is_here.replace(false) {
                    self.line
                } else {
                    0
                };
                // An owner that does nothing inside locks and unlocks while the line is with it.
                let is_owned = self.inside > 0 && !self.is_owned.get();
                self.is_owned.set(is_owned);
                let lasts = if is_owned { self.inside } else { self.outside };
                // A locked instruction takes about five nanoseconds.
                self.next_change
                    .set(self.next_change.get() + travels + lasts + 5);
            }
            let travels = if self.is_here.replace(true) {
                0
            } else {
                self.line
            };
            self.now.set(self.now.get() + travels + 1);
            u32::from(self.is_owned.get())
        }

        /// Whether a sample with a clock that moves by `step` nanoseconds finds the lock hot.
        fn is_hot(&self, step: u64) -> bool {
            let quiet = Simulation::new(0, 0, self.line);
            quiet.next_change.set(u64::MAX);
            let sample = |world: &Simulation| {
                let clock = || {
                    world.now.set(world.now.get() + CLOCK_NS);
                    world.now.get() / step * step
                };
                Sample::take(|| world.load(), clock)
            };
            sample(self).is_hot(sample(&quiet))
        }
    }

    #[test]
    fn samples_need_no_finer_clock_than_one_with_steps_of_100_nanoseconds() {
        for step in [1, 42, 100] {
            for line in [50, 150, 600] {
                let is_hot = |inside, outside| Simulation::new(inside, outside, line).is_hot(step);
                assert!(is_hot(0, 0), "step {step}, line {line}");
                assert!(!is_hot(0, 20 * line), "step {step}, line {line}");
                assert!(!is_hot(10_000, 0), "step {step}, line {line}");
            }
        }
    }

    #[test]
    fn a_hint_survives_encoding_as_a_number() {
        let mut hint = Hint::default();
        assert_eq!(hint.get(), 0);
        for is_hot in [false, true, false, false] {
            hint = Hint {
                cooldown: hint.cooldown.after(Some(is_hot)),
                is_hot,
                back_offs: if is_hot { BACK_OFFS } else { 0 },
            };
            assert_eq!(Hint::new(hint.get()), hint);
        }
    }
}
