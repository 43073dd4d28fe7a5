//! A thread that blocks while its promises are queued. They are passed over meanwhile, strand no waiter, and are
//! granted what they wait for when the thread resumes.

use super::condition::begin_to_wait;
use super::promises::{promise_of, run_to_completion, settle};
use super::rwlock::Counts;
use super::{COMPETE, HAND_OFF, UNINTERRUPTED, World, finish, run, spawn};
use crate::primitives::{
    Acquiring, Awaiting, Began, Condition, Entering, Event, Latch, Locking, Mutex, Once, Preparing,
    Request, Semaphore, Wait, Waiting,
};
use crate::queue::{Context, HandOff};
use crate::threads::{Interrupt, InterruptSource, Runtime};
use std::cell::RefCell;
use std::sync::Arc;

/// What the promise and the other threads wait for, as one thread sees it.
trait Scene {
    type Waiting: Wait;
    /// The word of the cell when no thread has locked.
    const FREE: u32 = 0;

    fn new() -> Self;
    fn lock(&self, world: &World, context: &Context);
    fn unlock(&self, world: &World, context: &Context);
    fn promise(&self, world: &World, context: &Context) -> Self::Waiting;
    fn unlock_promised(&self, world: &World, context: &Context);
}

struct AMutex;

impl Scene for AMutex {
    type Waiting = Locking;

    fn new() -> Self {
        AMutex
    }

    fn lock(&self, world: &World, context: &Context) {
        let locked = Mutex::new(world.cell(0)).lock(context, None);
        assert_eq!(locked, Ok(()));
    }

    fn unlock(&self, world: &World, context: &Context) {
        assert_eq!(Mutex::new(world.cell(0)).unlock(context), Ok(()));
    }

    fn promise(&self, world: &World, context: &Context) -> Locking {
        Locking::new(Mutex::new(world.cell(0)), &promise_of(context))
    }

    fn unlock_promised(&self, world: &World, context: &Context) {
        assert_eq!(
            Mutex::new(world.cell(0)).unlock_as(context, context.guard()),
            Ok(())
        );
    }
}

struct ASemaphore;

impl ASemaphore {
    fn of(world: &World) -> Semaphore {
        Semaphore::new(world.cell(0), 1, 1)
    }
}

impl Scene for ASemaphore {
    type Waiting = Acquiring;

    fn new() -> Self {
        ASemaphore
    }

    fn lock(&self, world: &World, context: &Context) {
        let acquired = Self::of(world).acquire(context, 1, None);
        assert_eq!(acquired, Ok(()));
    }

    fn unlock(&self, world: &World, context: &Context) {
        Self::of(world).release(context, 1).unwrap();
    }

    fn promise(&self, world: &World, context: &Context) -> Acquiring {
        Acquiring::new(Self::of(world), &promise_of(context), 1)
    }

    fn unlock_promised(&self, world: &World, context: &Context) {
        self.unlock(world, context);
    }
}

/// An automatic event as a lock: a thread waits to lock, and sets to unlock.
struct AnEvent;

impl AnEvent {
    fn of(world: &World) -> Event {
        Event::new(world.cell(0), true)
    }
}

impl Scene for AnEvent {
    type Waiting = Awaiting;
    const FREE: u32 = Event::SET | Event::AUTOMATIC;

    fn new() -> Self {
        AnEvent
    }

    fn lock(&self, world: &World, context: &Context) {
        assert_eq!(Self::of(world).wait(context, None), Ok(()));
    }

    fn unlock(&self, world: &World, context: &Context) {
        assert_eq!(Self::of(world).set(context), Ok(()));
    }

    fn promise(&self, world: &World, context: &Context) -> Awaiting {
        Awaiting::new(Self::of(world), &promise_of(context))
    }

    fn unlock_promised(&self, world: &World, context: &Context) {
        self.unlock(world, context);
    }
}

/// A once whose runs all fail.
struct AOnce;

impl Scene for AOnce {
    type Waiting = Preparing;

    fn new() -> Self {
        AOnce
    }

    fn lock(&self, world: &World, context: &Context) {
        let began = Once::new(world.cell(0)).begin(context, None);
        assert_eq!(began, Ok(Began::Runner));
    }

    fn unlock(&self, world: &World, context: &Context) {
        let failed = Once::new(world.cell(0)).fail(context, context.owner());
        assert_eq!(failed, Ok(()));
    }

    fn promise(&self, world: &World, context: &Context) -> Preparing {
        Preparing::run(Once::new(world.cell(0)), &promise_of(context))
    }

    fn unlock_promised(&self, world: &World, context: &Context) {
        let failed = Once::new(world.cell(0)).fail(context, context.guard());
        assert_eq!(failed, Ok(()));
    }
}

/// A lock that the other threads write, and the promise reads.
struct ALockToRead(Counts);

impl Scene for ALockToRead {
    type Waiting = Entering;

    fn new() -> Self {
        ALockToRead(Counts::new())
    }

    fn lock(&self, world: &World, context: &Context) {
        let entered = self.0.lock(world).write(context, None);
        assert_eq!(entered, Ok(()));
    }

    fn unlock(&self, world: &World, context: &Context) {
        assert_eq!(self.0.lock(world).unlock_write(context), Ok(()));
    }

    fn promise(&self, world: &World, context: &Context) -> Entering {
        let lock = self.0.lock(world);
        Entering::new(lock, &promise_of(context), Request::Read)
    }

    fn unlock_promised(&self, world: &World, context: &Context) {
        assert_eq!(
            self.0.lock(world).unlock_read_as(context, context.guard()),
            Ok(())
        );
    }
}

/// A lock that the other threads read, and the promise writes.
struct ALockToWrite(Counts);

impl Scene for ALockToWrite {
    type Waiting = Entering;

    fn new() -> Self {
        ALockToWrite(Counts::new())
    }

    fn lock(&self, world: &World, context: &Context) {
        let entered = self.0.lock(world).read(context, None);
        assert_eq!(entered, Ok(()));
    }

    fn unlock(&self, world: &World, context: &Context) {
        assert_eq!(self.0.lock(world).unlock_read(context), Ok(()));
    }

    fn promise(&self, world: &World, context: &Context) -> Entering {
        let lock = self.0.lock(world);
        Entering::new(lock, &promise_of(context), Request::Write)
    }

    fn unlock_promised(&self, world: &World, context: &Context) {
        assert_eq!(
            self.0.lock(world).unlock_write_as(context, context.guard()),
            Ok(())
        );
    }
}

/// The runtime of a thread with promises.
struct WithPromises<'a, W: Wait> {
    context: &'a Context<'a>,
    promises: RefCell<Vec<W>>,
}

impl<W: Wait> Runtime for WithPromises<'_, W> {
    fn interrupt_source(&self) -> InterruptSource {
        InterruptSource::Never
    }

    fn check_interrupts(&self) -> Interrupt {
        Interrupt::Continue
    }

    fn before_block(&self) {
        // The last promise first: they come in any order.
        for promise in self.promises.borrow_mut().iter_mut().rev() {
            promise.requeue_for_block(self.context);
        }
    }

    fn after_block(&self) {
        for promise in self.promises.borrow().iter().rev() {
            promise.revalidate(self.context);
        }
    }
}

/// Blocks at the latch in the second cell beside pending promises of the same thread. Returns the promises.
fn block_beside<W: Wait>(world: &World, context: &Context, promises: Vec<W>) -> Vec<W> {
    let runtime = WithPromises {
        context,
        promises: RefCell::new(promises),
    };
    let with_promises = Context {
        runtime: &runtime,
        ..*context
    };
    let opened = Latch::new(world.cell(1), 1).wait(&with_promises, None);
    assert_eq!(opened, Ok(()));
    runtime.promises.into_inner()
}

/// A thread whose promise is queued blocks until the waiter behind the promise has released the lock.
fn strands_no_waiter<S: Scene + 'static>(handoff: HandOff) {
    loom::model(move || {
        let world = World::new(handoff);
        world.cell(0).overwrite(S::FREE);
        let owner = world.thread(1);
        let scene = S::new();
        run(&world, &owner, UNINTERRUPTED, |world, context| {
            scene.lock(world, context);
        });
        let blocks = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            let scene = S::new();
            let mut promise = scene.promise(world, context);
            if promise.start(context).is_pending() {
                for promise in block_beside(world, context, vec![promise]) {
                    assert!(settle(context, promise).is_ok());
                }
            }
            scene.unlock_promised(world, context);
        });
        let behind = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            let scene = S::new();
            scene.lock(world, context);
            scene.unlock(world, context);
            Latch::new(world.cell(1), 1).count_down(context, 1).unwrap();
        });
        run(&world, &owner, UNINTERRUPTED, |world, context| {
            scene.unlock(world, context);
        });
        blocks.join().unwrap();
        behind.join().unwrap();
        assert_eq!(world.cell(0).load(), S::FREE);
    });
}

#[test]
fn a_promise_woken_just_before_its_thread_blocks_strands_no_waiter() {
    strands_no_waiter::<AMutex>(COMPETE);
}

#[test]
fn a_promise_handed_the_lock_just_before_its_thread_blocks_strands_no_waiter() {
    strands_no_waiter::<AMutex>(HAND_OFF);
}

#[test]
fn a_promise_granted_permits_just_before_its_thread_blocks_strands_no_waiter() {
    strands_no_waiter::<ASemaphore>(COMPETE);
}

#[test]
fn a_promise_handed_an_event_just_before_its_thread_blocks_strands_no_waiter() {
    strands_no_waiter::<AnEvent>(COMPETE);
}

#[test]
fn a_promise_handed_a_run_just_before_its_thread_blocks_strands_no_waiter() {
    strands_no_waiter::<AOnce>(COMPETE);
}

#[test]
fn a_promise_granted_a_read_just_before_its_thread_blocks_strands_no_waiter() {
    strands_no_waiter::<ALockToRead>(COMPETE);
}

#[test]
fn a_promise_granted_a_write_just_before_its_thread_blocks_strands_no_waiter() {
    strands_no_waiter::<ALockToWrite>(COMPETE);
}

/// A thread with `count` promises, which ask for more permits than are free, blocks until a promise behind them,
/// which asks for fewer, has acquired its permit.
fn behind_promises_whose_thread_blocks(count: usize) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let of = |world: &World| Semaphore::new(world.cell(0), 2, 2);
        let owner = world.thread(1);
        run(&world, &owner, UNINTERRUPTED, |world, context| {
            assert_eq!(of(world).acquire(context, 1, None), Ok(()));
        });
        let blocks = spawn(&world, 2, UNINTERRUPTED, move |world, context| {
            let promises = (0..count).map(|_| {
                let mut promise = Acquiring::new(of(world), &promise_of(context), 2);
                assert!(promise.start(context).is_pending());
                promise
            });
            let promises = block_beside(world, context, promises.collect());
            of(world).release(context, 1).unwrap();
            for promise in promises {
                settle(context, promise).unwrap();
                of(world).release(context, 2).unwrap();
            }
        });
        let behind = spawn(&world, 3, UNINTERRUPTED, move |world, context| {
            let semaphore = of(world);
            run_to_completion(context, Acquiring::new(semaphore, &promise_of(context), 1)).unwrap();
            semaphore.release(context, 1).unwrap();
            Latch::new(world.cell(1), 1).count_down(context, 1).unwrap();
        });
        blocks.join().unwrap();
        behind.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_promise_behind_one_whose_thread_blocks_acquires_its_permit() {
    behind_promises_whose_thread_blocks(1);
}

#[test]
fn a_promise_behind_two_whose_thread_blocks_acquires_its_permit() {
    behind_promises_whose_thread_blocks(2);
}

/// A promise waits at a condition, and a thread behind it. One of them is notified, at any moment, while the thread of the
/// promise blocks until the other has acted on that.
fn notified_while_its_thread_blocks(handoff: HandOff, bits: u32) {
    loom::model(move || {
        let world = World::hashed(handoff, bits);
        let of = |world: &World| (Mutex::new(world.cell(0)), Condition::new(world.cell(2)));
        let [blocks, waits] = [2, 3].map(|number| world.thread(number));
        let promise = run(&world, &blocks, UNINTERRUPTED, |world, context| {
            let (mutex, condition) = of(world);
            let mut locking = Locking::new(mutex, &promise_of(context));
            assert!(locking.start(context).is_ready());
            let mut promise = Waiting::new(condition, mutex, &promise_of(context));
            assert!(promise.start(context).is_pending());
            promise
        });
        let wait = run(&world, &waits, UNINTERRUPTED, |world, context| {
            begin_to_wait(of(world), context)
        });
        let notifier = spawn(&world, 1, UNINTERRUPTED, move |world, context| {
            let (mutex, condition) = of(world);
            assert_eq!(mutex.lock(context, None), Ok(()));
            assert_eq!(condition.notify(context, 1), Ok(1));
            assert_eq!(mutex.unlock(context), Ok(()));
        });
        let behind = {
            let world = Arc::clone(&world);
            loom::thread::spawn(move || {
                run(&world, &waits, UNINTERRUPTED, |world, context| {
                    let (mutex, _) = of(world);
                    let notified = finish(wait, context, None).unwrap();
                    assert_eq!(notified.lock(mutex, context), Ok(()));
                    assert_eq!(mutex.unlock(context), Ok(()));
                    Latch::new(world.cell(1), 1).count_down(context, 1).unwrap();
                });
            })
        };
        run(&world, &blocks, UNINTERRUPTED, |world, context| {
            for promise in block_beside(world, context, vec![promise]) {
                promise.cancel(context);
            }
        });
        notifier.join().unwrap();
        behind.join().unwrap();
        assert_eq!([0, 2].map(|index| world.cell(index).load()), [0, 0]);
    });
}

#[test]
fn a_promise_notified_just_before_its_thread_blocks_passes_the_notification_on() {
    notified_while_its_thread_blocks(COMPETE, 0);
}

#[test]
fn a_promise_notified_and_handed_the_mutex_just_before_its_thread_blocks_passes_both_on() {
    notified_while_its_thread_blocks(HAND_OFF, 0);
}

#[test]
fn a_promise_notified_in_another_bucket_just_before_its_thread_blocks_passes_the_notification_on() {
    notified_while_its_thread_blocks(COMPETE, 6);
}
