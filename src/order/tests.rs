//! The graph by itself: which edges are a cycle, and which locks an address means.

use super::*;
use crate::queue::Kind;

fn thread(id: u32) -> ThreadId {
    ThreadId::new(id).unwrap()
}

/// An order of `count` locks, which are RwLocks if `is_rwlock`. Their numbers are 1 to `count`.
fn order(count: usize, is_rwlock: bool) -> Inner {
    let mut order = Inner::default();
    order.keep(0x1000, thread(1));
    for lock in 0..count {
        assert_eq!(
            at(&mut order, 0x1000, lock, is_rwlock),
            Some(lock as Number + 1)
        );
    }
    order
}

fn at(order: &mut Inner, base: usize, lock: usize, is_rwlock: bool) -> Option<Number> {
    let place = Place {
        base,
        cell: base + 4 * lock,
        kind: if is_rwlock { Kind::RwLock } else { Kind::Mutex },
    };
    let text = format!("Lock {lock}");
    order.lock_at(place, || Title { text, is_rwlock })
}

fn edge(order: &mut Inner, from: Number, held: Mode, to: Number, asked: Mode) -> Option<Cycle> {
    let end = EdgeEnd {
        from,
        held,
        to,
        asked,
    };
    order.add_edge(end, thread(2), format!("at {from} to {to}"), false)
}

fn written(order: &mut Inner, from: Number, to: Number) -> Option<Cycle> {
    edge(order, from, Mode::Write, to, Mode::Write)
}

#[test]
fn a_cycle_of_three_is_found_when_its_last_edge_is_added() {
    let mut order = order(3, false);
    assert!(written(&mut order, 1, 2).is_none());
    assert!(written(&mut order, 2, 3).is_none());
    let cycle = written(&mut order, 3, 1).unwrap();
    assert_eq!(cycle.locks, [1, 2, 3]);
    let stacks: Vec<_> = cycle.steps.iter().map(|step| step.stack.as_str()).collect();
    assert_eq!(stacks, ["at 3 to 1", "at 1 to 2", "at 2 to 3"]);
    assert!(order.is_new(&cycle));
    assert!(!order.is_new(&cycle));
}

#[test]
fn an_edge_that_is_known_closes_no_cycle_a_second_time() {
    let mut order = order(2, false);
    written(&mut order, 1, 2);
    assert!(written(&mut order, 2, 1).is_some());
    assert!(written(&mut order, 2, 1).is_none());
}

#[test]
fn an_edge_that_is_refused_closes_the_same_cycle_again() {
    let mut order = order(2, false);
    written(&mut order, 1, 2);
    let end = EdgeEnd {
        from: 2,
        held: Mode::Write,
        to: 1,
        asked: Mode::Write,
    };
    for _ in 0..2 {
        assert!(
            order
                .add_edge(end, thread(2), String::new(), true)
                .is_some()
        );
        assert!(!order.knows(end));
    }
}

#[test]
fn readers_in_crossed_order_are_a_cycle_only_once_both_locks_are_written() {
    let mut order = order(2, true);
    assert!(edge(&mut order, 1, Mode::Read, 2, Mode::Read).is_none());
    assert!(edge(&mut order, 2, Mode::Read, 1, Mode::Read).is_none());
    assert!(order.request_write(1).is_empty());
    assert_eq!(order.request_write(2).len(), 1);
    assert!(order.request_write(2).is_empty());
}

#[test]
fn a_reader_of_one_lock_and_a_mutex_are_a_cycle_once_that_lock_is_written() {
    let mut order = order(1, true);
    let log = at(&mut order, 0x1000, 7, false).unwrap();
    assert!(edge(&mut order, 1, Mode::Read, log, Mode::Write).is_none());
    assert!(edge(&mut order, log, Mode::Write, 1, Mode::Read).is_none());
    let cycles = order.request_write(1);
    assert_eq!(cycles.len(), 1);
    assert_eq!(cycles[0].locks, [1, log]);
}

#[test]
fn a_path_counts_only_in_the_mode_in_which_it_arrives() {
    // 1 to 2 is read at 2; only an edge that was made while 2 was written leads on from there.
    let mut order = order(3, true);
    assert!(edge(&mut order, 1, Mode::Write, 2, Mode::Read).is_none());
    assert!(edge(&mut order, 2, Mode::Read, 3, Mode::Write).is_none());
    assert!(edge(&mut order, 3, Mode::Write, 1, Mode::Write).is_none());
    let cycle = edge(&mut order, 2, Mode::Write, 3, Mode::Write).unwrap();
    assert_eq!(cycle.locks, [1, 2, 3]);
}

#[test]
fn a_read_inside_a_read_of_the_same_lock_is_recursion() {
    let mut order = order(1, true);
    let cycle = edge(&mut order, 1, Mode::Read, 1, Mode::Read).unwrap();
    assert!(cycle.is_recursion());
    assert_eq!(cycle.locks, [1]);
}

#[test]
fn a_lock_whose_buffer_no_thread_keeps_is_forgotten_with_its_edges() {
    let mut order = order(1, false);
    order.keep(0x2000, thread(3));
    let (first, second) = (
        at(&mut order, 0x2000, 0, false).unwrap(),
        at(&mut order, 0x2000, 1, false).unwrap(),
    );
    written(&mut order, first, second);
    written(&mut order, 1, first);
    order.keep(0x2000, thread(4));
    order.thread_ended(thread(3));
    assert_eq!(at(&mut order, 0x2000, 0, false), Some(first));
    order.drop_buffer(0x2000, thread(4));
    // The memory came back.
    order.keep(0x2000, thread(5));
    let reused = at(&mut order, 0x2000, 0, false).unwrap();
    assert!(reused > second);
    let other = at(&mut order, 0x2000, 1, false).unwrap();
    assert!(written(&mut order, other, reused).is_none());
    assert!(written(&mut order, reused, 1).is_none());
}

#[test]
fn what_is_left_out_is_said_once() {
    let mut order = Inner::default();
    order.keep(0x1000, thread(1));
    for lock in 0..graph::MOST_LOCKS {
        assert!(at(&mut order, 0x1000, lock, false).is_some());
    }
    assert_eq!(order.take_unsaid(), None);
    for lock in 0..3 {
        assert!(at(&mut order, 0x1000, graph::MOST_LOCKS + lock, false).is_none());
    }
    assert_eq!(order.take_unsaid(), Some(Full::Locks));
    assert_eq!(order.take_unsaid(), None);
}

#[test]
fn no_more_edges_are_remembered_than_the_limit() {
    let locks = 400;
    let mut order = order(locks, false);
    let pairs = (1..=locks as Number)
        .flat_map(|from| (from + 1..=locks as Number).map(move |to| (from, to)));
    for (from, to) in pairs.take(graph::MOST_EDGES + 1) {
        assert!(written(&mut order, from, to).is_none());
    }
    assert_eq!(order.take_unsaid(), Some(Full::Edges));
    // An edge that was left out closes no cycle; those before it still do.
    assert!(written(&mut order, 2, 1).is_none());
    for _ in 0..2 {
        order.take_unsaid();
    }
    order.drop_buffer(0x1000, thread(1));
    order.keep(0x1000, thread(1));
    let first = at(&mut order, 0x1000, 0, false).unwrap();
    let second = at(&mut order, 0x1000, 1, false).unwrap();
    written(&mut order, first, second);
    assert!(written(&mut order, second, first).is_some());
}
