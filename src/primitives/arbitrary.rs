//! Arbitrary words in the cells, and arbitrary operations on them. Each operation ends with a result or a fault. None
//! panics, none hangs, and none leaves a waiter behind in a queue.

use super::{
    Barrier, Began, Condition, Event, Fault, LastArrival, Latch, Mutex, Once, ReadCounts, Request,
    RwLock, Semaphore, in_time, thread_died,
};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{Context, HandOff, Key, Kind, Queues};
use crate::sync::AtomicU32;
use crate::threads::{Interrupt, InterruptSource, Runtime, ThreadId};
use proptest::prelude::*;

/// A runtime that never interrupts: no operation here may need an interrupt to return.
struct NeverInterrupts;

impl Runtime for NeverInterrupts {
    fn interrupt_source(&self) -> InterruptSource {
        InterruptSource::Never
    }

    fn check_interrupts(&self) -> Interrupt {
        Interrupt::Continue
    }
}

const ME: u32 = 1;
const ALIVE: u32 = 2;
const DEAD: u32 = 3;
const TOTAL: u32 = 2;
const COUNT: u32 = 3;
const PERMITS: u32 = 2;
const MAX_PERMITS: u32 = 4;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Write(u32),
    Lock,
    TryLock,
    Unlock,
    Recover,
    Wait,
    Notify(usize),
    Arrive,
    Await,
    CountDown(u32),
    Acquire(u32),
    TryAcquire(u32),
    Release(u32),
    ReadLock,
    WriteLock,
    TryEnter(Request),
    RecoverWrite,
    UnlockRead,
    UnlockWrite,
    Downgrade,
    ReaderDied,
    WaitForEvent(bool),
    TryWaitForEvent(bool),
    SetEvent(bool),
    ResetEvent(bool),
    Run,
    TryRun,
    WaitForRun,
    Finish,
    FailRun,
}

/// Words near those that the primitives write, and any other words.
fn word() -> impl Strategy<Value = u32> {
    let flags = prop::sample::select(vec![0, 1 << 29, 1 << 30, 1 << 31, 3 << 30]);
    prop_oneof![
        (0..=5_u32, flags).prop_map(|(number, flags)| number | flags),
        any::<u32>(),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => word().prop_map(Operation::Write),
        1 => Just(Operation::Lock),
        1 => Just(Operation::TryLock),
        1 => Just(Operation::Unlock),
        1 => Just(Operation::Recover),
        1 => Just(Operation::Wait),
        1 => (0..3_usize).prop_map(Operation::Notify),
        1 => Just(Operation::Arrive),
        1 => Just(Operation::Await),
        1 => (0..5_u32).prop_map(Operation::CountDown),
        1 => (1..=MAX_PERMITS).prop_map(Operation::Acquire),
        1 => (1..=MAX_PERMITS).prop_map(Operation::TryAcquire),
        1 => (1..=MAX_PERMITS).prop_map(Operation::Release),
        1 => Just(Operation::ReadLock),
        1 => Just(Operation::WriteLock),
        1 => prop::sample::select(vec![Request::Read, Request::Write, Request::Recover])
            .prop_map(Operation::TryEnter),
        1 => Just(Operation::RecoverWrite),
        1 => Just(Operation::UnlockRead),
        1 => Just(Operation::UnlockWrite),
        1 => Just(Operation::Downgrade),
        1 => Just(Operation::ReaderDied),
        1 => any::<bool>().prop_map(Operation::WaitForEvent),
        1 => any::<bool>().prop_map(Operation::TryWaitForEvent),
        1 => any::<bool>().prop_map(Operation::SetEvent),
        1 => any::<bool>().prop_map(Operation::ResetEvent),
        1 => Just(Operation::Run),
        1 => Just(Operation::TryRun),
        1 => Just(Operation::WaitForRun),
        1 => Just(Operation::Finish),
        1 => Just(Operation::FailRun),
    ]
}

/// Runs one operation on the cell, which each kind of primitive in turn takes for its own. Every wait has a limit of
/// 20 microseconds.
fn run(
    operation: Operation,
    [cell, other, own, by_guards]: [SharedWord; 4],
    context: &Context,
) -> Result<(), Fault> {
    let soon = Some(Deadline::now().plus(20_000));
    let mutex = Mutex::new(cell);
    let semaphore = Semaphore::new(cell, PERMITS, MAX_PERMITS);
    let rwlock = RwLock::new(cell, ReadCounts { own, by_guards });
    let once = Once::new(cell);
    match operation {
        Operation::Write(word) => cell.overwrite(word),
        Operation::Lock => {
            if in_time(mutex.lock(context, soon))?.is_some() {
                assert!(mutex.is_owned_by(context.id()));
            }
        }
        Operation::TryLock => {
            if in_time(mutex.try_lock(context))?.is_some() {
                assert!(mutex.is_owned_by(context.id()));
            }
        }
        Operation::Unlock => mutex.unlock(context)?,
        Operation::Recover => {
            if in_time(mutex.recover(context, soon))?.is_some() {
                assert!(mutex.is_owned_by(context.id()));
            }
        }
        Operation::Wait => {
            let guard = Mutex::new(other);
            guard.lock(context, None)?;
            let waited = Condition::new(cell).wait_and_lock(guard, context, soon);
            assert!(guard.is_owned_by(context.id()));
            guard.unlock(context)?;
            waited?;
        }
        Operation::Notify(count) => assert_eq!(Condition::new(cell).notify(context, count)?, 0),
        Operation::Arrive => {
            assert!(Barrier::new(cell, TOTAL).wait(context, LastArrival::Opens, soon)? < TOTAL);
        }
        Operation::Await => {
            if in_time(Latch::new(cell, COUNT).wait(context, soon))?.is_some() {
                assert_eq!(cell.load(), COUNT);
            }
        }
        Operation::CountDown(by) => Latch::new(cell, COUNT).count_down(context, by)?,
        Operation::Acquire(count) => {
            semaphore.acquire(context, count, soon)?;
            assert!(semaphore.available()? <= MAX_PERMITS);
        }
        Operation::TryAcquire(count) => {
            semaphore.try_acquire(context, count)?;
            assert!(semaphore.available()? <= MAX_PERMITS);
        }
        Operation::Release(count) => {
            semaphore.release(context, count)?;
            assert!(semaphore.available()? <= MAX_PERMITS);
        }
        Operation::ReadLock => {
            if in_time(rwlock.read(context, soon))?.is_some() {
                assert!(own.load() > 0 && rwlock.readers()? > 0);
            }
        }
        Operation::WriteLock => {
            if in_time(rwlock.write(context, soon))?.is_some() {
                assert_eq!(
                    rwlock.writer(context.queues.threads()),
                    Ok(Some(context.id()))
                );
            }
        }
        Operation::TryEnter(request) => {
            rwlock.try_enter(context, context.owner(), request)?;
        }
        Operation::RecoverWrite => {
            if in_time(rwlock.recover(context, soon))?.is_some() {
                assert_eq!(
                    rwlock.writer(context.queues.threads()),
                    Ok(Some(context.id()))
                );
            }
        }
        Operation::UnlockRead => rwlock.unlock_read(context)?,
        Operation::UnlockWrite => rwlock.unlock_write(context)?,
        Operation::Downgrade => {
            rwlock.downgrade(context, context.owner())?;
            assert!(rwlock.readers()? > 0);
        }
        Operation::ReaderDied => {
            rwlock.reader_died(context.queues, ThreadId::new(DEAD).unwrap());
            own.overwrite(0);
        }
        Operation::WaitForEvent(automatic) => Event::new(cell, automatic).wait(context, soon)?,
        Operation::TryWaitForEvent(automatic) => Event::new(cell, automatic).try_wait()?,
        Operation::SetEvent(automatic) => {
            let event = Event::new(cell, automatic);
            event.set(context)?;
            assert_eq!(event.is_set(), Ok(true));
        }
        Operation::ResetEvent(automatic) => {
            let event = Event::new(cell, automatic);
            event.reset()?;
            assert_eq!(event.is_set(), Ok(false));
        }
        Operation::Run => {
            if once.begin(context, soon)? == Began::Runner {
                once.finish(context, context.owner())?;
            }
            assert_eq!(once.try_wait(), Ok(()));
        }
        Operation::TryRun => {
            if once.try_begin(context, context.owner())? == Began::Runner {
                once.fail(context, context.owner())?;
            }
        }
        Operation::WaitForRun => {
            once.wait(context, soon)?;
            assert_eq!(cell.load(), Once::DONE);
        }
        Operation::Finish => once.finish(context, context.owner())?,
        Operation::FailRun => once.fail(context, context.owner())?,
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_word_gives_a_result_or_a_fault_and_strands_no_waiter(
        operations in prop::collection::vec(operation(), 1..20),
    ) {
        let queues = Queues::new(1, HandOff { overtaken_after: 0, otherwise_after: 0, min_interval: 0 });
        let register = |number| queues.threads().register(ThreadId::new(number).unwrap()).ok().unwrap();
        let me = register(ME);
        register(ALIVE);
        thread_died(&queues, register(DEAD).id());
        let memory = [0; 4].map(AtomicU32::new);
        // SAFETY: aligned, and alive until the end of this function.
        let cells = [0, 1, 2, 3].map(|index| unsafe { SharedWord::new(&memory[index]) });
        let cell = cells[0];
        let context = Context { queues: &queues, thread: &me, runtime: &NeverInterrupts, cancels: &[] };
        for operation in operations {
            let before = cell.load();
            let result = run(operation, cells, &context);
            if let Err(Fault::Corrupt(word)) = result {
                prop_assert_eq!(word, before, "the fault carries the word that was found");
            }
            for kind in [
                Kind::Mutex,
                Kind::Condition,
                Kind::Barrier,
                Kind::Latch,
                Kind::Semaphore,
                Kind::RwLock,
                Kind::Event,
                Kind::Once,
            ] {
                let key = Key::new(cell, kind);
                prop_assert!(queues.lock(key).is_empty(key), "{:?} left a waiter behind", operation);
            }
        }
    }
}
