//! Scaling out: several machines behind a balancer.

use serde::{Deserialize, Serialize};

use super::price::Estimate;
use crate::error::AppError;

/// How an environment is spread over machines, as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scaling {
    /// Its machines, the first one first.
    pub machines: Vec<MachineCard>,
    /// What is before them.
    pub balancer: BalancerCard,
    /// What the copies are for.
    pub mode: Mode,
    /// Whether who looks at it may change it.
    pub may_change: bool,
}

impl Scaling {
    /// Whether something is being built, or asked whether it answers.
    #[must_use]
    pub fn is_moving(&self) -> bool {
        let is_moving = |machine: &MachineCard| matches!(machine.share, Share::Coming | Share::Checking | Share::Draining);
        !self.balancer.is_active || self.machines.iter().any(is_moving)
    }
}

/// What the copies of an environment's machine are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Each stands alone, with a database and files of its own: they drift apart, as in the lecture.
    #[default]
    Teaching,
    /// They serve one site: the first machine keeps its database and its files for all.
    Serving,
}

impl Mode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Teaching, Self::Serving];

    /// As a form sends it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Teaching => "teaching",
            Self::Serving => "serving",
        }
    }

    /// From a form.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.code() == code)
    }
}

/// One of the machines of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineCard {
    /// Which: the first is the student's, the others are copies of it.
    pub slot: u16,
    /// What it calls itself when it answers: `c5-2`.
    pub label: String,
    /// Its own address, once it has one.
    pub address: Option<String>,
    /// Where it is, in a cloud that has zones.
    pub zone: Option<String>,
    /// How the balancer sees it.
    pub share: Share,
}

/// How a balancer sees a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// It is not made yet.
    Coming,
    /// It is off.
    Off,
    /// It runs, and the balancer is finding out whether it answers.
    Checking,
    /// It answers and gets requests.
    Healthy,
    /// It does not answer: requests go elsewhere.
    Unhealthy,
    /// It finishes its last requests.
    Draining,
    /// It was taken out on purpose.
    SetApart,
}

impl Share {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Coming, Self::Off, Self::Checking, Self::Healthy, Self::Unhealthy, Self::Draining, Self::SetApart];
}

/// The balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancerCard {
    /// Where it is reached: `http://198.51.100.9/`; by its name where it speaks HTTPS.
    pub web: Option<String>,
    /// Its name in the DNS, where its cloud has names; as a link where it speaks HTTPS by it and `web` leads by its address.
    pub name: Option<String>,
    /// Whether it takes requests.
    pub is_active: bool,
    /// Whether a visitor stays with the machine that answered first.
    pub is_sticky: bool,
    /// Why it does not speak HTTPS yet, where it is to have a certificate.
    pub no_https: Option<NoHttps>,
}

/// Why a balancer does not speak HTTPS yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoHttps {
    /// Its certificate takes a moment.
    Coming,
    /// The authority gives out only so many, and others were first.
    Turn,
    /// This is in the way, in a sentence of the authority's or the balancer's.
    Said(String),
}

/// What scaling out would bring, for the page that asks whether to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaleOffer {
    /// The environment's name.
    pub name: String,
    /// How many machines it has.
    pub machines: u16,
    /// How many it may have.
    pub most: u16,
    /// Where machines can be; empty: in one place.
    pub zones: Vec<String>,
    /// Where the first is.
    pub zone: Option<String>,
    /// Whether the first machine is off while its disk is frozen.
    pub rests: bool,
    /// Whether the balancer is a machine of ours; otherwise the cloud's own.
    pub balancer_is_machine: bool,
    /// The balancer's name in the DNS, where its cloud has names.
    pub balancer_name: Option<String>,
    /// Why it cannot be scaled out now.
    pub refused: Option<NoScaling>,
    /// Machines that are to leave, once they are backed up.
    pub leaving: Vec<u16>,
    /// Whether the last of them cannot leave: no backup of it was taken and proven, or can be.
    pub is_stuck: bool,
    /// When machines come and go by themselves, if they do.
    pub policy: Option<Policy>,
    /// What copies are for.
    pub mode: Mode,
    /// Whether copies can serve one site: there is one, and the machine knows how.
    pub may_serve: bool,
    /// What so many machines cost, those that it may have.
    pub prices: Vec<(u16, Result<Estimate, AppError>)>,
}

/// When machines come and go by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Never fewer machines.
    pub least: u16,
    /// Never more.
    pub most: u16,
    /// What is looked at, and above which a machine is added.
    pub limit: Limit,
    /// After a change nothing is changed for so long.
    pub cooldown_minutes: u16,
}

/// What is looked at, and how much of it is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "signal", content = "above", rename_all = "snake_case")]
pub enum Limit {
    /// Processor time, of all machines together, in hundredths.
    Cpu(u32),
    /// How long the first page takes from outside, in milliseconds.
    Response(u32),
}

impl Limit {
    /// Those that can be chosen.
    pub const ALL: [Self; 6] =
        [Self::Cpu(60), Self::Cpu(80), Self::Cpu(90), Self::Response(500), Self::Response(1_000), Self::Response(2_000)];

    /// As a form sends it.
    #[must_use]
    pub fn code(self) -> String {
        match self {
            Self::Cpu(percent) => format!("cpu-{percent}"),
            Self::Response(ms) => format!("response-{ms}"),
        }
    }

    /// One of those that can be chosen.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.code() == code)
    }

    /// How much of it.
    #[must_use]
    pub fn amount(self) -> u32 {
        match self {
            Self::Cpu(amount) | Self::Response(amount) => amount,
        }
    }
}

/// After a change nothing is changed for one of these, in minutes.
pub const COOLDOWNS: [u16; 3] = [5, 10, 30];

/// Why a policy changed how many machines there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// There were fewer than the least, or more than the most.
    Bounds,
    /// In each of so many minutes at least this much was seen.
    Above {
        /// Of what.
        limit: Limit,
        /// The least of these minutes.
        seen: u32,
        /// How many.
        minutes: u16,
    },
    /// In each of so many minutes at most this much was seen: one machine fewer is enough.
    Below {
        /// Of what.
        limit: Limit,
        /// The most of these minutes.
        seen: u32,
        /// How many.
        minutes: u16,
    },
}

/// Why an environment cannot be scaled out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoScaling {
    /// Only what is proven is copied.
    NotReady,
    /// It has as many machines as its blueprint lets it have.
    Most,
    /// The cloud has no balancers.
    NoBalancer,
    /// Its machine was made by an older release, whose copies would take themselves for it.
    OldMachine,
}

impl NoScaling {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NotReady, Self::Most, Self::NoBalancer, Self::OldMachine];
}

/// As whom requests are sent through a balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visitor {
    /// Each as somebody who was never there.
    New,
    /// All as one, whom the balancer has marked so before.
    Same {
        /// Cookies; `None`: not yet.
        mark: Option<String>,
    },
}

/// So many requests are sent at a time: a visitor's handful, no load test.
pub const HANDFUL: u32 = 20;

/// Who answered a handful of requests through the balancer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// By what the machine called itself; empty: it did not say.
    pub by: Vec<(String, u32)>,
    /// Requests without an answer, and answers that were errors.
    pub failed: u32,
    /// What the balancer marked the one visitor with, to be shown to it again.
    pub mark: Option<String>,
}

impl Answers {
    /// Adds those of a later handful.
    pub fn add(&mut self, later: Self) {
        for (label, count) in later.by {
            match self.by.iter_mut().find(|(known, _)| *known == label) {
                Some((_, known)) => *known += count,
                None => self.by.push((label, count)),
            }
        }
        self.by.sort();
        self.failed += later.failed;
        self.mark = later.mark;
    }

    /// How many a machine answered.
    #[must_use]
    pub fn count(&self, label: &str) -> u32 {
        self.by.iter().find(|(by, _)| by == label).map_or(0, |(_, count)| *count)
    }

    /// How many requests were sent.
    #[must_use]
    pub fn sent(&self) -> u32 {
        self.by.iter().map(|(_, count)| count).sum::<u32>() + self.failed
    }
}
