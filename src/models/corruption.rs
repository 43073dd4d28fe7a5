//! Cells that are written over: an operation fails or returns a normal result, and no waiter is stranded.

use super::condition::primitives;
use super::{COMPETE, HAND_OFF, UNINTERRUPTED, World, limit, run, spawn};
use crate::primitives::{Barrier, Fault, LastArrival, Latch, Mutex, in_time};
use crate::queue::{Context, HandOff};

/// Locks and unlocks, if the cell allows it.
fn use_mutex(mutex: Mutex, context: &Context) {
    if mutex.lock(context, None).is_ok() {
        mutex.unlock(context).ok();
    }
}

/// The mutex of a wait is written over between the wait's check and its unlock, while a notifier moves the waiter
/// there. The waiter fails, and must neither stay in the queue nor be handed the lock.
fn waiter_fails_while_moved(handoff: HandOff) {
    loom::model(move || {
        let world = World::new(handoff);
        let waits = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            let (mutex, condition) = primitives(world);
            assert_eq!(mutex.lock(context, None), Ok(()));
            if in_time(condition.wait_and_lock(mutex, context, limit())).is_ok() {
                mutex.unlock(context).ok();
            }
        });
        let overwriter = world.thread(1);
        run(&world, &overwriter, UNINTERRUPTED, |world, context| {
            let (mutex, condition) = primitives(world);
            mutex.cell().overwrite(0);
            let locked = mutex.lock(context, None);
            condition.notify(context, 1).ok();
            if locked.is_ok() {
                mutex.unlock(context).ok();
            }
            use_mutex(mutex, context);
        });
        waits.join().unwrap();
    });
}

#[test]
fn a_waiter_that_fails_stays_in_no_queue() {
    waiter_fails_while_moved(COMPETE);
}

#[test]
fn a_waiter_that_fails_is_handed_no_lock() {
    waiter_fails_while_moved(HAND_OFF);
}

#[test]
fn the_mutex_is_owned_after_the_condition_was_written_over() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let waits = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            let (mutex, condition) = primitives(world);
            assert_eq!(mutex.lock(context, None), Ok(()));
            condition.wait_and_lock(mutex, context, limit()).ok();
            assert!(mutex.is_owned_by(context.id()));
            mutex.unlock(context).unwrap();
        });
        let overwriter = world.thread(1);
        run(&world, &overwriter, UNINTERRUPTED, |world, context| {
            let (_, condition) = primitives(world);
            world.cell(1).overwrite(5);
            condition.notify(context, 1).unwrap_err();
        });
        waits.join().unwrap();
    });
}

#[test]
fn waiters_fail_when_a_thread_finds_the_mutex_written_over() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let owner = world.thread(1);
        let mutex = Mutex::new(world.cell(0));
        run(&world, &owner, UNINTERRUPTED, |_, context| {
            assert_eq!(mutex.lock(context, None), Ok(()));
        });
        let waits = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            Mutex::new(world.cell(0)).lock(context, None)
        });
        // Bits that no mutex writes. Then the owner unlocks.
        mutex.cell().overwrite(0x2000_0000);
        let unlocked = run(&world, &owner, UNINTERRUPTED, |_, context| {
            mutex.unlock(context)
        });
        assert_eq!(unlocked, Err(Fault::Corrupt(0x2000_0000)));
        assert_eq!(waits.join().unwrap(), Err(Fault::Corrupt(0x2000_0000)));
    });
}

#[test]
fn a_party_at_the_gate_arrives_when_the_barrier_was_zeroed_meanwhile() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let this = world.thread(1);
        let acts = run(&world, &this, UNINTERRUPTED, |world, context| {
            Barrier::new(world.cell(0), 1).wait(context, LastArrival::RunsAction, None)
        });
        assert_eq!(acts, Ok(0));
        let both = |world: &World, context: &Context| {
            Barrier::new(world.cell(0), 2).wait(context, LastArrival::Opens, None)
        };
        let waits = spawn(&world, 2, UNINTERRUPTED, both);
        world.cell(0).overwrite(0);
        let passed = run(&world, &this, UNINTERRUPTED, both);
        let waited = waits.join().unwrap();
        assert!(passed.is_ok() && waited.is_ok());
    });
}

#[test]
fn waiters_fail_when_a_thread_finds_the_barrier_or_the_latch_written_over() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let waits = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            Barrier::new(world.cell(0), 3).wait(context, LastArrival::Opens, None)
        });
        let this = world.thread(1);
        world.cell(0).overwrite(2);
        let failed = run(&world, &this, UNINTERRUPTED, |world, context| {
            Barrier::new(world.cell(0), 3).wait(context, LastArrival::Opens, None)
        });
        assert!(matches!(failed, Err(Fault::Corrupt(_))));
        let waiting = waits.join().unwrap();
        assert!(matches!(waiting, Err(Fault::Corrupt(_))));

        let waits = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            Latch::new(world.cell(1), 1).wait(context, None)
        });
        world.cell(1).overwrite(77);
        let failed = run(&world, &this, UNINTERRUPTED, |world, context| {
            Latch::new(world.cell(1), 1).count_down(context, 1)
        });
        assert_eq!(failed, Err(Fault::Corrupt(77)));
        assert_eq!(waits.join().unwrap(), Err(Fault::Corrupt(77)));
    });
}
