//! 日本語の運用室

use crate::domain::operate::Finding;
use crate::texts::operate::Operate;

pub(super) const OPERATE: Operate = Operate {
    title: "運用室",
    findings: "対応が必要なこと",
    nothing: "対応が必要なことはありません。ワーカーは動いていて、待っているものも壊れているものもありません。",
    found: |finding| match finding {
        Finding::NoWorker => "動いているワーカーがありません。作成も起動も停止も行われません。".to_owned(),
        Finding::QueueIsLate { minutes } => format!("ワーカーを待っている環境があります。いちばん長いもので{minutes}分待っています。"),
        Finding::Parked { environments } => format!("{environments}件の環境が、ワーカーを何度も終了させました。もう処理されません。"),
        Finding::DeadChores { chores } => format!("{chores}件の仕事が、最終的に失敗しました。"),
        Finding::OpenIncidents { incidents } => format!("準備完了のあとに壊れて、まだ直っていないものが{incidents}件あります。"),
        Finding::Unpriced { course, said } => format!("{course} に料金のわからないものがあるため、申し込みを受け付けていません: {said}"),
        Finding::NoMail => "メールサーバーがないため、メールは送られません。".to_owned(),
        Finding::AuditIsLate { rows } => format!("監査記録の{rows}行が、10分以上封印されていません。"),
    },
    remedy: |finding| {
        match finding {
        Finding::NoWorker => "koza serve か koza work を起動し、ログを確認してください。".to_owned(),
        Finding::QueueIsLate { .. } => {
            "koza work をもう1つ起動してください。クラウドが遅いときは、それぞれの環境のページに表示されます。".to_owned()
        }
        Finding::Parked { .. } => {
            "koza environments で一覧を、そのときのログで終了の原因を確認できます。直してから、環境のページの「もう一度試す」を押してください。".to_owned()
        }
        Finding::DeadChores { .. } => "下の表で原因を確かめ、直してから、もう一度試してください。".to_owned(),
        Finding::OpenIncidents { .. } => "Koza が直しています。経過は下の表に、試していることは環境のページにあります。".to_owned(),
        Finding::Unpriced { .. } => "koza prices import … か koza prices rate … で登録してください。".to_owned(),
        Finding::NoMail => "KOZA_SMTP を設定してください。設定しなくても、お知らせは最初のページで読めます。".to_owned(),
        Finding::AuditIsLate { .. } => {
            "封印はワーカーが20秒ごとに行います。ワーカーが動いているか、その仕事が失敗していないかを確認してください。".to_owned()
        }
    }
    },
    figures: "現在",
    workers: |workers| format!("動いているワーカー: {workers}"),
    queue: |due, held| format!("処理待ちの環境: {due}件、処理中: {held}件"),
    environments: |goal, count| format!("目標が {goal} の環境: {count}件"),
    work: "仕事",
    kind: "種類",
    state: "状態",
    count: "件数",
    dead: "最終的に失敗した仕事",
    about: "対象",
    tries: "試した回数",
    said: "原因",
    since: "日時",
    retry: "もう一度試す",
    incidents: "壊れたもの（今日と、まだ直っていないもの）",
    fault: "内容",
    noticed: "検知",
    mended: "復旧",
    mended_after: |seconds| format!("{seconds}秒後"),
    not_mended: "まだ、または不要になりました",
    audit: "だれが何をしたか",
    audit_lead: "監査記録の新しい行です。koza audit list で全部を見られ、koza audit verify で改ざんがないことを確かめられます。",
    when: "日時（UTC）",
    by: "だれが",
    act: "何を",
    of: "対象",
    number: "封印番号",
};
