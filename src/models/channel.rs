//! The channel: the waiters at its ring. The ring of the models has room for one message, and is a word under the
//! Mutex, as the ring of `lib/channel` is memory under it.

use super::promises::{promise_of, run_to_completion, settle, with_promise};
use super::{COMPETE, UNINTERRUPTED, World, model_with_three_preemptions, run, spawn};
use crate::futex::Deadline;
use crate::primitives::{Channel, Fault, Look, Looking, Mutex, Wait, thread_died};
use crate::queue::{Context, Requester, WakeReason};
use crate::threads::{Status, Thread, ThreadId};
use std::sync::Arc;
use std::task::Poll;

// What the word says of its one record: nothing, a message, or the thread that fills or reads it.
const EMPTY: u32 = 0;
const READY: u32 = 1;
const USED: u32 = 8;
/// A bit beside that: the ring is closed.
const CLOSED: u32 = 2;

fn receivers(world: &World) -> Channel {
    Channel::new(world.cell(1))
}

fn locked<R>(world: &World, context: &Context, body: impl FnOnce() -> R) -> R {
    let mutex = Mutex::new(world.cell(0));
    match mutex.lock(context, None) {
        Ok(()) => {}
        Err(Fault::Abandoned(_)) => {
            assert!(mutex.recover(context, None).is_ok());
            receivers(world).tell_all(context.queues);
        }
        other => assert_eq!(other, Ok(())),
    }
    let result = body();
    assert_eq!(mutex.unlock(context), Ok(()));
    result
}

/// Changes the record, and tells the waiters.
fn change(world: &World, context: &Context, to: u32) {
    locked(world, context, || {
        let closed = world.cell(2).load() & CLOSED;
        world.cell(2).overwrite(to | closed);
        if receivers(world).has_waiters_fast() {
            receivers(world).tell(context.queues, 0);
        }
    });
}

fn close(world: &World, context: &Context) {
    locked(world, context, || {
        let word = world.cell(2).load();
        world.cell(2).overwrite(word | CLOSED);
        receivers(world).tell_all(context.queues);
    });
}

/// What a receiver found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Message,
    Closed,
    /// The message of a dead thread, which was dropped.
    Dead,
}

/// Looks into the ring once. If there is nothing, says what to wait for.
fn look(world: &World, context: &Context) -> Result<Found, Look> {
    locked(world, context, || {
        let word = world.cell(2).load();
        let closed = word & CLOSED;
        let user = ThreadId::new(word / USED);
        let threads = context.queues.threads();
        let found = match word & !CLOSED {
            READY => Some(Found::Message),
            EMPTY if closed != 0 => Some(Found::Closed),
            _ if user.is_some_and(|user| threads.status(user) == Status::Dead) => Some(Found::Dead),
            _ => None,
        };
        if let Some(found) = found {
            world.cell(2).overwrite(closed);
            return Ok(found);
        }
        Err(Look {
            word: receivers(world).announce_fast(),
            request: 0,
            since: Deadline::now(),
            awaited: [user, None],
            lock: world.cell(0),
        })
    })
}

/// Receives as a blocked thread.
fn receive(world: &World, context: &Context) -> Found {
    loop {
        match look(world, context) {
            Ok(found) => return found,
            Err(look) => {
                assert_eq!(Looking::wait(receivers(world), context, look, None), Ok(()));
            }
        }
    }
}

/// Receives by promise.
fn receive_by_promise(world: &World, context: &Context) -> Found {
    loop {
        match look(world, context) {
            Ok(found) => return found,
            Err(look) => {
                let wait = Looking::new(receivers(world), &promise_of(context), look);
                assert_eq!(run_to_completion(context, wait), Ok(()));
            }
        }
    }
}

type Receive = fn(&World, &Context) -> Found;

fn a_message_comes(receive: Receive) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let receiver = spawn(&world, 2, UNINTERRUPTED, receive);
        let sender = world.thread(1);
        run(&world, &sender, UNINTERRUPTED, |world, context| {
            change(world, context, READY);
        });
        assert_eq!(receiver.join().unwrap(), Found::Message);
    });
}

#[test]
fn a_receiver_that_is_about_to_sleep_misses_no_message() {
    a_message_comes(receive);
}

#[test]
fn a_promise_that_is_about_to_wait_misses_no_message() {
    a_message_comes(receive_by_promise);
}

/// A thread that uses the record in place.
fn user(world: &World) -> Arc<Thread> {
    let user = world.thread(1);
    run(world, &user, UNINTERRUPTED, |world, context| {
        change(world, context, USED * context.id().get());
    });
    user
}

/// `thread` changes the record under the lock, and dies before it told the waiters.
fn dies_under_the_lock(world: &World, thread: &Arc<Thread>, to: u32) {
    run(world, thread, UNINTERRUPTED, |world, context| {
        assert_eq!(Mutex::new(world.cell(0)).lock(context, None), Ok(()));
        world.cell(2).overwrite(to);
    });
    thread_died(&world.queues, thread.id());
}

/// Two threads run to their ends, while `meanwhile` runs.
fn both(
    world: &Arc<World>,
    bodies: [impl FnOnce(&World, &Context) + 'static; 2],
    meanwhile: impl FnOnce(),
) {
    let [first, second] = bodies;
    let first = spawn(world, 2, UNINTERRUPTED, first);
    let second = spawn(world, 3, UNINTERRUPTED, second);
    meanwhile();
    first.join().unwrap();
    second.join().unwrap();
}

/// A thread dies while it uses the first record in place.
fn a_user_dies(receive: Receive) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let filler = user(&world);
        let receiver = spawn(&world, 2, UNINTERRUPTED, receive);
        thread_died(&world.queues, filler.id());
        assert_eq!(receiver.join().unwrap(), Found::Dead);
    });
}

#[test]
fn a_filler_dies_while_a_receiver_goes_to_sleep() {
    a_user_dies(receive);
}

#[test]
fn a_filler_dies_while_a_promise_begins_to_wait() {
    a_user_dies(receive_by_promise);
}

/// A receiver gives the memory of the channel back as soon as it was told to look. So the word is another's.
#[test]
fn the_sweep_for_a_dead_filler_leaves_alone_the_memory_of_a_wait_that_it_ended() {
    const ANOTHERS: u32 = 9;
    model_with_three_preemptions(|| {
        let world = World::new(COMPETE);
        let filler = user(&world);
        let receiver = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            if let Err(look) = look(world, context) {
                let told = Looking::wait(receivers(world), context, look, None);
                assert_eq!(told, Ok(()));
            }
            world.cell(1).overwrite(ANOTHERS);
        });
        thread_died(&world.queues, filler.id());
        receiver.join().unwrap();
        assert_eq!(world.cell(1).load(), ANOTHERS);
    });
}

/// A thread dies under the lock, after it has put a message into the ring and before it told a waiter.
fn a_sender_dies_under_the_lock(receive: Receive) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let sender = world.thread(1);
        let receiver = spawn(&world, 2, UNINTERRUPTED, receive);
        dies_under_the_lock(&world, &sender, READY);
        assert_eq!(receiver.join().unwrap(), Found::Message);
    });
}

#[test]
fn a_sender_dies_under_the_lock_while_a_receiver_goes_to_sleep() {
    a_sender_dies_under_the_lock(receive);
}

#[test]
fn a_sender_dies_under_the_lock_while_a_promise_begins_to_wait() {
    a_sender_dies_under_the_lock(receive_by_promise);
}

/// Receives, and closes the ring behind what it found: the other receiver finds the end.
fn receives_and_closes(receive: Receive, expected: Found) -> impl Fn(&World, &Context) {
    move |world: &World, context: &Context| {
        let found = receive(world, context);
        if found == Found::Closed {
            return;
        }
        assert_eq!(found, expected);
        close(world, context);
    }
}

/// A thread dies while it fills the first record. Nothing but its death tells the waiters behind it.
fn a_filler_dies(waiting: [Receive; 2]) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let filler = user(&world);
        let waiting = waiting.map(|receive| receives_and_closes(receive, Found::Dead));
        both(&world, waiting, || thread_died(&world.queues, filler.id()));
    });
}

#[test]
fn a_filler_dies_while_all_receivers_sleep() {
    a_filler_dies([receive, receive]);
}

#[test]
fn a_filler_dies_while_all_receivers_wait_by_promise() {
    a_filler_dies([receive_by_promise, receive_by_promise]);
}

#[test]
fn a_filler_dies_while_a_thread_and_a_promise_wait() {
    a_filler_dies([receive, receive_by_promise]);
}

/// A thread dies under the lock, after it has published a message and before it told a receiver. One of two receivers takes
/// it.
#[test]
fn a_sender_dies_under_the_lock_while_all_receivers_sleep() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let sender = world.thread(1);
        let waiting = [0, 1].map(|_| receives_and_closes(receive, Found::Message));
        both(&world, waiting, || {
            dies_under_the_lock(&world, &sender, READY)
        });
    });
}

/// A receiver dies under the lock, after it has taken the message and before it told a sender. A sender that has announced
/// itself and is not queued yet is told by the thread that recovers the lock, though that finds nothing to do.
#[test]
fn a_receiver_dies_under_the_lock_before_a_sender_is_queued() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let receiver = world.thread(1);
        run(&world, &receiver, UNINTERRUPTED, |world, context| {
            change(world, context, READY);
        });
        let sender = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            let room = || match world.cell(2).load() {
                EMPTY => None,
                _ => Some(Look {
                    word: receivers(world).announce_fast(),
                    request: 64,
                    since: Deadline::now(),
                    awaited: [None, None],
                    lock: world.cell(0),
                }),
            };
            while let Some(look) = locked(world, context, room) {
                let senders = Channel::new(world.cell(1));
                assert_eq!(Looking::wait(senders, context, look, None), Ok(()));
            }
        });
        dies_under_the_lock(&world, &receiver, EMPTY);
        let other = world.thread(3);
        run(&world, &other, UNINTERRUPTED, |world, context| {
            locked(world, context, || {});
        });
        sender.join().unwrap();
    });
}

/// A promise is told first, and its event loop does not turn. The thread behind it receives the message.
#[test]
fn a_promise_does_not_keep_the_only_wake_up() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let busy = world.thread(1);
        let wait = run(&world, &busy, UNINTERRUPTED, waits_by_promise);
        let receiver = spawn(&world, 2, UNINTERRUPTED, receive);
        run(&world, &busy, UNINTERRUPTED, |world, context| {
            change(world, context, READY);
        });
        assert_eq!(receiver.join().unwrap(), Found::Message);
        assert!(wait.waiter().outcome().is_some());
    });
}

/// Begins to wait by promise for a message that has not come yet.
fn waits_by_promise(world: &World, context: &Context) -> Looking {
    let Err(look) = look(world, context) else {
        panic!("the ring is empty");
    };
    let mut wait = Looking::new(receivers(world), &promise_of(context), look);
    assert!(wait.start(context).is_pending());
    wait
}

/// A thread blocks while a promise of its own waits for the same message, and may be told first.
#[test]
fn a_thread_that_blocks_beside_its_promise_misses_no_message() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let blocks = world.thread(1);
        let promise = run(&world, &blocks, UNINTERRUPTED, waits_by_promise);
        let sender = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            change(world, context, READY);
        });
        run(&world, &blocks, UNINTERRUPTED, |world, context| {
            with_promise(context, promise, |context| {
                assert_eq!(receive(world, context), Found::Message);
            });
        });
        sender.join().unwrap();
    });
}

/// A thread blocks, resumes to look and blocks again, while a promise of its own waits. Nothing happens, so it sleeps.
#[test]
fn a_thread_that_blocks_again_beside_its_promise_is_not_told_by_it() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let thread = world.thread(1);
        run(&world, &thread, UNINTERRUPTED, |world, context| {
            let mut promise = waits_by_promise(world, context);
            for _ in 0..2 {
                let look = look(world, context).unwrap_err();
                let requester = Requester::thread_of(context.thread);
                let mut blocked = Looking::new(receivers(world), &requester, look);
                assert!(blocked.start(context).is_pending());
                promise.requeue_for_block(context);
                assert_eq!(blocked.waiter().outcome(), None);
                blocked.cancel(context);
                promise.revalidate(context);
            }
        });
    });
}

/// A promise is cancelled while it is told. The other one receives the message.
#[test]
fn a_cancelled_promise_passes_the_word_on() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let (mine, others) = (world.thread(1), world.thread(2));
        let mut cancelled = run(&world, &mine, UNINTERRUPTED, waits_by_promise);
        let other = run(&world, &others, UNINTERRUPTED, waits_by_promise);
        let sender = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            change(world, context, READY);
        });
        run(&world, &mine, UNINTERRUPTED, |_, context| {
            let step = cancelled.resume(context, WakeReason::Interrupted);
            assert_eq!(step, Poll::Ready(Err(Fault::Interrupted)));
        });
        run(&world, &others, UNINTERRUPTED, |world, context| {
            assert_eq!(settle(context, other), Ok(()));
            assert_eq!(receive_by_promise(world, context), Found::Message);
        });
        sender.join().unwrap();
    });
}

/// The channel closes in one thread while a reservation ends in another. A receiver finds what became of that, and then
/// the end.
fn a_reservation_ends_while_the_channel_closes(
    receive: Receive,
    ends: fn(&World, &Context),
    expected: Found,
) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let filler = user(&world);
        let receiver = spawn(&world, 2, UNINTERRUPTED, receive);
        let closer = spawn(&world, 3, UNINTERRUPTED, close);
        run(&world, &filler, UNINTERRUPTED, ends);
        closer.join().unwrap();
        assert_eq!(receiver.join().unwrap(), expected);
        let other = world.thread(4);
        run(&world, &other, UNINTERRUPTED, |world, context| {
            assert_eq!(receive(world, context), Found::Closed);
        });
    });
}

fn commits(world: &World, context: &Context) {
    change(world, context, READY);
}

fn dies(world: &World, context: &Context) {
    thread_died(&world.queues, context.id());
}

#[test]
fn a_reservation_is_committed_while_the_channel_closes() {
    a_reservation_ends_while_the_channel_closes(receive, commits, Found::Message);
}

#[test]
fn a_reservation_is_committed_while_the_channel_closes_and_a_promise_waits() {
    a_reservation_ends_while_the_channel_closes(receive_by_promise, commits, Found::Message);
}

#[test]
fn a_filler_dies_while_the_channel_closes() {
    a_reservation_ends_while_the_channel_closes(receive, dies, Found::Dead);
}

#[test]
fn a_filler_dies_while_the_channel_closes_and_a_promise_waits() {
    a_reservation_ends_while_the_channel_closes(receive_by_promise, dies, Found::Dead);
}

/// A reader dies while all senders wait for the room of its record. The first one that finds the room takes it and
/// leaves it again.
fn a_reader_dies(waiting: [Sending; 2]) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let reader = user(&world);
        both(&world, waiting, || thread_died(&world.queues, reader.id()));
    });
}

type Sending = fn(&World, &Context);

/// What a sender has to wait for, until there is room.
fn look_for_room(world: &World, context: &Context) -> Option<Look> {
    let look = look(world, context).err()?;
    Some(Look {
        request: 64,
        ..look
    })
}

fn send(world: &World, context: &Context) {
    while let Some(look) = look_for_room(world, context) {
        let senders = Channel::new(world.cell(1));
        assert_eq!(Looking::wait(senders, context, look, None), Ok(()));
    }
    close(world, context);
}

fn send_by_promise(world: &World, context: &Context) {
    while let Some(look) = look_for_room(world, context) {
        let senders = Channel::new(world.cell(1));
        let wait = Looking::new(senders, &promise_of(context), look);
        assert_eq!(run_to_completion(context, wait), Ok(()));
    }
    close(world, context);
}

#[test]
fn a_reader_dies_while_all_senders_sleep() {
    a_reader_dies([send, send]);
}

#[test]
fn a_reader_dies_while_all_senders_wait_by_promise() {
    a_reader_dies([send_by_promise, send_by_promise]);
}

#[test]
fn a_reader_dies_while_a_thread_and_a_promise_wait_for_room() {
    a_reader_dies([send, send_by_promise]);
}
