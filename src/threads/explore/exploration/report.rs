//! What is known of the last schedule, and of all.

use super::state::Phase;
use super::{Exploration, LoggedStep};
use crate::sync::lock;

/// What is known of the last schedule, and of all.
pub struct Report {
    /// The choices that led through it.
    pub choices: Vec<u16>,
    /// Its points.
    pub steps: Vec<LoggedStep>,
    /// The preemptions that it counts as.
    pub preemptions: u32,
    /// The threads that were blocked when it ended.
    pub blocked: Vec<u32>,
    /// The step at which its threads began to go on in turn.
    pub turns: Option<u32>,
    /// The step at which it departed from its script or from an earlier schedule.
    pub departed: Option<u32>,
    /// The thread that ended without ending its body.
    pub died: Option<u32>,
}

/// Counts of an exploration so far.
pub struct Progress {
    /// The schedules that have run.
    pub schedules: u64,
    /// A hash of the choices of the last one.
    pub hash: u64,
    /// All points, by thread.
    pub points: Vec<u64>,
    /// All schedules with fewer preemptions than this have run.
    pub level: u32,
    /// The thread that has the turn, if a schedule runs.
    pub turn: Option<u32>,
}

impl Exploration {
    /// What is known of the last schedule.
    pub fn report(&self) -> Report {
        let state = lock(&self.state);
        Report {
            choices: state.choices.clone(),
            steps: state.steps.clone(),
            preemptions: state.cost,
            blocked: state.blocked.clone(),
            turns: state.turns.as_ref().map(|turns| turns.began),
            departed: state.planner.departed(),
            died: state.died.map(|index| index as u32),
        }
    }

    /// Counts so far.
    pub fn progress(&self) -> Progress {
        let state = lock(&self.state);
        let runs = matches!(
            state.phase,
            Phase::Running | Phase::Unwinding | Phase::Alone
        );
        Progress {
            schedules: state.schedules,
            hash: state.hash,
            points: state.members[..state.threads]
                .iter()
                .map(|member| member.total_points)
                .collect(),
            level: state.planner.tree.level(),
            turn: runs.then_some(state.current as u32),
        }
    }
}
