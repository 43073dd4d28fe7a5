//! What the questions need of a kit of primitives, and the one of the standard library.

use std::sync::{Barrier, Condvar, Mutex, TryLockError};

pub trait Lock: Default + Sync {
    fn exclusively(&self, section: impl FnOnce());
    fn try_exclusively(&self, section: impl FnOnce()) -> bool;
}

pub trait Rounds: Sync {
    fn new(total: u32) -> Self;
    fn pass(&self);
}

/// Two threads that take turns.
pub trait Turns: Default + Sync {
    /// Waits until the turn is `mine`, and gives it to the other.
    fn take(&self, mine: u32);
}

pub trait Kit {
    type Lock: Lock;
    type Rounds: Rounds;
    type Turns: Turns;
}

pub struct Std;

impl Kit for Std {
    type Lock = Mutex<()>;
    type Rounds = Barrier;
    type Turns = ConditionTurns;
}

impl Lock for Mutex<()> {
    fn exclusively(&self, section: impl FnOnce()) {
        let _guard = self.lock().expect("no owner panics");
        section();
    }

    fn try_exclusively(&self, section: impl FnOnce()) -> bool {
        match self.try_lock() {
            Ok(_guard) => {
                section();
                true
            }
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Poisoned(error)) => panic!("{error}"),
        }
    }
}

impl Rounds for Barrier {
    fn new(total: u32) -> Self {
        Barrier::new(total as usize)
    }

    fn pass(&self) {
        self.wait();
    }
}

#[derive(Default)]
pub struct ConditionTurns {
    turn: Mutex<u32>,
    changed: Condvar,
}

impl Turns for ConditionTurns {
    fn take(&self, mine: u32) {
        let turn = self.turn.lock().expect("no owner panics");
        let mut turn = self
            .changed
            .wait_while(turn, |turn| *turn != mine)
            .expect("no owner panics");
        *turn = 1 - mine;
        self.changed.notify_one();
    }
}
