//! What the style guide shows its components with.

use time::macros::datetime;
use uuid::Uuid;

use crate::components::choice::Item;
use crate::domain::course::{CertificatesLeft, CourseCard, Role};
use crate::domain::environment::{EnvironmentCard, HostName, Https, LedBy, NotYet};
use crate::domain::ids::EnvironmentId;
use crate::domain::incident::{Fault, Incident};
use crate::domain::phase::Phase;
use crate::domain::reason::{Attention, Probe};
use crate::domain::saw::Saw;
use crate::domain::scaling::{MachineCard, Share};
use crate::domain::timeline::{Step, StepState, What};

pub(super) const PHASES: [Phase; 8] =
    [Phase::Waiting, Phase::Building, Phase::Checking, Phase::Ready, Phase::Stopping, Phase::Stopped, Phase::Removing, Phase::Removed];

pub(super) fn environments() -> Vec<EnvironmentCard> {
    let card = |name: &str, phase, needs_attention, address: Option<&str>| EnvironmentCard {
        id: EnvironmentId(Uuid::nil()),
        name: name.to_owned(),
        course: "SYS-101".to_owned(),
        phase,
        needs_attention,
        address: address.map(str::to_owned),
    };
    vec![
        card("c5", Phase::Ready, false, Some("198.51.100.7")),
        card("report-2", Phase::Checking, true, Some("198.51.100.8")),
        card("first-try", Phase::Waiting, false, None),
    ]
}

pub(super) fn courses() -> Vec<CourseCard> {
    let card = |code: &str, title: &str, role| CourseCard { code: code.to_owned(), title: title.to_owned(), role };
    vec![card("SYS-101", "情報システム演習 Information Systems Lab", Role::Student), card("NET-204", "Networks", Role::Assistant)]
}

pub(super) fn steps() -> Vec<Step> {
    let step =
        |what, state, ms, log: &[&str]| Step { state, ms, log: log.iter().map(|&line| line.to_owned()).collect(), ..Step::waiting(what) };
    let boot = |step: &str| What::Boot(step.to_owned());
    vec![
        step(What::Asked, StepState::Done, Some(12), &[]),
        step(What::Address, StepState::Done, Some(640), &[]),
        step(What::Machine, StepState::Done, Some(2_310), &[]),
        step(boot("settings"), StepState::Done, Some(210), &[]),
        step(boot("configure:wordpress"), StepState::Failed, Some(11_900), &["mysqld: Can't open file", "ERROR 2002 (HY000): no socket"]),
        step(boot("configure:ftp_tex"), StepState::Now, Some(4_000), &[]),
        step(What::Probe(Probe::FtpTex), StepState::Waiting, None, &[]),
        step(What::Ready, StepState::Waiting, None, &[]),
    ]
}

pub(super) fn incidents() -> Vec<Incident> {
    let incident = |(n, fault)| Incident {
        fault,
        detected_at: datetime!(2026-11-23 01:02 UTC),
        recovered_at: (n % 3 != 0).then_some(datetime!(2026-11-23 01:04 UTC)),
    };
    Fault::all().enumerate().map(incident).collect()
}

pub(super) fn attentions() -> Vec<Attention> {
    let lines = || vec!["apt-get: no space left on device".to_owned()];
    vec![
        Attention::NoFreeAddress { used: 5, size: 5 },
        Attention::NoCapacity { said: "not enough memory on any member".to_owned() },
        Attention::OverQuota { said: "limits.instances reached".to_owned() },
        Attention::CloudSilent,
        Attention::NamesSilent,
        Attention::BootStepFailed { step: "configure:wordpress".to_owned(), log: lines() },
        Attention::MachineSilent,
        Attention::CopyFailed { machine: 2, step: "configure:wordpress".to_owned(), log: lines() },
        Attention::CopySilent { machine: 2 },
        Attention::BalancerSilent,
        Attention::BackupFailed { machine: 2, said: "block 3 is damaged".into() },
        Attention::ProbeFails { probe: Probe::FtpTex, saw: Saw::NoPdf { seconds: 20, log: lines() } },
        Attention::ProbeFails { probe: Probe::Https, saw: Saw::CertificateEndsSoon { days: 9 } },
        Attention::ImageNotBaked { step: "install:wordpress".to_owned(), log: lines() },
        Attention::Refused { action: "start machine/1".to_owned(), said: "unknown profile".to_owned() },
        Attention::MachineVanished,
        Attention::Parked,
    ]
}

pub(super) fn zones(same: fn(&str) -> String) -> Vec<Item> {
    let zone = |zone: &str, is_disabled| Item {
        value: zone.to_owned(),
        text: if is_disabled { same(zone) } else { zone.to_owned() },
        is_disabled,
    };
    vec![zone("ap-northeast-1c", false), zone("ap-northeast-1a", true)]
}

pub(super) fn machines() -> Vec<MachineCard> {
    let machine = |(slot, share)| MachineCard {
        slot,
        label: format!("c5-{slot}"),
        address: (share != Share::Coming).then(|| format!("198.51.100.{slot}")),
        zone: Some(if slot == 1 { "ap-northeast-1a" } else { "ap-northeast-1c" }.to_owned()),
        share,
    };
    (1..).zip(Share::ALL).map(machine).collect()
}

pub(super) fn host_names() -> Vec<HostName> {
    let host_name = |led_by| HostName { name: "sys101-c5.exp.example.ac.jp".to_owned(), led_by, https: None };
    [LedBy::Name, LedBy::AddressForNow, LedBy::Address].map(host_name).to_vec()
}

pub(super) fn https() -> Vec<Https> {
    let until = datetime!(2027-02-21 01:02 UTC);
    let said = || Some("CAA record for example.ac.jp prevents issuance".to_owned());
    let works = [None, said()].map(|renewal_failed| Https::Works { until, renewal_failed });
    let not_yet = NotYet::ALL.map(|why| Https::NotYet { why, again_at: Some(until), said: said().filter(|_| why == NotYet::Refused) });
    works.into_iter().chain(not_yet).collect()
}

pub(super) fn certificates() -> Vec<CertificatesLeft> {
    let left = |(left, next_at)| CertificatesLeft { left, of: 50, domain: "example.ac.jp".to_owned(), next_at };
    [(7, None), (0, Some(datetime!(2026-11-24 01:02 UTC)))].map(left).to_vec()
}
