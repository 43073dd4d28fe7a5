//! What loom explores: each property of a protocol in a small model of its own.
//!
//! The models run the Rust code that ships. In front of it they run a Rust transcription of the JavaScript fast path
//! (the `*_fast` functions), not that path itself.
//!
//! Run by `npm run test:loom`. loom tries the orders in which the threads of a model can run and the values that
//! their loads can see. It fails if one of them ends in a data race, a deadlock or a failed assertion.

mod barrier;
mod cancel;
mod channel;
mod condition;
mod corruption;
mod deadlock;
mod event;
mod latch;
mod letters;
mod mutex;
mod once;
mod planted;
mod promises;
mod readers;
mod rwlock;
mod select;
mod semaphore;
mod thread_blocked;
mod timer;
mod turn;
mod writer;

use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::primitives::{Fault, Wait};
use crate::queue::{Context, HandOff, Queues};
use crate::sync::AtomicU32;
use crate::threads::{Interrupt, InterruptSource, Runtime, Thread, ThreadId};
use loom::cell::UnsafeCell;
use std::sync::Arc;
use std::task::Poll;

/// Releases a lock for all threads to compete for. The models know no time, so no waiter ever has waited long.
const COMPETE: HandOff = HandOff {
    overtaken_after: 1,
    otherwise_after: 1,
    min_interval: 1,
};
/// Hands the lock off to the front of the queue each time.
const HAND_OFF: HandOff = HandOff {
    overtaken_after: 0,
    otherwise_after: 0,
    min_interval: 0,
};
/// Hands the lock off to a waiter that was overtaken.
const TO_THE_OVERTAKEN: HandOff = HandOff {
    overtaken_after: 0,
    otherwise_after: 1,
    min_interval: 0,
};

/// How many cells a world has.
const CELLS: usize = 7;

/// A process with a few cells of shared memory.
struct World {
    queues: Queues,
    cells: Vec<AtomicU32>,
}

impl World {
    /// All queues lie in one bucket.
    fn new(handoff: HandOff) -> Arc<Self> {
        Self::hashed(handoff, 0)
    }

    /// The queues lie in `2^bits` buckets.
    fn hashed(handoff: HandOff, bits: u32) -> Arc<Self> {
        Arc::new(World {
            queues: Queues::new(bits, handoff),
            cells: (0..CELLS).map(|_| AtomicU32::new(0)).collect(),
        })
    }

    fn cell(&self, index: usize) -> SharedWord {
        // SAFETY: aligned, and every thread of a model holds the world.
        unsafe { SharedWord::new(&self.cells[index]) }
    }

    fn thread(&self, number: u32) -> Arc<Thread> {
        let id = ThreadId::new(number).unwrap();
        self.queues.threads().register(id).ok().unwrap()
    }
}

/// Explores a model whose fault needs three preemptions, one more than other models are explored with.
fn model_with_three_preemptions(body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.map(|bound| bound.max(3));
    builder.check(body);
}

/// Runs `body` in a thread of the model, as the thread with this id.
fn spawn<R: 'static>(
    world: &Arc<World>,
    number: u32,
    interrupts: Interrupts,
    body: impl FnOnce(&World, &Context) -> R + 'static,
) -> loom::thread::JoinHandle<R> {
    let thread = world.thread(number);
    let world = Arc::clone(world);
    loom::thread::spawn(move || run(&world, &thread, interrupts, body))
}

/// Runs `body` in the calling thread, as `thread`.
fn run<R>(
    world: &World,
    thread: &Arc<Thread>,
    interrupts: Interrupts,
    body: impl FnOnce(&World, &Context) -> R,
) -> R {
    let context = Context {
        queues: &world.queues,
        thread,
        runtime: &interrupts,
        cancels: &[],
    };
    body(world, &context)
}

/// Sleeps until a wait that stands in its queue is over.
fn finish<W: Wait>(
    mut wait: W,
    context: &Context,
    deadline: Option<Deadline>,
) -> Result<W::Output, Fault> {
    loop {
        let reason = context.sleep(wait.waiter(), deadline, None, || wait.revalidate(context));
        if let Poll::Ready(result) = wait.resume(context, reason) {
            return result;
        }
    }
}

/// A plain value that threads share. loom fails if one thread accesses it while another writes, or does not see the
/// last write.
struct Plain(UnsafeCell<u32>);

impl Plain {
    fn new() -> Arc<Self> {
        Arc::new(Plain(UnsafeCell::new(0)))
    }

    fn set(&self, to: u32) {
        // SAFETY: the model checks that no other thread accesses the value.
        self.0.with_mut(|value| unsafe { *value = to });
    }

    fn increment(&self) {
        // SAFETY: as above.
        self.0.with_mut(|value| unsafe { *value += 1 });
    }

    fn get(&self) -> u32 {
        // SAFETY: the model checks that no other thread writes the value.
        self.0.with(|value| unsafe { *value })
    }
}

// SAFETY: as above.
unsafe impl Sync for Plain {}
// SAFETY: as above.
unsafe impl Send for Plain {}

/// How the runtime interrupts a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Interrupts {
    /// Never.
    Never,
    /// It lets the thread check once, at any moment of its wait.
    OneCheck,
    /// It terminates the thread, at any moment of its wait.
    Termination,
}

/// A thread that is never interrupted.
const UNINTERRUPTED: Interrupts = Interrupts::Never;
/// A thread whose waits last, so that they are recorded.
const LASTING: Interrupts = Interrupts::OneCheck;
/// A thread that is being terminated.
const TERMINATING: Interrupts = Interrupts::Termination;

impl Runtime for Interrupts {
    fn interrupt_source(&self) -> InterruptSource {
        match self {
            Interrupts::Never => InterruptSource::Never,
            // The first check comes now, which in the models is any moment. The second never comes.
            Interrupts::OneCheck | Interrupts::Termination => InterruptSource::Intervals {
                first: 0,
                longest: 1,
            },
        }
    }

    fn check_interrupts(&self) -> Interrupt {
        match self {
            Interrupts::Termination => Interrupt::Stop,
            Interrupts::Never | Interrupts::OneCheck => Interrupt::Continue,
        }
    }
}

/// A time limit: in the models it passes at any moment of the wait.
fn limit() -> Option<Deadline> {
    Some(Deadline::now())
}
