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

/// What the waiters of a round share.
#[derive(Default)]
pub struct Crowd {
    pub round: u64,
    pub waiting: u64,
    pub awake: u64,
}

/// A condition with its mutex, and the crowd that waits there.
pub trait Meeting: Default + Sync {
    fn with<R>(&self, section: impl FnOnce(&mut Crowd) -> R) -> R;

    /// Owns the mutex, except while it waits until `is_over`.
    fn wait(
        &self,
        enter: impl FnOnce(&mut Crowd),
        is_over: impl Fn(&Crowd) -> bool,
        leave: impl FnOnce(&mut Crowd),
    );

    /// Notifies all that wait, and owns the mutex meanwhile.
    fn notify_all(&self, section: impl FnOnce(&mut Crowd));
}

pub trait Kit {
    type Lock: Lock;
    type Meeting: Meeting;
    type Rounds: Rounds;
    type Turns: Turns;
}

pub struct Std;

impl Kit for Std {
    type Lock = Mutex<()>;
    type Meeting = Condition;
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

#[derive(Default)]
pub struct Condition {
    crowd: Mutex<Crowd>,
    changed: Condvar,
}

impl Meeting for Condition {
    fn with<R>(&self, section: impl FnOnce(&mut Crowd) -> R) -> R {
        section(&mut self.crowd.lock().expect("no owner panics"))
    }

    fn wait(
        &self,
        enter: impl FnOnce(&mut Crowd),
        is_over: impl Fn(&Crowd) -> bool,
        leave: impl FnOnce(&mut Crowd),
    ) {
        let mut crowd = self.crowd.lock().expect("no owner panics");
        enter(&mut crowd);
        let over = self.changed.wait_while(crowd, |crowd| !is_over(crowd));
        leave(&mut over.expect("no owner panics"));
    }

    fn notify_all(&self, section: impl FnOnce(&mut Crowd)) {
        self.with(|crowd| {
            section(crowd);
            self.changed.notify_all();
        });
    }
}
