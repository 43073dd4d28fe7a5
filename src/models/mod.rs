//! What loom explores: each property of a protocol in a small model of its own, on the code that ships.
//!
//! Run by `npm run test:loom`. loom tries the orders in which the threads of a model can run and the values that
//! their loads can see, and fails where one of them ends in a data race, a deadlock or a failed assertion.

mod away;
mod barrier;
mod condition;
mod corruption;
mod deadlock;
mod latch;
mod mutex;
mod planted;
mod promises;
mod rwlock;
mod semaphore;
mod timer;

use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{Context, HandOff, Queues};
use crate::sync::AtomicU32;
use crate::threads::{Interrupt, InterruptSource, Runtime, Thread, ThreadId};
use loom::cell::UnsafeCell;
use std::sync::Arc;

/// Releases a lock for everybody to compete for: the models know no time, so nobody ever has waited long.
const COMPETE: HandOff = HandOff {
    after: 1,
    at_last: 1,
    every: 1,
};
/// Hands it to the front of the queue each time.
const HAND_OFF: HandOff = HandOff {
    after: 0,
    at_last: 0,
    every: 0,
};
/// Hands it to one that was woken while others were faster.
const TO_THE_OVERTAKEN: HandOff = HandOff {
    after: 0,
    at_last: 1,
    every: 0,
};

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
            cells: (0..3).map(|_| AtomicU32::new(0)).collect(),
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

/// Runs `body` in a thread of the model, as the thread of that number.
fn spawn<R: 'static>(
    world: &Arc<World>,
    number: u32,
    wants: Wants,
    body: impl FnOnce(&World, &Context) -> R + 'static,
) -> loom::thread::JoinHandle<R> {
    let thread = world.thread(number);
    let world = Arc::clone(world);
    loom::thread::spawn(move || run(&world, &thread, wants, body))
}

/// Runs `body` in the calling thread, as `thread`.
fn run<R>(
    world: &World,
    thread: &Arc<Thread>,
    wants: Wants,
    body: impl FnOnce(&World, &Context) -> R,
) -> R {
    let context = Context {
        queues: &world.queues,
        thread,
        runtime: &wants,
    };
    body(world, &context)
}

/// A plain value that threads share. loom fails where somebody touches it while another writes, or does not see what was
/// written last.
struct Plain(UnsafeCell<u32>);

impl Plain {
    fn new() -> Arc<Self> {
        Arc::new(Plain(UnsafeCell::new(0)))
    }

    fn set(&self, to: u32) {
        // SAFETY: that nobody else is here is what the model checks.
        self.0.with_mut(|value| unsafe { *value = to });
    }

    fn increment(&self) {
        // SAFETY: as above.
        self.0.with_mut(|value| unsafe { *value += 1 });
    }

    fn get(&self) -> u32 {
        // SAFETY: that nobody writes here is what the model checks.
        self.0.with(|value| unsafe { *value })
    }
}

// SAFETY: as above.
unsafe impl Sync for Plain {}
// SAFETY: as above.
unsafe impl Send for Plain {}

/// What the runtime of a thread wants of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    /// Nothing.
    Nothing,
    /// That it looks in once, at any moment of its wait.
    OneLook,
    /// To terminate it, at any moment of its wait.
    Termination,
}

/// A thread that nobody wants.
const QUIET: Wants = Wants::Nothing;
/// A thread whose waits last.
const LASTING: Wants = Wants::OneLook;
/// A thread that is being terminated.
const TERMINATING: Wants = Wants::Termination;

impl Runtime for Wants {
    fn interrupt_source(&self) -> InterruptSource {
        match self {
            Wants::Nothing => InterruptSource::Never,
            // The first look comes now, which in the models is any moment, and the second never.
            Wants::OneLook | Wants::Termination => InterruptSource::Intervals {
                first: 0,
                longest: 1,
            },
        }
    }

    fn check_interrupts(&self) -> Interrupt {
        match self {
            Wants::Termination => Interrupt::Stop,
            Wants::Nothing | Wants::OneLook => Interrupt::Continue,
        }
    }
}

/// A time limit: in the models it passes at any moment of the wait.
fn limit() -> Option<Deadline> {
    Some(Deadline::now())
}
