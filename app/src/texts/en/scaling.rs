//! Several machines behind a balancer, in English.

use crate::domain::scaling::{Limit, Mode, NoHttps, NoScaling, Policy, Share};
use crate::texts::Scaling;

pub(super) const SCALING: Scaling = Scaling {
    title: |name| format!("Scale {name} out or in"),
    lead: "One machine becomes several that share the work, and a balancer before them decides who answers.",
    steps_title: "What will be built",
    steps: [
        "A snapshot: the disk of your machine as it is now.",
        "An image of the snapshot, from which machines can start.",
        "A copy of your machine, with a fixed address, keys and a machine secret of its own.",
        "A balancer with a target group: the machines that it may ask.",
        "The balancer asks each machine whether it answers, and sends visitors to those that do.",
    ],
    meanwhile: |rests| match rests {
        true => "Your machine is off for a minute or two while its disk is copied, so that every file is as its program left it.",
        false => "Your machine goes on working meanwhile. The copy wakes as after a power cut: databases are made for that.",
    },
    names: |name, balancer| match balancer {
        Some(balancer) => format!(
            "The name {name} stays with your first machine, because SSH and FTP cannot pass a balancer for web pages. The balancer gets {balancer}."
        ),
        None => format!(
            "{name} keeps its own address, because SSH and FTP cannot pass a balancer for web pages. The balancer gets an address of its own."
        ),
    },
    no_https: |why| {
        match why {
        NoHttps::Coming => "No HTTPS at the balancer yet: its certificate takes a moment. HTTP works.".to_owned(),
        NoHttps::Turn => {
            "No HTTPS at the balancer yet: the authority gives out only so many certificates at a time, and others were first. It gets its own when its turn comes; HTTP works."
                .to_owned()
        }
        NoHttps::Said(said) => {
            format!("No HTTPS at the balancer yet. It asks the certificate authority again by itself; HTTP works. In the way is: {said}")
        }
    }
    },
    mode: "Mode",
    mode_title: "What the copies are for",
    mode_of: |mode| match mode {
        Mode::Teaching => "Teaching: each copy stands alone",
        Mode::Serving => "Serving: all machines serve one site",
    },
    mode_about: |mode| match mode {
        Mode::Teaching => {
            "The copies are independent: each has its own database and its own files. What you write on one is not on the others, and they drift apart. That is what the lesson shows. If a copy is lost, Koza makes it anew from the image, without what was written on it since."
        }
        Mode::Serving => {
            "Your first machine keeps the site for all: the copies use its database, and show and store uploads there. So a post written through any of them is on all at once, and who signed in stays signed in. A theme, a plugin or a file that you change on the first machine is on the copies about ten seconds later; what you change on a copy is replaced by what the first has. FTP and TeX stay on the first machine. Without it the site is down: more machines bear more visitors, but not its loss."
        }
    },
    mode_button: "Choose",
    mode_stays: "It can be changed while there are no copies.",
    again: "It was scaled out before: the image of then serves again. What was changed on your machine since is not on the new copy.",
    balancer_is_machine: "Here the balancer is a small machine with HAProxy.",
    machines: "Machines in all",
    machines_hint: "Your machine and its copies.",
    so_many: |machines| match machines {
        1 => "1 machine".to_owned(),
        machines => format!("{machines} machines"),
    },
    zone: "Zone of the copies",
    zone_head: "Zone",
    zone_hint: "A zone is a data centre with power and network of its own. It can fail as a whole, so copies stand in another one.",
    any_zone: "Koza chooses another zone",
    same_zone: |zone| format!("{zone} (your first machine is there)"),
    one_place: "This cloud is one place: all machines stand on the same hardware. That shows how work is shared, but a power cut takes them all.",
    button: "Scale out",
    in_title: "Scale in",
    in_lead: "The last copies leave. Before one goes, it is backed up: what differs from the image, its TeX folder and its database (a copy that serves the first machine's site has none of its own). The machine restores the backup into a throw-away place and compares; only if all of it is equal does it leave the balancer, and then it is deleted. You can download the backup, or make a new environment of it. What is written on the copy in the seconds after the backup is not in it.",
    in_machines_hint: "Your first machine always stays.",
    in_button: "Scale in",
    in_machines: "Machines that stay",
    rule_title: "By itself",
    rule_lead: "Koza can add and take away machines by a rule. A machine is added when each of the last three minutes was above the limit, and one leaves, backed up as above, when ten minutes were so calm that the others can bear its work. The timeline says what was done and why.",
    rule_now: |policy| match policy {
        None => "No rule is set: the number of machines changes only when somebody changes it.".to_owned(),
        Some(Policy { least, most, limit, cooldown_minutes }) => {
            format!("Now: {least} to {most} machines; {}; {cooldown_minutes} minutes between changes.", rule_of(limit))
        }
    },
    rule_least: "Never fewer than",
    rule_most: "Never more than",
    rule_limit: "Add one when",
    rule_limit_hint: "Processor time as the machines report it; the page as Koza asks for it from outside, once a minute.",
    rule_of,
    rule_cooldown: "After a change wait",
    rule_cooldown_hint: "A new machine needs a while until its work shows.",
    rule_minutes: |minutes| format!("{minutes} minutes"),
    rule_button: "Set the rule",
    rule_off: "No rule any more",
    is_leaving: |machines| match machines {
        [machine] => format!("Machine {machine} leaves once its backup is proven."),
        machines => format!(
            "Machines {} leave once their backups are proven.",
            machines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        ),
    },
    keep_all: "Keep all machines",
    lose_lead: "No backup of the last machine could be taken and proven. You can let it go all the same: what was written on it is then lost for ever.",
    lose_button: |machine| format!("Let machine {machine} go without a backup"),
    refused: |why| match why {
        NoScaling::NotReady => "Only an environment that is ready can be copied. Start it, or wait until every check has passed.",
        NoScaling::Most => "It has as many machines as its blueprint lets it have.",
        NoScaling::NoBalancer => "The cloud of this course has no balancers.",
        NoScaling::OldMachine => {
            "This machine was made by an older release of Koza: a copy of it would take itself for the original. Make a new environment to scale out."
        }
    },
    members: "Machines",
    machine: "Machine",
    address: "Address",
    state: "Behind the balancer",
    share: |share| match share {
        Share::Coming => "Is being built",
        Share::Off => "Off",
        Share::Checking => "Is being asked",
        Share::Healthy => "Answers",
        Share::Unhealthy => "Does not answer",
        Share::Draining => "Finishes its last requests",
        Share::SetApart => "Taken out",
    },
    balancer: "Balancer",
    balancer_name: "The balancer's name",
    balancer_is_coming: "The balancer is being set up.",
    prover_link: "Who answers? Try it",
    prover_title: |name| format!("Who answers for {name}?"),
    prover_lead: "Koza sends requests through the balancer, as visitors would, and counts which machine answers.",
    send: |requests| format!("Send {requests} requests"),
    send_as_one: |requests| format!("Send {requests} as one visitor"),
    sending: "Sending …",
    as_whom: "Requests come from",
    as_new: "many visitors, each for the first time",
    as_same: "one visitor, again and again",
    answered: "Answers",
    share_of: |count, of| format!("{count} of {of}"),
    nobody_said: "A machine that does not name itself",
    failed: |count| match count {
        1 => "1 request failed.".to_owned(),
        count => format!("{count} requests failed."),
    },
    take_out: "Take out",
    put_back: "Put back",
    take_out_this: |machine| format!("Take out {machine}"),
    put_back_this: |machine| format!("Put back {machine}"),
    sticky: |is_sticky| match is_sticky {
        true => "Sticky sessions are on: a visitor stays with the machine that answered first.",
        false => "Sticky sessions are off: each request may be answered by another machine.",
    },
    make_sticky: |is_sticky| match is_sticky {
        true => "Turn sticky sessions on",
        false => "Turn sticky sessions off",
    },
    lesson: "The balancer asks every machine for its page again and again. A machine that fails twice gets no more requests until it answers again: visitors notice little or nothing. Sticky sessions help programs that keep something about a visitor on one machine only; they spread the work less evenly, and when that machine goes, what it kept is gone.",
    exercise: |mode| match mode {
        Mode::Teaching => {
            "Try it: change the heading of the page on the copy (for example to “Vision 2”), then reload the balancer's page a few times. Both headings appear."
        }
        Mode::Serving => {
            "Try it: write a post at the balancer's address, then reload its page a few times. Every machine shows it, whoever took it in."
        }
    },
};

fn rule_of(limit: Limit) -> String {
    match limit {
        Limit::Cpu(percent) => format!("the processors are above {percent} %"),
        Limit::Response(ms) => format!("the page takes longer than {}.{} s", ms / 1000, ms % 1000 / 100),
    }
}
