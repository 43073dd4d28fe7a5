//! One queue of waiters, in the order in which they entered it. A waiter leaves from any place in logarithmic time.
//!
//! Each waiter takes a ticket when it enters: one more than the last waiter's, or one less than the first's where it is
//! put before the others. So the entries are sorted by ticket, and a waiter that leaves is found by binary search. It
//! leaves a hole behind. Holes at both ends are trimmed at once; those in between are removed when they outnumber the
//! waiters, which costs each removal a constant on average.

use super::waiter::Waiter;
use std::collections::VecDeque;
use std::sync::Arc;

/// How many entries an empty queue keeps room for, when it is kept for later use: 16 KiB.
const MAX_KEPT_CAPACITY: usize = 1024;

/// A place in the queue, which a waiter holds or has left.
struct Entry {
    ticket: i64,
    waiter: Option<Arc<Waiter>>,
}

/// A queue of waiters. It lies in a bucket: all of this happens under the bucket's lock.
#[derive(Default)]
pub(super) struct Fifo {
    /// Sorted by ticket; neither the first nor the last is a hole.
    entries: VecDeque<Entry>,
    /// How many of the entries are holes.
    holes: usize,
}

impl Fifo {
    /// How many waiters there are.
    pub fn len(&self) -> usize {
        self.entries.len() - self.holes
    }

    /// Whether there is no waiter.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The waiter that entered first.
    pub fn front(&self) -> Option<&Arc<Waiter>> {
        self.entries.front()?.waiter.as_ref()
    }

    /// The waiters in the order in which they entered.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Waiter>> {
        self.entries
            .iter()
            .filter_map(|entry| entry.waiter.as_ref())
    }

    /// Puts a waiter behind the others.
    pub fn push_back(&mut self, waiter: Arc<Waiter>) {
        let ticket = self.entries.back().map_or(0, |last| last.ticket + 1);
        waiter.set_ticket(ticket);
        self.entries.push_back(Entry {
            ticket,
            waiter: Some(waiter),
        });
    }

    /// Puts a waiter before the others.
    pub fn push_front(&mut self, waiter: Arc<Waiter>) {
        let ticket = self.entries.front().map_or(0, |first| first.ticket - 1);
        waiter.set_ticket(ticket);
        self.entries.push_front(Entry {
            ticket,
            waiter: Some(waiter),
        });
    }

    /// Puts a waiter behind those with the same or a lower ticket, and before the others.
    pub fn insert(&mut self, waiter: Arc<Waiter>, mut ticket: i64) {
        let index = loop {
            match self
                .entries
                .binary_search_by_key(&ticket, |entry| entry.ticket)
            {
                // No two entries have the same ticket.
                Ok(_) => ticket += 1,
                Err(index) => break index,
            }
        };
        waiter.set_ticket(ticket);
        let entry = Entry {
            ticket,
            waiter: Some(waiter),
        };
        self.entries.insert(index, entry);
    }

    /// Removes the waiter that entered first.
    pub fn pop_front(&mut self) -> Option<Arc<Waiter>> {
        let waiter = self.entries.pop_front()?.waiter;
        self.close_gaps();
        waiter
    }

    /// Whether this waiter stands in this queue.
    pub fn contains(&self, waiter: &Arc<Waiter>) -> bool {
        self.index_of(waiter).is_some()
    }

    fn index_of(&self, waiter: &Arc<Waiter>) -> Option<usize> {
        let ticket = waiter.ticket();
        let index = self
            .entries
            .binary_search_by_key(&ticket, |entry| entry.ticket)
            .ok()?;
        // The ticket may belong to another waiter here, if this one took it in another queue.
        let found = self.entries[index].waiter.as_ref();
        found
            .is_some_and(|other| Arc::ptr_eq(other, waiter))
            .then_some(index)
    }

    /// Removes this waiter. Returns none if it does not stand in this queue.
    pub fn remove(&mut self, waiter: &Arc<Waiter>) -> Option<Arc<Waiter>> {
        if self.front().is_some_and(|front| Arc::ptr_eq(front, waiter)) {
            return self.pop_front();
        }
        let index = self.index_of(waiter)?;
        let removed = self.entries[index].waiter.take()?;
        self.holes += 1;
        self.close_gaps();
        Some(removed)
    }

    /// Returns this empty queue, with its allocation for later use unless it was very long.
    pub fn into_spare(self) -> Self {
        debug_assert!(self.is_empty(), "a spare queue has no waiters");
        if self.entries.capacity() > MAX_KEPT_CAPACITY {
            Self::default()
        } else {
            self
        }
    }

    /// Removes the holes at both ends, and all of them where they outnumber the waiters.
    fn close_gaps(&mut self) {
        if self.holes == 0 {
            return;
        }
        let is_hole = |entry: Option<&Entry>| entry.is_some_and(|entry| entry.waiter.is_none());
        while is_hole(self.entries.front()) {
            self.entries.pop_front();
            self.holes -= 1;
        }
        while is_hole(self.entries.back()) {
            self.entries.pop_back();
            self.holes -= 1;
        }
        if self.holes > self.len() {
            self.entries.retain(|entry| entry.waiter.is_some());
            self.holes = 0;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::{Key, Kind, Queues, Requester, Unpark, Waiter};
    use super::*;
    use crate::cell::SharedWord;
    use crate::queue::{Aim, HandOff, Readiness};
    use crate::sync::AtomicU32;
    use crate::threads::ThreadId;
    use proptest::prelude::*;

    struct Target;

    impl Unpark for Target {
        fn unpark(&self, _token: u64) {}

        fn interrupt(&self) {}

        fn readiness(&self) -> Readiness {
            Readiness::Ready
        }
    }

    static CELL: AtomicU32 = AtomicU32::new(0);

    fn key() -> Key {
        // SAFETY: aligned, and a static is never unmapped.
        Key::new(unsafe { SharedWord::new(&CELL) }, Kind::Latch)
    }

    fn waiters(count: usize) -> Vec<Arc<Waiter>> {
        let requester = Requester::for_tests(ThreadId::new(1).unwrap(), Arc::new(Target));
        (0..count)
            .map(|_| Waiter::new(&requester, key(), Aim::default()))
            .collect()
    }

    /// Which of `all` stand in the queue, in its order.
    fn indices(queue: &Fifo, all: &[Arc<Waiter>]) -> Vec<usize> {
        let index_of = |waiter| all.iter().position(|other| Arc::ptr_eq(other, waiter));
        queue
            .iter()
            .map(|waiter| index_of(waiter).unwrap())
            .collect()
    }

    #[test]
    fn waiters_leave_from_any_place_and_the_others_keep_their_order() {
        let all = waiters(6);
        let mut queue = Fifo::default();
        for waiter in &all {
            queue.push_back(Arc::clone(waiter));
        }
        assert!(queue.remove(&all[2]).is_some());
        assert!(queue.remove(&all[2]).is_none());
        assert_eq!((queue.len(), queue.holes), (5, 1));
        assert_eq!(indices(&queue, &all), [0, 1, 3, 4, 5]);
        // Trims the hole behind the first two.
        assert!(queue.remove(&all[1]).is_some());
        assert!(queue.pop_front().is_some());
        assert_eq!((queue.len(), queue.holes), (3, 0));
        queue.push_front(Arc::clone(&all[0]));
        assert_eq!(indices(&queue, &all), [0, 3, 4, 5]);
    }

    #[test]
    fn a_waiter_enters_where_its_ticket_belongs() {
        let all = waiters(5);
        let mut queue = Fifo::default();
        for (index, ticket) in [(0, 10), (1, 30), (2, 20), (3, 10), (4, 5)] {
            queue.insert(Arc::clone(&all[index]), ticket);
        }
        assert_eq!(indices(&queue, &all), [4, 0, 3, 2, 1]);
        assert!(queue.remove(&all[2]).is_some());
        queue.insert(Arc::clone(&all[2]), 20);
        assert_eq!(indices(&queue, &all), [4, 0, 3, 2, 1]);
    }

    #[test]
    fn a_waiter_with_the_ticket_of_another_queue_removes_no_other_waiter() {
        let all = waiters(3);
        let (mut queue, mut elsewhere) = (Fifo::default(), Fifo::default());
        queue.push_back(Arc::clone(&all[0]));
        queue.push_back(Arc::clone(&all[1]));
        elsewhere.push_back(Arc::clone(&all[2]));
        assert!(queue.remove(&all[2]).is_none());
        assert_eq!(indices(&queue, &all), [0, 1]);
    }

    #[test]
    fn a_queue_that_was_long_keeps_no_memory() {
        let all = waiters(MAX_KEPT_CAPACITY + 1);
        let mut queue = Fifo::default();
        for waiter in &all {
            queue.push_back(Arc::clone(waiter));
        }
        while queue.pop_front().is_some() {}
        assert_eq!(queue.into_spare().entries.capacity(), 0);
        let mut queue = Fifo::default();
        queue.push_back(Arc::clone(&all[0]));
        queue.pop_front();
        assert_ne!(queue.into_spare().entries.capacity(), 0);
    }

    /// Before, a scan for each of them took seconds.
    #[test]
    fn a_hundred_thousand_waiters_leave_out_of_order_within_a_second() {
        let queues = Queues::new(
            0,
            HandOff {
                overtaken_after: 0,
                otherwise_after: 0,
                min_interval: 0,
            },
        );
        let all = waiters(100_000);
        let mut queue = queues.lock(key());
        for waiter in &all {
            queue.push_back(waiter);
        }
        // The last waiter leaves first, and the others in the order in which a multiplication by a prime shuffles
        // them.
        let count = all.len();
        let order: Vec<_> = (1..=count)
            .map(|index| count - 1 - index * 7_919 % count)
            .collect();
        let start = std::time::Instant::now();
        for index in order {
            assert!(queue.remove(&all[index]));
        }
        let elapsed = start.elapsed();
        assert!(queue.is_empty(key()));
        assert!(elapsed.as_secs_f64() < 1.0, "{elapsed:?}");
    }

    #[derive(Clone, Copy, Debug)]
    enum Operation {
        PushBack(usize),
        PushFront(usize),
        PopFront,
        Remove(usize),
    }

    const WAITERS: usize = 24;

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            8 => (0..WAITERS).prop_map(Operation::PushBack),
            3 => (0..WAITERS).prop_map(Operation::PushFront),
            2 => Just(Operation::PopFront),
            8 => (0..WAITERS).prop_map(Operation::Remove),
        ]
    }

    proptest! {
        #[test]
        fn behaves_like_a_vector(
            operations in prop::collection::vec(operation(), 0..200),
        ) {
            let all = waiters(WAITERS);
            let mut queue = Fifo::default();
            let mut model: Vec<usize> = Vec::new();
            for operation in operations {
                match operation {
                    Operation::PushBack(index) | Operation::PushFront(index)
                        if model.contains(&index) => {}
                    Operation::PushBack(index) => {
                        queue.push_back(Arc::clone(&all[index]));
                        model.push(index);
                    }
                    Operation::PushFront(index) => {
                        queue.push_front(Arc::clone(&all[index]));
                        model.insert(0, index);
                    }
                    Operation::PopFront => {
                        let popped = queue.pop_front().is_some();
                        prop_assert_eq!(popped, !model.is_empty());
                        model.drain(..usize::from(popped));
                    }
                    Operation::Remove(index) => {
                        let removed = queue.remove(&all[index]).is_some();
                        prop_assert_eq!(removed, model.contains(&index));
                        model.retain(|other| *other != index);
                    }
                }
                prop_assert_eq!(&indices(&queue, &all), &model);
                prop_assert_eq!(queue.len(), model.len());
                prop_assert_eq!(queue.is_empty(), model.is_empty());
                prop_assert_eq!(
                    queue.front().map(Arc::as_ptr),
                    model.first().map(|index| Arc::as_ptr(&all[*index]))
                );
                prop_assert!(queue.holes <= queue.len());
                let is_hole = |entry: Option<&Entry>| entry.is_some_and(|entry| entry.waiter.is_none());
                prop_assert!(!is_hole(queue.entries.front()) && !is_hole(queue.entries.back()));
                prop_assert!(queue.entries.iter().is_sorted_by(|a, b| a.ticket < b.ticket));
            }
        }
    }
}
