//! Notices, in English.

use super::money::money;
use crate::domain::news::{Budget, Mailed, News, NoticeCard};
use crate::texts::notices::{Notices, Told, moment};

fn told(notice: &NoticeCard) -> Told {
    let course = notice.course.as_deref().unwrap_or("your course");
    let name = notice.environment.as_ref().map_or("Your environment", |(_, name)| name);
    let (title, text) = match &notice.news {
        News::BudgetReached { budget: Budget::Own, percent: 100.., spent, allowed } => (
            format!("Your budget in {course} is spent"),
            format!(
                "You have spent {} of {}. Koza stops what you run there and keeps everything on it. Ask your instructor for more, then start again.",
                money(*spent),
                money(*allowed)
            ),
        ),
        News::BudgetReached { budget: Budget::Own, percent, spent, allowed } => (
            format!("{percent} % of your budget in {course} is spent"),
            format!(
                "You have spent {} of {}. When it is used up, your environments there are stopped; nothing is deleted. Stop what you do not use, or ask your instructor for more.",
                money(*spent),
                money(*allowed)
            ),
        ),
        News::BudgetReached { budget: Budget::Course, percent: 100.., spent, allowed } => (
            format!("The budget of {course} is spent"),
            format!(
                "{course} has spent {} of {}. Koza stops its environments and keeps everything on them. Set a larger budget, and its students can start again.",
                money(*spent),
                money(*allowed)
            ),
        ),
        News::BudgetReached { budget: Budget::Course, percent, spent, allowed } => (
            format!("{percent} % of the budget of {course} is spent"),
            format!(
                "{course} has spent {} of {}. When it is used up, its environments are stopped; nothing is deleted. The page of its costs shows who spent what, and lets you set another budget.",
                money(*spent),
                money(*allowed)
            ),
        ),
        News::BudgetShort { until } => (
            format!("{name} stops soon, because the budget has no more for it"),
            format!(
                "It runs until {} on what was set aside before, and is stopped then. Nothing is deleted. Ask your instructor for more, or stop it while you do not need it.",
                moment(*until)
            ),
        ),
        News::BudgetUsedUp => (
            format!("Koza stopped {name}, because the budget is used up"),
            "Everything on it is kept. Ask your instructor for more, then start it again.".to_owned(),
        ),
        News::CreditsReached { cloud, percent, used, credits } => (
            format!("{percent} % of the credits of {cloud} are used"),
            format!(
                "What Koza runs there has cost {} of {} at list prices. The provider tells the account\u{2019}s owner at most. When nothing is left, its account is billed, or, on AWS\u{2019}s free plan, closed with everything in it.",
                money(*used),
                money(*credits)
            ),
        ),
        News::CreditsEnd { cloud, on } => (
            format!("The credits of {cloud} end on {on}"),
            "From the next day on its account is billed, or, on AWS\u{2019}s free plan, closed with everything in it. Change the account\u{2019}s plan before, or move its courses.".to_owned(),
        ),
    };
    Told { title, text }
}

pub(super) const NOTICES: Notices = Notices {
    heading: "Notices",
    lead: "What Koza told you without being asked, the newest first.",
    unread: "New notices",
    read: "I have read this",
    none: "There is nothing to tell you.",
    look: "Look at it",
    told,
    mailed: |mailed| match mailed {
        Mailed::No => "Not mailed: Koza has no address of yours.".to_owned(),
        Mailed::Soon(address) => format!("A mail to {address} is on its way."),
        Mailed::At(address, _) => format!("Mailed to {address}."),
        Mailed::Never(why) => format!("Not mailed: {why}"),
    },
    letter_end: "Koza sent this because you hold an environment, teach a course, or run the site. Answers are read by nobody.",
    tell_at_title: "When people are told",
    tell_at: "Tell at so many percent of a budget",
    tell_at_hint: "By mail and on the first page: students of their own budget, instructors of the course\u{2019}s. Nothing: never.",
    tell_at_set: "Save",
};
