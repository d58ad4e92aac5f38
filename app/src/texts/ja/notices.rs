//! 日本語のお知らせ

use super::money::money;
use crate::domain::news::{Budget, Mailed, News, NoticeCard};
use crate::texts::notices::{Notices, Told, moment};

fn told(notice: &NoticeCard) -> Told {
    let course = notice.course.as_deref().unwrap_or("コース");
    let name = notice.environment.as_ref().map_or("環境", |(_, name)| name);
    let (title, text) = match &notice.news {
        News::BudgetReached { budget: Budget::Own, percent: 100.., spent, allowed } => (
            format!("{course} のあなたの予算を使い切りました"),
            format!(
                "{}のうち{}を使いました。動いている環境は Koza が停止しますが、中身はすべて残ります。担当教員に追加を頼み、その後で起動してください。",
                money(*allowed),
                money(*spent)
            ),
        ),
        News::BudgetReached { budget: Budget::Own, percent, spent, allowed } => (
            format!("{course} のあなたの予算を{percent}%使いました"),
            format!(
                "{}のうち{}を使いました。使い切ると環境は停止しますが、何も削除しません。使わない環境を停止するか、担当教員に追加を頼んでください。",
                money(*allowed),
                money(*spent)
            ),
        ),
        News::BudgetReached { budget: Budget::Course, percent: 100.., spent, allowed } => (
            format!("{course} の予算を使い切りました"),
            format!(
                "{}のうち{}を使いました。環境は Koza が停止しますが、中身はすべて残ります。予算を増やすと、学生はまた起動できます。",
                money(*allowed),
                money(*spent)
            ),
        ),
        News::BudgetReached { budget: Budget::Course, percent, spent, allowed } => (
            format!("{course} の予算を{percent}%使いました"),
            format!(
                "{}のうち{}を使いました。使い切ると環境は停止しますが、何も削除しません。料金のページで、だれがいくら使ったかを確かめ、予算を変えられます。",
                money(*allowed),
                money(*spent)
            ),
        ),
        News::BudgetShort { until } => (
            format!("予算の残りがないため、{name} はまもなく停止します"),
            format!(
                "取り分け済みの分で {} まで動き、その後停止します。何も削除しません。担当教員に追加を頼むか、使わない間は停止してください。",
                moment(*until)
            ),
        ),
        News::BudgetUsedUp => (
            format!("予算を使い切ったため、Koza が {name} を停止しました"),
            "中身はすべて残っています。担当教員に追加を頼み、その後で起動してください。".to_owned(),
        ),
        News::CreditsReached { cloud, percent, used, credits } => (
            format!("{cloud} のクレジットを{percent}%使いました"),
            format!(
                "Koza がそこで動かしたものは、定価で{}のうち{}です。事業者からの通知は、届くとしてもアカウントの所有者だけです。使い切るとアカウントに課金されます。AWS の無料プランでは、アカウントが中身ごと閉鎖されます。",
                money(*credits),
                money(*used)
            ),
        ),
        News::CreditsEnd { cloud, on } => (
            format!("{cloud} のクレジットは {on} に期限が切れます"),
            "翌日からアカウントに課金されます。AWS の無料プランでは、アカウントが中身ごと閉鎖されます。その前にプランを変えるか、コースを移してください。".to_owned(),
        ),
    };
    Told { title, text }
}

pub(super) const NOTICES: Notices = Notices {
    heading: "お知らせ",
    lead: "Koza からのお知らせです。新しい順に並んでいます。",
    unread: "新しいお知らせ",
    read: "読みました",
    none: "お知らせはありません。",
    look: "確認する",
    told,
    mailed: |mailed| match mailed {
        Mailed::No => "メールは送っていません（アドレスが登録されていません）。".to_owned(),
        Mailed::Soon(address) => format!("{address} にメールを送っています。"),
        Mailed::At(address, _) => format!("{address} にメールを送りました。"),
        Mailed::Never(why) => format!("メールは送れませんでした（{why}）。"),
    },
    letter_end: "環境の利用者、コースの教員、または運用担当者に Koza からお送りしています。このメールには返信できません。",
    tell_at_title: "知らせる時期",
    tell_at: "予算の何%で知らせるか",
    tell_at_hint: "メールと最初のページで知らせます。学生には本人の予算、教員にはコースの予算についてです。空欄なら知らせません。",
    tell_at_set: "保存する",
};
