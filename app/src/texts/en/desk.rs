//! The desk, in English.

use crate::domain::desk::{BulkAct, Order, Use, Verdict};
use crate::texts::desk::Desk;

fn environments(count: usize) -> String {
    if count == 1 { "1 environment".to_owned() } else { format!("{count} environments") }
}

pub(super) const DESK: Desk = Desk {
    heading: "Desk",
    title: |course| format!("Environments of {course}"),
    no_courses: "You teach no course here.",
    there_are: |count, need| match need {
        0 => environments(count as usize),
        1 => format!("{}, 1 needs attention", environments(count as usize)),
        need => format!("{}, {need} need attention", environments(count as usize)),
    },
    state: "State",
    all_states: "All that are not removed",
    order: "Order",
    order_by: |order| match order {
        Order::Attention => "What needs attention first",
        Order::Student => "By student",
        Order::Cost => "The dearest first",
        Order::LastUse => "Not used for longest first",
        Order::Lease => "What ends first",
    },
    search: "Name or student",
    show: "Show",
    none: "There is no such environment.",
    last_use: "Last used",
    used: |what| match what {
        Use::Web => "website",
        Use::Ftp => "FTP",
        Use::Login => "sign-in",
        Use::Tex => "TeX",
    },
    never_used: "not yet",
    tick_head: "Choose",
    tick: |name| format!("Choose {name}"),
    whom: "To which",
    ticked: "Those that are ticked",
    all_shown: |count| format!("All {count} that this list shows, on every page"),
    act: |act| match act {
        BulkAct::Start => "Start",
        BulkAct::Stop => "Stop",
        BulkAct::Keep => "Keep longer",
        BulkAct::TryAgain => "Try again",
    },
    nothing_yet: "The next page shows what would happen to each. Nothing is done before you say so there.",
    act_title: |act, course| match act {
        BulkAct::Start => format!("Start environments of {course}"),
        BulkAct::Stop => format!("Stop environments of {course}"),
        BulkAct::Keep => format!("Keep environments of {course} longer"),
        BulkAct::TryAgain => format!("Try again with environments of {course}"),
    },
    nobody_ticked: "None was ticked. Go back and tick some, or choose all.",
    would: |act, count, of| {
        let what = match act {
            BulkAct::Start => "would be started. Each is set aside for in the budget, or refused with the reason.",
            BulkAct::Stop => "would be stopped. What is on them stays.",
            BulkAct::Keep => "would be kept for a whole lease from now on, as far as the budget has room.",
            BulkAct::TryAgain => "would be tried again.",
        };
        format!("{count} of {} {what}", environments(of))
    },
    what_happens: "What would happen",
    verdict: |act, verdict| match (verdict, act) {
        (Verdict::Does, BulkAct::Start) => "It is started.",
        (Verdict::Does, BulkAct::Stop) => "It is stopped.",
        (Verdict::Does, BulkAct::Keep) => "It is kept longer.",
        (Verdict::Does, BulkAct::TryAgain) => "It is tried again.",
        (Verdict::Already, BulkAct::Start) => "Nothing: it runs, or is on its way.",
        (Verdict::Already, BulkAct::Stop) => "Nothing: it is stopped, or stops.",
        (Verdict::Already, BulkAct::Keep) => "Nothing: it is kept for longer than that.",
        (Verdict::Already, BulkAct::TryAgain) => "Nothing: nothing is wrong with it.",
        (Verdict::Cannot, _) => "Nothing: it is being removed.",
    },
    came: |done, refused, waiting| {
        let all = done + refused + waiting;
        let mut said = format!("{done} of {all} done");
        match refused {
            0 => {}
            1 => said.push_str(", 1 needs you"),
            many => said.push_str(&format!(", {many} need you")),
        }
        if waiting > 0 {
            said.push_str(&format!("; the turn of {waiting} comes"));
        }
        said + "."
    },
    what_came: "What came of it",
    done: "Done: it is on its way.",
    its_turn_comes: "Its turn comes.",
};
