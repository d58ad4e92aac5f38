//! Money, in English.

use crate::domain::money::Money;
use crate::domain::price::Cost;
use crate::texts::Costs;

pub(super) fn money(money: Money) -> String {
    format!("{}\u{a0}{}", money.figure(), money.currency.code())
}

pub(super) const COSTS: Costs = Costs {
    money,
    heading: "What it costs",
    cost: |cost| match cost {
        Cost::Machine => "Machine",
        Cost::Disk => "Disk",
        Cost::Address => "Public address",
        Cost::Balancer => "Balancer",
        Cost::Capacity => "Balancer\u{2019}s capacity",
        Cost::Snapshot => "Frozen disk, for images",
    },
    count: |cost, count| match (cost.is_in_gib(), cost) {
        (true, _) => format!("{count} GiB"),
        (false, Cost::Capacity) => format!("{count} unit at most"),
        (false, _) => count.to_string(),
    },
    running: "an hour while it runs",
    stopped: "an hour while it is stopped",
    until_lease: "if it runs all the time until",
    line_by_line: "Line by line",
    what: "What",
    amount: "How much",
    running_head: "An hour, running",
    stopped_head: "An hour, stopped",
    sum: "Together",
    set_aside: |hold, left| match left {
        Some(left) => format!(
            "{} of your budget is set aside at once, for a day of running and for keeping it afterwards. {} is left.",
            money(hold),
            money(left)
        ),
        None => {
            format!("{} is set aside at once, for a day of running and for keeping it afterwards. Nobody has set a budget.", money(hold))
        }
    },
    does_not_fit: |hold, left| {
        format!(
            "Your budget has no room for this: {} would be set aside, and {} is left. Choose something smaller, delete what you do not need any more, or ask your instructor for more.",
            money(hold),
            money(left)
        )
    },
    lesson: "A machine costs by the second while it runs, a minute at least each time it starts. Its disk and its public address cost as long as they are yours, also while it is stopped: since February 2024 AWS charges for every public IPv4 address, in use or not. A balancer cannot be stopped.",
    size: "Size",
    size_at: |size, price, fits| match (price, fits) {
        (Some(price), true) => format!("{size}: {} an hour", money(price)),
        (Some(price), false) => format!("{size}: {} an hour (no room in the budget)", money(price)),
        (None, _) => size.to_owned(),
    },
    so_far: "So far",
    an_hour_now: |now| format!("{} an hour now", money(now)),
    details: "Costs in detail",
    short: "Your budget has no more to set aside. It runs on, on what was set aside before, and is stopped then. Nothing is deleted. Ask your instructor for more, or stop it while you do not need it. It runs until",
    used_up: "Koza stopped it, because the budget is used up. Everything on it is kept. Ask your instructor for more, then start it again.",
    not_all: |why| format!("Not everything is in these figures: {why}. It is added once an operator has entered it."),
    title: |name| format!("Costs of {name}"),
    while_stopped_title: "While it is stopped",
    while_stopped: |stopped, running| {
        format!(
            "It costs {} an hour then instead of {}: the machine costs nothing, but its disk is kept, and so is its address, so that it comes back as it was.",
            money(stopped),
            money(running)
        )
    },
    by_day: "Day by day",
    in_figures: "In figures",
    day: "Day",
    by_kind: "What it went to",
    nothing_yet: "Nothing was spent yet.",
    lease: "Lease",
    lease_until: "It is yours until",
    projection: |money_then| format!("If it goes on as it is now, it will have cost {} by then.", money(money_then)),
    extend: |days| format!("Keep it for {days} days from now"),
    course_title: |course| format!("Costs of {course}"),
    budget: "Budget",
    no_budget: "no limit",
    allowed: "May be spent",
    spent: "Spent",
    held: "Set aside",
    left: "Left",
    whole_course: "The whole course",
    each_person: "Each student",
    set_title: "Set budgets",
    set_lead: "What you type is what may be spent in all, from the first day of the course on. What was set before stays in the history below.",
    set_course: "The whole course",
    set_each: "Each student",
    set_hint: |currency| format!("In {currency}. Leave it empty to change nothing."),
    reason: "Reason",
    reason_hint: "It stays on record.",
    set: "Set",
    grant_title: "Grant more to one student",
    grant_to: "To",
    grant_amount: "How much more",
    grant: "Grant",
    take_back: "Take back",
    by_student: "By student",
    student: "Student",
    by_environment: "By environment",
    bake: "Image of a blueprint",
    environment: "Environment",
    history: "Who set what",
    when: "When",
    who: "By",
    operator: "Operator",
    csv: "Download all charges (CSV)",
    at_the_limit: "At the limit environments are stopped, never deleted: keeping them is paid for beforehand. Students are told a day before.",
    machines_head: "Machines",
    held_head: "Set aside at once",
    fits_head: "Your budget",
    fits: |fits| if fits { "has room" } else { "has no room" },
    by_machines: "What it costs with so many machines",
    page_before: "Page before",
    page_after: "Next page",
    page_of: |page, of| format!("Page {page} of {of}"),
    credits: |credits| {
        let until = credits.until.map_or(String::new(), |until| format!(" They end on {until}."));
        format!(
            "Its account has credits: what Koza ran there has used {} of {} at the last count, every hour.{until} The figures on this page are what it costs without them. The provider tells the account\u{2019}s owner at most; Koza tells the operators.",
            money(credits.used),
            money(credits.credits)
        )
    },
};
