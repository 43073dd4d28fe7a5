//! The mutex.

use super::{
    COMPETE, HAND_OVER, Plain, QUIET, TERMINATING, TO_THE_OVERTAKEN, Wants, World, limit, run,
    spawn,
};
use crate::primitives::{Condition, Fault, Locked, Mutex, Recovered, thread_died};
use crate::queue::{Caller, HandOver};
use crate::threads::ThreadId;
use std::sync::Arc;

/// Locks as JavaScript does: one instruction, and the native call where that fails.
fn lock(mutex: Mutex, caller: &Caller) {
    if !mutex.lock_free(caller.id()) {
        assert_eq!(mutex.lock(caller, None), Ok(Locked::Acquired));
    }
}

/// Unlocks as JavaScript does.
fn unlock(mutex: Mutex, caller: &Caller) {
    if !mutex.unlock_quiet(caller.id()) {
        assert_eq!(mutex.unlock(caller), Ok(()));
    }
}

fn exclusion(hand_over: HandOver, threads: u32, rounds: u32) {
    loom::model(move || {
        let world = World::new(hand_over);
        let guarded = Plain::new();
        let handles: Vec<_> = (1..=threads)
            .map(|number| {
                let guarded = Arc::clone(&guarded);
                spawn(&world, number, QUIET, move |world, caller| {
                    let mutex = Mutex::new(world.cell(0));
                    for _ in 0..rounds {
                        lock(mutex, caller);
                        guarded.increment();
                        unlock(mutex, caller);
                    }
                })
            })
            .collect();
        for handle in handles {
            handle.join().unwrap();
        }
        assert_eq!(guarded.get(), threads * rounds);
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn one_at_a_time_and_each_sees_what_the_last_one_wrote() {
    exclusion(COMPETE, 2, 2);
}

#[test]
fn one_at_a_time_when_the_lock_is_handed_over() {
    exclusion(HAND_OVER, 2, 2);
}

#[test]
fn one_at_a_time_when_the_lock_is_handed_to_whom_others_were_faster_than() {
    exclusion(TO_THE_OVERTAKEN, 2, 2);
}

#[test]
fn no_wake_is_lost_between_three() {
    exclusion(COMPETE, 3, 1);
}

#[test]
fn no_hand_over_is_lost_between_three() {
    exclusion(HAND_OVER, 3, 1);
}

/// One thread holds the lock, another waits without limit, and a third gives up at any moment: the second gets it.
fn giving_up(hand_over: HandOver, wants: Wants) {
    loom::model(move || {
        let world = World::new(hand_over);
        let owner = world.thread(1);
        let mutex = Mutex::new(world.cell(0));
        run(&world, &owner, QUIET, |_, caller| lock(mutex, caller));
        let first = spawn(&world, 2, wants, move |world, caller| {
            let mutex = Mutex::new(world.cell(0));
            let deadline = (wants == QUIET).then(limit).flatten();
            match mutex.lock(caller, deadline) {
                Ok(Locked::Acquired) => unlock(mutex, caller),
                Ok(Locked::TimedOut) | Err(Fault::Interrupted) => {}
                other => panic!("{other:?}"),
            }
        });
        let second = spawn(&world, 3, QUIET, |world, caller| {
            let mutex = Mutex::new(world.cell(0));
            lock(mutex, caller);
            unlock(mutex, caller);
        });
        run(&world, &owner, QUIET, |_, caller| unlock(mutex, caller));
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_waiter_whose_time_is_up_passes_on_the_wake_it_was_given() {
    giving_up(COMPETE, QUIET);
}

#[test]
fn a_waiter_whose_time_is_up_keeps_or_passes_on_the_lock_it_was_handed() {
    giving_up(HAND_OVER, QUIET);
}

#[test]
fn a_terminated_waiter_passes_on_the_wake_it_was_given() {
    giving_up(COMPETE, TERMINATING);
}

#[test]
fn a_terminated_waiter_passes_on_the_lock_it_was_handed() {
    giving_up(HAND_OVER, TERMINATING);
}

#[test]
fn the_death_of_the_owner_is_told_to_whoever_waits_or_begins_to() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let owner = world.thread(1);
        let mutex = Mutex::new(world.cell(0));
        run(&world, &owner, QUIET, |_, caller| lock(mutex, caller));
        let waiters: Vec<_> = (2..=3)
            .map(|number| {
                spawn(&world, number, QUIET, |world, caller| {
                    Mutex::new(world.cell(0)).lock(caller, None)
                })
            })
            .collect();
        thread_died(&world.queues, owner.id());
        for waiter in waiters {
            assert_eq!(
                waiter.join().unwrap(),
                Err(Fault::Abandoned(Some(owner.id())))
            );
        }
    });
}

#[test]
fn an_owner_that_was_handed_the_lock_and_dies_is_told_too() {
    loom::model(|| {
        let world = World::new(HAND_OVER);
        let first = world.thread(1);
        let mutex = Mutex::new(world.cell(0));
        run(&world, &first, QUIET, |_, caller| lock(mutex, caller));
        let dies = spawn(&world, 2, QUIET, |world, caller| {
            lock(Mutex::new(world.cell(0)), caller);
            thread_died(&world.queues, caller.id());
        });
        let waits = spawn(&world, 3, QUIET, |world, caller| {
            let mutex = Mutex::new(world.cell(0));
            let locked = mutex.lock(caller, None);
            if locked == Ok(Locked::Acquired) {
                unlock(mutex, caller);
            }
            locked
        });
        run(&world, &first, QUIET, |_, caller| unlock(mutex, caller));
        dies.join().unwrap();
        let told = waits.join().unwrap();
        let dead = ThreadId::new(2).unwrap();
        assert!(matches!(told, Ok(Locked::Acquired)) || told == Err(Fault::Abandoned(Some(dead))));
        let after = run(&world, &first, QUIET, |_, caller| mutex.try_lock(caller));
        assert_eq!(after, Err(Fault::Abandoned(Some(dead))));
    });
}

#[test]
fn of_two_that_recover_one_clears_the_state_and_both_get_the_lock() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let dead = world.thread(1);
        run(&world, &dead, QUIET, |world, caller| {
            lock(Mutex::new(world.cell(0)), caller);
        });
        thread_died(&world.queues, dead.id());
        let recovering: Vec<_> = (2..=3)
            .map(|number| {
                spawn(&world, number, QUIET, |world, caller| {
                    let mutex = Mutex::new(world.cell(0));
                    let recovered = mutex.recover(caller, None).unwrap();
                    unlock(mutex, caller);
                    recovered
                })
            })
            .collect();
        let mut recovered: Vec<_> = recovering
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .collect();
        recovered.sort_by_key(|recovered| *recovered == Recovered::Locked);
        assert_eq!(recovered, [Recovered::Cleared, Recovered::Locked]);
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn the_death_of_the_owner_is_told_to_whoever_waits_at_a_condition() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let waits = spawn(&world, 2, QUIET, |world, caller| {
            let mutex = Mutex::new(world.cell(0));
            match mutex.lock(caller, None) {
                Ok(_) => Condition::new(world.cell(1))
                    .wait(mutex, caller, None)
                    .map(drop),
                Err(fault) => Err(fault),
            }
        });
        let dies = world.thread(1);
        run(&world, &dies, QUIET, |world, caller| {
            lock(Mutex::new(world.cell(0)), caller);
        });
        thread_died(&world.queues, dies.id());
        assert_eq!(
            waits.join().unwrap(),
            Err(Fault::Abandoned(Some(dies.id())))
        );
    });
}
