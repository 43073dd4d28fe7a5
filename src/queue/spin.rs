//! How a thread waits for the moment before it sleeps.

use crate::futex::Deadline;
use crossbeam_utils::Backoff;

/// How long to spin before a sleep, by crossbeam's Backoff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spin {
    /// Pauses of the processor that double.
    Pausing,
    /// The same, then giving up the time slice a few times: an owner that was preempted gets on with it.
    Yielding,
}

impl Spin {
    /// For a wait until `deadline` or without limit. Where the processors are busy, a time slice that is given up takes
    /// milliseconds to come back, which a wait with a limit does not have.
    pub fn within(deadline: Option<Deadline>) -> Self {
        match deadline {
            Some(_) => Spin::Pausing,
            None => Spin::Yielding,
        }
    }

    /// Spins until `done` or until it is time to sleep; returns whether it is done.
    pub fn until(self, mut done: impl FnMut() -> bool) -> bool {
        let backoff = Backoff::new();
        let mut pauses = 0;
        while !done() {
            // loom explores every order in which threads could run: spinning would add none.
            if cfg!(loom) || backoff.is_completed() {
                return false;
            }
            match self {
                Spin::Yielding => backoff.snooze(),
                Spin::Pausing if pauses == PAUSES => return false,
                Spin::Pausing => backoff.spin(),
            }
            pauses += 1;
        }
        true
    }
}

/// As many as Backoff makes before it begins to give up time slices.
const PAUSES: u32 = 7;
