//! The RwLock. What happens when a thread dies with it is in `deaths.rs`.

mod deaths;

use super::{
    COMPETE, HAND_OFF, Interrupts, LASTING, Plain, TERMINATING, UNINTERRUPTED, World, limit, run,
    spawn,
};
use crate::cell::SharedWord;
use crate::primitives::{Fault, Latch, ReadCounts, Request, RwLock};
use crate::queue::{Context, HandOff};
use crate::sync::{AtomicU32, Ordering};
use crate::threads::Thread;
use std::sync::Arc;

/// The counts of one thread's reads.
pub(super) struct Counts([AtomicU32; 2]);

impl Counts {
    pub(super) fn new() -> Self {
        Counts([AtomicU32::new(0), AtomicU32::new(0)])
    }

    /// Whether the thread holds reads.
    pub(super) fn any(&self) -> bool {
        self.0.iter().any(|count| count.load(Ordering::Relaxed) > 0)
    }

    /// The lock in the first cell, as the thread with these counts sees it.
    pub(super) fn lock(&self, world: &World) -> RwLock {
        self.lock_at(world, 0)
    }

    /// The lock in the cell at `index`, as the thread with these counts sees it.
    fn lock_at(&self, world: &World, index: usize) -> RwLock {
        // SAFETY: aligned, and each thread of a model keeps its counts until it ends.
        let [own, by_guards] = [0, 1].map(|index| unsafe { SharedWord::new(&self.0[index]) });
        RwLock::new(world.cell(index), ReadCounts { own, by_guards })
    }
}

/// Each as JavaScript does: one instruction, and the native call if that fails.
fn read(lock: RwLock, context: &Context) {
    if !lock.try_read_fast() {
        assert_eq!(lock.read(context, None), Ok(()));
    }
}

fn write(lock: RwLock, context: &Context) {
    if !lock.try_write_fast(context.id()) {
        assert_eq!(lock.write(context, None), Ok(()));
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

/// Reads once, and calls `body` while it does.
fn reading(world: &World, context: &Context, body: impl FnOnce()) {
    let counts = Counts::new();
    let lock = counts.lock(world);
    read(lock, context);
    body();
    unlock_read(lock, context);
}

/// Writes once, and calls `body` while it does.
fn writing(world: &World, context: &Context, body: impl FnOnce()) {
    let counts = Counts::new();
    let lock = counts.lock(world);
    write(lock, context);
    body();
    unlock_write(lock, context);
}

fn read_once(world: &World, context: &Context) {
    reading(world, context, || {});
}

fn write_once(world: &World, context: &Context) {
    writing(world, context, || {});
}

/// A thread that holds the lock in the first cell from its beginning on.
struct Holder {
    thread: Arc<Thread>,
    counts: Counts,
}

impl Holder {
    /// The thread with this id, which enters by [`read`] or [`write`].
    fn new(world: &World, number: u32, enter: fn(RwLock, &Context)) -> Self {
        let holder = Holder {
            thread: world.thread(number),
            counts: Counts::new(),
        };
        holder.run(world, enter);
        holder
    }

    /// Runs `body` as this thread.
    fn run<R>(&self, world: &World, body: impl FnOnce(RwLock, &Context) -> R) -> R {
        run(world, &self.thread, UNINTERRUPTED, |world, context| {
            body(self.counts.lock(world), context)
        })
    }
}

/// `writers` threads write once, and `readers` threads read once.
fn exclusion(handoff: HandOff, writers: u32, readers: u32) {
    loom::model(move || {
        let world = World::new(handoff);
        let guarded = Plain::new();
        let handles: Vec<_> = (1..=writers + readers)
            .map(|number| {
                let guarded = Arc::clone(&guarded);
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    if number <= writers {
                        writing(world, context, || guarded.increment());
                    } else {
                        reading(world, context, || assert!(guarded.get() <= writers));
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
fn one_writer_at_a_time_and_each_sees_the_writes_of_the_last() {
    exclusion(COMPETE, 2, 0);
}

#[test]
fn one_writer_at_a_time_when_the_lock_is_handed_off() {
    exclusion(HAND_OFF, 2, 0);
}

#[test]
fn no_wake_up_is_lost_among_a_writer_and_two_readers() {
    exclusion(COMPETE, 1, 2);
}

#[test]
fn no_wake_up_is_lost_among_a_writer_and_two_readers_when_the_lock_is_handed_off() {
    exclusion(HAND_OFF, 1, 2);
}

#[test]
fn no_wake_up_is_lost_among_two_writers_and_a_reader() {
    exclusion(COMPETE, 2, 1);
}

#[test]
fn no_wake_up_is_lost_among_two_writers_and_a_reader_when_the_lock_is_handed_off() {
    exclusion(HAND_OFF, 2, 1);
}

#[test]
fn readers_do_not_exclude_each_other() {
    loom::model(|| {
        let world = World::new(COMPETE);
        // Each reader waits inside for the other to enter: they would hang if one excluded the other.
        let meet = |world: &World, context: &Context| {
            let inside = Latch::new(world.cell(1), 2);
            assert_eq!(inside.count_down(context, 1), Ok(()));
            assert_eq!(inside.wait(context, None), Ok(()));
        };
        let this = Holder::new(&world, 1, write);
        let other = spawn(&world, 2, UNINTERRUPTED, move |world, context| {
            reading(world, context, || meet(world, context));
        });
        this.run(&world, |lock, context| {
            unlock_write(lock, context);
            read(lock, context);
            meet(&world, context);
            unlock_read(lock, context);
        });
        other.join().unwrap();
    });
}

#[test]
fn a_reader_does_not_pass_a_waiting_writer_that_is_handed_the_lock() {
    loom::model(|| {
        let world = World::new(HAND_OFF);
        let this = Holder::new(&world, 1, read);
        let written = Arc::new(AtomicU32::new(0));
        let writer = {
            let written = Arc::clone(&written);
            spawn(&world, 2, UNINTERRUPTED, move |world, context| {
                writing(world, context, || written.store(1, Ordering::Release));
            })
        };
        this.run(&world, |lock, context| {
            // A second read of the same thread. If the writer is queued, the thread would wait for itself, and
            // receives that fault.
            let again = lock.read(context, None);
            if again == Ok(()) {
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

/// A writer waits for a read to end. As long as it was not woken, no other thread begins a read.
#[test]
fn a_reader_does_not_pass_a_writer_that_was_not_woken() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let holder = Holder::new(&world, 1, read);
        let writer = spawn(&world, 2, UNINTERRUPTED, write_once);
        let other = world.thread(3);
        run(&world, &other, UNINTERRUPTED, |world, context| {
            let counts = Counts::new();
            let lock = counts.lock(world);
            let queued = world.cell(0).load() & RwLock::WAITERS != 0;
            let entered = lock.try_enter(context, context.owner(), Request::Read);
            assert!(!queued || entered == Err(Fault::TimedOut));
            if entered == Ok(()) {
                unlock_read(lock, context);
            }
        });
        holder.run(&world, unlock_read);
        writer.join().unwrap();
        assert_eq!(world.cell(0).load(), RwLock::FREE);
    });
}

#[test]
fn a_reader_does_not_pass_a_waiting_writer_that_checks_for_interrupts() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let holder = Holder::new(&world, 1, read);
        let writer = spawn(&world, 2, LASTING, write_once);
        while world.cell(0).load() & RwLock::WAITERS == 0 {
            loom::thread::yield_now();
        }
        let left = Arc::new(AtomicU32::new(0));
        let reader = {
            let left = Arc::clone(&left);
            spawn(&world, 3, LASTING, move |world, context| {
                reading(world, context, || {
                    assert_eq!(left.load(Ordering::Acquire), 1)
                });
            })
        };
        left.store(1, Ordering::Release);
        holder.run(&world, unlock_read);
        writer.join().unwrap();
        reader.join().unwrap();
    });
}

/// A thread reads. A writer waits and gives up at any moment. A reader enters, whether it comes before or behind the
/// writer.
fn writer_gives_up(interrupts: Interrupts) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let _holder = Holder::new(&world, 1, read);
        let gives_up = spawn(&world, 2, interrupts, move |world, context| {
            let counts = Counts::new();
            let deadline = (interrupts == UNINTERRUPTED).then(limit).flatten();
            counts.lock(world).write(context, deadline)
        });
        let reader = world.thread(3);
        run(&world, &reader, UNINTERRUPTED, read_once);
        let gave_up = gives_up.join().unwrap();
        assert!(matches!(
            gave_up,
            Err(Fault::TimedOut) | Err(Fault::Interrupted)
        ));
        assert_eq!(world.cell(0).load(), 1);
    });
}

#[test]
fn a_reader_behind_a_timed_out_writer_enters() {
    writer_gives_up(UNINTERRUPTED);
}

#[test]
fn a_reader_behind_a_terminated_writer_enters() {
    writer_gives_up(TERMINATING);
}

/// A thread writes. A second one waits and gives up at any moment, even just after it was granted the lock. A third
/// enters.
fn passing_on(handoff: HandOff, request: Request, interrupts: Interrupts) {
    loom::model(move || {
        let world = World::new(handoff);
        let holder = Holder::new(&world, 1, write);
        let first = spawn(&world, 2, interrupts, move |world, context| {
            let counts = Counts::new();
            let lock = counts.lock(world);
            let deadline = (interrupts == UNINTERRUPTED).then(limit).flatten();
            let (entered, unlock): (_, fn(RwLock, &Context)) = match request {
                Request::Read => (lock.read(context, deadline), unlock_read),
                _ => (lock.write(context, deadline), unlock_write),
            };
            match entered {
                Ok(()) => unlock(lock, context),
                Err(Fault::TimedOut) | Err(Fault::Interrupted) => {}
                other => panic!("{other:?}"),
            }
        });
        let second = spawn(&world, 3, UNINTERRUPTED, write_once);
        holder.run(&world, unlock_write);
        first.join().unwrap();
        second.join().unwrap();
        assert_eq!(world.cell(0).load(), RwLock::FREE);
    });
}

#[test]
fn a_timed_out_writer_keeps_or_passes_on_the_lock_it_was_granted() {
    passing_on(HAND_OFF, Request::Write, UNINTERRUPTED);
}

#[test]
fn a_terminated_writer_passes_on_the_lock_it_was_granted() {
    passing_on(HAND_OFF, Request::Write, TERMINATING);
}

#[test]
fn a_terminated_reader_passes_on_the_lock_it_was_granted() {
    passing_on(HAND_OFF, Request::Read, TERMINATING);
}

#[test]
fn a_timed_out_writer_passes_on_its_wake_up() {
    passing_on(COMPETE, Request::Write, UNINTERRUPTED);
}

#[test]
fn a_terminated_writer_passes_on_its_wake_up() {
    passing_on(COMPETE, Request::Write, TERMINATING);
}

#[test]
fn a_terminated_reader_passes_on_its_wake_up() {
    passing_on(COMPETE, Request::Read, TERMINATING);
}

#[test]
fn no_write_comes_between_a_write_and_its_downgrade() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let guarded = Plain::new();
        let writer = {
            let guarded = Arc::clone(&guarded);
            spawn(&world, 2, UNINTERRUPTED, move |world, context| {
                writing(world, context, || guarded.increment());
            })
        };
        let reader = {
            let guarded = Arc::clone(&guarded);
            spawn(&world, 3, UNINTERRUPTED, move |world, context| {
                reading(world, context, || {
                    guarded.get();
                });
            })
        };
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            let counts = Counts::new();
            let lock = counts.lock(world);
            write(lock, context);
            guarded.increment();
            let mine = guarded.get();
            assert_eq!(lock.downgrade(context, context.owner()), Ok(()));
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
fn two_threads_that_write_in_opposite_order_never_hang() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let both = |world: &World, context: &Context, order: [usize; 2]| {
            let counts = [Counts::new(), Counts::new()];
            let [first, second] = order.map(|index| counts[index].lock_at(world, index));
            write(first, context);
            match second.write(context, None) {
                Ok(()) => unlock_write(second, context),
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
fn waiters_fail_when_a_thread_finds_the_cell_written_over() {
    /// The id of a writer that never registered.
    const UNKNOWN: u32 = RwLock::WRITER | 99;
    loom::model(|| {
        let world = World::new(COMPETE);
        let this = Holder::new(&world, 1, write);
        let waits = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            Counts::new().lock(world).read(context, None)
        });
        world.cell(0).overwrite(UNKNOWN);
        let failed = this.run(&world, |lock, context| lock.unlock_write(context));
        // A waiter that arrived meanwhile may have set its bit in that word.
        let is_failed = |result| matches!(result, Err(Fault::Corrupt(word)) if word & (RwLock::WRITER | RwLock::NUMBER) == UNKNOWN);
        assert!(is_failed(failed));
        assert!(is_failed(waits.join().unwrap().map(drop)));
    });
}
