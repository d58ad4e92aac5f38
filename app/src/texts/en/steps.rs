//! The timeline, in English.

use crate::domain::reason::Probe;
use crate::domain::scaling::{Because, Limit};
use crate::domain::timeline::{StepState, What};
use crate::texts::Timeline;

pub(super) const TIMELINE: Timeline = Timeline {
    title: "What happens",
    step,
    state: |state| match state {
        StepState::Waiting => " (waiting)",
        StepState::Now => " (under way)",
        StepState::Done => " (done)",
        StepState::Failed => " (failed)",
    },
    log: "The last lines",
    duration: |ms| match ms {
        0..100 => "under 0.1 s".to_owned(),
        100..10_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        10_000..60_000 => format!("{} s", ms / 1000),
        _ => format!("{} min {} s", ms / 60_000, ms / 1000 % 60),
    },
    whole_seconds: |seconds| match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    },
    probe: |probe| match probe {
        Probe::Ssh => "SSH",
        Probe::Wordpress => "WordPress",
        Probe::BasicAuth => "the protected page",
        Probe::ContainerWeb => "the web container",
        Probe::FtpTex => "FTP and TeX",
        Probe::ClosedPorts => "closed ports",
        Probe::Name => "the name",
        Probe::Https => "HTTPS",
        Probe::FtpTls => "FTP with TLS",
    },
    saw: super::saw::saw,
    nothing_yet: "Nothing has begun yet.",
};

fn step(what: &What, state: StepState) -> String {
    let [waiting, now, done, failed] = match what {
        What::Asked => {
            ["Your request", "Koza is taking down your request", "Your request was taken down", "Your request could not be taken down"]
        }
        What::Image => [
            "Image of the blueprint",
            "The image is being prepared, once for everybody",
            "The image is ready",
            "The image could not be prepared",
        ],
        What::Address => {
            ["Fixed address", "A fixed address is being reserved", "A fixed address is reserved", "No fixed address could be reserved"]
        }
        What::Firewall => {
            ["Open ports", "The ports are being opened", "Only the ports of the blueprint are open", "The ports could not be opened"]
        }
        What::Machine => ["Machine", "The machine is starting", "The machine runs", "The machine did not start"],
        What::Binding => [
            "Address to machine",
            "The address is being led to the machine",
            "The address leads to the machine",
            "The address could not be led to the machine",
        ],
        What::Name => ["Name", "The name is being entered", "The name leads to the address", "The name could not be entered"],
        What::Boot(step) => return boot(step, state),
        What::Probe(probe) => check(*probe),
        What::Ready => ["Ready", "Koza is looking at everything once more", "Everything passed: ready", "Not ready"],
        What::Freeze => [
            "Snapshot",
            "The first machine's disk is being copied as it is now: a snapshot",
            "The first machine's disk is copied: a snapshot",
            "The first machine's disk could not be copied",
        ],
        What::CopyImage => [
            "Image",
            "An image is being made of the snapshot",
            "The image is made: machines can start from it",
            "No image could be made of the snapshot",
        ],
        What::SaveImage(number) => {
            let words = ["", " is being made of the machine's disk", " is made of the machine's disk", " could not be made"];
            return format!("Image {number}{}", pick(state, words));
        }
        What::CopyAddress(machine) => {
            return of_copy("A fixed address", *machine, ["is reserved", "is being reserved", "could not be reserved"], state);
        }
        What::Copy(machine) => return of_copy("A copy", *machine, ["runs", "is starting", "did not start"], state),
        What::Balancer => ["Balancer", "The balancer is being set up", "The balancer is set up", "The balancer could not be set up"],
        What::TargetGroup => [
            "Target group",
            "The target group is being made: the machines that the balancer may ask",
            "The target group is made: the machines that the balancer may ask",
            "The target group could not be made",
        ],
        What::Spread => [
            "All machines answer",
            "The balancer is asking each machine whether it answers",
            "Every machine answers behind the balancer",
            "A machine could not be put behind the balancer",
        ],
        What::Policy { is_more, because } => return by_policy(*is_more, *because, state),
        What::BackUp(machine) => {
            return of_machine(*machine, ["Backup", "A backup is being taken", "A backup was taken", "No backup could be taken"], state);
        }
        What::Rehearse(machine) => {
            let words = [
                "Comparing the backup",
                "The backup is being restored in rehearsal and compared",
                "The backup was restored in rehearsal, and is equal",
                "The backup was not equal in rehearsal",
            ];
            return of_machine(*machine, words, state);
        }
        What::Leave(machine) => {
            return of_machine(*machine, ["Leaving", "A copy is leaving", "A copy has left", "A copy could not leave"], state);
        }
        What::Stop => ["Stop", "The machine is shutting down", "The machine is off", "The machine did not stop"],
        What::RemoveName => [
            "Take out the name",
            "The name is being taken out",
            "No name server knows the name any more",
            "The name could not be taken out",
        ],
        What::RemoveMachine => [
            "Delete the machine",
            "The machine is being deleted",
            "The machine and its disk are deleted",
            "The machine could not be deleted",
        ],
        What::GiveBack => [
            "Give back the address",
            "The address is being given back",
            "The address was given back",
            "The address could not be given back",
        ],
        What::Confirm => [
            "Ask the cloud for leftovers",
            "Koza asks the cloud twice whether anything is left",
            "The cloud has nothing left of it",
            "The cloud still lists something of it",
        ],
    };
    pick(state, [waiting, now, done, failed]).to_owned()
}

/// What a policy did, and why.
fn by_policy(is_more: bool, because: Because, state: StepState) -> String {
    let does = match (is_more, state) {
        (true, StepState::Done) => "A machine was added by the rule",
        (true, _) => "A machine is added by the rule",
        (false, StepState::Done) => "A machine was asked to leave by the rule",
        (false, _) => "A machine is asked to leave by the rule",
    };
    let why = match because {
        Because::Bounds => "so many are wanted".to_owned(),
        Because::Above { limit: Limit::Cpu(of), seen, minutes } => {
            format!("the processors were at {seen} % or more for {minutes} minutes, {of} % is the limit")
        }
        Because::Above { limit: Limit::Response(of), seen, minutes } => {
            format!("the page took {seen} ms or more for {minutes} minutes, {of} ms is the limit")
        }
        Because::Below { limit: Limit::Cpu(of), seen, minutes } => {
            format!("the processors were at {seen} % or less for {minutes} minutes, {of} % is the limit")
        }
        Because::Below { limit: Limit::Response(of), seen, minutes } => {
            format!("the page took {seen} ms or less for {minutes} minutes, {of} ms is the limit")
        }
    };
    let mark = match state {
        StepState::Waiting => "is to come",
        StepState::Now => "under way",
        StepState::Failed => "failed",
        StepState::Done => return format!("{does}: {why}"),
    };
    format!("{does} ({mark}): {why}")
}

/// Of a copy, by its number.
fn of_copy(what: &str, machine: u16, [done, now, failed]: [&str; 3], state: StepState) -> String {
    match state {
        StepState::Waiting => format!("{what} (machine {machine})"),
        StepState::Now => format!("{what} {now} (machine {machine})"),
        StepState::Done => format!("{what} {done} (machine {machine})"),
        StepState::Failed => format!("{what} {failed} (machine {machine})"),
    }
}

/// Of one of several machines, by its number.
fn of_machine(machine: u16, words: [&'static str; 4], state: StepState) -> String {
    format!("{} (machine {machine})", pick(state, words))
}

fn check(probe: Probe) -> [&'static str; 4] {
    match probe {
        Probe::Ssh => {
            ["Check: SSH", "SSH is being tried from outside", "SSH answers with the machine's own key", "SSH does not answer as it should"]
        }
        Probe::Wordpress => {
            ["Check: WordPress", "WordPress is being asked for its page", "WordPress shows its page", "WordPress does not show its page"]
        }
        Probe::BasicAuth => [
            "Check: protected page",
            "The protected page is being tried with and without its password",
            "The protected page wants its password and takes it",
            "The protected page does not guard as it should",
        ],
        Probe::ContainerWeb => [
            "Check: web container",
            "The web container is being asked on port 8080",
            "The web container answers on port 8080",
            "The web container does not answer on port 8080",
        ],
        Probe::FtpTex => [
            "Check: FTP and TeX",
            "A TeX file went in by FTP; its PDF is awaited",
            "A TeX file went in by FTP, its PDF came back",
            "No PDF came back by FTP",
        ],
        Probe::Name => [
            "Check: name",
            "The domain's name servers are being asked for the name",
            "The domain's name servers answer with the address",
            "The domain's name servers do not answer with the address",
        ],
        Probe::Https => [
            "Check: HTTPS",
            "The page is being asked for by its name, with HTTPS",
            "HTTPS works by the name, and its certificate is right",
            "HTTPS does not work as it should",
        ],
        Probe::FtpTls => [
            "Check: FTP with TLS",
            "FTP is being asked for TLS",
            "FTP takes TLS, with the same certificate",
            "FTP does not take TLS as it should",
        ],
        Probe::ClosedPorts => [
            "Check: closed ports",
            "Koza knocks where nobody should open",
            "What should be closed is closed",
            "Something is open that should be closed",
        ],
    }
}

fn boot(step: &str, state: StepState) -> String {
    if let Some(service) = step.strip_prefix("install:") {
        let name = service_name(service);
        return match state {
            StepState::Waiting => format!("Install {name}"),
            StepState::Now => at_the_start(&format!("{name} is being installed")),
            StepState::Done => at_the_start(&format!("{name} is installed")),
            StepState::Failed => at_the_start(&format!("{name} could not be installed")),
        };
    }
    if let Some(service) = step.strip_prefix("configure:") {
        let name = service_name(service);
        return match state {
            StepState::Waiting => format!("Set up {name}"),
            StepState::Now => at_the_start(&format!("{name} is being set up")),
            StepState::Done => at_the_start(&format!("{name} is set up")),
            StepState::Failed => at_the_start(&format!("{name} could not be set up")),
        };
    }
    match step {
        "baseline" => pick(
            state,
            [
                "How the machine began",
                "The machine notes what it was like before anybody changed it",
                "The machine has noted what it was like before anybody changed it",
                "The machine could not note what it was like",
            ],
        )
        .to_owned(),
        "restore" => pick(
            state,
            [
                "Restore the backup",
                "The backup is being restored and compared",
                "The backup is restored: everything is equal",
                "The backup could not be restored",
            ],
        )
        .to_owned(),
        "settings" => pick(
            state,
            [
                "Settings",
                "The machine is fetching its settings",
                "The machine has its settings",
                "The machine could not fetch its settings",
            ],
        )
        .to_owned(),
        "check" => {
            pick(state, ["Check the image", "The image is being checked", "The image is checked", "The image did not pass"]).to_owned()
        }
        "clean" => pick(
            state,
            ["Clean the image", "The image is being cleaned of keys and traces", "The image is clean", "The image could not be cleaned"],
        )
        .to_owned(),
        "ready" => pick(
            state,
            [
                "End of the start",
                "The machine is finishing its start",
                "The machine has started everything",
                "The machine did not finish its start",
            ],
        )
        .to_owned(),
        other => match state {
            StepState::Waiting => format!("Step “{other}”"),
            StepState::Now => format!("Step “{other}” is under way"),
            StepState::Done => format!("Step “{other}” is done"),
            StepState::Failed => format!("Step “{other}” failed"),
        },
    }
}

fn service_name(service: &str) -> &str {
    match service {
        "ssh" => "SSH",
        "wordpress" => "WordPress",
        "basic_auth" => "the protected page",
        "container_web" => "the web container",
        "ftp_tex" => "the FTP drop for TeX",
        "https" => "HTTPS",
        other => other,
    }
}

/// "the web container …" begins a sentence.
fn at_the_start(sentence: &str) -> String {
    sentence.strip_prefix("the ").map_or_else(|| sentence.to_owned(), |rest| format!("The {rest}"))
}

fn pick(state: StepState, [waiting, now, done, failed]: [&'static str; 4]) -> &'static str {
    match state {
        StepState::Waiting => waiting,
        StepState::Now => now,
        StepState::Done => done,
        StepState::Failed => failed,
    }
}
