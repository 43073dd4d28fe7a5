//! Letters to an event loop, for which a thread of the model stands.

use crate::queue::Letters;
use crate::threads::Parker;
use std::sync::Arc;

/// An event loop that sleeps until it is rung.
#[derive(Default)]
struct EventLoop {
    letters: Letters,
    bell: Parker,
}

/// `posters` threads leave one letter each. All letters are read.
fn all_are_read(posters: u64) {
    loom::model(move || {
        let event_loop = Arc::new(EventLoop::default());
        let posters: Vec<_> = (0..posters)
            .map(|number| {
                let event_loop = Arc::clone(&event_loop);
                loom::thread::spawn(move || {
                    let EventLoop { letters, bell } = &*event_loop;
                    letters.post(number, || bell.unpark());
                })
            })
            .collect();
        // If it slept with an unread letter, nobody would wake it.
        let mut read = Vec::new();
        while read.len() < posters.len() {
            event_loop.bell.park(None);
            read.extend(event_loop.letters.exchange(Vec::new()));
        }
        for poster in posters {
            poster.join().unwrap();
        }
        assert!(event_loop.letters.is_empty());
    });
}

#[test]
fn a_letter_does_not_stay_unread() {
    all_are_read(1);
}

#[test]
fn a_letter_beside_another_does_not_stay_unread() {
    all_are_read(2);
}
