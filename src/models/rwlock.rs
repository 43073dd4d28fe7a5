//! The lock of readers and writers.

use super::{COMPETE, LASTING, Plain, QUIET, TERMINATING, Wants, World, limit, run, spawn};
use crate::cell::SharedWord;
use crate::primitives::{
    Fault, Latch, ReadCounts, Recovered, Request, RwLock, WaitResult, thread_died,
};
use crate::queue::Context;
use crate::sync::{AtomicU32, Ordering};
use std::sync::Arc;

/// What one thread counts its reads in.
pub(super) struct Counts([AtomicU32; 2]);

impl Counts {
    pub(super) fn new() -> Self {
        Counts([AtomicU32::new(0), AtomicU32::new(0)])
    }

    /// The lock in the first cell, as the thread of these counts sees it.
    pub(super) fn lock(&self, world: &World) -> RwLock {
        self.lock_at(world, 0)
    }

    /// The lock in the cell at `index`, as the thread of these counts sees it.
    fn lock_at(&self, world: &World, index: usize) -> RwLock {
        // SAFETY: aligned, and each thread of a model keeps its counts until it ends.
        let [own, by_guards] = [0, 1].map(|index| unsafe { SharedWord::new(&self.0[index]) });
        RwLock::new(world.cell(index), ReadCounts { own, by_guards })
    }
}

/// Each as JavaScript does: one instruction, and the native call where that fails.
fn read(lock: RwLock, context: &Context) {
    if !lock.try_read_fast() {
        assert_eq!(lock.read(context, None), Ok(WaitResult::Acquired));
    }
}

fn write(lock: RwLock, context: &Context) {
    if !lock.try_write_fast(context.id()) {
        assert_eq!(lock.write(context, None), Ok(WaitResult::Acquired));
    }
}

fn unlock_read(lock: RwLock, context: &Context) {
    if !lock.unlock_read_fast() {
        assert_eq!(lock.unlock_read(context), Ok(()));
    }
}

fn unlock_write(lock: RwLock, context: &Context) {
    if !lock.unlock_write_fast(context.id()) {
        assert_eq!(lock.unlock_write(context), Ok(()));
    }
}

/// So many threads write once, so many read once.
fn exclusion(writers: u32, readers: u32) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let guarded = Plain::new();
        let handles: Vec<_> = (1..=writers + readers)
            .map(|number| {
                let guarded = Arc::clone(&guarded);
                spawn(&world, number, QUIET, move |world, context| {
                    let counts = Counts::new();
                    let lock = counts.lock(world);
                    if number <= writers {
                        write(lock, context);
                        guarded.increment();
                        unlock_write(lock, context);
                    } else {
                        read(lock, context);
                        assert!(guarded.get() <= writers);
                        unlock_read(lock, context);
                    }
                })
            })
            .collect();
        for handle in handles {
            handle.join().unwrap();
        }
        assert_eq!(guarded.get(), writers);
        assert_eq!(world.cell(0).load(), RwLock::FREE);
    });
}

#[test]
fn one_writer_at_a_time_and_each_sees_what_the_last_one_wrote() {
    exclusion(2, 0);
}

#[test]
fn no_wake_is_lost_between_a_writer_and_two_readers() {
    exclusion(1, 2);
}

#[test]
fn no_wake_is_lost_between_two_writers_and_a_reader() {
    exclusion(2, 1);
}

#[test]
fn readers_do_not_exclude_each_other() {
    loom::model(|| {
        let world = World::new(COMPETE);
        // Each waits inside for the other to come in: they would hang if one kept the other out.
        let meet = |world: &World, context: &Context| {
            let inside = Latch::new(world.cell(1), 2);
            assert_eq!(inside.count_down(context, 1), Ok(()));
            assert_eq!(inside.wait(context, None), Ok(WaitResult::Acquired));
        };
        let this = world.thread(1);
        let counts = Counts::new();
        run(&world, &this, QUIET, |world, context| {
            write(counts.lock(world), context);
        });
        let other = spawn(&world, 2, QUIET, move |world, context| {
            let counts = Counts::new();
            let lock = counts.lock(world);
            read(lock, context);
            meet(world, context);
            unlock_read(lock, context);
        });
        run(&world, &this, QUIET, |world, context| {
            let lock = counts.lock(world);
            unlock_write(lock, context);
            read(lock, context);
            meet(world, context);
            unlock_read(lock, context);
        });
        other.join().unwrap();
    });
}

#[test]
fn a_reader_does_not_pass_a_writer_that_waits() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let counts = Counts::new();
        let this = world.thread(1);
        run(&world, &this, QUIET, |world, context| {
            read(counts.lock(world), context);
        });
        let written = Arc::new(AtomicU32::new(0));
        let writer = {
            let written = Arc::clone(&written);
            spawn(&world, 2, QUIET, move |world, context| {
                let counts = Counts::new();
                let lock = counts.lock(world);
                write(lock, context);
                written.store(1, Ordering::Release);
                unlock_write(lock, context);
            })
        };
        run(&world, &this, QUIET, |world, context| {
            let lock = counts.lock(world);
            // Again in one thread: where the writer is queued it would wait for itself, and is told so.
            let again = lock.read(context, None);
            if again == Ok(WaitResult::Acquired) {
                unlock_read(lock, context);
            } else {
                assert_eq!(again, Err(Fault::Recursive));
            }
            unlock_read(lock, context);
            read(lock, context);
            assert!(again.is_ok() || written.load(Ordering::Acquire) == 1);
            unlock_read(lock, context);
        });
        writer.join().unwrap();
        assert_eq!(world.cell(0).load(), RwLock::FREE);
    });
}

#[test]
fn a_reader_does_not_pass_a_writer_that_serves_its_runtime_while_it_waits() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let counts = Counts::new();
        let holder = world.thread(1);
        run(&world, &holder, QUIET, |world, context| {
            read(counts.lock(world), context);
        });
        let writer = spawn(&world, 2, LASTING, |world, context| {
            let counts = Counts::new();
            let lock = counts.lock(world);
            write(lock, context);
            unlock_write(lock, context);
        });
        while world.cell(0).load() & RwLock::WAITERS == 0 {
            loom::thread::yield_now();
        }
        let left = Arc::new(AtomicU32::new(0));
        let reader = {
            let left = Arc::clone(&left);
            spawn(&world, 3, LASTING, move |world, context| {
                let counts = Counts::new();
                let lock = counts.lock(world);
                read(lock, context);
                assert_eq!(left.load(Ordering::Acquire), 1);
                unlock_read(lock, context);
            })
        };
        run(&world, &holder, QUIET, |world, context| {
            left.store(1, Ordering::Release);
            unlock_read(counts.lock(world), context);
        });
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

/// A thread reads. A writer waits and gives up at any moment: a reader gets in, whether it comes before or behind.
fn writer_gives_up(wants: Wants) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let counts = Counts::new();
        let holder = world.thread(1);
        run(&world, &holder, QUIET, |world, context| {
            read(counts.lock(world), context);
        });
        let gives_up = spawn(&world, 2, wants, move |world, context| {
            let counts = Counts::new();
            let deadline = (wants == QUIET).then(limit).flatten();
            counts.lock(world).write(context, deadline)
        });
        let reader = world.thread(3);
        run(&world, &reader, QUIET, |world, context| {
            let counts = Counts::new();
            let lock = counts.lock(world);
            read(lock, context);
            unlock_read(lock, context);
        });
        let gave_up = gives_up.join().unwrap();
        assert!(matches!(
            gave_up,
            Ok(WaitResult::TimedOut) | Err(Fault::Interrupted)
        ));
        assert_eq!(world.cell(0).load(), 1);
    });
}

#[test]
fn readers_behind_a_writer_whose_time_is_up_are_not_forgotten() {
    writer_gives_up(QUIET);
}

#[test]
fn readers_behind_a_writer_that_is_terminated_are_not_forgotten() {
    writer_gives_up(TERMINATING);
}

/// A thread writes. One waits and gives up at any moment, also when it has just been let in: another gets in.
fn passing_on(request: Request, wants: Wants) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let counts = Counts::new();
        let holder = world.thread(1);
        run(&world, &holder, QUIET, |world, context| {
            write(counts.lock(world), context);
        });
        let first = spawn(&world, 2, wants, move |world, context| {
            let counts = Counts::new();
            let lock = counts.lock(world);
            let deadline = (wants == QUIET).then(limit).flatten();
            let (entered, unlock): (_, fn(RwLock, &Context)) = match request {
                Request::Read => (lock.read(context, deadline), unlock_read),
                _ => (lock.write(context, deadline), unlock_write),
            };
            match entered {
                Ok(WaitResult::Acquired) => unlock(lock, context),
                Ok(WaitResult::TimedOut) | Err(Fault::Interrupted) => {}
                other => panic!("{other:?}"),
            }
        });
        let second = spawn(&world, 3, QUIET, |world, context| {
            let counts = Counts::new();
            let lock = counts.lock(world);
            write(lock, context);
            unlock_write(lock, context);
        });
        run(&world, &holder, QUIET, |world, context| {
            unlock_write(counts.lock(world), context);
        });
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(world.cell(0).load(), RwLock::FREE);
    });
}

#[test]
fn a_writer_whose_time_is_up_keeps_or_passes_on_what_it_was_given() {
    passing_on(Request::Write, QUIET);
}

#[test]
fn a_terminated_writer_passes_on_what_it_was_given() {
    passing_on(Request::Write, TERMINATING);
}

#[test]
fn a_terminated_reader_passes_on_what_it_was_given() {
    passing_on(Request::Read, TERMINATING);
}

#[test]
fn nobody_writes_between_a_write_and_the_read_that_it_becomes() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let guarded = Plain::new();
        let writer = {
            let guarded = Arc::clone(&guarded);
            spawn(&world, 2, QUIET, move |world, context| {
                let counts = Counts::new();
                let lock = counts.lock(world);
                write(lock, context);
                guarded.increment();
                unlock_write(lock, context);
            })
        };
        let reader = {
            let guarded = Arc::clone(&guarded);
            spawn(&world, 3, QUIET, move |world, context| {
                let counts = Counts::new();
                let lock = counts.lock(world);
                read(lock, context);
                guarded.get();
                unlock_read(lock, context);
            })
        };
        let this = world.thread(1);
        run(&world, &this, QUIET, |world, context| {
            let counts = Counts::new();
            let lock = counts.lock(world);
            write(lock, context);
            guarded.increment();
            let mine = guarded.get();
            assert_eq!(lock.downgrade(context), Ok(()));
            assert_eq!(guarded.get(), mine);
            unlock_read(lock, context);
        });
        writer.join().unwrap();
        reader.join().unwrap();
        assert_eq!(guarded.get(), 2);
        assert_eq!(world.cell(0).load(), RwLock::FREE);
    });
}

#[test]
fn the_death_of_the_writer_is_told_to_whoever_waits_or_begins_to() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let writer = world.thread(1);
        run(&world, &writer, QUIET, |world, context| {
            write(Counts::new().lock(world), context);
        });
        let waiters = [Request::Read, Request::Write].map(|request| {
            spawn(&world, 2 + request as u32, QUIET, move |world, context| {
                let counts = Counts::new();
                match request {
                    Request::Read => counts.lock(world).read(context, None),
                    _ => counts.lock(world).write(context, None),
                }
            })
        });
        thread_died(&world.queues, writer.id());
        for waiter in waiters {
            assert_eq!(
                waiter.join().unwrap(),
                Err(Fault::Abandoned(Some(writer.id())))
            );
        }
    });
}

#[test]
fn the_death_of_a_reader_is_told_to_a_writer_who_waits_or_begins_to() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let counts = Counts::new();
        let reader = world.thread(1);
        run(&world, &reader, QUIET, |world, context| {
            read(counts.lock(world), context);
        });
        let lives = spawn(&world, 2, QUIET, |world, context| {
            let counts = Counts::new();
            let lock = counts.lock(world);
            let entered = lock.read(context, None);
            if entered.is_ok() {
                unlock_read(lock, context);
            }
            entered
        });
        let waits = spawn(&world, 3, QUIET, |world, context| {
            Counts::new().lock(world).write(context, None)
        });
        counts.lock(&world).reader_died(&world.queues, reader.id());
        thread_died(&world.queues, reader.id());
        let told = Err(Fault::Abandoned(Some(reader.id())));
        assert_eq!(waits.join().unwrap(), told);
        let read = lives.join().unwrap();
        assert!(read == Ok(WaitResult::Acquired) || read == told);
        // The living reader has left: only the state remains.
        assert_eq!(counts.lock(&world).readers(), Ok(0));
    });
}

#[test]
fn who_recovers_waits_for_the_readers_that_live() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let guarded = Plain::new();
        let (dead_counts, counts) = (Counts::new(), Counts::new());
        let (dead, lives) = (world.thread(1), world.thread(2));
        run(&world, &dead, QUIET, |world, context| {
            read(dead_counts.lock(world), context);
        });
        run(&world, &lives, QUIET, |world, context| {
            read(counts.lock(world), context);
        });
        dead_counts
            .lock(&world)
            .reader_died(&world.queues, dead.id());
        let recovers = {
            let guarded = Arc::clone(&guarded);
            spawn(&world, 3, QUIET, move |world, context| {
                let counts = Counts::new();
                let lock = counts.lock(world);
                let recovered = lock.recover(context, None);
                guarded.increment();
                unlock_write(lock, context);
                recovered
            })
        };
        run(&world, &lives, QUIET, |world, context| {
            guarded.get();
            unlock_read(counts.lock(world), context);
        });
        assert_eq!(recovers.join().unwrap(), Ok(Recovered::Cleared));
        assert_eq!(world.cell(0).load(), RwLock::FREE);
    });
}

#[test]
fn of_two_that_recover_one_clears_the_state_and_both_get_in() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let dead = world.thread(1);
        run(&world, &dead, QUIET, |world, context| {
            write(Counts::new().lock(world), context);
        });
        thread_died(&world.queues, dead.id());
        let recovering = [2, 3].map(|number| {
            spawn(&world, number, QUIET, |world, context| {
                let counts = Counts::new();
                let lock = counts.lock(world);
                let recovered = lock.recover(context, None).unwrap();
                unlock_write(lock, context);
                recovered
            })
        });
        let mut recovered = recovering.map(|handle| handle.join().unwrap());
        recovered.sort_by_key(|recovered| *recovered == Recovered::Acquired);
        assert_eq!(recovered, [Recovered::Cleared, Recovered::Acquired]);
        assert_eq!(world.cell(0).load(), RwLock::FREE);
    });
}

/// Drops the entry of every lock that was abandoned before: in the models a bucket remembers one death.
fn drop_dead_owners(world: &World) {
    let (counts, dead) = (Counts::new(), world.thread(9));
    run(world, &dead, QUIET, |world, context| {
        read(counts.lock_at(world, 2), context);
    });
    counts
        .lock_at(world, 2)
        .reader_died(&world.queues, dead.id());
}

#[test]
fn a_lock_is_abandoned_and_recovered_when_the_thread_that_died_inside_was_forgotten() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let dead = world.thread(1);
        run(&world, &dead, QUIET, |world, context| {
            write(Counts::new().lock_at(world, 0), context);
            write(Counts::new().lock_at(world, 1), context);
        });
        // Whichever is told last drops the entry of the other.
        let waiters = [0, 1].map(|index| {
            spawn(&world, 2 + index as u32, QUIET, move |world, context| {
                let counts = Counts::new();
                let lock = counts.lock_at(world, index);
                let told = lock.read(context, None);
                let recovered = lock.recover(context, None);
                unlock_write(lock, context);
                (told, recovered)
            })
        });
        thread_died(&world.queues, dead.id());
        for waiter in waiters {
            let (told, recovered) = waiter.join().unwrap();
            assert!(
                matches!(told, Err(Fault::Abandoned(by)) if by.is_none_or(|by| by == dead.id()))
            );
            assert_eq!(recovered, Ok(Recovered::Cleared));
        }
        assert_eq!(world.cell(0).load(), RwLock::FREE);
        assert_eq!(world.cell(1).load(), RwLock::FREE);
    });
}

#[test]
fn one_that_is_terminated_while_it_recovers_leaves_that_to_the_next() {
    terminated_while_it_recovers(|_| {});
}

#[test]
fn one_that_is_terminated_while_it_recovers_from_a_forgotten_thread_leaves_that_to_the_next() {
    terminated_while_it_recovers(drop_dead_owners);
}

/// A thread died inside, then `meanwhile` happens. A thread that recovers is terminated at any moment, another recovers
/// after it.
fn terminated_while_it_recovers(meanwhile: fn(&World)) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let (dead_counts, counts) = (Counts::new(), Counts::new());
        let (dead, lives) = (world.thread(1), world.thread(4));
        run(&world, &dead, QUIET, |world, context| {
            read(dead_counts.lock(world), context);
        });
        run(&world, &lives, QUIET, |world, context| {
            read(counts.lock(world), context);
        });
        dead_counts
            .lock(&world)
            .reader_died(&world.queues, dead.id());
        meanwhile(&world);
        let gives_up = spawn(&world, 2, TERMINATING, |world, context| {
            let counts = Counts::new();
            let lock = counts.lock(world);
            let recovered = lock.recover(context, None);
            if recovered.is_ok() {
                unlock_write(lock, context);
            }
            recovered
        });
        run(&world, &lives, QUIET, |world, context| {
            unlock_read(counts.lock(world), context);
        });
        let gave_up = gives_up.join().unwrap();
        let next = world.thread(3);
        let recovered = run(&world, &next, QUIET, |world, context| {
            Counts::new().lock(world).recover(context, None)
        });
        let expected = match gave_up {
            Ok(Recovered::Cleared) => Recovered::Acquired,
            Err(Fault::Interrupted) => Recovered::Cleared,
            other => panic!("{other:?}"),
        };
        assert_eq!(recovered, Ok(expected));
    });
}

#[test]
fn two_that_write_in_opposite_order_never_hang() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let both = |world: &World, context: &Context, order: [usize; 2]| {
            let counts = [Counts::new(), Counts::new()];
            let [first, second] = order.map(|index| counts[index].lock_at(world, index));
            write(first, context);
            match second.write(context, None) {
                Ok(WaitResult::Acquired) => unlock_write(second, context),
                Err(Fault::Deadlock(cycle)) => assert_eq!(cycle.len(), 2),
                other => panic!("{other:?}"),
            }
            unlock_write(first, context);
        };
        let other = spawn(&world, 2, LASTING, move |world, context| {
            both(world, context, [1, 0]);
        });
        let this = world.thread(1);
        run(&world, &this, LASTING, |world, context| {
            both(world, context, [0, 1]);
        });
        other.join().unwrap();
        assert_eq!(world.cell(0).load(), RwLock::FREE);
        assert_eq!(world.cell(1).load(), RwLock::FREE);
    });
}

#[test]
fn whoever_waits_is_told_when_somebody_finds_the_cell_written_over() {
    /// The number of a writer that never was.
    const UNKNOWN: u32 = RwLock::WRITER | 99;
    loom::model(|| {
        let world = World::new(COMPETE);
        let counts = Counts::new();
        let this = world.thread(1);
        run(&world, &this, QUIET, |world, context| {
            write(counts.lock(world), context);
        });
        let waits = spawn(&world, 2, QUIET, |world, context| {
            Counts::new().lock(world).read(context, None)
        });
        world.cell(0).overwrite(UNKNOWN);
        let told = run(&world, &this, QUIET, |world, context| {
            counts.lock(world).unlock_write(context)
        });
        // Who came meanwhile may have set its bit there.
        let is_told = |result| matches!(result, Err(Fault::Corrupt(word)) if word & (RwLock::WRITER | RwLock::NUMBER) == UNKNOWN);
        assert!(is_told(told));
        assert!(is_told(waits.join().unwrap().map(drop)));
    });
}
