//! Promises, which stand in the queues beside threads. A thread of the model stands for an event loop.

use super::{COMPETE, HAND_OVER, QUIET, World, run, spawn};
use crate::primitives::{Condition, Fault, Locked, Mutex, Notification};
use crate::queue::{Begun, Caller, HandOver, Party, Readiness, Slept, Step, Unpark, Wait};
use crate::sync::{AtomicU32, Ordering};
use crate::threads::Thread;
use std::sync::Arc;

/// An event loop: it turns when it is poked.
struct EventLoop(Arc<Thread>);

impl Unpark for EventLoop {
    fn unpark(&self, _token: u64) {
        self.0.parker().unpark();
    }

    fn poke(&self) {}

    fn readiness(&self) -> Readiness {
        if self.0.is_blocked() {
            Readiness::Away
        } else {
            Readiness::Ready
        }
    }
}

pub(super) fn promise_of(caller: &Caller) -> Party {
    let target = Arc::new(EventLoop(Arc::clone(caller.thread)));
    Party::promise_of(caller, target, 0)
}

/// Lets the event loop turn until the promise is settled.
pub(super) fn settled<W: Wait>(caller: &Caller, begun: Begun<W>) -> W::Output {
    let mut wait = match begun {
        Begun::Done(output) => return output,
        Begun::Waits(wait) => wait,
    };
    loop {
        let Some(outcome) = wait.waiter().outcome() else {
            caller.thread.parker().park(None);
            continue;
        };
        if let Step::Done(output) = wait.resume(caller, Slept::Settled(outcome)) {
            return output;
        }
    }
}

/// Locks by a promise, and unlocks by its guard.
fn lock_by_promise(world: &World, caller: &Caller) {
    let mutex = Mutex::new(world.cell(0));
    let locked = settled(caller, mutex.begin(caller, &promise_of(caller)));
    assert_eq!(locked, Ok(Locked::Acquired));
    assert_eq!(mutex.unlock(caller), Err(Fault::OtherParty));
    assert_eq!(mutex.unlock_guard(caller), Ok(()));
}

fn lock_by_thread(world: &World, caller: &Caller) {
    let mutex = Mutex::new(world.cell(0));
    assert_eq!(mutex.lock(caller, None), Ok(Locked::Acquired));
    assert_eq!(mutex.unlock(caller), Ok(()));
}

fn mixed(hand_over: HandOver) {
    loom::model(move || {
        let world = World::new(hand_over);
        let by_promise = spawn(&world, 2, QUIET, lock_by_promise);
        let by_thread = spawn(&world, 3, QUIET, lock_by_thread);
        let this = world.thread(1);
        run(&world, &this, QUIET, lock_by_promise);
        by_promise.join().unwrap();
        by_thread.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn promises_and_threads_all_get_their_turn() {
    mixed(COMPETE);
}

#[test]
fn promises_and_threads_all_get_their_turn_when_the_lock_is_handed_over() {
    mixed(HAND_OVER);
}

/// A promise gives up at any moment, as when its environment ends: whoever waits behind it gets the lock.
fn giving_up(hand_over: HandOver) {
    loom::model(move || {
        let world = World::new(hand_over);
        let owner = world.thread(1);
        let mutex = Mutex::new(world.cell(0));
        run(&world, &owner, QUIET, |_, caller| {
            assert_eq!(mutex.lock(caller, None), Ok(Locked::Acquired));
        });
        let ends = spawn(&world, 2, QUIET, |world, caller| {
            let mutex = Mutex::new(world.cell(0));
            match mutex.begin(caller, &promise_of(caller)) {
                Begun::Done(locked) => {
                    assert_eq!(locked, Ok(Locked::Acquired));
                    mutex.unlock_guard(caller).unwrap();
                }
                Begun::Waits(mut wait) => {
                    wait.resume(caller, Slept::Interrupted);
                }
            }
        });
        let waits = spawn(&world, 3, QUIET, lock_by_thread);
        run(&world, &owner, QUIET, |_, caller| {
            assert_eq!(mutex.unlock(caller), Ok(()));
        });
        ends.join().unwrap();
        waits.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_promise_that_gives_up_passes_on_the_wake_it_was_given() {
    giving_up(COMPETE);
}

#[test]
fn a_promise_that_gives_up_passes_on_the_lock_it_was_handed() {
    giving_up(HAND_OVER);
}

#[test]
fn no_notification_of_a_promise_is_lost() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let flag = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&flag);
        let waits = spawn(&world, 2, QUIET, move |world, caller| {
            let (mutex, condition) = (Mutex::new(world.cell(0)), Condition::new(world.cell(1)));
            let party = promise_of(caller);
            let locked = settled(caller, mutex.begin(caller, &party));
            assert_eq!(locked, Ok(Locked::Acquired));
            while seen.load(Ordering::Relaxed) == 0 {
                let notified = settled(caller, condition.begin(mutex, caller, &party));
                assert_eq!(notified, Ok(Notification::Received));
            }
            mutex.unlock_guard(caller).unwrap();
        });
        let this = world.thread(1);
        run(&world, &this, QUIET, |world, caller| {
            let (mutex, condition) = (Mutex::new(world.cell(0)), Condition::new(world.cell(1)));
            assert_eq!(mutex.lock(caller, None), Ok(Locked::Acquired));
            flag.store(1, Ordering::Relaxed);
            mutex.unlock(caller).unwrap();
            condition.notify(caller, usize::MAX).unwrap();
        });
        waits.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}
