//! The mutex.

use super::{
    COMPETE, HAND_OFF, Plain, QUIET, TERMINATING, TO_THE_OVERTAKEN, Wants, World, limit, run, spawn,
};
use crate::primitives::{Condition, Fault, Mutex, Recovered, WaitResult, thread_died};
use crate::queue::{Context, HandOff};
use crate::threads::ThreadId;
use std::sync::Arc;

/// Locks as JavaScript does: one instruction, and the native call where that fails.
fn lock(mutex: Mutex, context: &Context) {
    if !mutex.try_lock_fast(context.id()) {
        assert_eq!(mutex.lock(context, None), Ok(WaitResult::Acquired));
    }
}

/// Unlocks as JavaScript does.
fn unlock(mutex: Mutex, context: &Context) {
    if !mutex.unlock_fast(context.id()) {
        assert_eq!(mutex.unlock(context), Ok(()));
    }
}

fn exclusion(handoff: HandOff, threads: u32, rounds: u32) {
    loom::model(move || {
        let world = World::new(handoff);
        let guarded = Plain::new();
        let handles: Vec<_> = (1..=threads)
            .map(|number| {
                let guarded = Arc::clone(&guarded);
                spawn(&world, number, QUIET, move |world, context| {
                    let mutex = Mutex::new(world.cell(0));
                    for _ in 0..rounds {
                        lock(mutex, context);
                        guarded.increment();
                        unlock(mutex, context);
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
    exclusion(HAND_OFF, 2, 2);
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
    exclusion(HAND_OFF, 3, 1);
}

/// One thread holds the lock, another waits without limit, and a third gives up at any moment: the second gets it.
fn giving_up(handoff: HandOff, wants: Wants) {
    loom::model(move || {
        let world = World::new(handoff);
        let owner = world.thread(1);
        let mutex = Mutex::new(world.cell(0));
        run(&world, &owner, QUIET, |_, context| lock(mutex, context));
        let first = spawn(&world, 2, wants, move |world, context| {
            let mutex = Mutex::new(world.cell(0));
            let deadline = (wants == QUIET).then(limit).flatten();
            match mutex.lock(context, deadline) {
                Ok(WaitResult::Acquired) => unlock(mutex, context),
                Ok(WaitResult::TimedOut) | Err(Fault::Interrupted) => {}
                other => panic!("{other:?}"),
            }
        });
        let second = spawn(&world, 3, QUIET, |world, context| {
            let mutex = Mutex::new(world.cell(0));
            lock(mutex, context);
            unlock(mutex, context);
        });
        run(&world, &owner, QUIET, |_, context| unlock(mutex, context));
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
    giving_up(HAND_OFF, QUIET);
}

#[test]
fn a_terminated_waiter_passes_on_the_wake_it_was_given() {
    giving_up(COMPETE, TERMINATING);
}

#[test]
fn a_terminated_waiter_passes_on_the_lock_it_was_handed() {
    giving_up(HAND_OFF, TERMINATING);
}

#[test]
fn the_death_of_the_owner_is_told_to_whoever_waits_or_begins_to() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let owner = world.thread(1);
        let mutex = Mutex::new(world.cell(0));
        run(&world, &owner, QUIET, |_, context| lock(mutex, context));
        let waiters: Vec<_> = (2..=3)
            .map(|number| {
                spawn(&world, number, QUIET, |world, context| {
                    Mutex::new(world.cell(0)).lock(context, None)
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
        let world = World::new(HAND_OFF);
        let first = world.thread(1);
        let mutex = Mutex::new(world.cell(0));
        run(&world, &first, QUIET, |_, context| lock(mutex, context));
        let dies = spawn(&world, 2, QUIET, |world, context| {
            lock(Mutex::new(world.cell(0)), context);
            thread_died(&world.queues, context.id());
        });
        let waits = spawn(&world, 3, QUIET, |world, context| {
            let mutex = Mutex::new(world.cell(0));
            let locked = mutex.lock(context, None);
            if locked == Ok(WaitResult::Acquired) {
                unlock(mutex, context);
            }
            locked
        });
        run(&world, &first, QUIET, |_, context| unlock(mutex, context));
        dies.join().unwrap();
        let told = waits.join().unwrap();
        let dead = ThreadId::new(2).unwrap();
        assert!(
            matches!(told, Ok(WaitResult::Acquired)) || told == Err(Fault::Abandoned(Some(dead)))
        );
        let after = run(&world, &first, QUIET, |_, context| mutex.try_lock(context));
        assert_eq!(after, Err(Fault::Abandoned(Some(dead))));
    });
}

#[test]
fn of_two_that_recover_one_clears_the_state_and_both_get_the_lock() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let dead = world.thread(1);
        run(&world, &dead, QUIET, |world, context| {
            lock(Mutex::new(world.cell(0)), context);
        });
        thread_died(&world.queues, dead.id());
        let recovering: Vec<_> = (2..=3)
            .map(|number| {
                spawn(&world, number, QUIET, |world, context| {
                    let mutex = Mutex::new(world.cell(0));
                    let recovered = mutex.recover(context, None).unwrap();
                    unlock(mutex, context);
                    recovered
                })
            })
            .collect();
        let mut recovered: Vec<_> = recovering
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .collect();
        recovered.sort_by_key(|recovered| *recovered == Recovered::Acquired);
        assert_eq!(recovered, [Recovered::Cleared, Recovered::Acquired]);
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn the_death_of_the_owner_is_told_to_whoever_waits_at_a_condition() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let waits = spawn(&world, 2, QUIET, |world, context| {
            let mutex = Mutex::new(world.cell(0));
            match mutex.lock(context, None) {
                Ok(_) => Condition::new(world.cell(1))
                    .wait(mutex, context, None)
                    .map(drop),
                Err(fault) => Err(fault),
            }
        });
        let dies = world.thread(1);
        run(&world, &dies, QUIET, |world, context| {
            lock(Mutex::new(world.cell(0)), context);
        });
        thread_died(&world.queues, dies.id());
        assert_eq!(
            waits.join().unwrap(),
            Err(Fault::Abandoned(Some(dies.id())))
        );
    });
}
