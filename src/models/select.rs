//! The select: one wait for several cases, which is told to look.
//!
//! Its two channels are words that count messages. They need no Mutex, unlike the rings of `lib/channel`: a sender changes the
//! ring by one instruction and then tells, a receiver announces itself and then looks. A select of the models does what
//! `lib/select` does around the native wait.

use super::promises::{promise_of, run_to_completion, with_promise};
use super::{COMPETE, Interrupts, TERMINATING, UNINTERRUPTED, World, limit, run, spawn};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::primitives::{
    Cancel, Channel, Event, Fault, Latch, Look, Looking, Mutex, Selecting, Wait, Watched,
    thread_died,
};
use crate::queue::{Context, Requester, WakeReason};
use std::task::Poll;

/// Added to the number of messages when the channel is closed.
const CLOSED: u32 = 1 << 16;

/// A case. A channel is known by the cell of its receivers, and the next cell is its ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Channel(usize),
    Event,
    Latch,
}

use Case::{Event as EVENT, Latch as LATCH};

const LEFT: Case = Case::Channel(1);
const RIGHT: Case = Case::Channel(3);

/// What a select found: nothing, a message or an event, or that the channel is closed.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Taken(Case),
    Closed(Case),
}

fn event(world: &World) -> Event {
    Event::new(world.cell(5), true)
}

fn latch(world: &World) -> Latch {
    Latch::new(world.cell(6), 1)
}

fn receivers(world: &World, channel: usize) -> Channel {
    Channel::new(world.cell(channel))
}

fn ring(world: &World, channel: usize) -> SharedWord {
    world.cell(channel + 1)
}

/// Changes a ring by one atomic instruction, and returns what it held.
fn change(ring: SharedWord, next: impl Fn(u32) -> u32) -> u32 {
    loop {
        let word = ring.load();
        if ring.replace(word, next(word)) {
            return word;
        }
    }
}

fn send(world: &World, context: &Context, to: Case) {
    let Case::Channel(channel) = to else {
        return event(world).set(context).unwrap();
    };
    change(ring(world, channel), |word| word + 1);
    receivers(world, channel).tell(context.queues, 0);
}

fn close(world: &World, context: &Context, channel: usize) {
    change(ring(world, channel), |word| word | CLOSED);
    receivers(world, channel).tell_all(context.queues);
}

/// Takes from a channel, or says what to wait for.
fn take_or_look(world: &World, context: &Context, channel: usize) -> Result<Found, Look> {
    // What changes the ring after this changes this word, too.
    let word = receivers(world, channel).announce_fast();
    let found = change(ring(world, channel), |word| match word & !CLOSED {
        0 => word,
        _ => word - 1,
    });
    match found & !CLOSED {
        0 if found == CLOSED => return Ok(Found::Closed(Case::Channel(channel))),
        0 => {}
        messages => {
            if messages > 1 {
                receivers(world, channel).tell(context.queues, 0);
            }
            return Ok(Found::Taken(Case::Channel(channel)));
        }
    }
    Err(Look {
        word,
        request: 0,
        since: Deadline::now(),
        awaited: [None, None],
        lock: world.cell(0),
    })
}

/// Tries one case.
fn take_or_watch(world: &World, context: &Context, case: Case) -> Result<Found, Box<dyn Watched>> {
    match case {
        Case::Channel(channel) => {
            let found = take_or_look(world, context, channel);
            found.map_err(|look| Box::new((receivers(world, channel), look)) as Box<dyn Watched>)
        }
        Case::Event if event(world).try_wait_fast() => Ok(Found::Taken(case)),
        Case::Event => Err(Box::new(event(world))),
        Case::Latch if latch(world).is_open() == Ok(true) => Ok(Found::Taken(case)),
        Case::Latch => Err(Box::new(latch(world))),
    }
}

/// Tries all cases in this order.
fn try_all(
    world: &World,
    context: &Context,
    cases: &[Case],
) -> Result<Found, Vec<Box<dyn Watched>>> {
    let mut watched = Vec::new();
    for case in cases {
        match take_or_watch(world, context, *case) {
            Ok(found) => return Ok(found),
            Err(watch) => watched.push(watch),
        }
    }
    Err(watched)
}

/// A native wait of a select.
type Block = fn(&Context, Requester, SharedWord, Vec<Box<dyn Watched>>) -> WaitResult;
type WaitResult = Result<Option<usize>, Fault>;

/// Selects until one of the cases is ready, in this order, or the wait fails.
fn select_by(
    block: Block,
    world: &World,
    context: &Context,
    cases: &[Case],
) -> Result<Found, Fault> {
    let mut told = None;
    loop {
        match try_all(world, context, cases) {
            Ok(found) => {
                let taken = match found {
                    Found::Taken(case) | Found::Closed(case) => case,
                };
                // It was told by another case, whose message is for others.
                if let Some(Case::Channel(other)) = told.filter(|told| *told != taken) {
                    receivers(world, other).tell(context.queues, 0);
                }
                return Ok(found);
            }
            Err(watched) => {
                let requester = Requester::thread_of(context.thread);
                told = block(context, requester, world.cell(1), watched)?.map(|told| cases[told]);
            }
        }
    }
}

fn as_thread(
    context: &Context,
    _: Requester,
    cell: SharedWord,
    watched: Vec<Box<dyn Watched>>,
) -> WaitResult {
    Selecting::wait(context, cell, watched, None)
}

fn as_thread_within_a_limit(
    context: &Context,
    _: Requester,
    cell: SharedWord,
    watched: Vec<Box<dyn Watched>>,
) -> WaitResult {
    Selecting::wait(context, cell, watched, limit())
}

fn as_promise(
    context: &Context,
    _: Requester,
    cell: SharedWord,
    watched: Vec<Box<dyn Watched>>,
) -> WaitResult {
    run_to_completion(context, Selecting::new(&promise_of(context), cell, watched))
}

fn select(world: &World, context: &Context, cases: &[Case]) -> Found {
    select_by(as_thread, world, context, cases).unwrap()
}

fn select_by_promise(world: &World, context: &Context, cases: &[Case]) -> Found {
    select_by(as_promise, world, context, cases).unwrap()
}

type Select = fn(&World, &Context, &[Case]) -> Found;

/// Receives from a channel as a blocked thread.
fn receive(world: &World, context: &Context, channel: usize) -> Found {
    loop {
        match take_or_look(world, context, channel) {
            Ok(found) => return found,
            Err(look) => {
                let receivers = receivers(world, channel);
                assert_eq!(Looking::wait(receivers, context, look, None), Ok(()));
            }
        }
    }
}

/// A case becomes ready while a thread begins to select.
fn becomes_ready(select: Select, case: Case, make_ready: fn(&World, &Context)) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let selects = spawn(&world, 2, UNINTERRUPTED, move |world, context| {
            let other = if case == RIGHT { LEFT } else { RIGHT };
            select(world, context, &[other, case])
        });
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, make_ready);
        let found = selects.join().unwrap();
        assert!(matches!(found, Found::Taken(other) | Found::Closed(other) if other == case));
    });
}

#[test]
fn a_select_that_is_about_to_sleep_misses_no_message() {
    becomes_ready(select, RIGHT, |world, context| send(world, context, RIGHT));
}

#[test]
fn a_promise_of_a_select_that_is_about_to_wait_misses_no_message() {
    becomes_ready(select_by_promise, RIGHT, |world, context| {
        send(world, context, RIGHT);
    });
}

#[test]
fn a_select_that_is_about_to_sleep_misses_no_event() {
    becomes_ready(select, EVENT, |world, context| {
        // As JavaScript does: one instruction, and the native call if that fails.
        if !event(world).set_fast() {
            event(world).set(context).unwrap();
        }
    });
}

#[test]
fn a_select_that_is_about_to_sleep_misses_no_latch() {
    becomes_ready(select, LATCH, |world, context| {
        if !latch(world).count_down_fast(1) {
            latch(world).count_down(context, 1).unwrap();
        }
    });
}

#[test]
fn a_select_that_is_about_to_sleep_misses_no_close() {
    becomes_ready(select, RIGHT, |world, context| close(world, context, 3));
}

/// Two selects on the same two channels, each of which receives one message. A select that was told by one channel may
/// take from the other, and passes the word on.
fn two_selects_on_two_channels(select: [Select; 2]) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let [first, second] = select;
        let one = spawn(&world, 2, UNINTERRUPTED, move |world, context| {
            first(world, context, &[RIGHT, LEFT])
        });
        let other = spawn(&world, 3, UNINTERRUPTED, move |world, context| {
            second(world, context, &[RIGHT, LEFT])
        });
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            send(world, context, LEFT);
            send(world, context, RIGHT);
        });
        one.join().unwrap();
        other.join().unwrap();
        assert_eq!(ring(&world, 1).load() + ring(&world, 3).load(), 0);
    });
}

#[test]
fn two_selects_on_the_same_two_channels_receive_a_message_each() {
    two_selects_on_two_channels([select, select]);
}

#[test]
fn a_promise_and_a_thread_that_select_the_same_two_channels_receive_a_message_each() {
    two_selects_on_two_channels([select_by_promise, select]);
}

#[test]
fn a_select_and_a_receiver_receive_a_message_each() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let selects = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            select(world, context, &[LEFT, EVENT])
        });
        let receives = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            receive(world, context, 1)
        });
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            send(world, context, LEFT);
            send(world, context, LEFT);
        });
        assert_eq!(selects.join().unwrap(), Found::Taken(LEFT));
        assert_eq!(receives.join().unwrap(), Found::Taken(LEFT));
    });
}

#[test]
fn a_select_that_takes_from_another_case_than_told_it_tells_the_next_select() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let selects = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            // The other one can use the message of the left channel alone.
            if select(world, context, &[RIGHT, LEFT]) == Found::Taken(LEFT) {
                send(world, context, LEFT);
            }
        });
        let other = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            select(world, context, &[LEFT])
        });
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            send(world, context, LEFT);
            send(world, context, RIGHT);
        });
        selects.join().unwrap();
        assert_eq!(other.join().unwrap(), Found::Taken(LEFT));
    });
}

#[test]
fn close_wakes_all_selects() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let selects = [select as Select, select_by_promise].into_iter().zip(2..);
        let selects: Vec<_> = selects
            .map(|(select, number)| {
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    select(world, context, &[LEFT, EVENT])
                })
            })
            .collect();
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            close(world, context, 1);
        });
        for select in selects {
            assert_eq!(select.join().unwrap(), Found::Closed(LEFT));
        }
    });
}

/// An event with automatic reset, which each thread that takes it sets again for the next.
fn an_event_goes_round(others: [fn(&World, &Context); 2]) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let takers: Vec<_> = others
            .into_iter()
            .zip(2..)
            .map(|(take, number)| {
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    take(world, context);
                    send(world, context, EVENT);
                })
            })
            .collect();
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            send(world, context, EVENT);
        });
        for taker in takers {
            taker.join().unwrap();
        }
        assert_eq!(event(&world).is_set(), Ok(true));
    });
}

fn selects_event(world: &World, context: &Context) {
    assert_eq!(select(world, context, &[EVENT]), Found::Taken(EVENT));
}

#[test]
fn an_event_goes_from_one_select_to_another() {
    an_event_goes_round([selects_event, selects_event]);
}

#[test]
fn an_event_goes_from_a_select_to_a_wait_and_back() {
    an_event_goes_round([selects_event, |world, context| {
        event(world).wait(context, None).unwrap();
    }]);
}

/// A select that ends at any moment. If it was told by a message, the other one is told instead.
fn ends(block: Block, interrupts: Interrupts, case: Case) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let ends = spawn(&world, 2, interrupts, move |world, context| {
            if let Ok(found) = select_by(block, world, context, &[case]) {
                assert_eq!(found, Found::Taken(case));
                // The message of the other one.
                send(world, context, case);
            }
        });
        let other = spawn(&world, 3, UNINTERRUPTED, move |world, context| {
            select(world, context, &[case])
        });
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            send(world, context, case);
        });
        ends.join().unwrap();
        assert_eq!(other.join().unwrap(), Found::Taken(case));
    });
}

#[test]
fn a_timed_out_select_passes_the_word_on() {
    ends(as_thread_within_a_limit, UNINTERRUPTED, LEFT);
}

#[test]
fn a_terminated_select_passes_the_word_on() {
    ends(as_thread, TERMINATING, LEFT);
}

#[test]
fn a_terminated_select_leaves_the_event_to_the_other() {
    ends(as_thread, TERMINATING, EVENT);
}

/// Begins to wait by promise, and is cancelled at any moment.
fn as_cancelled_promise(
    context: &Context,
    _: Requester,
    cell: SharedWord,
    watched: Vec<Box<dyn Watched>>,
) -> WaitResult {
    let mut wait = Selecting::new(&promise_of(context), cell, watched);
    match wait.start(context) {
        Poll::Ready(result) => result,
        Poll::Pending => match wait.resume(context, WakeReason::Interrupted) {
            Poll::Ready(result) => result,
            Poll::Pending => unreachable!("it is over"),
        },
    }
}

#[test]
fn a_cancelled_promise_of_a_select_passes_the_word_on() {
    ends(as_cancelled_promise, UNINTERRUPTED, LEFT);
}

#[test]
fn an_abort_ends_a_select_which_passes_the_word_on() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let ends = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            let context = Context {
                cancels: &[world.cell(6)],
                ..*context
            };
            match select_by(as_thread, world, &context, &[LEFT]) {
                Ok(found) => {
                    assert_eq!(found, Found::Taken(LEFT));
                    send(world, &context, LEFT);
                }
                Err(fault) => assert_eq!(fault, Fault::Cancelled),
            }
        });
        let other = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            select(world, context, &[LEFT])
        });
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            send(world, context, LEFT);
            Cancel::new(world.cell(6)).abort(context.queues);
        });
        ends.join().unwrap();
        assert_eq!(other.join().unwrap(), Found::Taken(LEFT));
    });
}

/// A thread dies with the Mutex of the ring, after it has put a message into the ring and before it told a receiver.
#[test]
fn a_sender_dies_under_the_lock_while_a_select_goes_to_sleep() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let sender = world.thread(1);
        let selects = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            select(world, context, &[RIGHT, LEFT])
        });
        run(&world, &sender, UNINTERRUPTED, |world, context| {
            assert_eq!(Mutex::new(world.cell(0)).lock(context, None), Ok(()));
            change(ring(world, 1), |word| word + 1);
        });
        thread_died(&world.queues, sender.id());
        assert_eq!(selects.join().unwrap(), Found::Taken(LEFT));
    });
}

/// A thread that was told dies before it looks. The other one looks instead.
#[test]
fn a_thread_that_was_told_dies_before_it_looks() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let dies = world.thread(1);
        let wait = run(&world, &dies, UNINTERRUPTED, |world, context| {
            let watched = try_all(world, context, &[LEFT]).unwrap_err();
            let requester = Requester::thread_of(context.thread);
            let mut wait = Selecting::new(&requester, world.cell(1), watched);
            assert!(wait.start(context).is_pending());
            wait
        });
        let other = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            select(world, context, &[LEFT])
        });
        run(&world, &dies, UNINTERRUPTED, |world, context| {
            send(world, context, LEFT);
        });
        drop(wait);
        thread_died(&world.queues, dies.id());
        assert_eq!(other.join().unwrap(), Found::Taken(LEFT));
    });
}

/// A promise of a select is told just before its thread blocks, until another thread has received the message.
#[test]
fn a_promise_that_was_told_just_before_its_thread_blocks_passes_the_word_on() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let blocks = world.thread(1);
        let promise = run(&world, &blocks, UNINTERRUPTED, |world, context| {
            let watched = try_all(world, context, &[LEFT]).unwrap_err();
            let mut promise = Selecting::new(&promise_of(context), world.cell(1), watched);
            assert!(promise.start(context).is_pending());
            promise
        });
        let receives = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            assert_eq!(
                select_by_promise(world, context, &[LEFT]),
                Found::Taken(LEFT)
            );
            latch(world).count_down(context, 1).unwrap();
        });
        let sends = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            send(world, context, LEFT);
        });
        run(&world, &blocks, UNINTERRUPTED, |world, context| {
            with_promise(context, promise, |context| {
                assert_eq!(latch(world).wait(context, None), Ok(()));
            });
        });
        receives.join().unwrap();
        sends.join().unwrap();
    });
}
