//! What the members of an exploration share: where its schedule is, and whether that is over.

use super::super::strategy::{Choice, MOST_THREADS, Pending, Planner};
use super::member::{Member, NO_OPERATION, Returns, Status};
use super::{Effect, Limits, LoggedStep, Verdict};
use crate::sync::Ordering;
use crate::threads::Thread;
use std::sync::Arc;

/// The time at which each schedule begins, in nanoseconds.
pub(super) const START_NS: u64 = 1_000_000_000;
/// By how much a scheduling point moves the clock.
const POINT_NS: u64 = 1_000;
/// The least and the most points after which threads go on in turn.
const LEAST_STEPS: u32 = 10_000;
const MOST_STEPS: u32 = 1_000_000;
/// How often a thread comes back to an operation until it counts as caught in a loop.
const RETURNS: u32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// No schedule runs.
    Idle,
    /// The controller waits until all threads have arrived.
    Gathering,
    Running,
    /// The schedule is over, and the threads that have not ended are being unwound.
    Unwinding,
    /// The controller is alone: it sets up or checks.
    Alone,
    /// The exploration is over.
    Closed,
}

/// What the turns of a long schedule have led to.
pub(super) struct Turns {
    /// The step at which they began.
    pub(super) began: u32,
    pub(super) ended: usize,
}

pub(super) struct State {
    pub(super) members: Vec<Member>,
    /// The number of threads, and the index of the controller.
    pub(super) threads: usize,
    pub(super) planner: Planner,
    pub(super) phase: Phase,
    pub(super) verdict: Verdict,
    /// Who has the turn.
    pub(super) current: usize,
    pub(super) clock: u64,
    pub(super) early_limits: u32,
    pub(super) cost: u32,
    pub(super) steps: Vec<LoggedStep>,
    pub(super) choices: Vec<u16>,
    /// A hash of the choices.
    pub(super) hash: u64,
    pub(super) options: Vec<Choice>,
    /// Who waits for which address, in order of arrival.
    pub(super) waiters: Vec<(usize, usize)>,
    pub(super) turns: Option<Turns>,
    pub(super) longest_plain: u32,
    /// After how many steps of this schedule the threads go on in turn; zero for the default.
    pub(super) steps_of_run: u32,
    pub(super) schedules: u64,
    pub(super) died: Option<usize>,
    /// The threads that were blocked when the schedule ended.
    pub(super) blocked: Vec<u32>,
}

impl State {
    /// The state before the first schedule.
    pub(super) fn new(limits: &Limits) -> Self {
        let threads = limits.threads.min(MOST_THREADS);
        let daemon = |index| limits.daemons.get(index).copied().unwrap_or(false);
        State {
            members: (0..=threads)
                .map(|index| Member::new(daemon(index)))
                .collect(),
            threads,
            planner: Planner::new(limits.preemptions, limits.depth),
            phase: Phase::Idle,
            verdict: Verdict::Passed,
            current: threads,
            clock: START_NS,
            early_limits: 0,
            cost: 0,
            steps: Vec::new(),
            choices: Vec::new(),
            hash: 0,
            options: Vec::new(),
            waiters: Vec::new(),
            turns: None,
            longest_plain: 0,
            steps_of_run: 0,
            schedules: 0,
            died: None,
            blocked: Vec::new(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.verdict = Verdict::Passed;
        self.early_limits = 0;
        self.cost = 0;
        self.steps.clear();
        self.choices.clear();
        self.hash = 0;
        self.waiters.clear();
        self.turns = None;
        self.died = None;
        self.blocked.clear();
        for member in &mut self.members {
            member.token = false;
            member.timed_out = false;
            member.reads.forget();
            member.operation = NO_OPERATION;
            member.pending = Pending::default();
            member.points = 0;
        }
    }

    /// The schedule is over: counts it.
    pub(super) fn finish(&mut self) -> Verdict {
        let steps = self.steps.len() as u32;
        self.planner.end(steps);
        if self.cost == 0 && self.turns.is_none() {
            self.longest_plain = self.longest_plain.max(steps);
        }
        self.schedules += 1;
        self.verdict
    }

    pub(super) fn all_arrived(&self) -> bool {
        self.members[..self.threads]
            .iter()
            .all(|member| member.status == Status::Arrived)
    }

    /// A thread that is dead, or has not joined.
    pub(super) fn missing(&self) -> Option<usize> {
        let members = &self.members[..self.threads];
        members.iter().position(|member| member.handle.is_none())
    }

    /// Gives the turn to a member. Returns its thread, which the caller wakes.
    pub(super) fn give(&mut self, index: usize) -> Option<Arc<Thread>> {
        self.current = index;
        let (thread, explored) = self.members[index].handle.as_ref()?;
        explored.turn.store(true, Ordering::Release);
        Some(Arc::clone(thread))
    }

    pub(super) fn give_controller(&mut self) -> Option<Arc<Thread>> {
        self.give(self.threads)
    }

    pub(super) fn wake(&mut self, index: usize) {
        let member = &mut self.members[index];
        member.token = true;
        if let Status::Blocked(_) = member.status {
            member.status = Status::Ready;
        }
    }

    /// Logs a point, and what the operation means for the threads that spin.
    pub(super) fn note(&mut self, me: usize, operation: u16, cell: usize, effect: Effect) {
        self.clock += POINT_NS;
        self.steps.push(LoggedStep {
            thread: me as u16,
            operation,
            before: effect.is_before(),
            cell,
        });
        let in_turns = self.turns.is_some();
        let member = &mut self.members[me];
        member.points += 1;
        member.total_points += 1;
        member.pending = Pending::default();
        match effect {
            Effect::WillRead | Effect::WillWrite => {
                member.operation = operation;
                member.pending = Pending {
                    cell,
                    writes: effect == Effect::WillWrite,
                };
                if in_turns {
                    member.note_return(operation, cell);
                }
            }
            Effect::HasRead(value) => member.reads.read(cell, value),
            Effect::HasWritten => {
                member.reads.forget();
                self.written(me, cell);
            }
            Effect::Nothing => {}
        }
        if self.turns.is_none() && self.steps.len() >= self.bound() as usize {
            self.begin_turns();
        }
    }

    /// A thread has changed a cell, or who waits for it: threads that spin for that go on.
    pub(super) fn written(&mut self, me: usize, cell: usize) {
        for (index, other) in self.members.iter_mut().enumerate() {
            if index != me {
                other.reads.written(cell);
            }
        }
    }

    pub(super) fn bound(&self) -> u32 {
        if self.steps_of_run > 0 {
            self.steps_of_run
        } else {
            self.longest_plain
                .saturating_mul(10)
                .clamp(LEAST_STEPS, MOST_STEPS)
        }
    }

    /// The schedule is long: from here the threads go on in turn.
    pub(super) fn begin_turns(&mut self) {
        self.turns = Some(Turns {
            began: self.steps.len() as u32,
            ended: self.ended(),
        });
        for member in &mut self.members {
            member.returns = Returns::default();
        }
    }

    pub(super) fn ended(&self) -> usize {
        let ended = |member: &&Member| member.status.is_over();
        self.members.iter().filter(ended).count()
    }

    /// Whether the turns were as many as the points before, and led nowhere.
    pub(super) fn steps_are_up(&self) -> bool {
        let Some(turns) = &self.turns else {
            return false;
        };
        self.steps.len() as u32 >= 2 * turns.began
            && self.ended() == turns.ended
            && self.members[..self.threads]
                .iter()
                .all(|member| member.status != Status::Ready || member.returns.count >= RETURNS)
    }

    pub(super) fn only_daemons_are_left(&self) -> bool {
        self.members[..self.threads]
            .iter()
            .all(|member| member.daemon || member.status.is_over())
    }

    /// Whether the schedule is over: no thread can go on, none but daemons that wait are left, or it leads nowhere.
    pub(super) fn must_end(&self) -> bool {
        let threads = &self.members[..self.threads];
        let waits = |member: &Member| member.status != Status::Ready || member.reads.spins();
        !self.is_over()
            && (!self.can_go_on()
                || (self.only_daemons_are_left() && threads.iter().all(waits))
                || self.steps_are_up())
    }

    /// Whether all threads have ended.
    pub(super) fn is_over(&self) -> bool {
        let threads = &self.members[..self.threads];
        threads.iter().all(|member| member.status.is_over())
    }

    /// Whether a thread can go on, now or when its limit passes.
    pub(super) fn can_go_on(&self) -> bool {
        self.members[..self.threads]
            .iter()
            .any(|member| match member.status {
                Status::Ready => true,
                Status::Blocked(deadline) => deadline.is_some(),
                _ => false,
            })
    }
}
