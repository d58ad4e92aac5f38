//! The page of an environment, in English.

use crate::domain::environment::Act;
use crate::domain::phase::Phase;
use crate::domain::reason::Attention;
use crate::domain::timeline::{StepState, What};
use crate::texts::{AttentionText, Connection, Environment};

pub(super) const ENVIRONMENT: Environment = Environment {
    phase,
    phase_means: |phase, ahead, keeps_address| match (phase, ahead) {
        (Phase::Waiting, Some(0)) => "Yours is next.".to_owned(),
        (Phase::Waiting, Some(1)) => "1 environment is ahead of yours.".to_owned(),
        (Phase::Waiting, Some(ahead)) => format!("{ahead} environments are ahead of yours."),
        (Phase::Waiting, None) => "Koza has your request and begins as soon as it can.".to_owned(),
        (Phase::Building, _) => "Koza is building it. You may leave this page; it goes on.".to_owned(),
        (Phase::Checking, _) => "Everything is there. Koza tries each service from outside, as you would.".to_owned(),
        (Phase::Ready, _) => "Every check from outside passed.".to_owned(),
        (Phase::Stopping, _) => "The machine is shutting down. Your files stay.".to_owned(),
        (Phase::Stopped, _) if keeps_address => "The machine is off. Your files and the address are kept.".to_owned(),
        (Phase::Stopped, _) => {
            "The machine is off. Your files are kept. It gets another address when it is started, and its name follows.".to_owned()
        }
        (Phase::Removing, _) => "The machine, its disk and its address are being given back.".to_owned(),
        (Phase::Removed, _) => "Removed. The address and the name were given back; nothing costs any more.".to_owned(),
    },
    act: |act| match act {
        Act::Start => "Start",
        Act::Stop => "Stop",
        Act::Scale => "Scale out or in …",
        Act::Backups => "Backups …",
        Act::TryAgain => "Try again",
        Act::Delete => "Delete …",
    },
    acts: "What you can do",
    attention,
    incident: super::incident::incident,
    incidents: "What broke",
    happened: "What happened",
    did: "What Koza did",
    next: "What next",
    said: "The exact words, for staff",
    simulated: "Simulated",
    lesson_building: "The machine starts from an image that already has everything installed, and sets itself up from settings that only it may fetch. It counts as ready when each service answered from outside, not when a script ended.",
    lesson_stopped: |keeps_address| match keeps_address {
        true => {
            "A stopped machine costs no computing time, but its disk and its fixed address go on costing: both are kept for you. Delete it when you no longer need it."
        }
        false => {
            "A stopped machine costs no computing time, and its address was given back, because addresses cost by the hour. Its disk goes on costing: it is kept for you. Delete it when you no longer need it."
        }
    },
    live: "This page follows by itself.",
    not_live: "The connection was lost. Koza goes on; this page follows again as soon as it can.",
    now_in_phase: |now| match now {
        Phase::Waiting => "The environment is waiting.".to_owned(),
        Phase::Building => "The environment is being built.".to_owned(),
        Phase::Checking => "The environment is being checked.".to_owned(),
        Phase::Ready => "The environment is ready.".to_owned(),
        Phase::Stopping => "The environment is stopping.".to_owned(),
        Phase::Stopped => "The environment is stopped.".to_owned(),
        Phase::Removing => "The environment is being removed.".to_owned(),
        Phase::Removed => "The environment is removed.".to_owned(),
    },
    progress: |done, of, now| format!("{done} of {of} steps are done. {now}."),
};

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting => "Waiting",
        Phase::Building => "Building",
        Phase::Checking => "Checking",
        Phase::Ready => "Ready",
        Phase::Stopping => "Stopping",
        Phase::Stopped => "Stopped",
        Phase::Removing => "Removing",
        Phase::Removed => "Removed",
    }
}

const TRY_AGAIN: &str = "Press “Try again”. If it fails once more, show this page to your instructor.";

fn attention(attention: &Attention) -> AttentionText {
    let (title, happened, did, next) = match attention {
        Attention::NoFreeAddress { used, size } => (
            "No free address".to_owned(),
            format!("The cloud has no free address ({used} of {size} in use)."),
            "Your request keeps its place, and nothing half-made was left behind. Koza looks again by itself.",
            "Delete an environment that you no longer need, or ask your instructor for a larger pool.",
        ),
        Attention::NoCapacity { .. } => (
            "No room for a machine".to_owned(),
            "The cloud has no room for another machine just now.".to_owned(),
            "Your request keeps its place, and nothing half-made was left behind. Koza asks again by itself.",
            "Wait a while, or stop and delete what you no longer need. If it lasts, tell your instructor.",
        ),
        Attention::OverQuota { .. } => (
            "Allowance used up".to_owned(),
            "The cloud account of this course has used up one of its allowances.".to_owned(),
            "Your request keeps its place. Koza asks again by itself.",
            "Tell your instructor: the allowance has to be raised, or something has to be given back.",
        ),
        Attention::CloudSilent => (
            "The cloud does not answer".to_owned(),
            "Koza cannot reach the cloud at the moment.".to_owned(),
            "Koza keeps asking and goes on where it was. A machine that runs is not touched.",
            "There is nothing to do for you. If it lasts longer than ten minutes, tell your instructor.",
        ),
        Attention::NamesSilent => (
            "The name server does not answer".to_owned(),
            "Koza cannot reach the server that keeps this domain's names.".to_owned(),
            "Koza keeps asking, and everything else goes on without names.",
            "There is nothing to do for you. If it lasts longer than ten minutes, tell your instructor.",
        ),
        Attention::BootStepFailed { step, .. } => (
            (super::steps::TIMELINE.step)(&What::Boot(step.clone()), StepState::Failed),
            "A step failed while the machine set itself up.".to_owned(),
            "Koza stopped there, so that nothing half-done looks ready, and kept the last lines.",
            TRY_AGAIN,
        ),
        Attention::MachineSilent => (
            "The machine says nothing".to_owned(),
            "The machine was started, but has not spoken to Koza.".to_owned(),
            "Koza goes on listening.",
            "Press “Try again”: the machine is started afresh. If it stays silent, tell your instructor.",
        ),
        Attention::CopyFailed { machine, step, .. } => (
            format!("{} (machine {machine})", (super::steps::TIMELINE.step)(&What::Boot(step.clone()), StepState::Failed)),
            format!("A step failed while the copy set itself up: machine {machine}."),
            "Koza sends it no visitors and kept the last lines. The first machine works as before.",
            TRY_AGAIN,
        ),
        Attention::CopySilent { machine } => (
            format!("Machine {machine} says nothing"),
            format!("The copy was started, but has not told Koza that it is set up: machine {machine}."),
            "Koza sends it no visitors and goes on listening. The first machine works as before.",
            "Wait a few minutes more. If it stays silent, tell your instructor.",
        ),
        Attention::BalancerSilent => (
            "The balancer takes no requests".to_owned(),
            "The balancer was made some minutes ago, but it does not answer.".to_owned(),
            "Koza orders it again, ever more slowly. Each machine answers at its own address, and the first one by its name.",
            "Wait a few minutes more. If it stays like this, tell your instructor; scaled in to one machine, the environment needs no balancer.",
        ),
        Attention::BackupFailed { machine, .. } => (
            format!("Machine {machine} could not be backed up"),
            format!("Machine {machine} was to leave. Its backup could not be taken, or was not equal when it was restored in rehearsal."),
            "Koza lets no machine go without a backup that was compared: it stays and goes on working.",
            "Try again: another backup is taken then. Or keep the machine, or let it go without a backup (“Scale out or in”).",
        ),
        Attention::ProbeFails { probe, saw } => (
            (super::steps::TIMELINE.step)(&What::Probe(*probe), StepState::Failed),
            format!("A check from outside keeps failing: {}. {}", (super::steps::TIMELINE.probe)(*probe), super::saw::saw(saw)),
            match probe.is_by_name() {
                true => "Koza tries again and again. Meanwhile the environment works by its address.",
                false => "Koza tries again and again, and does not call the environment ready before it passes.",
            },
            "If you changed something on the machine, look there first. Otherwise press “Try again”.",
        ),
        Attention::ImageNotBaked { .. } => (
            "The image could not be prepared".to_owned(),
            "Koza could not prepare the image of this blueprint.".to_owned(),
            "Your request keeps its place, and the last lines were kept.",
            "Tell your instructor: this concerns everybody who uses the blueprint. “Try again” prepares it once more.",
        ),
        Attention::Refused { .. } => (
            "The cloud refused".to_owned(),
            "The cloud refused something that this environment needs, for good.".to_owned(),
            "Koza stopped there and did not repeat it.",
            "Show this page to your instructor. When the cause is mended, press “Try again”.",
        ),
        Attention::MachineVanished => (
            "The machine is gone".to_owned(),
            "The machine disappeared from the cloud, and its disk with it. Koza did not delete it.".to_owned(),
            "Koza did not build another by itself: it would be empty.",
            "“Try again” builds a new, empty machine with the same name and address. Or delete the environment.",
        ),
        Attention::Parked => (
            "Set aside".to_owned(),
            "The work on this environment broke off again and again.".to_owned(),
            "Koza set it aside, so that it does not hold up others.",
            TRY_AGAIN,
        ),
    };
    AttentionText { title, happened, did, next }
}

pub(super) const CONNECTION: Connection = Connection {
    title: "How to reach it",
    copy: "Copy",
    copy_this: |what| format!("Copy {what}"),
    open: "Open",
    open_this: |what| format!("Open {what} in a new tab"),
    copied: "Copied",
    selected: "Selected. Press Ctrl+C or ⌘C.",
    web: "WordPress",
    wordpress_admin: "Administration",
    user: "User",
    show_passwords: "Show the passwords",
    protected_page: "Page behind a password",
    container: "Web container",
    ftp: "FTP drop: TeX to PDF",
    ftp_host: "Host",
    ssh: "SSH",
    ssh_command: "Log in",
    known_hosts: "For ~/.ssh/known_hosts",
    known_hosts_why: "The machine told Koza its own keys. Add these lines, and your SSH notices if another machine answers in its place.",
    ssh_config: "For ~/.ssh/config",
    private_key_waiting: "Koza made a key pair. The private key can be downloaded once, within a day; then Koza erases it. Keep the file readable for yourself only: chmod 600.",
    private_key_download: "Download the private key (once)",
    private_key_erased: "The private key was downloaded or its day passed. Koza has no copy.",
    own_key: "Your own key opens the machine.",
    lesson_ftp: "Use passive mode: then your computer opens every connection, and no firewall or home router stands in the way. With active mode the machine would have to reach you. Put main.tex; a few seconds later main.pdf is there, or main.log says why not.",
    lesson_address: |is_kept| match is_kept {
        true => {
            "A fixed address belongs to the environment, not to the machine. It stays when the machine stops, and costs a little also then."
        }
        false => {
            "In this course an environment gives its address back when it stops, because addresses cost by the hour. Started again it has another one, and its name leads there within a minute: use the name."
        }
    },
    while_stopped: "The machine is off. This works again once it runs.",
    page: "Page",
};
