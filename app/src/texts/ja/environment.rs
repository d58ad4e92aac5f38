//! 日本語の環境のページ

use crate::domain::environment::Act;
use crate::domain::phase::Phase;
use crate::domain::reason::Attention;
use crate::domain::timeline::{StepState, What};
use crate::texts::{AttentionText, Connection, Environment};

pub(super) const ENVIRONMENT: Environment = Environment {
    phase,
    phase_means: |phase, ahead, keeps_address| match (phase, ahead) {
        (Phase::Waiting, Some(0)) => "次はあなたの番です。".to_owned(),
        (Phase::Waiting, Some(ahead)) => format!("先に{ahead}件あります。"),
        (Phase::Waiting, None) => "依頼を受け付けました。できるだけ早く始めます。".to_owned(),
        (Phase::Building, _) => "環境を作っています。このページを離れても続きます。".to_owned(),
        (Phase::Checking, _) => "すべてそろいました。利用者と同じように、外から一つずつ試しています。".to_owned(),
        (Phase::Ready, _) => "外からの確認は、すべて通りました。".to_owned(),
        (Phase::Stopping, _) => "マシンを停止しています。ファイルは残ります。".to_owned(),
        (Phase::Stopped, _) if keeps_address => "マシンは停止しています。ファイルとアドレスは残っています。".to_owned(),
        (Phase::Stopped, _) => {
            "マシンは停止しています。ファイルは残っています。次に起動すると別のアドレスになり、名前もそれを指します。".to_owned()
        }
        (Phase::Removing, _) => "マシンとディスクを削除し、アドレスを返却しています。".to_owned(),
        (Phase::Removed, _) => "削除しました。固定 IP と名前は返却済みで、費用はもうかかりません。".to_owned(),
    },
    act: |act| match act {
        Act::Start => "起動",
        Act::Stop => "停止",
        Act::Scale => "台数を変える…",
        Act::Backups => "バックアップ…",
        Act::TryAgain => "もう一度試す",
        Act::Delete => "削除…",
    },
    acts: "できること",
    attention,
    incident: super::incident::incident,
    incidents: "起きた障害",
    happened: "起きたこと",
    did: "Koza がしたこと",
    next: "次にすること",
    said: "正確な文言（担当者向け）",
    simulated: "シミュレーション",
    lesson_building: "マシンは、必要なものがすべて入ったイメージから起動し、そのマシンだけが取得できる設定を使って自分で準備します。スクリプトが終わったときではなく、それぞれのサービスが外から応答したときに「準備完了」になります。",
    lesson_stopped: |keeps_address| match keeps_address {
        true => {
            "停止したマシンに計算の費用はかかりませんが、ディスクと固定 IP アドレスは取っておくので、費用がかかり続けます。使わなくなったら削除してください。"
        }
        false => {
            "停止したマシンに計算の費用はかかりません。アドレスは時間ごとに費用がかかるので返却しました。ディスクは取っておくので、費用がかかり続けます。使わなくなったら削除してください。"
        }
    },
    live: "このページは自動で更新されます。",
    not_live: "接続が切れました。作業は続いています。つながり次第、このページの更新を再開します。",
    now_in_phase: |now| match now {
        Phase::Waiting => "環境は待機中です。".to_owned(),
        Phase::Building => "環境を作っています。".to_owned(),
        Phase::Checking => "環境を確認しています。".to_owned(),
        Phase::Ready => "環境が使えるようになりました。".to_owned(),
        Phase::Stopping => "環境を停止しています。".to_owned(),
        Phase::Stopped => "環境が停止しました。".to_owned(),
        Phase::Removing => "環境を削除しています。".to_owned(),
        Phase::Removed => "環境を削除しました。".to_owned(),
    },
    progress: |done, of, now| format!("{of}項目のうち{done}項目が終わりました。{now}。"),
};

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting => "待機中",
        Phase::Building => "作成中",
        Phase::Checking => "確認中",
        Phase::Ready => "準備完了",
        Phase::Stopping => "停止処理中",
        Phase::Stopped => "停止",
        Phase::Removing => "削除中",
        Phase::Removed => "削除済み",
    }
}

const TRY_AGAIN: &str = "「もう一度試す」を押してください。また失敗したら、このページを担当教員に見せてください。";

fn attention(attention: &Attention) -> AttentionText {
    let step_text = super::steps::TIMELINE.step;
    let (title, happened, did, next) = match attention {
        Attention::NoFreeAddress { used, size } => (
            "空いているアドレスがありません".to_owned(),
            format!("空いている固定 IP がありません（{used}/{size} 使用中）。"),
            "順番は保たれます。作りかけのものは残していません。空きが出るか、Koza が自動で確かめ続けます。",
            "使わない環境を削除するか、担当教員に相談してください。",
        ),
        Attention::NoCapacity { .. } => (
            "マシンを置く空きがありません".to_owned(),
            "今、クラウドにはマシンをもう1台置く空きがありません。".to_owned(),
            "順番は保たれます。作りかけのものは残していません。Koza が自動で試し続けます。",
            "しばらく待つか、使わないものを停止・削除してください。続くようなら担当教員に知らせてください。",
        ),
        Attention::OverQuota { .. } => (
            "割り当てを使い切りました".to_owned(),
            "この講座のクラウドアカウントは、割り当ての一つを使い切りました。".to_owned(),
            "順番は保たれます。Koza が自動で試し続けます。",
            "担当教員に知らせてください。割り当てを増やすか、何かを返却する必要があります。",
        ),
        Attention::CloudSilent => (
            "クラウドが応答しません".to_owned(),
            "今、クラウドにつながりません。".to_owned(),
            "Koza は問い合わせを続け、つながり次第、続きから再開します。動いているマシンには触れません。",
            "何もする必要はありません。10分以上続くようなら、担当教員に知らせてください。",
        ),
        Attention::NamesSilent => (
            "ネームサーバが応答しません".to_owned(),
            "このドメインの名前を管理しているサーバにつながりません。".to_owned(),
            "Koza は問い合わせを続けます。名前に関わらない作業は、そのまま進みます。",
            "何もする必要はありません。10分以上続くようなら、担当教員に知らせてください。",
        ),
        Attention::BootStepFailed { step, .. } => (
            step_text(&What::Boot(step.clone()), StepState::Failed),
            "マシンの準備中に、ステップの一つが失敗しました。".to_owned(),
            "途中のものを完成と見せないように、そこで止めました。最後の数行を残してあります。",
            TRY_AGAIN,
        ),
        Attention::MachineSilent => (
            "マシンから連絡がありません".to_owned(),
            "マシンは起動しましたが、Koza に連絡してきません。".to_owned(),
            "Koza は連絡を待ち続けています。",
            "「もう一度試す」を押すと、マシンを起動し直します。それでも連絡がなければ、担当教員に知らせてください。",
        ),
        Attention::CopyFailed { machine, step, .. } => (
            format!("{}（{machine}台目）", step_text(&What::Boot(step.clone()), StepState::Failed)),
            format!("コピー（{machine}台目のマシン）の準備中に、ステップの一つが失敗しました。"),
            "このマシンには訪問者を送りません。最後の数行を残してあります。最初のマシンは、今までどおり使えます。",
            TRY_AGAIN,
        ),
        Attention::CopySilent { machine } => (
            format!("{machine}台目のマシンから連絡がありません"),
            format!("コピー（{machine}台目のマシン）は起動しましたが、準備ができたという連絡がまだありません。"),
            "このマシンには訪問者を送らず、連絡を待ち続けています。最初のマシンは、今までどおり使えます。",
            "もう数分待ってください。連絡がないままなら、担当教員に知らせてください。",
        ),
        Attention::BalancerSilent => (
            "ロードバランサがリクエストを受け付けません".to_owned(),
            "ロードバランサは数分前に作られましたが、応答しません。".to_owned(),
            "間隔を広げながら、作り直しを試みています。各マシンは自分のアドレスで応答し、最初のマシンは名前でも使えます。",
            "もう数分待ってください。変わらなければ担当教員に知らせてください。1台に戻せば、ロードバランサは要らなくなります。",
        ),
        Attention::BackupFailed { machine, .. } => (
            format!("{machine}台目のマシンのバックアップが取れませんでした"),
            format!("{machine}台目のマシンが抜けるところでしたが、バックアップが取れなかったか、仮に復元したときに一致しませんでした。"),
            "一致を確かめたバックアップなしでマシンを手放すことはしません。マシンはそのまま動き続けています。",
            "「もう一度試す」で、バックアップを取り直します。マシンを残すことも、バックアップなしで手放すこともできます（「台数を変える」）。",
        ),
        Attention::ProbeFails { probe, saw } => (
            step_text(&What::Probe(*probe), StepState::Failed),
            format!("外からの確認に失敗し続けています（{}）。{}", (super::steps::TIMELINE.probe)(*probe), super::saw::saw(saw)),
            match probe.is_by_name() {
                true => "Koza は繰り返し確かめています。その間も、環境はアドレスで使えます。",
                false => "Koza は繰り返し確かめています。通るまでは「準備完了」にしません。",
            },
            "マシンの中を変更したなら、まずそこを確かめてください。心当たりがなければ「もう一度試す」を押してください。",
        ),
        Attention::ImageNotBaked { .. } => (
            "イメージを準備できませんでした".to_owned(),
            "このブループリントのイメージを準備できませんでした。".to_owned(),
            "順番は保たれます。最後の数行を残してあります。",
            "このブループリントを使う全員に関わるので、担当教員に知らせてください。「もう一度試す」で準備をやり直します。",
        ),
        Attention::Refused { .. } => (
            "クラウドに断られました".to_owned(),
            "この環境に必要な操作を、クラウドが受け付けませんでした。".to_owned(),
            "そこで止め、繰り返していません。",
            "このページを担当教員に見せてください。原因が直ったら「もう一度試す」を押してください。",
        ),
        Attention::MachineVanished => (
            "マシンがなくなりました".to_owned(),
            "マシンがディスクごとクラウドから消えました。Koza が削除したのではありません。".to_owned(),
            "新しいマシンは空になるため、Koza は自動では作りませんでした。",
            "「もう一度試す」を押すと、同じ名前とアドレスで空のマシンを作ります。不要なら環境を削除してください。",
        ),
        Attention::Parked => (
            "保留にしました".to_owned(),
            "この環境の作業が、何度も途中で切れました。".to_owned(),
            "ほかの環境を待たせないように、保留にしました。",
            TRY_AGAIN,
        ),
    };
    AttentionText { title, happened, did, next }
}

pub(super) const CONNECTION: Connection = Connection {
    title: "接続のしかた",
    copy: "コピー",
    copy_this: |what| format!("{what} をコピー"),
    open: "開く",
    open_this: |what| format!("{what} を新しいタブで開く"),
    copied: "コピーしました",
    selected: "選択しました。Ctrl+C か ⌘C を押してください。",
    web: "WordPress",
    wordpress_admin: "管理画面",
    user: "ユーザー名",
    show_passwords: "パスワードを表示",
    protected_page: "パスワード付きのページ",
    container: "Web コンテナ",
    ftp: "FTP で TeX を PDF に",
    ftp_host: "ホスト",
    ssh: "SSH",
    ssh_command: "ログイン",
    known_hosts: "~/.ssh/known_hosts に追加",
    known_hosts_why: "マシンが Koza に知らせた、マシン自身の鍵です。この行を追加しておくと、別のマシンが代わりに応答したときに SSH が気づきます。",
    ssh_config: "~/.ssh/config に追加",
    private_key_waiting: "Koza が鍵を作りました。秘密鍵は1日以内に1回だけダウンロードでき、その後 Koza からは消えます。自分だけが読めるようにしてください（chmod 600）。",
    private_key_download: "秘密鍵をダウンロード（1回だけ）",
    private_key_erased: "秘密鍵はダウンロード済みか、期限の1日が過ぎました。Koza には残っていません。",
    own_key: "登録した自分の鍵でログインできます。",
    lesson_ftp: "パッシブモードを使ってください。接続はすべて自分のパソコンから始まるので、ファイアウォールや家庭のルータに妨げられません。アクティブモードでは、マシンの側からパソコンへ接続する必要があります。main.tex を置くと、数秒後に main.pdf ができます。失敗したときは main.log に理由があります。",
    lesson_address: |is_kept| match is_kept {
        true => "固定 IP アドレスは、マシンではなく環境に付いています。マシンを止めても残り、その間も少し費用がかかります。",
        false => {
            "この講座では、アドレスに時間ごとの費用がかかるため、環境を止めるとアドレスを返却します。起動すると別のアドレスになり、名前は1分以内にそこを指します。名前を使ってください。"
        }
    },
    while_stopped: "マシンは停止しています。起動すると、また使えます。",
    page: "ページ",
};
