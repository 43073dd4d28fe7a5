//! The writer: one thread that writes what others hand over, and sleeps while there is nothing.

use crate::sync::{AtomicBool, AtomicU32, Ordering};
use crate::threads::{Sink, Taking, Writer};
use std::sync::Arc;

/// A sink that counts the lines that it took. At first it takes nothing if `hesitates`.
struct Lines {
    taken: AtomicU32,
    hesitates: AtomicBool,
}

impl Sink for Lines {
    fn poll(&self) -> Taking {
        if self.hesitates.load(Ordering::Acquire) {
            Taking::Later
        } else {
            Taking::Now
        }
    }

    fn wait(&self) {
        self.hesitates.store(false, Ordering::Release);
    }

    fn write(&self, chunk: &[u8]) -> Option<usize> {
        self.taken.fetch_add(1, Ordering::AcqRel);
        Some(chunk.len())
    }
}

/// Two threads hand over a text each. The writer's thread ends when it has written two lines: both texts, or one and the
/// line that says how many were left out.
fn two_texts(hesitates: bool) {
    loom::model(move || {
        let writer = Arc::new(Writer::new(Lines {
            taken: AtomicU32::new(0),
            hesitates: AtomicBool::new(hesitates),
        }));
        let other = Arc::clone(&writer);
        let hands_over = loom::thread::spawn(move || other.hand_over("text"));
        let runs = Arc::clone(&writer);
        let thread = loom::thread::spawn(move || {
            runs.run(|| runs.sink().taken.load(Ordering::Acquire) < 2);
        });
        let accepted = [writer.hand_over("text"), hands_over.join().unwrap()];
        thread.join().unwrap();
        assert_ne!(accepted, [false, false]);
        assert!(writer.is_idle());
    });
}

#[test]
fn a_text_handed_over_while_the_writer_goes_to_sleep_is_written() {
    two_texts(false);
}

#[test]
fn a_text_handed_over_while_the_sink_takes_nothing_is_written_or_counted() {
    two_texts(true);
}
