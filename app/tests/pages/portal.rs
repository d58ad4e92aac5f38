//! A portal without a server behind it: it answers with what a test gave it.

use std::sync::Arc;
use std::sync::Mutex;

use app::domain::backup::{BackupCard, BackupReason, BackupState, BackupsView};
use app::domain::course::{BlueprintCard, CourseCard, CourseNames, CourseView, Role};
use app::domain::environment::{Act, Connection, EnvironmentCard, EnvironmentView, HostName, Https, LedBy, NotYet, Passwords, PrivateKey};
use app::domain::ids::{BackupId, BlueprintVersionId, EnvironmentId, SessionId};
use app::domain::image::{ImageCard, ImageState, ImagesView};
use app::domain::incident::{Fault, Incident};
use app::domain::person::{Caller, SessionRow};
use app::domain::phase::{Goal, Phase};
use app::domain::reason::{Attention, Probe};
use app::domain::scaling::{Answers, BalancerCard, MachineCard, Mode, NoHttps, Policy, ScaleOffer, Scaling, Share, Visitor};
use app::domain::timeline::{Step, StepState, What};
use app::error::{AppError, Field, Why};
use app::ports::{self, Courses, Door, Environments, Portal};
use async_trait::async_trait;
use time::OffsetDateTime;
use time::macros::datetime;

pub const NOW: OffsetDateTime = datetime!(2026-11-21 06:41 UTC);

/// What the portal shows and how it answers.
pub struct Fake {
    /// Stands in every text that people can choose.
    pub text: String,
    /// Where the environment is.
    pub phase: Phase,
    /// What is wrong with it.
    pub attention: Option<Attention>,
    /// How requests are answered.
    pub refuses: Option<AppError>,
    /// Whether there is anything at all.
    pub is_empty: bool,
    /// Whether the password was typed a short while ago.
    pub is_fresh: bool,
    /// How often the environment was looked at.
    pub looks: Mutex<u32>,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            text: "c5".to_owned(),
            phase: Phase::Ready,
            attention: None,
            refuses: None,
            is_empty: false,
            is_fresh: true,
            looks: Mutex::new(0),
        }
    }
}

pub fn environment_id() -> EnvironmentId {
    "env_01jd5k2m8cfh3v9x2aa7q4w6zr".parse().unwrap()
}

pub fn version_id() -> BlueprintVersionId {
    "bpv_01jd5k2m8cfh3v9x2aa7q4w6zr".parse().unwrap()
}

fn session_id(last: char) -> SessionId {
    format!("ses_01jd5k2m8cfh3v9x2aa7q4w6z{last}").parse().unwrap()
}

impl Fake {
    pub fn portal(self: Arc<Self>) -> Portal {
        Portal {
            door: self.clone(),
            courses: self.clone(),
            environments: self.clone(),
            scaling: self.clone(),
            backups: self.clone(),
            images: self.clone(),
            costs: self.clone(),
            notices: self.clone(),
            desks: self.clone(),
            members: self.clone(),
            rosters: self.clone(),
            operate: self,
        }
    }

    pub fn answer<T>(&self, value: T) -> Result<T, AppError> {
        self.refuses.clone().map_or(Ok(value), Err)
    }

    fn card(&self) -> EnvironmentCard {
        EnvironmentCard {
            id: environment_id(),
            name: self.text.clone(),
            course: self.text.clone(),
            phase: self.phase,
            needs_attention: self.attention.is_some(),
            address: Some(self.text.clone()),
        }
    }

    fn course_card(&self) -> CourseCard {
        CourseCard { code: self.text.clone(), title: self.text.clone(), role: Role::Student }
    }

    fn step(&self, what: What, state: StepState) -> Step {
        let log = if state == StepState::Failed { vec![self.text.clone(), "second line".to_owned()] } else { vec![] };
        Step { state, began_at: Some(NOW), ms: (state != StepState::Waiting).then_some(4_200), log, ..Step::waiting(what) }
    }

    fn incidents(&self) -> Vec<Incident> {
        let at = |minutes| NOW - time::Duration::minutes(minutes);
        vec![
            Incident { fault: Fault::ProbeFails(Probe::FtpTex), detected_at: at(1), recovered_at: None },
            Incident { fault: Fault::MachineOff, detected_at: at(9), recovered_at: Some(at(7)) },
        ]
    }

    fn steps(&self) -> Vec<Step> {
        let boot = |step: &str| What::Boot(step.to_owned());
        let done = |what| self.step(what, StepState::Done);
        let mut steps = vec![
            done(What::Asked),
            done(What::Address),
            done(What::Firewall),
            done(What::Machine),
            done(What::Binding),
            done(boot("settings")),
        ];
        match self.phase {
            Phase::Building => {
                steps.push(done(boot("configure:ssh")));
                let state = if self.attention.is_some() { StepState::Failed } else { StepState::Now };
                steps.push(self.step(boot("configure:wordpress"), state));
                steps.extend(
                    ["configure:basic_auth", "configure:container_web", "configure:ftp_tex"]
                        .map(|step| self.step(boot(step), StepState::Waiting)),
                );
                steps.extend(Probe::ALL.map(|probe| self.step(What::Probe(probe), StepState::Waiting)));
                steps.push(self.step(What::Ready, StepState::Waiting));
            }
            _ => {
                steps.push(done(boot(&format!("configure:{}", self.text))));
                steps.extend(Probe::ALL.map(|probe| done(What::Probe(probe))));
                steps.push(done(What::Ready));
            }
        }
        steps
    }

    fn scaling(&self) -> Scaling {
        let machine = |(slot, share)| MachineCard {
            slot,
            label: self.text.clone(),
            address: Some(self.text.clone()),
            zone: Some(self.text.clone()),
            share,
        };
        Scaling {
            machines: (1..).zip([Share::Healthy, Share::Unhealthy, Share::Off, Share::SetApart]).map(machine).collect(),
            balancer: BalancerCard {
                web: Some(self.text.clone()),
                name: Some(self.text.clone()),
                is_active: true,
                is_sticky: false,
                no_https: Some(NoHttps::Said(self.text.clone())),
            },
            mode: Mode::Teaching,
            may_change: true,
        }
    }

    fn connection(&self) -> Connection {
        let host = "198.51.100.7";
        let is_hostile = self.text.contains('<');
        let text = |plain: String| if is_hostile { self.text.clone() } else { plain };
        Connection {
            address: text(host.to_owned()),
            is_kept: true,
            name: Some(HostName {
                name: text("c5.exp.example.ac.jp".to_owned()),
                led_by: LedBy::AddressForNow,
                https: Some(Https::NotYet { why: NotYet::Refused, again_at: None, said: Some(text("The CA does not like it".to_owned())) }),
            }),
            web: text(format!("http://{host}/")),
            wordpress_admin: text(format!("http://{host}/wp-admin/")),
            wordpress_user: text("admin".to_owned()),
            protected_page: text(format!("http://{host}/basic/")),
            protected_user: text("group".to_owned()),
            container: text(format!("http://{host}:8080/")),
            ftp_host: text(host.to_owned()),
            ftp_user: text("ftp-user".to_owned()),
            ssh_command: text(format!("ssh -i c5.pem student@{host}")),
            known_hosts: vec![text(format!("{host} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG7rzW1cE0yq0Xb3kT5cWm0J8y3G2kq1pVfZp7cE9xQm"))],
            ssh_config: text(format!(
                "Host c5\n  HostName {host}\n  User student\n  IdentityFile ~/.ssh/c5.pem\n  ProxyCommand connect -H proxy.example.ac.jp:8080 %h %p"
            )),
            private_key: Some(PrivateKey::Waiting),
        }
    }
}

#[async_trait]
impl Door for Fake {
    async fn sign_in(&self, _: &str, _: &str) -> Result<(), AppError> {
        self.answer(())
    }
    async fn sign_in_again(&self, _: &Caller, _: &str) -> Result<(), AppError> {
        self.answer(())
    }
    async fn sign_out(&self) -> Result<(), AppError> {
        self.answer(())
    }
    async fn sessions(&self, _: &Caller) -> Result<Vec<SessionRow>, AppError> {
        let row =
            |id, browser: &str, is_this_one| SessionRow { id, browser: browser.to_owned(), created_at: NOW, seen_at: NOW, is_this_one };
        Ok(vec![
            row(session_id('r'), "Firefox · Linux", true),
            row(session_id('s'), if self.text.contains('<') { &self.text } else { "Safari · iPhone" }, false),
        ])
    }
    async fn end_session(&self, _: &Caller, _: SessionId) -> Result<(), AppError> {
        self.answer(())
    }
    async fn end_other_sessions(&self, _: &Caller) -> Result<(), AppError> {
        self.answer(())
    }
}

#[async_trait]
impl Courses for Fake {
    async fn mine(&self, _: &Caller) -> Result<Vec<CourseCard>, AppError> {
        Ok(if self.is_empty { vec![] } else { vec![self.course_card()] })
    }
    async fn course(&self, _: &Caller, code: &str) -> Result<CourseView, AppError> {
        if code == "NOT-MINE" {
            return Err(AppError::NotFound);
        }
        let is_hostile = self.text.contains('<');
        Ok(CourseView {
            course: self.course_card(),
            names: Some(CourseNames {
                before: if is_hostile { self.text.clone() } else { "sys101-".to_owned() },
                after: if is_hostile { self.text.clone() } else { ".koza-machines.test".to_owned() },
                certificates: None,
            }),
            blueprints: vec![BlueprintCard {
                version: version_id(),
                title: if is_hostile { self.text.clone() } else { "Web and TeX".to_owned() },
                summary: if is_hostile {
                    self.text.clone()
                } else {
                    "WordPress, a page behind a password, a web container, and an FTP drop that turns TeX into PDF.".to_owned()
                },
                services: vec![
                    "ssh".to_owned(),
                    "wordpress".to_owned(),
                    "basic_auth".to_owned(),
                    "container_web".to_owned(),
                    "ftp_tex".to_owned(),
                    self.text.clone(),
                ],
                sizes: if self.is_empty { vec![] } else { crate::money::sizes() },
                is_hardened: true,
                keeps_address: true,
                is_image_ready: false,
            }],
            environments: if self.is_empty { vec![] } else { vec![self.card()] },
        })
    }
}

#[async_trait]
impl Environments for Fake {
    async fn mine(&self, _: &Caller) -> Result<Vec<EnvironmentCard>, AppError> {
        Ok(if self.is_empty { vec![] } else { vec![self.card()] })
    }
    async fn view(&self, _: &Caller, id: EnvironmentId) -> Result<EnvironmentView, AppError> {
        *self.looks.lock().unwrap() += 1;
        if id != environment_id() {
            return Err(AppError::NotFound);
        }
        let is_settled = matches!(self.phase, Phase::Ready | Phase::Stopped);
        let mut acts = match self.phase {
            Phase::Ready => vec![Act::Stop, Act::Scale, Act::Backups, Act::Delete],
            Phase::Building | Phase::Checking => vec![Act::Stop, Act::Delete],
            Phase::Stopped => vec![Act::Start, Act::Delete],
            Phase::Removed | Phase::Removing => vec![],
            _ => vec![Act::Delete],
        };
        if self.attention.is_some() {
            acts.insert(0, Act::TryAgain);
        }
        Ok(EnvironmentView {
            id,
            name: self.text.clone(),
            course: if self.text.contains('<') { self.text.clone() } else { "SYS-101".to_owned() },
            blueprint: if self.text.contains('<') { self.text.clone() } else { "Web and TeX".to_owned() },
            goal: Goal::Running,
            phase: self.phase,
            attention: self.attention.clone(),
            incidents: self.incidents(),
            ahead: (self.phase == Phase::Waiting).then_some(3),
            keeps_address: true,
            is_simulated: true,
            steps: if self.phase == Phase::Waiting { vec![] } else { self.steps() },
            scaling: (self.phase == Phase::Ready).then(|| self.scaling()),
            so_far: Some(crate::money::so_far()),
            connection: is_settled.then(|| self.connection()),
            acts,
            last_event: 7,
            at: NOW,
        })
    }
    async fn request(&self, _: &Caller, _: BlueprintVersionId, _: &str, _: &str, _: u16) -> Result<EnvironmentId, AppError> {
        self.answer(environment_id())
    }
    async fn start(&self, _: &Caller, _: EnvironmentId) -> Result<(), AppError> {
        self.answer(())
    }
    async fn stop(&self, _: &Caller, _: EnvironmentId) -> Result<(), AppError> {
        self.answer(())
    }
    async fn try_again(&self, _: &Caller, _: EnvironmentId) -> Result<(), AppError> {
        self.answer(())
    }
    async fn delete(&self, _: &Caller, _: EnvironmentId, name: &str) -> Result<(), AppError> {
        if name == self.text { self.answer(()) } else { Err(AppError::Invalid { field: Field::Confirmation, why: Why::NotTheName }) }
    }
    async fn passwords(&self, _: &Caller, _: EnvironmentId) -> Result<Passwords, AppError> {
        let text = |plain: &str| if self.text.contains('<') { self.text.clone() } else { plain.to_owned() };
        if self.is_fresh {
            Ok(Passwords { wordpress: text("kumo-hare-ame-42"), protected: text("yama-kawa-umi-07"), ftp: text("hana-tori-kaze-19") })
        } else {
            Err(AppError::SignInAgain)
        }
    }
}

#[async_trait]
impl ports::Scaling for Fake {
    async fn offer(&self, _: &Caller, _: EnvironmentId) -> Result<ScaleOffer, AppError> {
        self.answer(ScaleOffer {
            name: self.text.clone(),
            machines: 2,
            most: 3,
            zones: vec![self.text.clone(), "b".to_owned()],
            zone: Some(self.text.clone()),
            rests: false,
            balancer_is_machine: false,
            balancer_name: Some(self.text.clone()),
            refused: None,
            leaving: if self.is_empty { vec![2] } else { vec![] },
            is_stuck: self.is_empty,
            policy: None,
            mode: Mode::Teaching,
            may_serve: true,
            prices: vec![(1, Ok(crate::money::estimate(0))), (2, Ok(crate::money::estimate(900)))],
        })
    }

    async fn scale_in(&self, _: &Caller, _: EnvironmentId, _: u16, _: bool) -> Result<(), AppError> {
        self.answer(())
    }

    async fn scale_out(&self, _: &Caller, _: EnvironmentId, _: u16, zone: Option<&str>) -> Result<(), AppError> {
        match zone {
            Some(zone) if zone == self.text => Err(AppError::Invalid { field: Field::Zone, why: Why::SameZone }),
            _ => self.answer(()),
        }
    }

    async fn set_policy(&self, _: &Caller, _: EnvironmentId, _: Option<Policy>) -> Result<(), AppError> {
        self.answer(())
    }

    async fn set_mode(&self, _: &Caller, _: EnvironmentId, _: Mode) -> Result<(), AppError> {
        self.answer(())
    }

    async fn set_apart(&self, _: &Caller, _: EnvironmentId, _: u16, _: bool) -> Result<(), AppError> {
        self.answer(())
    }

    async fn set_sticky(&self, _: &Caller, _: EnvironmentId, _: bool) -> Result<(), AppError> {
        self.answer(())
    }

    async fn send(&self, _: &Caller, _: EnvironmentId, requests: u32, _: Visitor) -> Result<Answers, AppError> {
        self.answer(Answers { by: vec![(self.text.clone(), requests - 1)], failed: 1, mark: None })
    }
}

pub fn backup_id() -> BackupId {
    "bak_01jd5k2m8cfh3v9x2aa7q4w6zr".parse().unwrap()
}

impl Fake {
    fn backups(&self) -> Vec<BackupCard> {
        let card = |state| BackupCard {
            id: backup_id(),
            environment: environment_id(),
            name: self.text.clone(),
            machine: 1,
            reason: BackupReason::Asked,
            state,
            asked_at: NOW,
            bytes: state.is_whole().then_some(1_234_567),
            size: Some(7_654_321),
            files: Some(812),
            expires_at: Some(NOW),
            said: (state == BackupState::Unproven).then(|| self.text.clone()),
        };
        if self.is_empty { vec![] } else { BackupState::ALL.map(card).to_vec() }
    }
}

#[async_trait]
impl ports::Images for Fake {
    async fn of(&self, _: &Caller, _: EnvironmentId) -> Result<ImagesView, AppError> {
        let card = |(number, state): (u16, &ImageState)| ImageCard { number, state: *state, made_at: Some(NOW) };
        let images = if self.is_empty { vec![] } else { (0..).zip(&ImageState::ALL).map(card).collect() };
        self.answer(ImagesView { name: self.text.clone(), images, rests: false, refused: None, may_have: true })
    }

    async fn save(&self, _: &Caller, _: EnvironmentId) -> Result<(), AppError> {
        self.answer(())
    }

    async fn forget(&self, _: &Caller, _: EnvironmentId, _: u16) -> Result<(), AppError> {
        self.answer(())
    }

    async fn start_from(&self, _: &Caller, _: EnvironmentId, _: u16, _: &str, _: &str) -> Result<EnvironmentId, AppError> {
        self.answer(environment_id())
    }
}

#[async_trait]
impl ports::Backups for Fake {
    async fn mine(&self, _: &Caller) -> Result<Vec<BackupCard>, AppError> {
        self.answer(self.backups())
    }

    async fn of(&self, _: &Caller, _: EnvironmentId) -> Result<BackupsView, AppError> {
        self.answer(BackupsView {
            name: self.text.clone(),
            backups: self.backups(),
            kept_days: 30,
            every_hours: Some(24),
            refused: None,
            may_have: true,
        })
    }

    async fn back_up(&self, _: &Caller, _: EnvironmentId) -> Result<(), AppError> {
        self.answer(())
    }

    async fn give_up(&self, _: &Caller, _: EnvironmentId, _: BackupId) -> Result<(), AppError> {
        self.answer(())
    }

    async fn restore(&self, _: &Caller, _: EnvironmentId, _: BackupId, _: &str, _: &str) -> Result<EnvironmentId, AppError> {
        self.answer(environment_id())
    }
}
