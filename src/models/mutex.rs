//! The mutex.

use super::{
    COMPETE, HAND_OFF, Interrupts, Plain, TERMINATING, TO_THE_OVERTAKEN, UNINTERRUPTED, World,
    limit, run, spawn,
};
use crate::primitives::{Condition, Fault, Mutex, Recovered, thread_died};
use crate::queue::{Context, HandOff};
use crate::threads::ThreadId;
use std::sync::Arc;

/// Locks as JavaScript does: one instruction, and the native call if that fails.
fn lock(mutex: Mutex, context: &Context) {
    if !mutex.try_lock_fast(context.id()) {
        assert_eq!(mutex.lock(context, None), Ok(()));
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
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
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
fn exclusive_and_each_owner_sees_the_writes_of_the_last() {
    exclusion(COMPETE, 2, 2);
}

#[test]
fn exclusive_when_the_lock_is_handed_off() {
    exclusion(HAND_OFF, 2, 2);
}

#[test]
fn exclusive_when_handed_off_to_an_overtaken_waiter() {
    exclusion(TO_THE_OVERTAKEN, 2, 2);
}

#[test]
fn no_wake_up_is_lost_among_three_threads() {
    exclusion(COMPETE, 3, 1);
}

#[test]
fn no_hand_off_is_lost_among_three_threads() {
    exclusion(HAND_OFF, 3, 1);
}

/// One thread holds the lock, another waits without limit, and a third gives up at any moment. The second acquires
/// the lock.
fn giving_up(handoff: HandOff, interrupts: Interrupts) {
    loom::model(move || {
        let world = World::new(handoff);
        let owner = world.thread(1);
        let mutex = Mutex::new(world.cell(0));
        run(&world, &owner, UNINTERRUPTED, |_, context| {
            lock(mutex, context)
        });
        let first = spawn(&world, 2, interrupts, move |world, context| {
            let mutex = Mutex::new(world.cell(0));
            let deadline = (interrupts == UNINTERRUPTED).then(limit).flatten();
            match mutex.lock(context, deadline) {
                Ok(()) => unlock(mutex, context),
                Err(Fault::TimedOut) | Err(Fault::Interrupted) => {}
                other => panic!("{other:?}"),
            }
        });
        let second = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            let mutex = Mutex::new(world.cell(0));
            lock(mutex, context);
            unlock(mutex, context);
        });
        run(&world, &owner, UNINTERRUPTED, |_, context| {
            unlock(mutex, context)
        });
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_timed_out_waiter_passes_on_its_wake_up() {
    giving_up(COMPETE, UNINTERRUPTED);
}

#[test]
fn a_timed_out_waiter_keeps_or_passes_on_the_lock_it_was_handed() {
    giving_up(HAND_OFF, UNINTERRUPTED);
}

#[test]
fn a_terminated_waiter_passes_on_its_wake_up() {
    giving_up(COMPETE, TERMINATING);
}

#[test]
fn a_terminated_waiter_passes_on_the_lock_it_was_handed() {
    giving_up(HAND_OFF, TERMINATING);
}

#[test]
fn the_death_of_the_owner_fails_waiting_and_later_locks() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let owner = world.thread(1);
        let mutex = Mutex::new(world.cell(0));
        run(&world, &owner, UNINTERRUPTED, |_, context| {
            lock(mutex, context)
        });
        let waiters: Vec<_> = (2..=3)
            .map(|number| {
                spawn(&world, number, UNINTERRUPTED, |world, context| {
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
fn the_death_of_an_owner_after_a_hand_off_fails_later_locks() {
    loom::model(|| {
        let world = World::new(HAND_OFF);
        let first = world.thread(1);
        let mutex = Mutex::new(world.cell(0));
        run(&world, &first, UNINTERRUPTED, |_, context| {
            lock(mutex, context)
        });
        let dies = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            lock(Mutex::new(world.cell(0)), context);
            thread_died(&world.queues, context.id());
        });
        let waits = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            let mutex = Mutex::new(world.cell(0));
            let locked = mutex.lock(context, None);
            if locked == Ok(()) {
                unlock(mutex, context);
            }
            locked
        });
        run(&world, &first, UNINTERRUPTED, |_, context| {
            unlock(mutex, context)
        });
        dies.join().unwrap();
        let result = waits.join().unwrap();
        let dead = ThreadId::new(2).unwrap();
        assert!(matches!(result, Ok(())) || result == Err(Fault::Abandoned(Some(dead))));
        let after = run(&world, &first, UNINTERRUPTED, |_, context| {
            mutex.try_lock(context)
        });
        assert_eq!(after, Err(Fault::Abandoned(Some(dead))));
    });
}

#[test]
fn of_two_recoveries_one_clears_the_state_and_both_acquire_the_lock() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let dead = world.thread(1);
        run(&world, &dead, UNINTERRUPTED, |world, context| {
            lock(Mutex::new(world.cell(0)), context);
        });
        thread_died(&world.queues, dead.id());
        let recovering: Vec<_> = (2..=3)
            .map(|number| {
                spawn(&world, number, UNINTERRUPTED, |world, context| {
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
fn the_death_of_the_owner_fails_the_waiters_of_a_condition() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let waits = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            let mutex = Mutex::new(world.cell(0));
            match mutex.lock(context, None) {
                Ok(_) => Condition::new(world.cell(1))
                    .wait(mutex, context, None)
                    .map(drop),
                Err(fault) => Err(fault),
            }
        });
        let dies = world.thread(1);
        run(&world, &dies, UNINTERRUPTED, |world, context| {
            lock(Mutex::new(world.cell(0)), context);
        });
        thread_died(&world.queues, dies.id());
        assert_eq!(
            waits.join().unwrap(),
            Err(Fault::Abandoned(Some(dies.id())))
        );
    });
}
