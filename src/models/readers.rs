//! Deadlocks in which threads read: which cycles are found, and that none is false.

use super::rwlock::Counts;
use super::{COMPETE, Interrupts, LASTING, UNINTERRUPTED, World, finish, limit};
use crate::cell::SharedWord;
use crate::primitives::{Entering, Fault, Locking, Mutex, Recovered, Request, RwLock, Wait};
use crate::queue::{Access, Context, CycleEdge, Holding, Requester};
use crate::threads::{Interrupt, InterruptSource, Runtime, Thread};
use std::sync::Arc;
use std::task::Poll;

/// A thread that may read under the lock in the first cell.
struct Reader {
    thread: Arc<Thread>,
    counts: Counts,
    world: Arc<World>,
}

/// The runtime of a thread that knows what it reads.
struct Reading<'a> {
    interrupts: Interrupts,
    reader: &'a Reader,
}

impl Runtime for Reading<'_> {
    fn interrupt_source(&self) -> InterruptSource {
        self.interrupts.interrupt_source()
    }

    fn check_interrupts(&self) -> Interrupt {
        self.interrupts.check_interrupts()
    }

    fn cells_read(&self) -> Vec<SharedWord> {
        let cell = self.reader.world.cell(0);
        Vec::from_iter(self.reader.counts.any().then_some(cell))
    }
}

impl Reader {
    fn new(world: &Arc<World>, number: u32) -> Arc<Self> {
        Arc::new(Reader {
            thread: world.thread(number),
            counts: Counts::new(),
            world: Arc::clone(world),
        })
    }

    fn lock(&self) -> RwLock {
        self.counts.lock(&self.world)
    }

    fn mutex(&self) -> Mutex {
        Mutex::new(self.world.cell(1))
    }

    /// Runs `body` as this thread.
    fn run<R>(&self, interrupts: Interrupts, body: impl FnOnce(&Self, &Context) -> R) -> R {
        let runtime = Reading {
            interrupts,
            reader: self,
        };
        body(
            self,
            &Context {
                queues: &self.world.queues,
                thread: &self.thread,
                runtime: &runtime,
                cancels: &[],
            },
        )
    }

    /// Runs `body` as this thread, in a thread of the model whose waits last.
    fn spawn<R: 'static>(
        self: &Arc<Self>,
        body: impl FnOnce(&Self, &Context) -> R + 'static,
    ) -> loom::thread::JoinHandle<R> {
        let reader = Arc::clone(self);
        loom::thread::spawn(move || reader.run(LASTING, body))
    }

    fn read(&self, context: &Context) {
        if !self.lock().try_read_fast() {
            assert_eq!(self.lock().read(context, None), Ok(()));
        }
    }

    fn unlock_read(&self, context: &Context) {
        if !self.lock().unlock_read_fast() {
            assert_eq!(self.lock().unlock_read(context), Ok(()));
        }
    }

    fn write(&self, context: &Context) -> Result<(), Fault> {
        if self.lock().try_write_fast(context.id()) {
            return Ok(());
        }
        self.lock().write(context, None)
    }

    fn unlock_write(&self, context: &Context) {
        if !self.lock().unlock_write_fast(context.id()) {
            assert_eq!(self.lock().unlock_write(context), Ok(()));
        }
    }

    /// Enters the queue of the lock, and does not sleep.
    fn queue_up(&self, request: Request) -> Entering {
        self.run(UNINTERRUPTED, |_, context| {
            let requester = Requester::thread_of(context.thread);
            let mut wait = Entering::new(self.lock(), &requester, request);
            assert!(matches!(wait.start(context), Poll::Pending));
            wait
        })
    }
}

/// How each thread of a cycle keeps the previous one waiting, from the thread that throws on.
fn holdings(cycle: &[CycleEdge]) -> Vec<Holding> {
    cycle.iter().map(|edge| edge.holding).collect()
}

#[test]
fn a_reader_and_a_writer_that_wait_for_each_other_never_hang() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let (reads, writes) = (Reader::new(&world, 1), Reader::new(&world, 2));
        // Owns the mutex, and waits for the reader.
        let writer = writes.spawn(|this, context| {
            assert_eq!(this.mutex().lock(context, None), Ok(()));
            let result = this.write(context);
            if result.is_ok() {
                this.unlock_write(context);
            }
            this.mutex().unlock(context).unwrap();
            result
        });
        // Reads, and waits for the mutex.
        let result = reads.run(LASTING, |this, context| {
            this.read(context);
            let result = this.mutex().lock(context, None);
            if result.is_ok() {
                this.mutex().unlock(context).unwrap();
            }
            this.unlock_read(context);
            result
        });
        match (result, writer.join().unwrap()) {
            (Ok(()), Ok(())) => {}
            (Err(Fault::Deadlock(cycle)), Ok(())) => {
                assert_eq!(holdings(&cycle), [Holding::Reads, Holding::Owns]);
                assert_eq!(cycle[1].access, Access::Write);
            }
            (Ok(()), Err(Fault::Deadlock(cycle))) => {
                assert_eq!(holdings(&cycle), [Holding::Owns, Holding::Reads]);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(world.cell(0).load(), RwLock::FREE);
        assert_eq!(world.cell(1).load(), Mutex::FREE);
    });
}

#[test]
fn a_reader_behind_a_writer_that_waits_for_a_reader_that_waits_for_it_never_hangs() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let [reads, writes, owns] = [1, 2, 3].map(|number| Reader::new(&world, number));
        reads.run(UNINTERRUPTED, |this, context| this.read(context));
        owns.run(UNINTERRUPTED, |this, context| {
            assert_eq!(this.mutex().lock(context, None), Ok(()));
        });
        let written = writes.queue_up(Request::Write);
        let writer = writes.spawn(|this, context| {
            let result = finish(written, context, None);
            if result.is_ok() {
                this.unlock_write(context);
            }
            result
        });
        let read = owns.queue_up(Request::Read);
        let owner = owns.spawn(|this, context| {
            let result = finish(read, context, None);
            if result.is_ok() {
                this.unlock_read(context);
            }
            this.mutex().unlock(context).unwrap();
            result
        });
        let result = reads.run(LASTING, |this, context| {
            let result = this.mutex().lock(context, None);
            if result.is_ok() {
                this.mutex().unlock(context).unwrap();
            }
            this.unlock_read(context);
            result.map(|()| Recovered::Acquired)
        });
        let results = [result, writer.join().unwrap(), owner.join().unwrap()];
        let is_deadlock = |result: &&_| matches!(result, Err(Fault::Deadlock(_)));
        assert_eq!(results.iter().filter(is_deadlock).count(), 1);
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 2);
        assert_eq!(world.cell(0).load(), RwLock::FREE);
        assert_eq!(world.cell(1).load(), Mutex::FREE);
    });
}

/// A reader, which owns a mutex, waits and is let in. Before it wakes, another thread reads and waits for that mutex,
/// and then a writer is queued.
#[test]
fn a_reader_that_was_let_in_does_not_wait_for_a_writer_that_is_queued_later() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let [first, reads, writes, another] = [1, 2, 3, 4].map(|n| Reader::new(&world, n));
        first.run(UNINTERRUPTED, |this, context| {
            assert_eq!(this.write(context), Ok(()));
        });
        reads.run(UNINTERRUPTED, |this, context| {
            assert_eq!(this.mutex().lock(context, None), Ok(()));
        });
        // With this one, the first reader has a higher ticket than the writer, which enters an empty queue.
        let read_by_another = another.queue_up(Request::Read);
        let read = reads.queue_up(Request::Read);
        let reader = reads.spawn(|this, context| {
            assert_eq!(finish(read, context, None), Ok(Recovered::Acquired));
            this.unlock_read(context);
            this.mutex().unlock(context).unwrap();
        });
        first.run(UNINTERRUPTED, |this, context| {
            this.unlock_write(context);
            read_by_another.cancel(context);
            this.read(context);
            let waits = world.queues.waits();
            let written = writes.queue_up(Request::Write);
            let _writer = waits.record(written.waiter(), false, &UNINTERRUPTED);
            let requester = Requester::thread_of(context.thread);
            let mut wait = Locking::new(this.mutex(), &requester);
            if matches!(wait.start(context), Poll::Pending) {
                let _record = waits.record(wait.waiter(), false, context.runtime);
                assert_eq!(context.cycle(), None);
                wait.cancel(context);
            } else {
                this.mutex().unlock(context).unwrap();
            }
            this.unlock_read(context);
            writes.run(UNINTERRUPTED, |_, context| written.cancel(context));
        });
        reader.join().unwrap();
        assert_eq!(world.cell(0).load(), RwLock::FREE);
        assert_eq!(world.cell(1).load(), Mutex::FREE);
    });
}

/// Runs a closure in the middle of an interrupt check.
struct DuringCheck<F>(F);

impl<F: Fn()> Runtime for DuringCheck<F> {
    fn interrupt_source(&self) -> InterruptSource {
        InterruptSource::Never
    }

    fn check_interrupts(&self) -> Interrupt {
        self.0();
        Interrupt::Continue
    }
}

/// A writer that checks for interrupts is passed over while the lock is free, so that a reader behind it is woken. The
/// thread that wakes it may be suspended between its change of the word and that of the waiter.
#[test]
fn a_reader_that_is_about_to_be_woken_past_a_busy_writer_makes_no_cycle() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let [searches, reads, writes, leaves] = [1, 2, 3, 4].map(|n| Reader::new(&world, n));
        leaves.run(UNINTERRUPTED, |this, context| {
            assert_eq!(this.write(context), Ok(()));
        });
        reads.run(UNINTERRUPTED, |this, context| {
            assert_eq!(this.mutex().lock(context, None), Ok(()));
        });
        let written = writes.queue_up(Request::Write);
        let read = reads.queue_up(Request::Read);
        let waits = world.queues.waits();
        let _records = [
            waits.record(written.waiter(), false, &UNINTERRUPTED),
            waits.record(read.waiter(), false, &UNINTERRUPTED),
        ];
        searches.run(UNINTERRUPTED, |this, context| {
            // Begun before the read, since the queues share a bucket here, and the search must not wait for its lock.
            let requester = Requester::thread_of(context.thread);
            let mut wait = Locking::new(this.mutex(), &requester);
            assert!(matches!(wait.start(context), Poll::Pending));
            writes.thread.check_interrupts(&DuringCheck(|| {
                let leaving = leaves.spawn(|this, context| this.unlock_write(context));
                if this.lock().try_read_fast() {
                    let _record = waits.record(wait.waiter(), false, context.runtime);
                    assert_eq!(context.cycle(), None);
                }
                leaving.join().unwrap();
            }));
            assert!(wait.dequeue(context));
        });
    });
}

/// A thread reads, and searches for a cycle while it waits for the owner of a mutex. The owner is a reader that waits
/// behind a writer whose time limit passes at any moment, behind the writers `before`, and before the writers `behind`.
fn among_writers(before: &'static [u32], behind: &'static [u32]) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let [searches, owns, limited] = [1, 2, 3].map(|number| Reader::new(&world, number));
        searches.run(UNINTERRUPTED, |this, context| this.read(context));
        owns.run(UNINTERRUPTED, |this, context| {
            assert_eq!(this.mutex().lock(context, None), Ok(()));
        });
        let gives_up = limited.queue_up(Request::Write);
        let waits = world.queues.waits();
        let queue_up = |numbers: &[u32]| -> Vec<_> {
            let writer = |number: &u32| Reader::new(&world, *number).queue_up(Request::Write);
            numbers.iter().map(writer).collect()
        };
        let writers = queue_up(before);
        let read = owns.queue_up(Request::Read);
        let others = queue_up(behind);
        let waiting: Vec<_> = writers.iter().chain([&read]).chain(&others).collect();
        let _records: Vec<_> = waiting
            .iter()
            .map(|wait| waits.record(wait.waiter(), false, &UNINTERRUPTED))
            .collect();
        let limited = limited.spawn(|_, context| finish(gives_up, context, limit()));
        searches.run(UNINTERRUPTED, |this, context| {
            let requester = Requester::thread_of(context.thread);
            let mut wait = Locking::new(this.mutex(), &requester);
            assert!(matches!(wait.start(context), Poll::Pending));
            let _record = waits.record(wait.waiter(), false, context.runtime);
            let found = context.cycle().map(|cycle| holdings(&cycle));
            let expected = [Holding::Reads, Holding::Owns, Holding::QueuedBefore];
            assert_eq!(found, (!before.is_empty()).then_some(expected.to_vec()));
            assert!(wait.dequeue(context));
        });
        assert_eq!(limited.join().unwrap(), Err(Fault::TimedOut));
    });
}

#[test]
fn a_reader_behind_a_limited_writer_makes_no_cycle() {
    among_writers(&[], &[]);
}

#[test]
fn a_reader_behind_a_limited_and_before_an_unlimited_writer_makes_no_cycle() {
    among_writers(&[], &[4]);
}

#[test]
fn a_reader_behind_a_limited_and_an_unlimited_writer_makes_a_cycle() {
    among_writers(&[4], &[]);
}

#[test]
fn a_reader_behind_two_unlimited_writers_makes_one_cycle() {
    among_writers(&[4, 5], &[]);
}
