//! The operator's room, in English.

use crate::domain::operate::Finding;
use crate::texts::operate::Operate;

/// "1 thing", "2 things".
fn many(count: u32, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

pub(super) const OPERATE: Operate = Operate {
    title: "Operator\u{2019}s room",
    findings: "What needs you",
    nothing: "Nothing needs you: workers work, nothing waits, nothing is broken.",
    found: |finding| match finding {
        Finding::NoWorker => "No worker is alive: nothing is built, started or stopped.".to_owned(),
        Finding::QueueIsLate { minutes } => {
            format!("Environments wait for a worker, the oldest for {}.", many(*minutes, "minute", "minutes"))
        }
        Finding::Parked { environments } => {
            format!(
                "{} ended their worker again and again; nobody takes them up any more.",
                many(*environments, "environment", "environments")
            )
        }
        Finding::DeadChores { chores } => format!("{} of work failed for good.", many(*chores, "piece", "pieces")),
        Finding::OpenIncidents { incidents } => {
            format!("{} broke after Ready and is not mended yet.", many(*incidents, "thing", "things"))
        }
        Finding::Unpriced { course, said } => format!("{course} offers what has no price, so it is refused: {said}."),
        Finding::NoMail => "No mail is sent: there is no mail server.".to_owned(),
        Finding::AuditIsLate { rows } => {
            format!("{} of the audit waits for a seal for more than ten minutes.", many(*rows, "line", "lines"))
        }
    },
    remedy: |finding| {
        match finding {
        Finding::NoWorker => "Start koza serve or koza work, and look at its log.".to_owned(),
        Finding::QueueIsLate { .. } => "Start one more koza work; if a cloud is slow, its environments say so themselves.".to_owned(),
        Finding::Parked { .. } => {
            "koza environments names them, and the log of that time says how the worker ended. Mend that, then \u{201c}Try again\u{201d} on the environment\u{2019}s page.".to_owned()
        }
        Finding::DeadChores { .. } => "See below what was said; mend that, then try again.".to_owned(),
        Finding::OpenIncidents { .. } => {
            "Koza is at it. See below how long it has been; open the environment to see what it tries.".to_owned()
        }
        Finding::Unpriced { .. } => "koza prices import … or koza prices rate ….".to_owned(),
        Finding::NoMail => "Set KOZA_SMTP, or leave it: people read notices on their first page.".to_owned(),
        Finding::AuditIsLate { .. } => {
            "A worker seals it every 20 seconds: see above whether one is alive, and below whether that work is dead.".to_owned()
        }
    }
    },
    figures: "Now",
    workers: |workers| format!("{} alive", many(workers, "worker", "workers")),
    queue: |due, held| format!("{} due, {held} in a worker\u{2019}s hands", many(due, "environment", "environments")),
    environments: |goal, count| format!("{} meant to be {goal}", many(count, "environment", "environments")),
    work: "Work",
    kind: "Kind",
    state: "State",
    count: "How many",
    dead: "Failed for good",
    about: "About",
    tries: "Tries",
    said: "What was said",
    since: "Since",
    retry: "Try again",
    incidents: "What broke, today and still",
    fault: "What",
    noticed: "Noticed",
    mended: "Mended",
    mended_after: |seconds| format!("after {seconds} s"),
    not_mended: "not yet, or not needed any more",
    audit: "Who did what",
    audit_lead: "The newest lines of the audit. koza audit list shows all of it, koza audit verify proves that nobody changed it.",
    when: "When (UTC)",
    by: "Who",
    act: "What",
    of: "Of what",
    number: "Sealed as",
};
