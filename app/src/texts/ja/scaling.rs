//! ロードバランサの後ろの複数のマシン（日本語）

use crate::domain::scaling::{Limit, Mode, NoHttps, NoScaling, Policy, Share};
use crate::texts::Scaling;

pub(super) const SCALING: Scaling = Scaling {
    title: |name| format!("{name} の台数を変える（スケールアウト・スケールイン）"),
    lead: "1台のマシンを、仕事を分け合う複数のマシンにします。どのマシンが応答するかは、その前に立つロードバランサが決めます。",
    steps_title: "作られるもの",
    steps: [
        "スナップショット：今のマシンのディスクをそのまま写し取ります。",
        "スナップショットから作るイメージ：ここからマシンを起動できます。",
        "マシンのコピー：固定 IP アドレス、鍵、マシンの秘密は、それぞれ自分のものを持ちます。",
        "ロードバランサとターゲットグループ（振り分け先のマシン）。",
        "ロードバランサは各マシンが応答するかを確かめ、応答するマシンに訪問者を送ります。",
    ],
    meanwhile: |rests| match rests {
        true => "ディスクを写し取る1〜2分の間、マシンは止まります。どのファイルも、プログラムが書き終えた状態で写されます。",
        false => "その間もマシンは動き続けます。コピーは、停電のあとのように目を覚まします。データベースはそれに備えて作られています。",
    },
    names: |name, balancer| match balancer {
        Some(balancer) => format!(
            "{name} という名前は最初のマシンのままです。SSH と FTP は Web ページ用のロードバランサを通れないからです。ロードバランサの名前は {balancer} です。"
        ),
        None => format!(
            "{name} のアドレスはそのままです。SSH と FTP は Web ページ用のロードバランサを通れないからです。ロードバランサには別のアドレスがつきます。"
        ),
    },
    no_https: |why| {
        match why {
        NoHttps::Coming => "ロードバランサの HTTPS はまだです。証明書が届くまで少しかかります。HTTP は使えます。".to_owned(),
        NoHttps::Turn => {
            "ロードバランサの HTTPS はまだです。認証局が一度に発行する数には限りがあり、先に申請した環境があります。順番が来ると自動で証明書を取ります。HTTP は使えます。"
                .to_owned()
        }
        NoHttps::Said(said) => {
            format!("ロードバランサの HTTPS はまだです。認証局への申請は自動でやり直します。HTTP は使えます。原因：{said}")
        }
    }
    },
    mode: "モード",
    mode_title: "コピーの使い方",
    mode_of: |mode| match mode {
        Mode::Teaching => "実習：コピーはそれぞれ独立",
        Mode::Serving => "運用：全部のマシンで1つのサイト",
    },
    mode_about: |mode| match mode {
        Mode::Teaching => {
            "コピーは独立しています。データベースもファイルも別々です。1台に書いたことはほかのマシンにはなく、少しずつ違っていきます。それを見るのが、この課題です。コピーが失われると、Koza がイメージから作り直しますが、そのあとコピーに書いたことは戻りません。"
        }
        Mode::Serving => {
            "最初のマシンが、全部のマシンのためにサイトを持ちます。コピーはそのデータベースを使い、アップロードしたファイルもそこに置き、そこから見せます。どのマシンで書いた投稿もすぐに全部で見え、ログインもそのまま続きます。最初のマシンで変えたテーマ、プラグイン、ファイルは、約10秒後にコピーへ届きます。コピーの上で変えたものは、最初のマシンのもので置き換えられます。FTP と TeX は最初のマシンだけです。最初のマシンが止まるとサイトも止まります。台数を増やすと多くの訪問者に応じられますが、最初のマシンの代わりにはなりません。"
        }
    },
    mode_button: "決める",
    mode_stays: "コピーがない間に変えられます。",
    again: "すでに一度スケールアウトしたので、そのときのイメージをもう一度使います。そのあとでマシンを変更した内容は、新しいコピーにはありません。",
    balancer_is_machine: "ここでは、HAProxy が動く小さなマシンがロードバランサです。",
    machines: "マシンの台数（全部で）",
    machines_hint: "最初のマシンとコピーの合計です。",
    so_many: |machines| format!("{machines}台"),
    zone: "コピーのゾーン",
    zone_head: "ゾーン",
    zone_hint: "ゾーンは、電源とネットワークを別に持つデータセンターです。丸ごと止まることがあるので、コピーは別のゾーンに置きます。",
    any_zone: "Koza が別のゾーンを選ぶ",
    same_zone: |zone| format!("{zone}（最初のマシンがあります）"),
    one_place: "このクラウドは1か所です。すべてのマシンが同じハードウェアの上にあります。仕事の分け合いは見られますが、停電すれば全部止まります。",
    button: "スケールアウトする",
    in_title: "スケールイン",
    in_lead: "最後のコピーから順に抜けます。抜ける前に、イメージと違うところ、TeX のフォルダ、データベースをバックアップします（最初のマシンのサイトを見せるコピーには、自分のデータベースはありません）。マシンはそれを仮の場所に復元して比べ、すべて一致したときだけロードバランサから抜け、そのあと削除されます。バックアップはダウンロードしたり、新しい環境に復元したりできます。バックアップのあと数秒の間にコピーへ書かれたものは、入りません。",
    in_machines_hint: "最初のマシンは必ず残ります。",
    in_button: "スケールインする",
    in_machines: "残すマシンの台数",
    rule_title: "自動スケーリング",
    rule_lead: "規則にしたがって、Koza がマシンを増やしたり減らしたりできます。3分続けて上限を超えると1台増やします。10分続けて、残りのマシンで足りるほど静かなら1台減らします（上と同じくバックアップしてから）。何をなぜしたかは、進み具合に表示されます。",
    rule_now: |policy| match policy {
        None => "規則はありません。台数は、人が変えたときだけ変わります。".to_owned(),
        Some(Policy { least, most, limit, cooldown_minutes }) => {
            format!("現在の規則：{least}〜{most}台、{}、変更の間隔は{cooldown_minutes}分。", rule_of(limit))
        }
    },
    rule_least: "最少の台数",
    rule_most: "最大の台数",
    rule_limit: "増やす条件",
    rule_limit_hint: "CPU の使用率はマシンの報告、ページの応答時間は Koza が外から1分ごとに測った値です。",
    rule_of,
    rule_cooldown: "変更のあと待つ時間",
    rule_cooldown_hint: "新しいマシンの効果が現れるまで、少し時間がかかります。",
    rule_minutes: |minutes| format!("{minutes}分"),
    rule_button: "規則を決める",
    rule_off: "規則をなくす",
    is_leaving: |machines| {
        let machines: Vec<_> = machines.iter().map(|machine| format!("{machine}台目")).collect();
        format!("{}のマシンは、バックアップの一致が確かめられると抜けます。", machines.join("、"))
    },
    keep_all: "すべてのマシンを残す",
    lose_lead: "最後のマシンのバックアップを取って確かめることができませんでした。それでもマシンを手放すことはできますが、そこに書いたものは二度と戻りません。",
    lose_button: |machine| format!("{machine}台目をバックアップなしで手放す"),
    refused: |why| match why {
        NoScaling::NotReady => "コピーできるのは、準備ができた環境だけです。起動するか、すべての確認が通るまで待ってください。",
        NoScaling::Most => "このブループリントで使える台数に達しています。",
        NoScaling::NoBalancer => "この講座のクラウドには、ロードバランサがありません。",
        NoScaling::OldMachine => {
            "このマシンは古いバージョンの Koza が作ったもので、コピーすると、コピーが自分を元のマシンだと思い込みます。新しい環境を作ってからスケールアウトしてください。"
        }
    },
    members: "マシン",
    machine: "マシン",
    address: "アドレス",
    state: "ロードバランサから見た状態",
    share: |share| match share {
        Share::Coming => "作成中",
        Share::Off => "停止中",
        Share::Checking => "確認中",
        Share::Healthy => "応答あり",
        Share::Unhealthy => "応答なし",
        Share::Draining => "最後のリクエストを処理中",
        Share::SetApart => "外してあります",
    },
    balancer: "ロードバランサ",
    balancer_name: "ロードバランサの名前",
    balancer_is_coming: "ロードバランサを用意しています。",
    prover_link: "どのマシンが応答するか試す",
    prover_title: |name| format!("{name} に応答するのはどのマシン？"),
    prover_lead: "Koza が訪問者のようにロードバランサへリクエストを送り、どのマシンが応答したかを数えます。",
    send: |requests| format!("リクエストを{requests}回送る"),
    send_as_one: |requests| format!("1人の訪問者として{requests}回送る"),
    sending: "送っています…",
    as_whom: "リクエストを送る人",
    as_new: "初めて来る、大勢の訪問者",
    as_same: "何度も来る、1人の訪問者",
    answered: "応答の数",
    share_of: |count, of| format!("{of}回のうち{count}回"),
    nobody_said: "名乗らないマシン",
    failed: |count| format!("失敗したリクエスト：{count}回"),
    take_out: "外す",
    put_back: "戻す",
    take_out_this: |machine| format!("{machine} を外す"),
    put_back_this: |machine| format!("{machine} を戻す"),
    sticky: |is_sticky| match is_sticky {
        true => "スティッキーセッションはオンです。訪問者には、最初に応答したマシンが応答し続けます。",
        false => "スティッキーセッションはオフです。リクエストごとに、別のマシンが応答することがあります。",
    },
    make_sticky: |is_sticky| match is_sticky {
        true => "スティッキーセッションをオンにする",
        false => "スティッキーセッションをオフにする",
    },
    lesson: "ロードバランサは、すべてのマシンにくり返しページを求めます。2回失敗したマシンには、また応答するまでリクエストを送りません。訪問者はほとんど気づきません。スティッキーセッションは、訪問者についての情報を1台だけに置くプログラムに役立ちますが、仕事の分け合いは偏り、そのマシンがなくなれば、置いてあった情報もなくなります。",
    exercise: |mode| match mode {
        Mode::Teaching => {
            "試してみましょう。コピーのページの見出しを（たとえば「ビジョン2」に）変えて、ロードバランサのページを何度か再読み込みします。両方の見出しが現れます。"
        }
        Mode::Serving => {
            "試してみましょう。ロードバランサのアドレスで投稿を書き、そのページを何度か再読み込みします。どのマシンが受け取っても、全部のマシンに表示されます。"
        }
    },
};

fn rule_of(limit: Limit) -> String {
    match limit {
        Limit::Cpu(percent) => format!("CPU の使用率が{percent}%を超えたら"),
        Limit::Response(ms) => format!("ページの応答が{}.{}秒を超えたら", ms / 1000, ms % 1000 / 100),
    }
}
