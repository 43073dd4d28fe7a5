//! The semaphore.

use super::{COMPETE, Plain, QUIET, TERMINATING, Wants, World, limit, run, spawn};
use crate::primitives::{Fault, Released, Semaphore, WaitResult};
use crate::queue::Context;
use crate::sync::{AtomicU32, Ordering};
use std::sync::Arc;

/// Takes permits as JavaScript does: one instruction, and the native call where that fails.
fn acquire(semaphore: Semaphore, context: &Context, count: u32) {
    if !semaphore.try_acquire_fast(count) {
        assert_eq!(
            semaphore.acquire(context, count, None),
            Ok(WaitResult::Acquired)
        );
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

/// Each of these threads takes so many of `permits` at a time: never more than there are, and all come through.
fn shares(permits: u32, counts: &'static [u32], rounds: u32) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let inside = Arc::new(AtomicU32::new(0));
        let handles: Vec<_> = counts
            .iter()
            .zip(1..)
            .map(|(&count, number)| {
                let inside = Arc::clone(&inside);
                spawn(&world, number, QUIET, move |world, context| {
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
    shares(1, &[1, 1], 2);
}

#[test]
fn no_permit_is_lost_between_three() {
    shares(2, &[2, 1, 1], 1);
}

#[test]
fn whoever_is_signalled_sees_what_was_written_before() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let signals = |world: &World| Semaphore::new(world.cell(0), 0, Semaphore::MAX_PERMITS);
        let published = Plain::new();
        let waiters: Vec<_> = (2..=3)
            .map(|number| {
                let published = Arc::clone(&published);
                spawn(&world, number, QUIET, move |world, context| {
                    acquire(signals(world), context, 1);
                    published.get()
                })
            })
            .collect();
        let this = world.thread(1);
        published.set(7);
        run(&world, &this, QUIET, |world, context| {
            release(signals(world), context, 2);
        });
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), 7);
        }
        assert_eq!(signals(&world).available(), Ok(0));
    });
}

#[test]
fn nobody_passes_a_large_request_that_waits() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let holder = world.thread(1);
        run(&world, &holder, QUIET, |world, context| {
            acquire(of(world, 2), context, 1);
        });
        let entered = Arc::new(AtomicU32::new(0));
        let large = {
            let entered = Arc::clone(&entered);
            spawn(&world, 2, QUIET, move |world, context| {
                acquire(of(world, 2), context, 2);
                entered.store(1, Ordering::Release);
                release(of(world, 2), context, 2);
            })
        };
        // Once the large request is queued, a small one finds nothing free until the large one was served.
        run(&world, &holder, QUIET, |world, context| {
            let semaphore = of(world, 2);
            let queued = world.cell(0).load() & Semaphore::WAITERS != 0;
            let passed = semaphore.try_acquire(context, 1) == Ok(WaitResult::Acquired);
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

/// Of two permits one is taken for good. A large request waits and gives up at any moment: a small one gets the other
/// permit, whether it comes before or behind.
fn giving_up(wants: Wants) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let holder = world.thread(1);
        run(&world, &holder, QUIET, |world, context| {
            acquire(of(world, 2), context, 1);
        });
        let large = spawn(&world, 2, wants, move |world, context| {
            let deadline = (wants == QUIET).then(limit).flatten();
            of(world, 2).acquire(context, 2, deadline)
        });
        run(&world, &holder, QUIET, |world, context| {
            acquire(of(world, 2), context, 1);
        });
        let gave_up = large.join().unwrap();
        assert!(matches!(
            gave_up,
            Ok(WaitResult::TimedOut) | Err(Fault::Interrupted)
        ));
        assert_eq!(world.cell(0).load(), 2 * Semaphore::PERMIT);
    });
}

#[test]
fn a_small_request_behind_a_large_one_whose_time_is_up_is_not_forgotten() {
    giving_up(QUIET);
}

#[test]
fn a_small_request_behind_a_large_one_that_is_terminated_is_not_forgotten() {
    giving_up(TERMINATING);
}

/// One waits for the permit and gives up at any moment while it is given back: another gets it.
fn passing_on(wants: Wants) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let holder = world.thread(1);
        run(&world, &holder, QUIET, |world, context| {
            acquire(of(world, 1), context, 1);
        });
        let first = spawn(&world, 2, wants, move |world, context| {
            let deadline = (wants == QUIET).then(limit).flatten();
            match of(world, 1).acquire(context, 1, deadline) {
                Ok(WaitResult::Acquired) => release(of(world, 1), context, 1),
                Ok(WaitResult::TimedOut) | Err(Fault::Interrupted) => {}
                other => panic!("{other:?}"),
            }
        });
        let second = spawn(&world, 3, QUIET, |world, context| {
            acquire(of(world, 1), context, 1);
            release(of(world, 1), context, 1);
        });
        run(&world, &holder, QUIET, |world, context| {
            release(of(world, 1), context, 1);
        });
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_waiter_whose_time_is_up_keeps_or_passes_on_the_permit_that_it_was_given() {
    passing_on(QUIET);
}

#[test]
fn a_terminated_waiter_passes_on_the_permit_that_it_was_given() {
    passing_on(TERMINATING);
}

#[test]
fn whoever_waits_is_told_when_somebody_finds_the_cell_written_over() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let this = world.thread(1);
        run(&world, &this, QUIET, |world, context| {
            acquire(of(world, 1), context, 1);
        });
        let waits = spawn(&world, 2, QUIET, |world, context| {
            of(world, 1).acquire(context, 1, None)
        });
        world.cell(0).overwrite(100);
        let told = run(&world, &this, QUIET, |world, context| {
            of(world, 1).release(context, 1)
        });
        // Who comes to wait after the word was written over sets its bit there, at most: it is told what it finds.
        assert_eq!(told, Err(Fault::Corrupt(100)));
        assert_eq!(waits.join().unwrap(), Err(Fault::Corrupt(100)));
    });
}
