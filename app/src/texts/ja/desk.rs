//! 日本語の教員用ページ

use crate::domain::desk::{BulkAct, Order, Use, Verdict};
use crate::texts::desk::Desk;

pub(super) const DESK: Desk = Desk {
    heading: "教員用ページ",
    title: |course| format!("{course} の環境"),
    no_courses: "担当しているコースはありません。",
    there_are: |count, need| match need {
        0 => format!("環境{count}件"),
        need => format!("環境{count}件、うち要確認{need}件"),
    },
    state: "状態",
    all_states: "削除済み以外すべて",
    order: "並べ替え",
    order_by: |order| match order {
        Order::Attention => "確認が必要なものから",
        Order::Student => "学生順",
        Order::Cost => "料金の高い順",
        Order::LastUse => "長く使われていない順",
        Order::Lease => "期限の近い順",
    },
    search: "名前・学生",
    show: "表示する",
    none: "当てはまる環境はありません。",
    last_use: "最後に使った日時",
    used: |what| match what {
        Use::Web => "ウェブサイト",
        Use::Ftp => "FTP",
        Use::Login => "ログイン",
        Use::Tex => "TeX コンパイル",
    },
    never_used: "まだありません",
    tick_head: "選択",
    tick: |name| format!("{name} を選ぶ"),
    whom: "対象",
    ticked: "選んだ環境",
    all_shown: |count| format!("この一覧の{count}件すべて（全ページ）"),
    act: |act| match act {
        BulkAct::Start => "起動",
        BulkAct::Stop => "停止",
        BulkAct::Keep => "期限を延ばす",
        BulkAct::TryAgain => "もう一度試す",
    },
    nothing_yet: "次のページで、それぞれに何が起こるかを確かめられます。そこで決めるまでは何もしません。",
    act_title: |act, course| match act {
        BulkAct::Start => format!("{course} の環境を起動する"),
        BulkAct::Stop => format!("{course} の環境を停止する"),
        BulkAct::Keep => format!("{course} の環境の期限を延ばす"),
        BulkAct::TryAgain => format!("{course} の環境をもう一度試す"),
    },
    nobody_ticked: "環境が選ばれていません。戻って選ぶか、「すべて」にしてください。",
    would: |act, count, of| {
        let what = match act {
            BulkAct::Start => "起動します。それぞれ予算から取り分け、足りなければ理由とともに断ります。",
            BulkAct::Stop => "停止します。中身はすべて残ります。",
            BulkAct::Keep => "期限を、予算の許すかぎり、今から1回分延ばします。",
            BulkAct::TryAgain => "もう一度試します。",
        };
        format!("{of}件のうち{count}件を{what}")
    },
    what_happens: "実行すると",
    verdict: |act, verdict| match (verdict, act) {
        (Verdict::Does, BulkAct::Start) => "起動します。",
        (Verdict::Does, BulkAct::Stop) => "停止します。",
        (Verdict::Does, BulkAct::Keep) => "期限を延ばします。",
        (Verdict::Does, BulkAct::TryAgain) => "もう一度試します。",
        (Verdict::Already, BulkAct::Start) => "何もしません（すでに動いているか、起動中です）。",
        (Verdict::Already, BulkAct::Stop) => "何もしません（すでに停止しているか、停止処理中です）。",
        (Verdict::Already, BulkAct::Keep) => "何もしません（期限はそれより先です）。",
        (Verdict::Already, BulkAct::TryAgain) => "何もしません（問題は起きていません）。",
        (Verdict::Cannot, _) => "何もしません（削除中です）。",
    },
    came: |done, refused, waiting| {
        let all = done + refused + waiting;
        let mut said = format!("{all}件のうち{done}件が済みました。");
        if refused > 0 {
            said.push_str(&format!("{refused}件は確認が必要です。"));
        }
        if waiting > 0 {
            said.push_str(&format!("{waiting}件は順番を待っています。"));
        }
        said
    },
    what_came: "結果",
    done: "受け付けました。処理が進んでいます。",
    its_turn_comes: "順番を待っています。",
};
