//! The semaphore.

use super::{
    COMPETE, HAND_OFF, Interrupts, Plain, TERMINATING, UNINTERRUPTED, World, limit, run, spawn,
};
use crate::primitives::{Fault, Released, Semaphore};
use crate::queue::{Context, HandOff};
use crate::sync::{AtomicU32, Ordering};
use std::sync::Arc;

/// Takes permits as JavaScript does: one instruction, and the native call if that fails.
fn acquire(semaphore: Semaphore, context: &Context, count: u32) {
    if !semaphore.try_acquire_fast(count) {
        assert_eq!(semaphore.acquire(context, count, None), Ok(()));
    }
}

/// Gives permits back as JavaScript does.
fn release(semaphore: Semaphore, context: &Context, count: u32) {
    if !semaphore.release_fast(count) {
        assert_eq!(semaphore.release(context, count), Ok(Released::Done));
    }
}

fn of(world: &World, permits: u32) -> Semaphore {
    Semaphore::new(world.cell(0), permits, permits)
}

/// Each thread takes its number of permits, `rounds` times. No more are taken than there are, and all threads finish.
fn shares(handoff: HandOff, permits: u32, counts: &'static [u32], rounds: u32) {
    loom::model(move || {
        let world = World::new(handoff);
        let inside = Arc::new(AtomicU32::new(0));
        let handles: Vec<_> = counts
            .iter()
            .zip(1..)
            .map(|(&count, number)| {
                let inside = Arc::clone(&inside);
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    let semaphore = of(world, permits);
                    for _ in 0..rounds {
                        acquire(semaphore, context, count);
                        assert!(inside.fetch_add(count, Ordering::AcqRel) + count <= permits);
                        inside.fetch_sub(count, Ordering::AcqRel);
                        release(semaphore, context, count);
                    }
                })
            })
            .collect();
        for handle in handles {
            handle.join().unwrap();
        }
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn never_more_permits_are_taken_than_there_are() {
    shares(COMPETE, 1, &[1, 1], 2);
}

#[test]
fn never_more_permits_are_taken_than_there_are_when_they_are_handed_off() {
    shares(HAND_OFF, 1, &[1, 1], 2);
}

#[test]
fn no_permit_is_lost_among_three_threads() {
    shares(COMPETE, 2, &[2, 1, 1], 1);
}

#[test]
fn no_permit_is_lost_when_a_large_request_and_others_are_handed_theirs() {
    shares(HAND_OFF, 2, &[2, 1, 1], 1);
}

#[test]
fn no_waiter_is_forgotten_by_three_threads_that_compete_for_one_permit() {
    shares(COMPETE, 1, &[1, 1, 1], 1);
}

/// Two waiters sleep, and two permits are given back one after the other. The second may come while the first woken
/// waiter is on its way and the bit is clear: that waiter wakes the other.
#[test]
fn a_permit_given_back_while_a_woken_waiter_is_on_its_way_reaches_the_next() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let signals = |world: &World| Semaphore::new(world.cell(0), 0, Semaphore::MAX_PERMITS);
        let waiters: Vec<_> = (2..=3)
            .map(|number| {
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    acquire(signals(world), context, 1);
                })
            })
            .collect();
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            release(signals(world), context, 1);
            release(signals(world), context, 1);
        });
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert_eq!(signals(&world).available(), Ok(0));
    });
}

#[test]
fn an_acquire_sees_what_was_written_before_the_release() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let signals = |world: &World| Semaphore::new(world.cell(0), 0, Semaphore::MAX_PERMITS);
        let published = Plain::new();
        let waiters: Vec<_> = (2..=3)
            .map(|number| {
                let published = Arc::clone(&published);
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    acquire(signals(world), context, 1);
                    published.get()
                })
            })
            .collect();
        let this = world.thread(1);
        published.set(7);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            release(signals(world), context, 2);
        });
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), 7);
        }
        assert_eq!(signals(&world).available(), Ok(0));
    });
}

#[test]
fn no_request_passes_a_large_one_that_waits() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let holder = world.thread(1);
        run(&world, &holder, UNINTERRUPTED, |world, context| {
            acquire(of(world, 2), context, 1);
        });
        let entered = Arc::new(AtomicU32::new(0));
        let large = {
            let entered = Arc::clone(&entered);
            spawn(&world, 2, UNINTERRUPTED, move |world, context| {
                acquire(of(world, 2), context, 2);
                entered.store(1, Ordering::Release);
                release(of(world, 2), context, 2);
            })
        };
        // Once the large request is queued, a small one finds no free permit until the large one was granted.
        run(&world, &holder, UNINTERRUPTED, |world, context| {
            let semaphore = of(world, 2);
            let queued = world.cell(0).load() & Semaphore::WAITERS != 0;
            let passed = semaphore.try_acquire(context, 1) == Ok(());
            assert!(!(queued && passed));
            release(semaphore, context, if passed { 2 } else { 1 });
            acquire(semaphore, context, 1);
            assert!(!queued || entered.load(Ordering::Acquire) == 1);
            release(semaphore, context, 1);
        });
        large.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

/// Of two permits one is taken for good. A large request waits and gives up at any moment. A small one takes the
/// other permit, whether it comes before or behind the large one.
fn giving_up(interrupts: Interrupts) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let holder = world.thread(1);
        run(&world, &holder, UNINTERRUPTED, |world, context| {
            acquire(of(world, 2), context, 1);
        });
        let large = spawn(&world, 2, interrupts, move |world, context| {
            let deadline = (interrupts == UNINTERRUPTED).then(limit).flatten();
            of(world, 2).acquire(context, 2, deadline)
        });
        run(&world, &holder, UNINTERRUPTED, |world, context| {
            acquire(of(world, 2), context, 1);
        });
        let gave_up = large.join().unwrap();
        assert!(matches!(
            gave_up,
            Err(Fault::TimedOut) | Err(Fault::Interrupted)
        ));
        assert_eq!(world.cell(0).load(), 2 * Semaphore::PERMIT);
    });
}

#[test]
fn a_small_request_behind_a_timed_out_large_one_is_granted() {
    giving_up(UNINTERRUPTED);
}

#[test]
fn a_small_request_behind_a_terminated_large_one_is_granted() {
    giving_up(TERMINATING);
}

/// A waiter waits for the permit and gives up at any moment while it is given back. Another one acquires it.
fn passing_on(handoff: HandOff, interrupts: Interrupts) {
    loom::model(move || {
        let world = World::new(handoff);
        let holder = world.thread(1);
        run(&world, &holder, UNINTERRUPTED, |world, context| {
            acquire(of(world, 1), context, 1);
        });
        let first = spawn(&world, 2, interrupts, move |world, context| {
            let deadline = (interrupts == UNINTERRUPTED).then(limit).flatten();
            match of(world, 1).acquire(context, 1, deadline) {
                Ok(()) => release(of(world, 1), context, 1),
                Err(Fault::TimedOut) | Err(Fault::Interrupted) => {}
                other => panic!("{other:?}"),
            }
        });
        let second = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            acquire(of(world, 1), context, 1);
            release(of(world, 1), context, 1);
        });
        run(&world, &holder, UNINTERRUPTED, |world, context| {
            release(of(world, 1), context, 1);
        });
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_timed_out_waiter_keeps_or_passes_on_the_permit_it_was_granted() {
    passing_on(HAND_OFF, UNINTERRUPTED);
}

#[test]
fn a_terminated_waiter_passes_on_the_permit_it_was_granted() {
    passing_on(HAND_OFF, TERMINATING);
}

#[test]
fn a_timed_out_waiter_passes_on_its_wake_up() {
    passing_on(COMPETE, UNINTERRUPTED);
}

#[test]
fn a_terminated_waiter_passes_on_its_wake_up() {
    passing_on(COMPETE, TERMINATING);
}

#[test]
fn waiters_fail_when_a_thread_finds_the_cell_written_over() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            acquire(of(world, 1), context, 1);
        });
        let waits = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            of(world, 1).acquire(context, 1, None)
        });
        world.cell(0).overwrite(100);
        let failed = run(&world, &this, UNINTERRUPTED, |world, context| {
            of(world, 1).release(context, 1)
        });
        // A waiter that arrives after the word was written over sets its bit there at most. The fault carries the
        // word that it finds.
        assert_eq!(failed, Err(Fault::Corrupt(100)));
        assert_eq!(waits.join().unwrap(), Err(Fault::Corrupt(100)));
    });
}
