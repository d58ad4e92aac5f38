//! Wishes and worlds to try plans on, and a cloud that does at once what a plan says.

use app::domain::backup::BackupState;
use app::domain::phase::Goal;
use cloud::order::PortRange;
use cloud::{Call, Health, Kind, MachineState, Nature, Observed, Record, Size};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::certificates::Authority;
use crate::machine::certificate::{Certificate, State};
use crate::wish::spec::ServiceSpec;
use crate::wish::{
    Action, BootSeen, Freeze, Holding, ImageState, Options, PermitSeen, Plan, ProbeSeen, Purpose, Security, Spec, Told, Wish, World, plan,
};

pub(super) fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_795_251_600).expect("a time")
}

/// Three services on one machine on one's own hardware.
pub(super) fn wish(goal: Goal) -> Wish {
    Wish {
        purpose: Purpose::Course,
        goal,
        spec: Spec {
            schema: 1,
            summary: String::new(),
            os: "debian-12".into(),
            services: ["ssh", "wordpress", "ftp_tex"].map(service).to_vec(),
            size: Size { cpus: 1, memory_mib: 1024, disk_gib: 8 },
            other_sizes: Vec::new(),
            open_ports: vec![PortRange { from: 80, to: 80 }],
            security: Security::Hardened,
            freeze: Freeze::Running,
            gives_back_address: false,
            most_machines: 3,
        },
        image: ImageState::Ready("image".into()),
        condemned: 0,
        rebuilds_vanished: false,
        options: Options { public_key: "ssh-ed25519 AAAA".into(), ..Options::default() },
        dns_name: "c5.exp.test".into(),
        authority: None,
        networks: vec![],
        nature: own_hardware(),
    }
}

/// An authority in the house.
pub(super) fn authority() -> Authority {
    Authority::new("https://ca.example.ac.jp/acme/directory", None, None, None).expect("an authority")
}

pub(super) fn service(name: &str) -> ServiceSpec {
    ServiceSpec { name: name.into(), revision: "1".into() }
}

/// As Incus is.
pub(super) fn own_hardware() -> Nature {
    let kinds = vec![
        Kind::Machine,
        Kind::Address,
        Kind::Binding,
        Kind::Firewall,
        Kind::Snapshot,
        Kind::Image,
        Kind::Balancer,
        Kind::Listener,
        Kind::TargetGroup,
        Kind::Target,
    ];
    Nature { kinds, balancers_are_machines: true, ..Nature::default() }
}

/// As AWS is.
pub(super) fn aws() -> Nature {
    Nature {
        kinds: Kind::ALL.to_vec(),
        zones: vec!["a".into(), "b".into()],
        walls_every_machine: true,
        filters_sources: true,
        probes_come_from: vec!["192.0.2.7/32".into()],
        deletion_stops: true,
        launches_together: 100,
        balancers_are_machines: false,
        snapshots_stand_alone: true,
    }
}

pub(super) fn held(observed: Option<Observed>) -> Holding {
    Holding {
        incarnation: 1,
        intent: Uuid::from_u128(1),
        cloud_id: Some("there".into()),
        made_at: Some(now() - Duration::minutes(5)),
        turn: None,
        listed: observed,
    }
}

pub(super) fn open_ports() -> Observed {
    Observed::Firewall { tcp: wish(Goal::Running).openings(&World::default(), 1) }
}

pub(super) fn machine(state: MachineState) -> Observed {
    Observed::Machine {
        state,
        started_at: Some(now() - Duration::minutes(1)),
        stopped_at: None,
        private_address: None,
        zone: None,
        is_locked: false,
    }
}

/// The same, where its slot is.
fn at(mut observed: Observed, slot: u16) -> Observed {
    if let Observed::Machine { private_address, .. } = &mut observed {
        *private_address = Some(format!("10.0.0.{slot}"));
    }
    observed
}

/// The same before it is handed over.
pub(super) fn locked(mut observed: Observed) -> Observed {
    if let Observed::Machine { is_locked, .. } = &mut observed {
        *is_locked = true;
    }
    observed
}

/// The cloud's name of a slot.
pub(super) fn name(kind: Kind, slot: u16) -> String {
    format!("{}-{slot}", kind.code())
}

/// How the cloud shows what was made as the wish says.
pub(super) fn made(wish: &Wish, world: &World, kind: Kind, slot: u16) -> Observed {
    match kind {
        Kind::Machine => at(machine(MachineState::Running), slot),
        Kind::Disk => Observed::Disk,
        Kind::Address => Observed::Address { address: format!("198.51.100.{slot}") },
        Kind::Binding => Observed::Binding { address: name(Kind::Address, slot), machine: name(Kind::Machine, slot) },
        Kind::Firewall => Observed::Firewall { tcp: wish.openings(world, slot) },
        Kind::Key => Observed::Key,
        Kind::Record => {
            let nowhere = Record { name: "nowhere.test".into(), value: String::new() };
            Observed::Record { record: wish.record(world, slot).unwrap_or(nowhere), is_in_sync: false, is_out: false }
        }
        Kind::Certificate => {
            let challenge = Record { name: "_1.c5.exp.test".into(), value: "_1.validations.test".into() };
            Observed::Certificate { challenge, is_issued: false }
        }
        Kind::Snapshot => Observed::Snapshot { is_complete: false },
        Kind::Image => Observed::Image { recipe: "r".into(), is_available: true },
        Kind::Balancer => {
            Observed::Balancer { name: "c5.balancers.test".into(), is_active: false, private_address: Some("10.0.0.9".into()) }
        }
        Kind::Listener => Observed::Listener {
            certificate: wish.is_certified().then(|| name(Kind::Certificate, 1)),
            asks: wish.balancer_asks(world),
            said: None,
        },
        Kind::TargetGroup => Observed::TargetGroup { is_sticky: wish.options.is_sticky, passage: wish.passage(world) },
        Kind::Target => Observed::Target { machine: name(Kind::Machine, slot), health: Health::Initial },
    }
}

/// What becomes of the world when the cloud does what a plan says.
pub(super) fn done(wish: &Wish, world: &mut World, plan: &Plan) {
    let put = |world: &mut World, kind, slot| {
        let observed = made(wish, world, kind, slot);
        world.holdings.insert((kind, slot), Holding { cloud_id: Some(name(kind, slot)), ..held(Some(observed)) });
    };
    for (action, _) in &plan.now {
        match action {
            Action::Make(kind, slot) => {
                put(world, *kind, *slot);
                if *kind == Kind::Machine && wish.nature.has(Kind::Disk) {
                    put(world, Kind::Disk, *slot);
                }
            }
            Action::Start(slot) => put(world, Kind::Machine, *slot),
            Action::HandOver(slot) => {
                let machine = world.holdings.get_mut(&(Kind::Machine, *slot)).expect("it is held");
                machine.listed = machine.listed.take().map(|observed| observed.after(Call::HandOver));
            }
            Action::Stop(slot) => {
                let machine = Holding { cloud_id: Some(name(Kind::Machine, *slot)), ..held(Some(machine(MachineState::Stopped))) };
                world.holdings.insert((Kind::Machine, *slot), machine);
            }
            // A name goes in two steps.
            Action::Release(Kind::Record, slot) if !is_out(world, *slot) => {
                let holding = world.holdings.get_mut(&(Kind::Record, *slot)).expect("it is held");
                if let Some(Observed::Record { is_in_sync, is_out, .. }) = &mut holding.listed {
                    (*is_in_sync, *is_out) = (false, true);
                } else {
                    world.holdings.remove(&(Kind::Record, *slot));
                }
            }
            Action::Release(kind, slot) | Action::WriteOff(kind, slot) => {
                world.holdings.remove(&(*kind, *slot));
                if let (Kind::Machine, Some(disk)) = (kind, world.holdings.get_mut(&(Kind::Disk, *slot))) {
                    disk.listed = None;
                }
            }
            Action::ReleaseStray(kind, name) => world.strays.retain(|stray| *stray != (*kind, name.clone())),
            Action::Probe(probe) => {
                let boot = world.boot.as_ref().map(|boot| boot.id.clone()).unwrap_or_default();
                world.probes.insert(*probe, ProbeSeen { boot, saw: Ok(()), tries: 1, at: now() });
            }
            Action::ConfirmGone => world.empty_since = Some(now()),
            Action::Adopt(_) => world.is_image_recorded = true,
            Action::Permit(Kind::Balancer) => world.balancer_permit = Some(PermitSeen { at: now(), is_told: true }),
            Action::Permit(_) => world.permit = Some(PermitSeen { at: now(), is_told: world.is_booted() }),
            Action::Tell(slot) => {
                let (host_names, first) = (wish.host_names(world, *slot), wish.first(world, *slot));
                world.told.insert(*slot, Told { host_names, first_at: first.text().map(str::to_owned), is_ordered: false });
            }
            Action::BackUp(id) => becomes(world, *id, BackupState::Taken),
            Action::Rehearse(id) => becomes(world, *id, BackupState::Proven),
            Action::GiveUp(id) => becomes(world, *id, BackupState::Unproven),
            // It changes the wish.
            Action::Restart(_) | Action::Leave(_) | Action::AskBackup(_) => {}
        }
    }
    arrive(wish, world);
}

fn becomes(world: &mut World, id: Uuid, state: BackupState) {
    world.backups.get_mut(&id).expect("it is known").state = state;
}

fn is_out(world: &World, slot: u16) -> bool {
    matches!(world.of(Kind::Record, slot).and_then(|record| record.listed.as_ref()), Some(Observed::Record { is_out: true, .. }))
}

/// What was on its way arrives: reports of machines that run among it.
fn arrive(wish: &Wish, world: &mut World) {
    let may_ask = world.balancer_may_ask();
    let is_challenged = world.holdings.contains_key(&(Kind::Record, 3));
    for holding in world.holdings.values_mut() {
        match &mut holding.listed {
            Some(Observed::Machine { state, .. }) => {
                *state = match *state {
                    MachineState::Starting => MachineState::Running,
                    MachineState::Stopping => MachineState::Stopped,
                    other => other,
                };
            }
            Some(Observed::Record { is_in_sync, .. }) => *is_in_sync = true,
            Some(Observed::Snapshot { is_complete }) => *is_complete = true,
            // Elsewhere it is the same order again that finishes it.
            Some(Observed::Image { is_available, .. }) if wish.nature.snapshots_stand_alone => *is_available = true,
            Some(Observed::Certificate { is_issued, .. }) => *is_issued = is_challenged,
            Some(Observed::Balancer { is_active, .. }) => *is_active = true,
            Some(Observed::Listener { certificate, asks: Some(_), .. }) if may_ask => *certificate = Some("a".repeat(64)),
            Some(Observed::Target { health, .. }) => *health = Health::Healthy,
            _ => {}
        }
    }
    let is_clean = wish.purpose == Purpose::Image;
    let copies = world.slots(Kind::Machine).filter(|slot| *slot > 1 && world.machine_runs(*slot));
    world.copies = copies.map(|slot| (slot, BootSeen { id: "n".into(), is_ready: true, is_clean: false, failed: None })).collect();
    match world.machine_state(1) {
        Some(MachineState::Running) if world.boot.is_none() => {
            world.boot = Some(BootSeen { id: "n".into(), is_ready: !is_clean, is_clean, failed: None });
            if is_clean {
                // A build machine turns itself off.
                world.holdings.insert(
                    (Kind::Machine, 1),
                    Holding { cloud_id: Some(name(Kind::Machine, 1)), ..held(Some(machine(MachineState::Stopped))) },
                );
            }
        }
        Some(MachineState::Running) => {}
        _ if is_clean => {}
        _ => world.boot = None,
    }
    let is_booted = world.is_booted();
    if let Some(permit) = world.permit.as_mut().filter(|permit| is_booted && permit.at <= now()) {
        permit.is_told = true;
        world.certificate = Some(certificate(wish));
    }
    if wish.purpose == Purpose::Course && world.is_proven(&wish.spec.probes()) {
        world.ready_boot = world.boot.as_ref().map(|boot| boot.id.clone());
        (world.was_ready, world.was_ready_since_asked) = (true, true);
    }
}

/// As the machine tells it when it serves HTTPS.
pub(super) fn certificate(wish: &Wish) -> Certificate {
    Certificate {
        state: State::Issued,
        is_served: true,
        name: Some(wish.dns_name.clone()),
        names: vec![wish.dns_name.clone()],
        not_before: Some(now() - Duration::HOUR),
        not_after: Some(now() + Duration::days(90)),
        issuer: None,
        fingerprint: Some("a".repeat(64)),
        said: None,
        problem: None,
        try_again_at: None,
    }
}

/// Whether nothing is to be done before some time has passed.
pub(super) fn is_at_rest(world: &World, plan: &Plan) -> bool {
    let is_over = |action: &Action| *action == Action::ConfirmGone && world.empty_since.is_some();
    plan.now.iter().all(|(action, _)| is_over(action)) && plan.waiting.iter().all(|(_, until)| matches!(until, crate::wish::Until::Time(_)))
}

/// Turns the loop until it is at rest: what each turn did.
pub(super) fn settle(wish: &Wish, world: &mut World) -> Vec<Plan> {
    let mut turns = Vec::new();
    loop {
        let plan = plan(wish, world, now());
        if is_at_rest(world, &plan) {
            return turns;
        }
        assert!(turns.len() < 40, "it does not come to rest:\n{plan}\n{world:#?}");
        done(wish, world, &plan);
        turns.push(plan);
    }
}
