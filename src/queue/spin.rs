//! How long a thread spins before it sleeps.
//!
//! A sleep costs two system calls and two switches of threads. Where the waits of a thread have been shorter than that, it
//! spins for about twice as long as they took; where they were longer, only for the moment in which a lock's owner may be
//! about to release it. How long a wait took is taken from the one who ended it: the time that waking took does not count,
//! or no thread that sleeps would ever learn that its waits are short. It never gives up its time slice: where the
//! processors are busy that takes milliseconds to come back.
//!
//! Spinning for as long as waits have taken, up to what sleeping costs, is competitive with any strategy: Karlin, Li,
//! Manasse and Owicki, "Empirical Studies of Competitive Spinning for a Shared-Memory Multiprocessor", 1991.

use crate::futex::Deadline;

/// The shortest spin, in nanoseconds.
const SHORTEST: u64 = 2_000;
/// The longest: about what it costs to sleep and to be woken.
const LONGEST: u64 = 20_000;
/// How long a wait counts as at most: one long one is forgotten after some short ones.
const MEMORABLE: u64 = 4 * LONGEST;
/// Pauses of the processor between two looks, at most.
const PAUSES: u32 = 16;

/// How long the waits of one thread have been, in nanoseconds: a mean that forgets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Experience(u64);

impl Experience {
    /// From a number that [`Experience::get`] gave.
    pub fn new(nanoseconds: u64) -> Self {
        Experience(nanoseconds)
    }

    /// As a number.
    pub fn get(self) -> u64 {
        self.0
    }

    /// A wait has ended that took so long.
    pub fn after(self, nanoseconds: u64) -> Self {
        let latest = nanoseconds.min(MEMORABLE);
        Experience(self.0 - self.0 / 8 + latest / 8)
    }

    /// How long to spin.
    fn patience(self) -> u64 {
        if self.0 > LONGEST {
            SHORTEST
        } else {
            (2 * self.0).clamp(SHORTEST, LONGEST)
        }
    }
}

/// Spins for a moment, until `done`; returns whether it is done.
pub fn spin_until(done: impl FnMut() -> bool) -> bool {
    spin_with(Experience::default(), done)
}

/// Spins until `done`, for as long as experience says; returns whether it is done.
pub fn spin_with(experience: Experience, mut done: impl FnMut() -> bool) -> bool {
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
        if now >= *end.get_or_insert_with(|| now.plus(experience.patience())) {
            return done();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn after(waits: impl IntoIterator<Item = u64>) -> u64 {
        let experience = waits
            .into_iter()
            .fold(Experience::default(), Experience::after);
        experience.patience()
    }

    #[test]
    fn who_waits_for_long_spins_for_a_moment_only() {
        assert_eq!(after([]), SHORTEST);
        assert_eq!(after([1_000_000_000; 20]), SHORTEST);
    }

    #[test]
    fn who_waits_for_moments_spins_for_them_also_after_a_long_wait() {
        let spun = after([8_000; 40]);
        assert!((14_000..=16_000).contains(&spun), "{spun}");
        let spun = after([u64::MAX].into_iter().chain([8_000; 40]));
        assert!((14_000..=17_000).contains(&spun), "{spun}");
    }
}
