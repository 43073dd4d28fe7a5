//! What a thread does for a moment before it sleeps.
//!
//! A sleep costs two system calls and two switches of threads. Where the waits of a thread have been shorter than that, it
//! spins for about twice as long as they took; where they were longer, only for the moment in which a lock's owner may be
//! about to release it. How long a wait took is taken from the one who ended it: the time that waking took does not count,
//! or no thread that sleeps would ever learn that its waits are short.
//!
//! Spinning for as long as waits have taken, up to what sleeping costs, is competitive with any strategy: Karlin, Li,
//! Manasse and Owicki, "Empirical Studies of Competitive Spinning for a Shared-Memory Multiprocessor", 1991.
//!
//! But whoever is waited for may need the very processor that spins. So a thread whose spinning was in vain gives up its
//! time slice, which lets the others go on without a sleep, as WebKit's `WTF::Lock` and parking_lot's `core/src/spinwait.rs`
//! do. Where the processors are busy with something else, it gets one back after milliseconds only: after that has happened
//! it sleeps, and a wait with a time limit never takes the risk. What was in vain is tried again after twice as many waits as
//! the last time.

use super::cooldown::Cooldown;
use crate::futex::Deadline;

/// The shortest spin, in nanoseconds.
const MIN_SPIN_NS: u64 = 2_000;
/// The longest: about what it costs to sleep and to be woken.
const MAX_SPIN_NS: u64 = 20_000;
/// For how long to leave something alone that others use all the time: many times as long as it takes to pass it on.
const BACK_OFF_NS: u64 = 10_000;
/// For how long time slices are given up at most: one for each of those who may come first.
const MAX_YIELD_NS: u64 = 10 * MAX_SPIN_NS;
/// The longest mean of waits at which they are.
const MAX_MEAN_TO_YIELD_NS: u64 = 2 * MAX_YIELD_NS;
/// A time slice that was given up for so long went to somebody who is not waited for.
const LOST_SLICE_NS: u64 = 50 * MAX_SPIN_NS;
/// How long a wait counts as at most: one long one is forgotten after some short ones.
const SAMPLE_CAP_NS: u64 = 50 * MAX_SPIN_NS;
/// Pauses of the processor between two looks, at most.
const PAUSES: u32 = 16;

/// What the waits of one thread have been like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitStats {
    /// How long they took, in nanoseconds: a mean that forgets.
    mean: u32,
    /// In spinning.
    spinning: Cooldown,
    /// In giving up time slices.
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

    /// A wait has ended that took so long, and before which `attempt` was made.
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
        self.spinning.resting() == 0
    }

    fn may_yield(self) -> bool {
        self.yielding.resting() == 0 && u64::from(self.mean) <= MAX_MEAN_TO_YIELD_NS
    }
}

/// What was tried before a sleep, and whether it helped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpinResult {
    /// Spinning.
    spinning: Option<bool>,
    /// Giving up time slices.
    yielding: Option<bool>,
}

/// Spins for a moment, until `done`; returns whether it is done.
pub fn spin_until(done: impl FnMut() -> bool) -> bool {
    spin_for(MIN_SPIN_NS, done)
}

/// Looks at nothing for a while, so that others have it for themselves.
pub fn back_off() {
    spin_for(BACK_OFF_NS, || false);
}

/// Does what experience says before a sleep, until `done`. In a wait with a time limit no time slice is given up.
pub fn attempt(experience: WaitStats, limited: bool, mut done: impl FnMut() -> bool) -> SpinResult {
    let mut attempt = SpinResult::default();
    if experience.may_spin() {
        let helped = spin_for(experience.spin_budget(), &mut done);
        attempt.spinning = Some(helped);
        if helped {
            return attempt;
        }
    }
    if !limited && experience.may_yield() {
        attempt.yielding = Some(yield_for(MAX_YIELD_NS, done));
    }
    attempt
}

fn spin_for(nanoseconds: u64, mut done: impl FnMut() -> bool) -> bool {
    let mut pauses = 1;
    let mut end = None;
    loop {
        if done() {
            return true;
        }
        // loom explores every order in which threads could run: spinning would add none.
        if cfg!(loom) {
            return false;
        }
        for _ in 0..pauses {
            std::hint::spin_loop();
        }
        if pauses < PAUSES {
            pauses *= 2;
            continue;
        }
        let now = Deadline::now();
        if now >= *end.get_or_insert_with(|| now.plus(nanoseconds)) {
            return done();
        }
    }
}

/// Gives up time slices until `done`; false where that took too long, or one of them went to somebody else.
fn yield_for(nanoseconds: u64, mut done: impl FnMut() -> bool) -> bool {
    let mut now = Deadline::now();
    let end = now.plus(nanoseconds);
    while now < end && !cfg!(loom) {
        std::thread::yield_now();
        let dear = now.plus(LOST_SLICE_NS);
        now = Deadline::now();
        if now >= dear {
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
        waits
            .into_iter()
            .fold(WaitStats::default(), |experience, wait| {
                experience.after(wait, NOTHING)
            })
    }

    #[test]
    fn who_waits_for_long_spins_for_a_moment_only() {
        assert_eq!(after([]).spin_budget(), MIN_SPIN_NS);
        assert_eq!(after([1_000_000_000; 20]).spin_budget(), MIN_SPIN_NS);
        assert!(!after([1_000_000_000; 20]).may_yield());
    }

    #[test]
    fn who_waits_for_moments_spins_for_them_also_after_a_long_wait() {
        let spun = after([8_000; 40]).spin_budget();
        assert!((14_000..=16_000).contains(&spun), "{spun}");
        let spun = after([u64::MAX].into_iter().chain([8_000; 60])).spin_budget();
        assert!((14_000..=17_000).contains(&spun), "{spun}");
    }

    #[test]
    fn what_was_in_vain_is_tried_again_after_twice_as_many_waits_each_time() {
        let vain = SpinResult {
            spinning: Some(false),
            yielding: Some(false),
        };
        let mut experience = after([8_000; 40]);
        for rest in [1, 3, 7, 15] {
            experience = experience.after(8_000, vain);
            for _ in 0..rest {
                assert!(!experience.may_spin() && !experience.may_yield());
                experience = experience.after(8_000, NOTHING);
            }
            assert!(experience.may_spin() && experience.may_yield());
        }
    }

    #[test]
    fn experience_survives_as_a_number() {
        let vain = SpinResult {
            spinning: Some(false),
            yielding: Some(true),
        };
        let experience = (0..20).fold(after([8_000; 40]), |experience, _| {
            experience.after(9_000, vain)
        });
        assert_eq!(WaitStats::new(experience.get()), experience);
    }
}
