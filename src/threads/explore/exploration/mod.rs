//! The scheduler of one exploration: who has the turn.
//!
//! The member behind the last thread is the controller. It begins a schedule with [`Exploration::run`], and has the turn
//! again when the schedule is over. It is alone then.

mod choices;
mod member;
mod report;
mod state;
mod waits;

use super::strategy::{Choice, HANDOFF, LIMIT, NO_HANDOFF, Strategy};
use super::{Explored, Sleeper, Stopped};
use crate::futex::Deadline;
use crate::sync::{AtomicBool, Mutex, Ordering, lock};
use crate::threads::Thread;
use member::Status;
use state::{Phase, START_NS, State};
use std::sync::Arc;

/// By how much a reading of the clock moves it, in nanoseconds.
const READING_NS: u64 = 1_000_000;

/// What the point of an operation means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Before an operation that only reads, or before none.
    WillRead,
    /// Before an operation that may write.
    WillWrite,
    /// After an operation that has read this value.
    HasRead(u64),
    /// After an operation that has written.
    HasWritten,
    /// After an operation that has no effect on other threads.
    Nothing,
}

impl Effect {
    fn is_before(self) -> bool {
        matches!(self, Effect::WillRead | Effect::WillWrite)
    }
}

/// A point that a thread has passed.
#[derive(Clone, Copy, Debug)]
pub struct LoggedStep {
    /// The thread.
    pub thread: u16,
    /// The operation.
    pub operation: u16,
    /// Whether the point is before the operation.
    pub before: bool,
    /// The address of the cell; zero for none.
    pub cell: usize,
}

/// How a schedule ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All threads have ended.
    Passed = 0,
    /// A thread failed, and knows why.
    Failed = 1,
    /// No thread can go on.
    Deadlock = 2,
    /// The threads go on for ever.
    Livelock = 3,
    /// There is no schedule left to run.
    Exhausted = 4,
    /// The controller is being terminated.
    Stopped = 5,
    /// The worker of a thread ended between two schedules.
    Missing = 6,
}

/// What a thread does that has waited for a schedule to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// The exploration is over.
    Leave = 0,
    /// Runs its body.
    Run = 1,
    /// Ends without running its body, since the schedule is over.
    Skip = 2,
}

/// The settings of an exploration.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The number of threads.
    pub threads: usize,
    /// The threads that may still wait at the end.
    pub daemons: Vec<bool>,
    /// The most preemptions of the enumeration.
    pub preemptions: u32,
    /// The depth of PCT.
    pub depth: u32,
}

/// The thread to which a decision gives the turn.
enum Next {
    Me,
    Other(Arc<Thread>),
}

/// One exploration.
pub struct Exploration {
    state: Mutex<State>,
    unwinding: AtomicBool,
}

impl Exploration {
    /// An exploration whose threads have not joined yet.
    pub fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Exploration {
            unwinding: AtomicBool::new(false),
            state: Mutex::new(State::new(&limits)),
        })
    }

    pub(super) fn enlist(&self, index: usize, thread: &Arc<Thread>, explored: &Arc<Explored>) {
        let mut state = lock(&self.state);
        if let Some(member) = state.members.get_mut(index) {
            member.handle = Some((Arc::clone(thread), Arc::clone(explored)));
            member.status = Status::Absent;
        }
    }

    pub(super) fn is_unwinding(&self) -> bool {
        self.unwinding.load(Ordering::Acquire)
    }

    pub(super) fn now(&self) -> Deadline {
        Deadline::from_nanoseconds(lock(&self.state).clock)
    }

    /// Reads the clock, which moves it. Returns nanoseconds since the schedule began.
    pub fn read_clock(&self) -> u64 {
        let mut state = lock(&self.state);
        state.clock += READING_NS;
        state.clock - START_NS
    }

    /// Sets the script of the next schedule.
    pub fn set_script(&self, script: Vec<i32>) {
        lock(&self.state).planner.set_script(script);
    }

    /// The controller begins to set up a schedule: from here to [`Exploration::run`], and after that, it is alone.
    pub fn begin(&self, controller: &Explored) {
        let mut state = lock(&self.state);
        state.phase = Phase::Alone;
        state.clock = START_NS;
        state.steps.clear();
        state.current = state.threads;
        state.members[controller.index].points = 0;
        state.members[controller.index].reads.forget();
        self.unwinding.store(false, Ordering::Release);
        controller.set_active(true);
    }

    /// The controller is done with a schedule.
    pub fn end_check(&self, controller: &Explored) {
        controller.set_active(false);
        lock(&self.state).phase = Phase::Idle;
        self.unwinding.store(false, Ordering::Release);
    }

    /// Runs one schedule. The calling thread is the controller. After so many `steps` the threads go on in turn; zero
    /// for the default.
    pub fn run(
        &self,
        controller: &Explored,
        strategy: Strategy,
        seed: u64,
        steps: u32,
        sleeper: Sleeper,
    ) -> Verdict {
        let mut state = lock(&self.state);
        if strategy == Strategy::Tree && state.planner.tree.is_exhausted() {
            return Verdict::Exhausted;
        }
        state.reset();
        state.steps_of_run = steps;
        state.planner.begin(strategy, seed);
        state.died = state.missing();
        if state.died.is_none() && !state.all_arrived() {
            state.phase = Phase::Gathering;
            drop(state);
            if controller.await_turn(sleeper).is_err() {
                return Verdict::Stopped;
            }
            state = lock(&self.state);
        }
        if state.died.is_some() {
            state.phase = Phase::Alone;
            return Verdict::Missing;
        }
        state.phase = Phase::Running;
        for member in &mut state.members[..] {
            if member.status == Status::Arrived {
                member.status = Status::Ready;
            }
        }
        let next = self.next(&mut state, controller.index, false);
        drop(state);
        if let Next::Other(thread) = next {
            thread.parker().unpark();
            if controller.await_turn(sleeper).is_err() {
                return Verdict::Stopped;
            }
        }
        let mut state = lock(&self.state);
        state.phase = Phase::Alone;
        self.unwinding.store(false, Ordering::Release);
        state.finish()
    }

    /// Ends the exploration: threads that wait for a schedule leave.
    pub fn close(&self) {
        let mut state = lock(&self.state);
        state.phase = Phase::Closed;
        for index in 0..state.members.len() {
            if let Some(thread) = state.give(index) {
                thread.parker().unpark();
            }
        }
    }

    /// Waits until a schedule has begun and the calling thread is chosen for the first time.
    pub fn start(&self, me: &Explored, sleeper: Sleeper) -> Result<Started, Stopped> {
        let mut state = lock(&self.state);
        if state.phase == Phase::Closed {
            return Ok(Started::Leave);
        }
        state.members[me.index].status = Status::Arrived;
        let controller = (state.phase == Phase::Gathering && state.all_arrived())
            .then(|| state.give_controller())
            .flatten();
        drop(state);
        if let Some(controller) = controller {
            controller.parker().unpark();
        }
        me.await_turn(sleeper)?;
        let phase = lock(&self.state).phase;
        Ok(match phase {
            Phase::Closed => Started::Leave,
            Phase::Unwinding => {
                me.set_active(true);
                Started::Skip
            }
            _ => {
                me.set_active(true);
                Started::Run
            }
        })
    }

    /// A scheduling point of the calling thread.
    pub fn point(
        &self,
        me: &Explored,
        operation: u16,
        cell: usize,
        effect: Effect,
        sleeper: Sleeper,
    ) -> Result<(), Stopped> {
        let mut state = lock(&self.state);
        match state.phase {
            Phase::Running => {}
            Phase::Alone => {
                state.note(me.index, operation, cell, effect);
                return Ok(());
            }
            _ => return Err(Stopped),
        }
        state.note(me.index, operation, cell, effect);
        let next = self.next(&mut state, me.index, true);
        drop(state);
        self.pass(me, next, sleeper)
    }

    /// Gives the turn to another thread, and waits until it comes back.
    fn pass(&self, me: &Explored, next: Next, sleeper: Sleeper) -> Result<(), Stopped> {
        if let Next::Other(thread) = next {
            thread.parker().unpark();
            me.await_turn(sleeper)?;
        }
        if self.is_unwinding() {
            return Err(Stopped);
        }
        Ok(())
    }

    pub(super) fn choose_handoff(&self, index: usize) -> bool {
        let mut state = lock(&self.state);
        if state.phase != Phase::Running || state.turns.is_some() {
            return false;
        }
        state.options.clear();
        for (code, cost) in [(NO_HANDOFF, 0), (HANDOFF, 1)] {
            state.options.push(Choice {
                code,
                cost,
                spins: false,
            });
        }
        state.choose(index).code == HANDOFF
    }

    /// The body of the calling thread has ended.
    pub fn end(&self, me: &Explored, failed: bool) {
        me.set_active(false);
        self.ended(me.index, failed);
    }

    /// The calling thread fails: the schedule is over. False if it was over before.
    pub fn fail(&self) -> bool {
        let mut state = lock(&self.state);
        if state.phase == Phase::Running {
            self.unwind(&mut state, Verdict::Failed);
            return true;
        }
        state.phase == Phase::Alone
    }

    /// A thread has died.
    pub(super) fn died(&self, index: usize) {
        let mut state = lock(&self.state);
        let member = &mut state.members[index];
        member.handle = None;
        let was_running = !member.status.is_over();
        let had_turn = state.current == index;
        let phase = state.phase;
        if phase == Phase::Gathering || was_running {
            state.died = Some(index);
        }
        if matches!(phase, Phase::Running | Phase::Unwinding) && was_running && had_turn {
            drop(state);
            self.ended(index, true);
            return;
        }
        state.members[index].status = Status::Absent;
        if phase == Phase::Gathering {
            let controller = state.give_controller();
            drop(state);
            if let Some(controller) = controller {
                controller.parker().unpark();
            }
        }
    }

    fn ended(&self, index: usize, failed: bool) {
        let mut state = lock(&self.state);
        state.members[index].status = Status::Ended;
        state.waiters.retain(|(_, waiter)| *waiter != index);
        for member in &mut state.members {
            member.reads.forget();
        }
        if failed && state.phase == Phase::Running {
            self.unwind(&mut state, Verdict::Failed);
        }
        let next = self.next(&mut state, index, false);
        drop(state);
        if let Next::Other(thread) = next {
            thread.parker().unpark();
        }
    }

    /// Ends the schedule: each thread that has not ended goes on by an error.
    fn unwind(&self, state: &mut State, verdict: Verdict) {
        state.phase = Phase::Unwinding;
        state.verdict = verdict;
        for (index, member) in state.members.iter().enumerate() {
            if let Status::Blocked(_) = member.status {
                state.blocked.push(index as u32);
            }
        }
        self.unwinding.store(true, Ordering::Release);
    }

    /// Decides who is next, after a point of `me` or because `me` cannot go on.
    fn next(&self, state: &mut State, me: usize, at_point: bool) -> Next {
        let index = self.decide(state, me, at_point);
        if index == me && at_point {
            return Next::Me;
        }
        match state.give(index) {
            // The turn of the calling thread itself, for instance because its limit passed at once.
            Some(thread) if index != me => Next::Other(thread),
            _ => {
                if let Some((_, explored)) = &state.members[me].handle {
                    explored.turn.store(false, Ordering::Release);
                }
                Next::Me
            }
        }
    }

    fn decide(&self, state: &mut State, me: usize, at_point: bool) -> usize {
        if state.phase == Phase::Running && state.must_end() {
            let verdict = if state.only_daemons_are_left() {
                Verdict::Passed
            } else if state.can_go_on() {
                Verdict::Livelock
            } else {
                Verdict::Deadlock
            };
            self.unwind(state, verdict);
        }
        if state.phase != Phase::Running || state.is_over() {
            if state.phase == Phase::Unwinding && at_point {
                return me;
            }
            let left = |index: &usize| {
                let member = &state.members[*index];
                member.handle.is_some() && !member.status.is_over()
            };
            return (0..state.threads).find(left).unwrap_or(state.threads);
        }
        if state.turns.is_some() {
            return state.in_turn(me);
        }
        state.list_options(me, at_point);
        let choice = state.choose(me);
        if choice.code == LIMIT {
            state.pass_limit(choice.cost > 0)
        } else {
            usize::from(choice.code)
        }
    }
}
