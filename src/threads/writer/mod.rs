//! What the native threads have to say: one thread of the process writes it to standard error, or to a file.
//!
//! A write to a pipe that no process reads blocks the writing thread. The timer's thread keeps the time limits of all
//! promises, and a blocked worker cannot print by itself. So both hand their texts to this thread, which starts with
//! the first text, and sleeps while there is none.
//!
//! The thread writes whole lines, at most [`MAX_CHUNK`] bytes at once, and only when the system says that the stream
//! takes them now. It never makes the stream non-blocking: the stream belongs to the parent's terminal, too. If the
//! stream takes nothing, the thread is **stuck** until it does. Texts that come meanwhile wait, and once
//! [`MAX_QUEUED`] wait, further ones are only counted.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::Descriptor as Stream;
#[cfg(windows)]
pub use windows::Handle as Stream;

use super::Parker;
use super::signals::without_signals;
use crate::sync::{Mutex, lock};
use std::collections::VecDeque;

/// The most bytes that the thread writes at once: a pipe takes so many as a whole, between the lines of other writers.
pub const MAX_CHUNK: usize = if cfg!(target_os = "macos") { 512 } else { 4096 };

/// How many texts wait at most.
const MAX_QUEUED: usize = if cfg!(loom) { 1 } else { 64 };

/// Whether a sink takes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// It takes a chunk now.
    Now,
    /// It takes nothing before its reader has read.
    Later,
    /// It never takes anything again: its reader is gone.
    Never,
}

/// Where the texts go.
pub trait Sink: Send + Sync {
    /// Whether it takes a chunk now, without waiting.
    fn poll(&self) -> Taking;

    /// Sleeps until it may take a chunk.
    fn wait(&self);

    /// Writes from the beginning of a chunk, and returns how many bytes it took. None if it takes nothing ever again.
    fn write(&self, chunk: &[u8]) -> Option<usize>;
}

/// The thread and its texts.
pub struct Writer<S> {
    sink: S,
    state: Mutex<State>,
    parker: Parker,
}

struct State {
    queued: VecDeque<String>,
    /// How many texts were left out because too many waited.
    omitted: u32,
    phase: Phase,
    /// Whether the thread was started.
    is_started: bool,
}

/// What the thread does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It sleeps, or is about to: no text waits.
    Idle,
    /// It writes.
    Writing,
    /// It waits for the sink.
    Stuck,
    /// The sink takes nothing ever again.
    Ended,
}

impl<S: Sink> Writer<S> {
    /// A writer without texts, whose thread is not started yet.
    pub fn new(sink: S) -> Self {
        Writer {
            sink,
            state: Mutex::new(State {
                queued: VecDeque::new(),
                omitted: 0,
                phase: Phase::Idle,
                is_started: false,
            }),
            parker: Parker::new(),
        }
    }

    /// Hands over a text, and returns at once. False if it is left out: too many texts wait, the sink takes nothing
    /// ever again, or the thread cannot be started.
    pub fn write(&'static self, text: &str) -> bool {
        {
            let mut state = lock(&self.state);
            if !state.is_started {
                if self.start().is_err() {
                    return false;
                }
                state.is_started = true;
            }
        }
        self.hand_over(text)
    }

    /// As [`Writer::write`], but starts no thread.
    pub(crate) fn hand_over(&self, text: &str) -> bool {
        let mut state = lock(&self.state);
        match state.phase {
            Phase::Ended => return false,
            Phase::Idle => state.phase = Phase::Writing,
            Phase::Writing | Phase::Stuck if state.queued.len() == MAX_QUEUED => {
                state.omitted = state.omitted.saturating_add(1);
                return false;
            }
            Phase::Writing | Phase::Stuck => {}
        }
        state.queued.push_back(in_lines(text));
        drop(state);
        self.parker.unpark();
        true
    }

    /// Whether all texts were written.
    pub fn is_idle(&self) -> bool {
        matches!(lock(&self.state).phase, Phase::Idle | Phase::Ended)
    }

    /// Whether the thread writes, and the sink takes what it writes.
    pub fn is_writing(&self) -> bool {
        lock(&self.state).phase == Phase::Writing
    }

    /// The sink.
    #[cfg(loom)]
    pub(crate) fn sink(&self) -> &S {
        &self.sink
    }

    fn start(&'static self) -> std::io::Result<()> {
        // At most 15 bytes, which is the limit of Linux.
        let builder = std::thread::Builder::new().name("sync-writer".to_owned());
        without_signals(|| builder.spawn(|| self.run(|| true))).map(drop)
    }

    /// The loop of the thread. `goes_on` is called before each sleep, and ends the loop if it returns false.
    pub(crate) fn run(&self, goes_on: impl Fn() -> bool) {
        loop {
            while let Some(text) = self.next() {
                if self.put(text.as_bytes()).is_none() {
                    let mut state = lock(&self.state);
                    state.phase = Phase::Ended;
                    state.queued.clear();
                }
            }
            if !goes_on() {
                return;
            }
            // A text that was handed over meanwhile has left a token.
            self.parker.park(None);
        }
    }

    /// The next text. Without any, the thread goes to sleep.
    fn next(&self) -> Option<String> {
        let mut state = lock(&self.state);
        if let Some(text) = state.queued.pop_front() {
            return Some(text);
        }
        if state.phase == Phase::Ended {
            return None;
        }
        if state.omitted > 0 {
            let omitted = std::mem::take(&mut state.omitted);
            return Some(format!(
                "shared-sync: {omitted} more messages were left out, since this stream was not read in time\n"
            ));
        }
        state.phase = Phase::Idle;
        None
    }

    /// Writes a text, chunk by chunk. None if the sink takes nothing ever again.
    fn put(&self, mut text: &[u8]) -> Option<()> {
        while !text.is_empty() {
            let (mut chunk, rest) = text.split_at(chunk_length(text));
            while !chunk.is_empty() {
                match self.sink.poll() {
                    Taking::Now => {
                        let taken = self.sink.write(chunk)?;
                        chunk = &chunk[taken.min(chunk.len())..];
                        if taken == 0 {
                            self.wait();
                        }
                    }
                    Taking::Later => self.wait(),
                    Taking::Never => return None,
                }
            }
            text = rest;
        }
        Some(())
    }

    fn wait(&self) {
        lock(&self.state).phase = Phase::Stuck;
        self.sink.wait();
        lock(&self.state).phase = Phase::Writing;
    }
}

#[cfg(not(loom))]
impl<S: Sink> Writer<S> {
    /// Waits until all texts are written: at most for `limit`, and not at all while the sink takes nothing. For the
    /// end of the process, which ends the thread too.
    pub fn flush(&self, limit: std::time::Duration) {
        /// How long the caller sleeps before it looks again.
        const PAUSE: std::time::Duration = std::time::Duration::from_micros(100);
        let end = std::time::Instant::now() + limit;
        while self.is_writing() && std::time::Instant::now() < end {
            std::thread::sleep(PAUSE);
        }
    }
}

/// The text in lines that a chunk can hold. Each ends with a newline.
fn in_lines(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + 1);
    for mut line in text.lines() {
        while line.len() >= MAX_CHUNK {
            let most = MAX_CHUNK - 1;
            // A character takes at most four bytes.
            let end = (most - 3..=most)
                .rev()
                .find(|&end| line.is_char_boundary(end));
            let (first, rest) = line.split_at(end.unwrap_or(line.len()));
            lines.push_str(first);
            lines.push('\n');
            line = rest;
        }
        lines.push_str(line);
        lines.push('\n');
    }
    lines
}

/// The length of as many whole lines as a chunk can hold.
fn chunk_length(text: &[u8]) -> usize {
    if text.len() <= MAX_CHUNK {
        return text.len();
    }
    let last_newline = text[..MAX_CHUNK].iter().rposition(|byte| *byte == b'\n');
    last_newline.map_or(MAX_CHUNK, |index| index + 1)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::{Duration, Instant};

    /// A sink that takes a chunk for each permit, and tells what it took.
    struct Permits {
        taken: Mutex<Sender<String>>,
        permits: Mutex<Receiver<usize>>,
        next: Mutex<Option<usize>>,
    }

    impl Sink for Permits {
        fn poll(&self) -> Taking {
            match *lock(&self.next) {
                Some(_) => Taking::Now,
                None => Taking::Later,
            }
        }

        fn wait(&self) {
            *lock(&self.next) = lock(&self.permits).recv().ok();
        }

        fn write(&self, chunk: &[u8]) -> Option<usize> {
            let most = lock(&self.next).take().unwrap_or(0);
            let taken = &chunk[..most.min(chunk.len())];
            let text = String::from_utf8(taken.to_vec()).unwrap();
            lock(&self.taken).send(text).ok();
            Some(taken.len())
        }
    }

    fn writer() -> (&'static Writer<Permits>, Receiver<String>, Sender<usize>) {
        let ((taken, takes), (permit, permits)) = (channel(), channel());
        let writer = Writer::new(Permits {
            taken: Mutex::new(taken),
            permits: Mutex::new(permits),
            next: Mutex::new(None),
        });
        (Box::leak(Box::new(writer)), takes, permit)
    }

    fn until(condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < Duration::from_secs(10));
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_chunk_holds_whole_lines_and_no_more_than_a_pipe_takes_as_a_whole() {
        let (writer, takes, permit) = writer();
        let line = "x".repeat(MAX_CHUNK / 3);
        let text = format!("{line}\n{line}\n{line}\n{line}");
        assert!(writer.write(&text));
        for _ in 0..2 {
            permit.send(usize::MAX).unwrap();
            assert_eq!(takes.recv().unwrap(), format!("{line}\n{line}\n"));
        }
    }

    #[test]
    fn a_line_that_no_chunk_can_hold_is_cut_between_two_characters() {
        let lines = in_lines(&"é".repeat(MAX_CHUNK));
        assert!(lines.lines().all(|line| line.len() < MAX_CHUNK));
        assert_eq!(lines.replace('\n', ""), "é".repeat(MAX_CHUNK));
        assert_eq!(in_lines("a\nb"), "a\nb\n");
    }

    #[test]
    fn what_a_sink_does_not_take_at_once_follows() {
        let (writer, takes, permit) = writer();
        assert!(writer.write("first\nsecond"));
        permit.send(8).unwrap();
        assert_eq!(takes.recv().unwrap(), "first\nse");
        permit.send(usize::MAX).unwrap();
        assert_eq!(takes.recv().unwrap(), "cond\n");
        until(|| writer.is_idle());
    }

    #[test]
    fn texts_that_come_while_the_sink_takes_nothing_wait_and_then_are_counted() {
        let (writer, takes, permit) = writer();
        assert!(writer.write("0"));
        until(|| !writer.is_writing());
        let queued = (1..=MAX_QUEUED + 3)
            .filter(|number| writer.write(&number.to_string()))
            .count();
        assert_eq!(queued, MAX_QUEUED);
        for number in 0..=MAX_QUEUED {
            permit.send(usize::MAX).unwrap();
            assert_eq!(takes.recv().unwrap(), format!("{number}\n"));
        }
        permit.send(usize::MAX).unwrap();
        assert!(takes.recv().unwrap().contains(" 3 more messages "));
        until(|| writer.is_idle());
    }

    #[test]
    fn a_flush_waits_for_what_is_written_and_not_while_the_sink_takes_nothing() {
        let (writer, _takes, permit) = writer();
        let limit = Duration::from_secs(10);
        let start = Instant::now();
        assert!(writer.write("text"));
        writer.flush(limit);
        assert!(!writer.is_idle());
        permit.send(usize::MAX).unwrap();
        until(|| writer.is_idle());
        writer.flush(limit);
        assert!(start.elapsed() < limit);
    }

    /// A sink whose reader is gone.
    struct Gone;

    impl Sink for Gone {
        fn poll(&self) -> Taking {
            Taking::Now
        }

        fn wait(&self) {}

        fn write(&self, _chunk: &[u8]) -> Option<usize> {
            None
        }
    }

    #[test]
    fn a_sink_whose_reader_is_gone_is_left_alone() {
        let writer: &'static Writer<Gone> = Box::leak(Box::new(Writer::new(Gone)));
        assert!(writer.write("text"));
        until(|| writer.is_idle());
        assert!(!writer.write("text"));
    }
}
