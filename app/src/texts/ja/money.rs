//! 日本語のお金

use crate::domain::money::{Currency, Money};
use crate::domain::price::Cost;
use crate::texts::Costs;

pub(super) fn money(money: Money) -> String {
    let unit = match money.currency {
        Currency::Jpy => "円",
        Currency::Usd => "ドル",
        Currency::Eur => "ユーロ",
    };
    format!("{}{unit}", money.figure())
}

pub(super) const COSTS: Costs = Costs {
    money,
    heading: "料金",
    cost: |cost| match cost {
        Cost::Machine => "マシン",
        Cost::Disk => "ディスク",
        Cost::Address => "パブリックアドレス",
        Cost::Balancer => "ロードバランサ",
        Cost::Capacity => "ロードバランサの処理量",
        Cost::Snapshot => "イメージ用に固定したディスク",
    },
    count: |cost, count| match (cost.is_in_gib(), cost) {
        (true, _) => format!("{count} GiB"),
        (false, Cost::Capacity) => format!("最大{count}単位"),
        (false, _) => count.to_string(),
    },
    running: "動作中、1時間あたり",
    stopped: "停止中、1時間あたり",
    until_lease: "ずっと動かした場合の合計。期限:",
    line_by_line: "内訳",
    what: "項目",
    amount: "量",
    running_head: "動作中の1時間",
    stopped_head: "停止中の1時間",
    sum: "合計",
    set_aside: |hold, left| match left {
        Some(left) => {
            format!("1日動かす分と、その後保管する分として、すぐに{}を予算から取り分けます。残りは{}です。", money(hold), money(left))
        }
        None => format!("1日動かす分と、その後保管する分として、すぐに{}を取り分けます。予算は設定されていません。", money(hold)),
    },
    does_not_fit: |hold, left| {
        format!(
            "予算が足りません。取り分けに{}が必要ですが、残りは{}です。小さいものを選ぶか、不要な環境を削除するか、担当教員に追加を頼んでください。",
            money(hold),
            money(left)
        )
    },
    lesson: "マシンの料金は動いている間、秒単位でかかります（起動のたびに最低1分）。ディスクとパブリックアドレスは、停止中でも、持っている間ずっとかかります。AWS は2024年2月から、使っているかどうかにかかわらず、すべてのパブリック IPv4 アドレスに課金しています。ロードバランサは一時停止できません。",
    size: "サイズ",
    size_at: |size, price, fits| match (price, fits) {
        (Some(price), true) => format!("{size}: 1時間{}", money(price)),
        (Some(price), false) => format!("{size}: 1時間{}（予算が足りません）", money(price)),
        (None, _) => size.to_owned(),
    },
    so_far: "これまでの料金",
    an_hour_now: |now| format!("今は1時間{}", money(now)),
    details: "料金の詳細",
    short: "予算の残りがないため、これ以上取り分けられません。取り分け済みの分で動き続け、その後停止します。何も削除しません。担当教員に追加を頼むか、使わない間は停止してください。動いているのは次の時刻までです:",
    used_up: "予算を使い切ったため、Koza が停止しました。中身はすべて残っています。担当教員に追加を頼み、その後で起動してください。",
    not_all: |why| format!("この金額には含まれていないものがあります（{why}）。運用担当者が登録すると加わります。"),
    title: |name| format!("{name} の料金"),
    while_stopped_title: "停止中の料金",
    while_stopped: |stopped, running| {
        format!(
            "停止中は1時間{}です（動作中は{}）。マシンの料金はかかりませんが、元の状態で戻れるように、ディスクとアドレスを保持するためです。",
            money(stopped),
            money(running)
        )
    },
    by_day: "日ごとの料金",
    in_figures: "数字で見る",
    day: "日",
    by_kind: "使いみち",
    nothing_yet: "まだ料金はかかっていません。",
    lease: "利用期間",
    lease_until: "利用期限:",
    projection: |money_then| format!("今のまま使い続けると、期限までに{}かかります。", money(money_then)),
    extend: |days| format!("今から{days}日間に延ばす"),
    course_title: |course| format!("{course} の料金"),
    budget: "予算",
    no_budget: "上限なし",
    allowed: "使える額",
    spent: "使った額",
    held: "取り分け",
    left: "残り",
    whole_course: "コース全体",
    each_person: "学生1人あたり",
    set_title: "予算の設定",
    set_lead: "コースの初日から使える総額を入力します。以前の設定は下の履歴に残ります。",
    set_course: "コース全体",
    set_each: "学生1人あたり",
    set_hint: |currency| format!("単位は{currency}です。空欄なら変更しません。"),
    reason: "理由",
    reason_hint: "記録に残ります。",
    set: "設定する",
    grant_title: "1人の学生に追加する",
    grant_to: "学生",
    grant_amount: "追加する額",
    grant: "追加する",
    take_back: "取り消す",
    by_student: "学生ごと",
    student: "学生",
    by_environment: "環境ごと",
    bake: "ブループリントのイメージ",
    environment: "環境",
    history: "設定の履歴",
    when: "日時",
    who: "設定した人",
    operator: "運用担当者",
    csv: "すべての料金をダウンロード（CSV）",
    at_the_limit: "上限に達すると環境は停止しますが、削除はしません。保管する分の料金は前もって取り分けてあります。学生には1日前に知らせます。",
    machines_head: "マシンの台数",
    held_head: "すぐに取り分ける額",
    fits_head: "予算",
    fits: |fits| if fits { "足ります" } else { "足りません" },
    by_machines: "台数ごとの料金",
    page_before: "前のページ",
    page_after: "次のページ",
    page_of: |page, of| format!("{page} / {of} ページ"),
    credits: |credits| {
        let until = credits.until.map_or(String::new(), |until| format!("期限は {until} です。"));
        format!(
            "このアカウントにはクレジットがあります。Koza が動かしたものは、直近の集計（1時間ごと）で{}のうち{}を使っています。{until}このページの金額は、クレジットがない場合のものです。事業者からの通知は、届くとしてもアカウントの所有者だけです。Koza が運用担当者に知らせます。",
            money(credits.credits),
            money(credits.used)
        )
    },
};
