//! What AWS does with a request, made of moto and of what moto lacks.
//!
//! ```text
//! request ─► count ─► fault? ─► bucket? ─► permission? ─► findable? ─► instead ─► moto ─► after ─► fault? ─► answer
//!                     lost      throttled   refused        NotFound     refused,    │       states shown,
//!                     throttled                                         replayed    │       consequences
//!                     refused                                                       └─ amended on the way
//! ```
//! Requests that change something are handled one after the other, so that what was looked up is still true when moto acts, and nobody
//! sees what moto did before the double has put it right. A request that has arrived is handled to the end even if its caller hangs up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{RwLockReadGuard, RwLockWriteGuard};

use crate::answer::{Answer, Refusal};
use crate::balancers::Balancers;
use crate::buckets::Buckets;
use crate::faults::{Fault, Script, throttled};
use crate::images::Images;
use crate::log::{Log, Outcome};
use crate::machines::Machines;
use crate::moto::Moto;
use crate::permissions::Permissions;
use crate::quotas::Quotas;
use crate::records::Records;
use crate::settings::Settings;
use crate::snapshots::Snapshots;
use crate::targets::Targets;
use crate::tokens::Tokens;
use crate::visibility::Visibility;
use crate::wire::{Protocol, Wire};

/// An AWS.
#[derive(Debug)]
pub(crate) struct Aws {
    pub(crate) moto: Moto,
    world: Mutex<World>,
    turn: tokio::sync::RwLock<()>,
}

/// What it remembers of its own, a part for each noun.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) script: Script,
    pub(crate) buckets: Buckets,
    pub(crate) log: Log,
    pub(crate) tokens: Tokens,
    pub(crate) machines: Machines,
    pub(crate) images: Images,
    pub(crate) snapshots: Snapshots,
    pub(crate) balancers: Balancers,
    pub(crate) targets: Targets,
    pub(crate) records: Records,
    pub(crate) visibility: Visibility,
    pub(crate) permissions: Permissions,
    pub(crate) quotas: Quotas,
}

/// What the caller gets.
#[derive(Debug)]
pub(crate) enum Reply {
    Answer(Answer),
    /// Its connection is closed.
    Cut,
}

/// Who looks does so between changes, never within one.
enum Turn<'a> {
    Reads(#[expect(dead_code, reason = "held until it is dropped")] RwLockReadGuard<'a, ()>),
    Changes(#[expect(dead_code, reason = "held until it is dropped")] RwLockWriteGuard<'a, ()>),
}

/// EC2's word for "you may"; moto looks at the flag in some calls only.
fn dry_run(wire: &Wire) -> Option<Refusal> {
    (wire.service == "ec2" && wire.form.get("DryRun") == Some("true")).then(|| Refusal {
        code: "DryRunOperation".to_owned(),
        message: "Request would have succeeded, but DryRun flag is set.".to_owned(),
        status: 412,
    })
}

/// An answer instead of moto's, or none, or a refusal.
pub(crate) type Instead = Result<Option<Answer>, Refusal>;

impl Aws {
    pub(crate) fn new(moto: Moto) -> Arc<Self> {
        Arc::new(Self { moto, world: Mutex::default(), turn: tokio::sync::RwLock::default() })
    }

    /// Never held across an await.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Handles a request.
    pub(crate) async fn take(&self, wire: Wire) -> Reply {
        let (number, fault, is_too_many) = {
            let world = &mut *self.world();
            let number = world.log.came(&wire.action, wire.token());
            let fault = world.script.meets(&wire.action);
            let arrives = !matches!(fault, Some(Fault::LoseRequest | Fault::Throttle | Fault::Refuse { .. }));
            let now = world.settings.clock.now();
            (number, fault, arrives && world.settings.has_buckets && !world.buckets.take(&wire, now))
        };
        let became = |outcome: Outcome| self.world().log.became(number, outcome);
        let refusing = |refusal: &Refusal| Reply::Answer(Answer::refusing(&wire, refusal));
        match fault {
            Some(Fault::LoseRequest) => {
                became(Outcome::RequestLost);
                return Reply::Cut;
            }
            Some(Fault::Refuse { code, message, status }) => {
                became(Outcome::Refused(code.clone()));
                return refusing(&Refusal { code, message, status });
            }
            Some(Fault::Throttle) => {
                became(Outcome::Throttled);
                return refusing(&throttled(&wire));
            }
            _ if is_too_many => {
                became(Outcome::Throttled);
                return refusing(&throttled(&wire));
            }
            _ => {}
        }
        let answer = self.work(&wire).await;
        let outcome = answer.refusal().map_or(Outcome::Done(answer.status), |refusal| Outcome::Refused(refusal.code));
        match fault {
            Some(Fault::LoseAnswer) => {
                became(Outcome::AnswerLost(Box::new(outcome)));
                Reply::Cut
            }
            Some(Fault::DelayAnswer(by)) => {
                became(outcome);
                tokio::time::sleep(by).await;
                Reply::Answer(answer)
            }
            _ => {
                became(outcome);
                Reply::Answer(answer)
            }
        }
    }

    async fn work(&self, wire: &Wire) -> Answer {
        let _turn = if wire.only_reads() { Turn::Reads(self.turn.read().await) } else { Turn::Changes(self.turn.write().await) };
        let refused = self.denied(wire).or_else(|| dry_run(wire)).or_else(|| self.hidden(wire));
        let instead = match refused {
            Some(refusal) => Err(refusal),
            None => self.instead(wire).await,
        };
        match instead {
            Err(refusal) => Answer::refusing(wire, &refusal),
            Ok(Some(answer)) => answer,
            Ok(None) => {
                let answer = self.moto.pass(&self.amended(wire)).await;
                let result = if answer.is_success() { self.after(wire, answer).await } else { Ok(self.excused(wire, answer).await) };
                result.unwrap_or_else(|refusal| Answer::refusing(wire, &refusal))
            }
        }
    }

    /// Answers and refusals that moto does not give.
    async fn instead(&self, wire: &Wire) -> Instead {
        if wire.protocol == Protocol::Cbor {
            return self.metrics(wire).await.map(Some);
        }
        match (wire.service.as_str(), wire.action.as_str()) {
            ("ec2", "RunInstances") => match self.launched_before(wire).await? {
                Some(answer) => Ok(Some(answer)),
                None => self.has_no_room(wire).map_or(Ok(None), Err),
            },
            ("ec2", "StartInstances" | "StopInstances" | "ModifyInstanceAttribute") => self.in_wrong_state(wire).await,
            ("ec2", "AssociateAddress") => self.cannot_associate(wire).await,
            ("ec2", "ReleaseAddress") => self.address_in_use(wire).await,
            ("ec2", "DeleteSecurityGroup") => self.group_in_use(wire).await,
            ("ec2", "RegisterImage") => self.cannot_register(wire).await,
            ("ec2", "DeleteSnapshot") => self.snapshot_in_use(wire),
            ("elasticloadbalancing", "CreateLoadBalancer") => self.balancer_exists(wire).await,
            ("elasticloadbalancing", "CreateTargetGroup") => self.target_group_exists(wire).await,
            ("elasticloadbalancing", "CreateListener") => self.listener_exists(wire).await,
            ("elasticloadbalancing", "RegisterTargets") => self.cannot_enter(wire).await,
            ("route53", "ChangeResourceRecordSets") => self.cannot_change(wire).await,
            ("route53", "GetChange") => self.change(wire).map(Some),
            ("iam", "SimulatePrincipalPolicy") => Ok(Some(self.simulated(wire))),
            ("servicequotas", _) => self.quota(wire).map(Some),
            _ => Ok(None),
        }
    }

    /// What moto is sent.
    fn amended(&self, wire: &Wire) -> Wire {
        match (wire.service.as_str(), wire.action.as_str()) {
            ("ec2", "RunInstances") => self.whole_launch(wire),
            ("ec2", "DescribeInstances") => Self::machines_asked(wire),
            ("ec2", "DescribeSnapshots") => Self::snapshots_asked(wire),
            ("ec2", "AssociateAddress") => Self::reassociating(wire),
            ("ec2", "DescribeTags") => Self::tags_asked(wire),
            ("route53", "ChangeResourceRecordSets" | "ListResourceRecordSets") => Self::stars(wire),
            _ => wire.clone(),
        }
    }

    /// What follows from a success, and how it is shown.
    async fn after(&self, wire: &Wire, answer: Answer) -> Result<Answer, Refusal> {
        self.world().note_made(wire, &answer);
        let answer = match (wire.service.as_str(), wire.action.as_str()) {
            ("ec2", "RunInstances") => self.launched(wire, answer).await?,
            ("ec2", "DescribeInstances") => self.machines_shown(wire, answer).await?,
            ("ec2", "DescribeInstanceStatus") => self.status_shown(wire, answer),
            ("ec2", "StartInstances" | "StopInstances") => self.moved(wire, answer),
            ("ec2", "TerminateInstances") => {
                let answer = self.moved(wire, answer);
                self.let_go(wire).await?;
                answer
            }
            ("ec2", "ModifyInstanceAttribute") => self.regrouped(wire, answer).await?,
            ("ec2", "CreateSnapshot" | "DescribeSnapshots") => self.snapshots_shown(wire, answer),
            ("ec2", "RegisterImage") => self.registered(wire, answer).await?,
            ("ec2", "DeregisterImage") => self.deregistered(wire, answer),
            ("ec2", "DescribeImages") => self.images_shown(answer),
            ("ec2", "DescribeTags") => self.tags_shown(wire, answer).await?,
            ("elasticloadbalancing", "CreateLoadBalancer" | "CreateTargetGroup" | "CreateListener") => self.balancing_made(wire, answer),
            ("elasticloadbalancing", "DescribeLoadBalancers") => self.balancers_shown(answer),
            ("elasticloadbalancing", "RegisterTargets" | "DeregisterTargets") => self.targets_moved(wire, answer),
            ("elasticloadbalancing", "DescribeTargetHealth") => self.targets_shown(wire, answer).await?,
            ("route53", "ChangeResourceRecordSets") => self.changed(answer),
            ("route53", "ListResourceRecordSets") => Self::stars_shown(answer),
            _ => answer,
        };
        Ok(self.world().without_hidden(wire, answer))
    }

    /// moto's refusals that AWS would not give.
    async fn excused(&self, wire: &Wire, answer: Answer) -> Answer {
        if wire.is("elasticloadbalancing", "DeregisterTargets") { self.left_already(wire, answer).await } else { answer }
    }
}
