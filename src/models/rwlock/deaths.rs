//! Threads that die while they hold an RwLock, and those that recover it.

use super::{Counts, Holder, read, unlock_read, unlock_write, write};
use crate::models::{
    COMPETE, Plain, TERMINATING, UNINTERRUPTED, World, model_with_three_preemptions, run, spawn,
};
use crate::primitives::{Fault, Recovered, Request, RwLock, thread_died};
use crate::threads::ThreadId;
use std::sync::Arc;

impl Holder {
    fn id(&self) -> ThreadId {
        self.thread.id()
    }

    /// The thread died while it read.
    fn dies_as_reader(&self, world: &World) {
        let lock = self.counts.lock(world);
        lock.reader_died(&world.queues, self.id());
    }
}

#[test]
fn the_death_of_the_writer_fails_waiting_and_later_requests() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let writer = Holder::new(&world, 1, write);
        let waiters = [Request::Read, Request::Write].map(|request| {
            spawn(
                &world,
                2 + request as u32,
                UNINTERRUPTED,
                move |world, context| {
                    let counts = Counts::new();
                    match request {
                        Request::Read => counts.lock(world).read(context, None),
                        _ => counts.lock(world).write(context, None),
                    }
                },
            )
        });
        thread_died(&world.queues, writer.id());
        let failed = Err(Fault::Abandoned(Some(writer.id())));
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), failed);
        }
    });
}

/// A thread gives the memory of a lock back as soon as its wait has failed. So the word is another's: here one that a
/// sweep would change.
#[test]
fn the_sweep_for_a_dead_writer_leaves_alone_the_memory_of_a_wait_that_it_ended() {
    const ANOTHERS: u32 = 7 << 29;
    model_with_three_preemptions(|| {
        let world = World::new(COMPETE);
        let writer = Holder::new(&world, 1, write);
        let waits = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            let failed = Counts::new().lock(world).read(context, None);
            world.cell(0).overwrite(ANOTHERS);
            failed
        });
        thread_died(&world.queues, writer.id());
        let failed = Err(Fault::Abandoned(Some(writer.id())));
        assert_eq!(waits.join().unwrap(), failed);
        assert_eq!(world.cell(0).load(), ANOTHERS);
    });
}

#[test]
fn the_death_of_a_reader_fails_a_waiting_or_later_writer() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let reader = Holder::new(&world, 1, read);
        let lives = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            let counts = Counts::new();
            let lock = counts.lock(world);
            let entered = lock.read(context, None);
            if entered.is_ok() {
                unlock_read(lock, context);
            }
            entered
        });
        let waits = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            Counts::new().lock(world).write(context, None)
        });
        reader.dies_as_reader(&world);
        thread_died(&world.queues, reader.id());
        let failed = Err(Fault::Abandoned(Some(reader.id())));
        assert_eq!(waits.join().unwrap(), failed);
        let read = lives.join().unwrap();
        assert!(read == Ok(()) || read == failed);
        // The living reader has left: only the abandoned state remains.
        assert_eq!(reader.counts.lock(&world).readers(), Ok(0));
    });
}

#[test]
fn recovery_waits_for_the_living_readers() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let guarded = Plain::new();
        let dead = Holder::new(&world, 1, read);
        let lives = Holder::new(&world, 2, read);
        dead.dies_as_reader(&world);
        let recovers = {
            let guarded = Arc::clone(&guarded);
            spawn(&world, 3, UNINTERRUPTED, move |world, context| {
                let counts = Counts::new();
                let lock = counts.lock(world);
                let recovered = lock.recover(context, None);
                guarded.increment();
                unlock_write(lock, context);
                recovered
            })
        };
        guarded.get();
        lives.run(&world, unlock_read);
        assert_eq!(recovers.join().unwrap(), Ok(Recovered::Cleared));
        assert_eq!(world.cell(0).load(), RwLock::FREE);
    });
}

#[test]
fn of_two_recoveries_one_clears_the_state_and_both_enter() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let dead = Holder::new(&world, 1, write);
        thread_died(&world.queues, dead.id());
        let recovering = [2, 3].map(|number| {
            spawn(&world, number, UNINTERRUPTED, |world, context| {
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
    run(world, &dead, UNINTERRUPTED, |world, context| {
        read(counts.lock_at(world, 2), context);
    });
    counts
        .lock_at(world, 2)
        .reader_died(&world.queues, dead.id());
}

#[test]
fn a_lock_whose_dead_holder_was_forgotten_is_abandoned_and_recovered() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let dead = world.thread(1);
        run(&world, &dead, UNINTERRUPTED, |world, context| {
            write(Counts::new().lock_at(world, 0), context);
            write(Counts::new().lock_at(world, 1), context);
        });
        // The wait that ends last drops the entry of the other lock.
        let waiters = [0, 1].map(|index| {
            spawn(
                &world,
                2 + index as u32,
                UNINTERRUPTED,
                move |world, context| {
                    let counts = Counts::new();
                    let lock = counts.lock_at(world, index);
                    let failed = lock.read(context, None);
                    let recovered = lock.recover(context, None);
                    unlock_write(lock, context);
                    (failed, recovered)
                },
            )
        });
        thread_died(&world.queues, dead.id());
        for waiter in waiters {
            let (failed, recovered) = waiter.join().unwrap();
            assert!(
                matches!(failed, Err(Fault::Abandoned(by)) if by.is_none_or(|by| by == dead.id()))
            );
            assert_eq!(recovered, Ok(Recovered::Cleared));
        }
        assert_eq!(world.cell(0).load(), RwLock::FREE);
        assert_eq!(world.cell(1).load(), RwLock::FREE);
    });
}

#[test]
fn a_terminated_recovery_leaves_the_state_to_the_next() {
    terminated_while_it_recovers(|_| {});
}

#[test]
fn a_terminated_recovery_from_a_forgotten_thread_leaves_the_state_to_the_next() {
    terminated_while_it_recovers(drop_dead_owners);
}

/// A thread died while it held the lock, then `meanwhile` runs. A thread that recovers is terminated at any moment,
/// and another recovers after it.
fn terminated_while_it_recovers(meanwhile: fn(&World)) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let dead = Holder::new(&world, 1, read);
        let lives = Holder::new(&world, 4, read);
        dead.dies_as_reader(&world);
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
        lives.run(&world, unlock_read);
        let gave_up = gives_up.join().unwrap();
        let next = world.thread(3);
        let recovered = run(&world, &next, UNINTERRUPTED, |world, context| {
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
