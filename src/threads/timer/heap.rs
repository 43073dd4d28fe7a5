//! Values ordered by deadline: a binary heap (Knuth, TAOCP 5.2.3), and a slot for each value that knows its place in
//! the heap. So a value is removed in logarithmic time, by the four-byte number of its slot.

use crate::futex::Deadline;

/// No slot: the end of the list of free slots.
const NO_SLOT: u32 = u32::MAX;

/// How many slots an empty heap keeps: 40 KiB with their entries.
const MAX_KEPT_CAPACITY: usize = 1024;

/// A deadline in the heap, and the slot of its value.
#[derive(Clone, Copy)]
struct Entry {
    deadline: Deadline,
    slot: u32,
}

enum Slot<T> {
    /// Free, with the number of the next free slot.
    Free { next: u32 },
    /// A value, and the place of its deadline in the heap.
    Queued { place: u32, value: T },
    /// The value was popped. The slot stays taken until it is released.
    Popped,
}

/// Values ordered by deadline; equal deadlines come in any order.
pub(super) struct Heap<T> {
    entries: Vec<Entry>,
    slots: Vec<Slot<T>>,
    /// The first free slot.
    free: u32,
    /// The number of slots that are not free.
    taken: usize,
}

impl<T> Heap<T> {
    pub const fn new() -> Self {
        Heap {
            entries: Vec::new(),
            slots: Vec::new(),
            free: NO_SLOT,
            taken: 0,
        }
    }

    /// The earliest deadline.
    pub fn earliest(&self) -> Option<Deadline> {
        self.entries.first().map(|entry| entry.deadline)
    }

    /// Adds a value. Returns its slot, which stays taken until it is [released](Heap::release).
    pub fn insert(&mut self, deadline: Deadline, value: T) -> u32 {
        let place = self.entries.len();
        let queued = Slot::Queued {
            place: index_of(place),
            value,
        };
        let slot = match self.free {
            NO_SLOT => {
                self.slots.push(queued);
                index_of(self.slots.len() - 1)
            }
            slot => {
                let taken = std::mem::replace(&mut self.slots[slot as usize], queued);
                let Slot::Free { next } = taken else {
                    unreachable!("the list of free slots holds free slots");
                };
                self.free = next;
                slot
            }
        };
        self.taken += 1;
        let entry = Entry { deadline, slot };
        self.entries.push(entry);
        self.sift_up(place, entry);
        slot
    }

    /// Removes the value with the earliest deadline. Its slot stays taken.
    pub fn pop(&mut self) -> Option<T> {
        let Entry { slot, .. } = *self.entries.first()?;
        self.take(slot, Slot::Popped)
    }

    /// Frees a slot. Returns its value unless that was popped.
    pub fn release(&mut self, slot: u32) -> Option<T> {
        let value = self.take(slot, Slot::Free { next: self.free });
        self.free = slot;
        self.taken -= 1;
        if self.taken == 0 && self.slots.capacity() > MAX_KEPT_CAPACITY {
            *self = Self::new();
        }
        value
    }

    /// Empties a slot, and removes its deadline from the heap.
    fn take(&mut self, slot: u32, after: Slot<T>) -> Option<T> {
        let before = std::mem::replace(&mut self.slots[slot as usize], after);
        let Slot::Queued { place, value } = before else {
            return None;
        };
        let place = place as usize;
        let last = self.entries.pop();
        if let Some(last) = last.filter(|_| place < self.entries.len()) {
            if place > 0 && last.deadline < self.entries[parent_of(place)].deadline {
                self.sift_up(place, last);
            } else {
                self.sift_down(place, last);
            }
        }
        Some(value)
    }

    /// Puts `entry` at `place`, or above.
    fn sift_up(&mut self, mut place: usize, entry: Entry) {
        while place > 0 {
            let parent = self.entries[parent_of(place)];
            if parent.deadline <= entry.deadline {
                break;
            }
            self.put(place, parent);
            place = parent_of(place);
        }
        self.put(place, entry);
    }

    /// Puts `entry` at `place`, or below.
    fn sift_down(&mut self, mut place: usize, entry: Entry) {
        loop {
            let left = 2 * place + 1;
            let children = self.entries.get(left..).unwrap_or_default().iter().take(2);
            let earliest = children.zip(left..).min_by_key(|(child, _)| child.deadline);
            let Some((&child, below)) = earliest else {
                break;
            };
            if entry.deadline <= child.deadline {
                break;
            }
            self.put(place, child);
            place = below;
        }
        self.put(place, entry);
    }

    fn put(&mut self, at: usize, entry: Entry) {
        self.entries[at] = entry;
        if let Slot::Queued { place, .. } = &mut self.slots[entry.slot as usize] {
            *place = index_of(at);
        }
    }
}

fn parent_of(place: usize) -> usize {
    (place - 1) / 2
}

fn index_of(index: usize) -> u32 {
    u32::try_from(index).expect("so many limits fit into no memory: each takes 40 bytes")
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Copy, Debug)]
    enum Operation {
        Insert(u64),
        Pop,
        Release(usize),
    }

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            4 => (0..50_u64).prop_map(Operation::Insert),
            2 => Just(Operation::Pop),
            3 => any::<usize>().prop_map(Operation::Release),
        ]
    }

    /// What the model knows of a slot.
    struct Limit {
        slot: u32,
        deadline: u64,
        value: usize,
        is_queued: bool,
    }

    proptest! {
        #[test]
        fn behaves_like_a_vector(
            operations in prop::collection::vec(operation(), 0..300),
        ) {
            let mut heap = Heap::new();
            let mut model: Vec<Limit> = Vec::new();
            for (value, operation) in operations.into_iter().enumerate() {
                match operation {
                    Operation::Insert(deadline) => {
                        let slot = heap.insert(Deadline::from_nanoseconds(deadline), value);
                        prop_assert!(model.iter().all(|limit| limit.slot != slot));
                        model.push(Limit { slot, deadline, value, is_queued: true });
                    }
                    Operation::Pop => {
                        let earliest = heap.earliest().map(Deadline::as_nanoseconds);
                        let popped = heap.pop();
                        let limit = model
                            .iter_mut()
                            .find(|limit| limit.is_queued && Some(limit.value) == popped);
                        prop_assert_eq!(limit.as_ref().map(|limit| limit.deadline), earliest);
                        if let Some(limit) = limit {
                            limit.is_queued = false;
                        }
                    }
                    Operation::Release(_) if model.is_empty() => {}
                    Operation::Release(index) => {
                        let limit = model.swap_remove(index % model.len());
                        let expected = limit.is_queued.then_some(limit.value);
                        prop_assert_eq!(heap.release(limit.slot), expected);
                    }
                }
                let queued = model.iter().filter(|limit| limit.is_queued);
                prop_assert_eq!(heap.entries.len(), queued.clone().count());
                prop_assert_eq!(
                    heap.earliest().map(Deadline::as_nanoseconds),
                    queued.map(|limit| limit.deadline).min()
                );
                prop_assert_eq!(heap.taken, model.len());
                for (place, entry) in heap.entries.iter().enumerate() {
                    let at = match &heap.slots[entry.slot as usize] {
                        Slot::Queued { place, .. } => Some(*place as usize),
                        Slot::Free { .. } | Slot::Popped => None,
                    };
                    prop_assert_eq!(at, Some(place));
                }
            }
        }
    }

    #[test]
    fn an_empty_heap_keeps_little_memory() {
        let mut heap = Heap::new();
        let slots: Vec<_> = (0..=MAX_KEPT_CAPACITY)
            .map(|_| heap.insert(Deadline::from_nanoseconds(1), ()))
            .collect();
        for slot in slots {
            assert_eq!(heap.release(slot), Some(()));
        }
        assert_eq!((heap.slots.capacity(), heap.entries.capacity()), (0, 0));
    }
}
