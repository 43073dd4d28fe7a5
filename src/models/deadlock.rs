//! Deadlock detection.

use super::{COMPETE, LASTING, World, run, spawn};
use crate::primitives::{Fault, Mutex};
use crate::queue::Context;

/// Locks both, and unlocks what it acquired. Returns whether it found a deadlock.
fn lock_both(first: Mutex, second: Mutex, context: &Context) -> bool {
    assert_eq!(first.lock(context, None), Ok(()));
    let deadlocked = match second.lock(context, None) {
        Ok(()) => {
            second.unlock(context).unwrap();
            false
        }
        Err(Fault::Deadlock(cycle)) => {
            assert_eq!(cycle.len(), 2);
            assert_eq!(cycle[0].thread, context.id());
            assert_eq!(cycle[0].waits_for.key.cell(), second.cell());
            assert_eq!(cycle[0].holds.key.cell(), first.cell());
            true
        }
        other => panic!("{other:?}"),
    };
    first.unlock(context).unwrap();
    deadlocked
}

#[test]
fn two_threads_that_lock_in_opposite_order_never_hang() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let other = spawn(&world, 2, LASTING, |world, context| {
            lock_both(
                Mutex::new(world.cell(1)),
                Mutex::new(world.cell(0)),
                context,
            )
        });
        let this = world.thread(1);
        let this_deadlocked = run(&world, &this, LASTING, |world, context| {
            lock_both(
                Mutex::new(world.cell(0)),
                Mutex::new(world.cell(1)),
                context,
            )
        });
        let deadlocked = [this_deadlocked, other.join().unwrap()];
        assert_ne!(
            deadlocked,
            [true, true],
            "one thread gives up, and the other acquires its lock"
        );
        assert_eq!(world.cell(0).load(), 0);
        assert_eq!(world.cell(1).load(), 0);
    });
}

#[test]
fn two_threads_that_lock_in_the_same_order_never_report_a_deadlock() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let lock_in_order = |world: &World, context: &Context| {
            lock_both(
                Mutex::new(world.cell(0)),
                Mutex::new(world.cell(1)),
                context,
            )
        };
        let other = spawn(&world, 2, LASTING, lock_in_order);
        let this = world.thread(1);
        assert!(!run(&world, &this, LASTING, lock_in_order));
        assert!(!other.join().unwrap());
    });
}

#[test]
fn a_lock_that_changes_owners_during_the_search_makes_no_cycle() {
    loom::model(|| {
        let world = World::new(COMPETE);
        // Holds the first lock only while it does not wait for the second. A search may see the owner of one moment
        // and the wait of another.
        let alternates = spawn(&world, 2, LASTING, |world, context| {
            for cell in [0, 1] {
                let mutex = Mutex::new(world.cell(cell));
                assert_eq!(mutex.lock(context, None), Ok(()));
                mutex.unlock(context).unwrap();
            }
        });
        let this = world.thread(1);
        let deadlocked = run(&world, &this, LASTING, |world, context| {
            lock_both(
                Mutex::new(world.cell(1)),
                Mutex::new(world.cell(0)),
                context,
            )
        });
        assert!(!deadlocked);
        alternates.join().unwrap();
    });
}
