//! One member of an exploration: a thread, or the controller.

use super::super::Explored;
use super::super::spinning::Reads;
use super::super::strategy::Pending;
use crate::futex::Deadline;
use crate::threads::Thread;
use std::sync::Arc;

/// No operation is pending.
pub(super) const NO_OPERATION: u16 = u16::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It does not wait for a schedule.
    Absent,
    /// It waits for the schedule to begin.
    Arrived,
    /// It can go on.
    Ready,
    /// It is blocked until it is woken or the limit passes.
    Blocked(Option<Deadline>),
    /// Its body has ended.
    Ended,
}

impl Status {
    /// Whether the thread takes no more part in the schedule: it may wait for the next one.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Status::Ended | Status::Absent | Status::Arrived)
    }
}

pub(super) struct Member {
    pub(super) handle: Option<(Arc<Thread>, Arc<Explored>)>,
    pub(super) status: Status,
    pub(super) daemon: bool,
    /// It was woken and has not noticed.
    pub(super) token: bool,
    pub(super) timed_out: bool,
    pub(super) reads: Reads,
    pub(super) operation: u16,
    pub(super) pending: Pending,
    pub(super) points: u32,
    pub(super) total_points: u64,
    pub(super) returns: Returns,
}

/// How often a thread has come back to the operation at which it was when the turns began.
#[derive(Clone, Copy, Default)]
pub(super) struct Returns {
    pub(super) operation: u16,
    pub(super) cell: usize,
    pub(super) count: u32,
}

impl Member {
    pub(super) fn new(daemon: bool) -> Self {
        Member {
            handle: None,
            status: Status::Absent,
            daemon,
            token: false,
            timed_out: false,
            reads: Reads::default(),
            operation: NO_OPERATION,
            pending: Pending::default(),
            points: 0,
            total_points: 0,
            returns: Returns::default(),
        }
    }

    pub(super) fn note_return(&mut self, operation: u16, cell: usize) {
        let returns = &mut self.returns;
        if returns.count == 0 {
            *returns = Returns {
                operation,
                cell,
                count: 1,
            };
        } else if returns.operation == operation && returns.cell == cell {
            returns.count += 1;
        }
    }
}
