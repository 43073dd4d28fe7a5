//! Questions about queues of messages, over crossbeam's channels.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::{Answer, Params};

/// A message with so many bytes lies in the channel itself.
const SMALL: usize = 64;
/// The bytes of a record of a Channel besides its payload: both queues are full with as many messages.
const RECORD_BYTES: u64 = 16;
/// The number of a message that says that no more comes. All others count from 1.
const END: u32 = 0;

/// Bytes on their way: what is sent is copied from a buffer of the sender's, as in the other rivals.
trait Message: Send {
    fn copy_of(bytes: &[u8]) -> Self;
    fn bytes(&self) -> &[u8];
}

impl Message for [u8; SMALL] {
    fn copy_of(bytes: &[u8]) -> Self {
        bytes.try_into().expect("as long as all of them")
    }

    fn bytes(&self) -> &[u8] {
        self
    }
}

impl Message for Box<[u8]> {
    fn copy_of(bytes: &[u8]) -> Self {
        bytes.into()
    }

    fn bytes(&self) -> &[u8] {
        self
    }
}

fn stamp(bytes: &mut [u8], sender: usize, number: u32) {
    bytes[0] = sender as u8;
    bytes[1..5].copy_from_slice(&number.to_le_bytes());
    bytes[bytes.len() - 1] = number as u8;
}

/// Notes a message of which each is to come once, in the order of its sender. Returns whether it is not the END.
fn note(bytes: &[u8], last: &mut [u32]) -> bool {
    let number = u32::from_le_bytes(bytes[1..5].try_into().expect("four bytes"));
    if number == END {
        return false;
    }
    let sender = bytes[0] as usize;
    assert!(number > last[sender], "wrong: a message out of order");
    assert_eq!(bytes[bytes.len() - 1], number as u8, "wrong: damaged");
    last[sender] = number;
    true
}

struct Job {
    senders: usize,
    receivers: usize,
    length: usize,
    capacity: usize,
    phases: [u32; 2],
}

fn run<M: Message>(job: &Job) -> Duration {
    let (sender, receiver) = bounded::<M>(job.capacity);
    let meeting = Barrier::new(job.senders + job.receivers);
    let other_senders = Barrier::new(job.senders);
    let ended = AtomicU64::new(0);
    let (count, sum) = (AtomicU64::new(0), AtomicU64::new(0));
    let send = |index: usize, sender: Sender<M>| {
        let mut bytes = vec![0; job.length];
        let mut put = |number| {
            stamp(&mut bytes, index, number);
            let sent = sender.send(M::copy_of(&bytes));
            assert!(sent.is_ok(), "the receivers are there");
        };
        let mut start = Instant::now();
        for messages in job.phases {
            meeting.wait();
            start = Instant::now();
            for number in 1..=messages / job.senders as u32 {
                put(number);
            }
            other_senders.wait();
            if index == 0 {
                put(END);
            }
        }
        start
    };
    let receive = |receiver: Receiver<M>, sender: Sender<M>| {
        for _ in job.phases {
            let mut last = vec![0; job.senders];
            let mut bytes = vec![0; job.length];
            let (mut received, mut numbers) = (0, 0);
            meeting.wait();
            loop {
                let message = receiver.recv().expect("the senders are there");
                if !note(message.bytes(), &mut last) {
                    break;
                }
                bytes.copy_from_slice(message.bytes());
                received += 1;
                numbers += u64::from(u32::from_le_bytes(bytes[1..5].try_into().expect("four")));
            }
            count.fetch_add(received, Relaxed);
            sum.fetch_add(numbers, Relaxed);
            // It passes the END on, up to the last receiver.
            if (ended.fetch_add(1, Relaxed) + 1) % job.receivers as u64 != 0 {
                let mut end = vec![0; job.length];
                stamp(&mut end, 0, END);
                let sent = sender.send(M::copy_of(&end));
                assert!(sent.is_ok(), "a receiver is there");
            }
        }
        Instant::now()
    };
    let (start, end) = thread::scope(|scope| {
        let senders: Vec<_> = (0..job.senders)
            .map(|index| {
                let (send, sender) = (&send, sender.clone());
                scope.spawn(move || send(index, sender))
            })
            .collect();
        let receivers: Vec<_> = (0..job.receivers)
            .map(|_| {
                let (receive, receiver, sender) = (&receive, receiver.clone(), sender.clone());
                scope.spawn(move || receive(receiver, sender))
            })
            .collect();
        let join = |handle: thread::ScopedJoinHandle<'_, Instant>| {
            handle.join().expect("it does not panic")
        };
        let start = senders.into_iter().map(join).min().expect("a sender");
        let end = receivers.into_iter().map(join).max().expect("a receiver");
        (start, end)
    });
    let each = job
        .phases
        .map(|messages| u64::from(messages) / job.senders as u64);
    let senders = job.senders as u64;
    let messages: u64 = each.iter().map(|each| each * senders).sum();
    let numbers: u64 = each
        .iter()
        .map(|each| each * (each + 1) / 2 * senders)
        .sum();
    assert_eq!(
        count.load(Relaxed),
        messages,
        "wrong: not every message arrived once"
    );
    assert_eq!(
        sum.load(Relaxed),
        numbers,
        "wrong: not every message arrived once"
    );
    end - start
}

pub fn transport(params: &Params) -> Answer {
    let length = params.get("length");
    let number = |name| params.get(name) as usize;
    let job = Job {
        senders: number("senders"),
        receivers: number("receivers"),
        length: length as usize,
        capacity: (params.get("capacity") / (length + RECORD_BYTES)) as usize,
        phases: ["warmUp", "messages"].map(|name| params.get(name) as u32),
    };
    let elapsed = match job.length {
        SMALL => run::<[u8; SMALL]>(&job),
        _ => run::<Box<[u8]>>(&job),
    };
    (
        f64::from(job.phases[1]) / elapsed.as_secs_f64() / 1e3,
        vec![],
    )
}

/// Two threads send a message to and fro.
pub fn go_round(params: &Params) -> Answer {
    let rounds = params.get("rounds");
    let warm_up = params.get("warmUp");
    let (to, at_other) = bounded::<[u8; SMALL]>(1);
    let (back, at_home) = bounded::<[u8; SMALL]>(1);
    let elapsed = thread::scope(|scope| {
        scope.spawn(move || {
            while let Ok(message) = at_other.recv() {
                back.send(message).expect("the first thread is there");
            }
        });
        let mut message = [0; SMALL];
        let mut start = Instant::now();
        for round in 1..=warm_up + rounds {
            if round == warm_up + 1 {
                start = Instant::now();
            }
            stamp(&mut message, 0, round as u32);
            to.send(message).expect("the other thread is there");
            let answer = at_home.recv().expect("the other thread is there");
            assert_eq!(answer, message, "wrong: another message came back");
        }
        drop(to);
        start.elapsed()
    });
    (elapsed.as_secs_f64() * 1e6 / rounds as f64, vec![])
}
