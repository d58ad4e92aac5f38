//! The timeline: what happened on the way to a goal, step by step.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::reason::Probe;
use super::saw::Saw;
use super::scaling::Because;

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it is about.
    pub what: What,
    /// How far it is.
    pub state: StepState,
    /// When it began; `None` while it waits.
    pub began_at: Option<OffsetDateTime>,
    /// How long it took, or has taken so far, in milliseconds.
    pub ms: Option<u32>,
    /// The last lines of a failed step.
    pub log: Vec<String>,
    /// What a failed probe saw.
    pub saw: Option<Saw>,
}

impl Step {
    /// A step that has not begun.
    #[must_use]
    pub fn waiting(what: What) -> Self {
        Self { what, state: StepState::Waiting, began_at: None, ms: None, log: Vec::new(), saw: None }
    }

    /// Whether it is part of a backup, or of what waits for one, and not over.
    #[must_use]
    pub fn is_to_be_kept(&self) -> bool {
        let is_of_backup = matches!(self.what, What::BackUp(_) | What::Rehearse(_) | What::Leave(_));
        is_of_backup && matches!(self.state, StepState::Waiting | StepState::Now)
    }

    /// Forgets how it went: it is before us again.
    pub fn reset(&mut self) {
        *self = Self::waiting(self.what.clone());
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Under way.
    Now,
    /// Done.
    Done,
    /// Failed; Koza tries again or needs somebody.
    Failed,
}

/// What a step is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of", rename_all = "snake_case")]
pub enum What {
    /// The wish was taken down (first line of every run).
    Asked,
    /// The blueprint's image is being baked; environments wait for it.
    Image,
    /// The fixed address.
    Address,
    /// What is let in.
    Firewall,
    /// The machine is made, or started.
    Machine,
    /// The address leads to the machine.
    Binding,
    /// The name leads to the address.
    Name,
    /// A step that the machine reported: `configure:wordpress`.
    Boot(String),
    /// A proof from outside.
    Probe(Probe),
    /// All of it passed.
    Ready,
    /// The first machine's disk is frozen, to be copied.
    Freeze,
    /// An image is made of it.
    CopyImage,
    /// An image that somebody saves, by its number.
    SaveImage(u16),
    /// The address of a copy, by its number.
    CopyAddress(u16),
    /// A copy is made and started.
    Copy(u16),
    /// The balancer.
    Balancer,
    /// The machines that it may send requests to.
    TargetGroup,
    /// Every machine answers behind the balancer.
    Spread,
    /// A policy asked for a machine more, or for one fewer.
    Policy {
        /// More?
        is_more: bool,
        /// Why.
        because: Because,
    },
    /// A machine is backed up, by its number.
    BackUp(u16),
    /// Its backup is restored into a throw-away place, and compared.
    Rehearse(u16),
    /// A machine leaves, by its number.
    Leave(u16),
    /// The machine stops.
    Stop,
    /// The name is taken out, before what it led to goes.
    RemoveName,
    /// The machine is deleted.
    RemoveMachine,
    /// Binding, address and firewall are given back.
    GiveBack,
    /// The cloud is asked twice whether anything is left.
    Confirm,
}
