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

#[test]
fn no_letter_stays_unread() {
    loom::model(|| {
        let event_loop = Arc::new(EventLoop::default());
        let posters = [1, 2].map(|number| {
            let event_loop = Arc::clone(&event_loop);
            loom::thread::spawn(move || {
                let EventLoop { letters, bell } = &*event_loop;
                letters.post(number, || bell.unpark());
            })
        });
        // If it slept with an unread letter, nobody would wake it.
        let mut read = Vec::new();
        while read.len() < posters.len() {
            event_loop.bell.park(None);
            read.extend(event_loop.letters.exchange(Vec::new()));
        }
        read.sort_unstable();
        assert_eq!(read, [1, 2]);
        posters.map(|poster| poster.join().unwrap());
    });
}
