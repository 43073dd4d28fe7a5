//! How a thread spins before it sleeps.
//!
//! A sleep costs two system calls and two context switches. If the waits of a thread have been shorter than that, it
//! spins for about twice as long as they took. If they were longer, it spins only for the short time in which a
//! lock's owner may be about to release it. The end of a wait is the time at which another thread completed it. So
//! the time that waking takes does not count; otherwise a thread that sleeps would never learn that its waits are
//! short.
//!
//! Spinning for as long as waits have taken, up to the cost of sleeping, is competitive with any strategy: Karlin,
//! Li, Manasse and Owicki, "Empirical Studies of Competitive Spinning for a Shared-Memory Multiprocessor", 1991.
//!
//! But the thread that is waited for may need the very processor that spins. So a thread whose spinning failed yields
//! its time slice, which lets others run without a sleep, as WebKit's `WTF::Lock` and parking_lot's
//! `core/src/spinwait.rs` do. If the processors are busy with other programs, it gets a processor back only after
//! milliseconds. Once that has happened, the thread sleeps instead. A wait with a time limit never yields. After each
//! failure, twice as many waits skip the attempt.

use crate::futex::Deadline;
use crate::threads::is_scheduled;

/// The shortest spin, in nanoseconds.
pub const MIN_SPIN_NS: u64 = 2_000;
/// The longest spin: about the cost of sleeping and being woken.
const MAX_SPIN_NS: u64 = 20_000;
/// How long to stay off a contended cache line: many times as long as the line needs to travel.
const BACK_OFF_NS: u64 = 10_000;
/// The longest time for which a thread yields: one longest spin for each of the threads that may run first.
const MAX_YIELD_NS: u64 = 10 * MAX_SPIN_NS;
/// The longest mean wait with which a thread yields.
const MAX_MEAN_TO_YIELD_NS: u64 = 2 * MAX_YIELD_NS;
/// A yield that took this long went to a thread that this wait does not depend on.
const LOST_SLICE_NS: u64 = 50 * MAX_SPIN_NS;
/// The longest time that counts for the mean, so that one long wait is forgotten after some short ones.
const SAMPLE_CAP_NS: u64 = 50 * MAX_SPIN_NS;
/// The most processor pauses between two spin iterations.
const MAX_PAUSES: u32 = 16;

/// Exponential back-off: each failure doubles the number of attempts that are skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cooldown {
    /// How many attempts to skip.
    skip: u16,
    /// How many attempts failed, less those that succeeded.
    failures: u8,
}

impl Cooldown {
    /// How many bits [`Cooldown::get`] uses.
    pub const BITS: u32 = 16;
    const FAILURE_BITS: u32 = 4;
    const MAX_FAILURES: u8 = 12;

    /// From a number that [`Cooldown::get`] gave.
    pub fn new(number: u64) -> Self {
        Cooldown {
            skip: (number as u16) >> Self::FAILURE_BITS,
            failures: number as u8 & ((1 << Self::FAILURE_BITS) - 1),
        }
    }

    /// As a number.
    pub fn get(self) -> u64 {
        u64::from(self.skip << Self::FAILURE_BITS | u16::from(self.failures))
    }

    /// How many attempts to skip.
    pub fn skip(self) -> u16 {
        self.skip
    }

    /// The state after an attempt that succeeded or failed, or after one that was skipped (`None`).
    pub fn after(self, helped: Option<bool>) -> Self {
        let Cooldown { skip, failures } = self;
        match helped {
            None => Cooldown {
                skip: skip.saturating_sub(1),
                failures,
            },
            Some(true) => Cooldown {
                skip: 0,
                failures: failures / 2,
            },
            Some(false) => {
                let failures = (failures + 1).min(Self::MAX_FAILURES);
                Cooldown {
                    skip: (1 << failures) - 1,
                    failures,
                }
            }
        }
    }
}

/// Statistics of the waits of one thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitStats {
    /// The mean duration in nanoseconds, with exponentially decreasing weights.
    mean: u32,
    /// The cooldown of spinning.
    spinning: Cooldown,
    /// The cooldown of yielding.
    yielding: Cooldown,
}

impl WaitStats {
    /// From a number that [`WaitStats::get`] gave.
    pub fn new(number: u64) -> Self {
        WaitStats {
            mean: number as u32,
            spinning: Cooldown::new(number >> u32::BITS),
            yielding: Cooldown::new(number >> (u32::BITS + Cooldown::BITS)),
        }
    }

    /// As a number.
    pub fn get(self) -> u64 {
        u64::from(self.mean)
            | self.spinning.get() << u32::BITS
            | self.yielding.get() << (u32::BITS + Cooldown::BITS)
    }

    /// The statistics after a wait that took this long and before which `attempt` was made.
    pub fn after(self, nanoseconds: u64, attempt: SpinResult) -> Self {
        let latest = nanoseconds.min(SAMPLE_CAP_NS) as u32;
        WaitStats {
            mean: self.mean - self.mean / 8 + latest / 8,
            spinning: self.spinning.after(attempt.spinning),
            yielding: self.yielding.after(attempt.yielding),
        }
    }

    /// How long to spin.
    fn spin_budget(self) -> u64 {
        let mean = u64::from(self.mean);
        if mean > MAX_SPIN_NS {
            MIN_SPIN_NS
        } else {
            (2 * mean).clamp(MIN_SPIN_NS, MAX_SPIN_NS)
        }
    }

    fn may_spin(self) -> bool {
        self.spinning.skip() == 0
    }

    fn may_yield(self) -> bool {
        self.yielding.skip() == 0 && u64::from(self.mean) <= MAX_MEAN_TO_YIELD_NS
    }
}

/// What was tried before a sleep, and whether it succeeded. None for what was not tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpinResult {
    /// Spinning.
    spinning: Option<bool>,
    /// Yielding time slices.
    yielding: Option<bool>,
}

/// Spins for a short time until `done`. Returns whether it is done.
pub fn spin_until(done: impl FnMut() -> bool) -> bool {
    spin_for(MIN_SPIN_NS, done)
}

/// Spins without touching memory, so that other threads have the cache line for themselves.
pub fn back_off() {
    spin_for(BACK_OFF_NS, || false);
}

/// Spins, then yields, as far as the statistics advise it, until `done`. A wait with a time limit does not yield.
pub fn spin_then_yield(
    stats: WaitStats,
    limited: bool,
    mut done: impl FnMut() -> bool,
) -> SpinResult {
    let mut attempt = SpinResult::default();
    if stats.may_spin() {
        let helped = spin_for(stats.spin_budget(), &mut done);
        attempt.spinning = Some(helped);
        if helped {
            return attempt;
        }
    }
    if !limited && stats.may_yield() {
        attempt.yielding = Some(yield_for(MAX_YIELD_NS, done));
    }
    attempt
}

/// Spins for at most `nanoseconds` until `done`. Returns whether it is done.
pub fn spin_for(nanoseconds: u64, mut done: impl FnMut() -> bool) -> bool {
    let mut pauses = 1;
    let mut end = None;
    loop {
        if done() {
            return true;
        }
        // A scheduler, that of loom too, decides when other threads run: spinning would be in vain.
        if is_scheduled() {
            return false;
        }
        for _ in 0..pauses {
            std::hint::spin_loop();
        }
        if pauses < MAX_PAUSES {
            pauses *= 2;
            continue;
        }
        let now = Deadline::now();
        if now >= *end.get_or_insert_with(|| now.plus(nanoseconds)) {
            return done();
        }
    }
}

/// Yields time slices until `done`. False if that took too long, or if a time slice was lost to another program.
fn yield_for(nanoseconds: u64, mut done: impl FnMut() -> bool) -> bool {
    let mut now = Deadline::now();
    let end = now.plus(nanoseconds);
    while now < end && !cfg!(loom) {
        std::thread::yield_now();
        let lost = now.plus(LOST_SLICE_NS);
        now = Deadline::now();
        if now >= lost {
            return false;
        }
        if done() {
            return true;
        }
    }
    false
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const NOTHING: SpinResult = SpinResult {
        spinning: None,
        yielding: None,
    };

    fn after(waits: impl IntoIterator<Item = u64>) -> WaitStats {
        waits.into_iter().fold(WaitStats::default(), |stats, wait| {
            stats.after(wait, NOTHING)
        })
    }

    #[test]
    fn a_thread_with_long_waits_spins_for_the_shortest_time_only() {
        assert_eq!(after([]).spin_budget(), MIN_SPIN_NS);
        assert_eq!(after([1_000_000_000; 20]).spin_budget(), MIN_SPIN_NS);
        assert!(!after([1_000_000_000; 20]).may_yield());
    }

    #[test]
    fn a_thread_with_short_waits_spins_for_twice_their_mean_even_after_a_long_wait() {
        let spun = after([8_000; 40]).spin_budget();
        assert!((14_000..=16_000).contains(&spun), "{spun}");
        let spun = after([u64::MAX].into_iter().chain([8_000; 60])).spin_budget();
        assert!((14_000..=17_000).contains(&spun), "{spun}");
    }

    #[test]
    fn each_failure_doubles_the_waits_without_an_attempt() {
        let failed = SpinResult {
            spinning: Some(false),
            yielding: Some(false),
        };
        let mut stats = after([8_000; 40]);
        for rest in [1, 3, 7, 15] {
            stats = stats.after(8_000, failed);
            for _ in 0..rest {
                assert!(!stats.may_spin() && !stats.may_yield());
                stats = stats.after(8_000, NOTHING);
            }
            assert!(stats.may_spin() && stats.may_yield());
        }
    }

    #[test]
    fn statistics_survive_encoding_as_a_number() {
        let failed = SpinResult {
            spinning: Some(false),
            yielding: Some(true),
        };
        let stats = (0..20).fold(after([8_000; 40]), |stats, _| stats.after(9_000, failed));
        assert_eq!(WaitStats::new(stats.get()), stats);
    }

    #[test]
    fn each_failure_doubles_the_skipped_attempts_up_to_a_limit() {
        let mut cooldown = Cooldown::default();
        for rest in [1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047, 4095, 4095] {
            cooldown = cooldown.after(Some(false));
            assert_eq!(cooldown.skip(), rest);
        }
    }

    #[test]
    fn a_success_ends_the_skipping_and_shortens_it_after_the_next_failure() {
        let failed = (0..8).fold(Cooldown::default(), |cooldown, _| {
            cooldown.after(Some(false))
        });
        let helped = failed.after(Some(true));
        assert_eq!(helped.skip(), 0);
        assert_eq!(helped.after(Some(false)).skip(), 31);
    }
}
