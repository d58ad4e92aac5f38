//! 日本語のタイムライン

use crate::domain::reason::Probe;
use crate::domain::scaling::{Because, Limit};
use crate::domain::timeline::{StepState, What};
use crate::texts::Timeline;

pub(super) const TIMELINE: Timeline = Timeline {
    title: "進み具合",
    step,
    state: |state| match state {
        StepState::Waiting => "（待機中）",
        StepState::Now => "（実行中）",
        StepState::Done => "（完了）",
        StepState::Failed => "（失敗）",
    },
    log: "最後の数行",
    duration: |ms| match ms {
        0..100 => "0.1秒未満".to_owned(),
        100..10_000 => format!("{}.{}秒", ms / 1000, ms % 1000 / 100),
        10_000..60_000 => format!("{}秒", ms / 1000),
        _ => format!("{}分{}秒", ms / 60_000, ms / 1000 % 60),
    },
    whole_seconds: |seconds| match seconds {
        0..60 => format!("{seconds}秒"),
        _ => format!("{}分{}秒", seconds / 60, seconds % 60),
    },
    probe: |probe| match probe {
        Probe::Ssh => "SSH",
        Probe::Wordpress => "WordPress",
        Probe::BasicAuth => "パスワード付きのページ",
        Probe::ContainerWeb => "Web コンテナ",
        Probe::FtpTex => "FTP と TeX",
        Probe::ClosedPorts => "閉じたポート",
        Probe::Name => "名前",
        Probe::Https => "HTTPS",
        Probe::FtpTls => "TLS を使う FTP",
    },
    saw: super::saw::saw,
    nothing_yet: "まだ何も始まっていません。",
};

fn step(what: &What, state: StepState) -> String {
    let phrases = match what {
        What::Asked => ["依頼", "依頼を受け付けています", "依頼を受け付けました", "依頼を受け付けられませんでした"],
        What::Image => [
            "ブループリントのイメージ",
            "イメージを準備しています（全員で1回だけです）",
            "イメージの準備ができました",
            "イメージを準備できませんでした",
        ],
        What::Address => [
            "固定 IP アドレス",
            "固定 IP アドレスを確保しています",
            "固定 IP アドレスを確保しました",
            "固定 IP アドレスを確保できませんでした",
        ],
        What::Firewall => {
            ["開けるポート", "ポートを開けています", "ブループリントのポートだけを開けました", "ポートを開けられませんでした"]
        }
        What::Machine => ["マシン", "マシンを起動しています", "マシンが起動しました", "マシンが起動しませんでした"],
        What::Binding => [
            "アドレスとマシンの接続",
            "アドレスをマシンにつないでいます",
            "アドレスがマシンにつながりました",
            "アドレスをマシンにつなげませんでした",
        ],
        What::Name => ["名前", "名前を登録しています", "名前がアドレスを指しています", "名前を登録できませんでした"],
        What::Boot(step) => return boot(step, state),
        What::Probe(probe) => check(*probe),
        What::Ready => ["準備完了", "全体をもう一度確かめています", "すべて確認できました。使えます", "まだ使えません"],
        What::Freeze => [
            "スナップショット",
            "最初のマシンのディスクを、今のまま写し取っています（スナップショット）",
            "最初のマシンのディスクを写し取りました（スナップショット）",
            "最初のマシンのディスクを写し取れませんでした",
        ],
        What::CopyImage => [
            "コピー用のイメージ",
            "スナップショットからイメージを作っています",
            "イメージができました。ここからマシンを起動できます",
            "スナップショットからイメージを作れませんでした",
        ],
        What::SaveImage(number) => {
            let words = ["", "をマシンのディスクから作成しています", "をマシンのディスクから作りました", "を作成できませんでした"];
            return format!("イメージ {number} {}", pick(state, words)).trim_end().to_owned();
        }
        What::CopyAddress(machine) => {
            return of_copy("固定 IP アドレス", *machine, ["を確保しました", "を確保しています", "を確保できませんでした"], state);
        }
        What::Copy(machine) => return of_copy("コピー", *machine, ["が起動しました", "を起動しています", "が起動しませんでした"], state),
        What::Policy { is_more, because } => return by_policy(*is_more, *because, state),
        What::BackUp(machine) => {
            let words = ["バックアップ", "バックアップを取っています", "バックアップを取りました", "バックアップを取れませんでした"];
            return of_machine(*machine, words, state);
        }
        What::Rehearse(machine) => {
            let words = [
                "バックアップの照合",
                "バックアップを仮に復元し、比べています",
                "バックアップを仮に復元し、一致を確かめました",
                "バックアップを仮に復元しましたが、一致しませんでした",
            ];
            return of_machine(*machine, words, state);
        }
        What::Leave(machine) => {
            let words = ["コピーの退出", "コピーが抜けています", "コピーが抜けました", "コピーが抜けられませんでした"];
            return of_machine(*machine, words, state);
        }
        What::Balancer => {
            ["ロードバランサ", "ロードバランサを用意しています", "ロードバランサを用意しました", "ロードバランサを用意できませんでした"]
        }
        What::TargetGroup => [
            "ターゲットグループ",
            "ターゲットグループ（振り分け先のマシン）を作っています",
            "ターゲットグループ（振り分け先のマシン）を作りました",
            "ターゲットグループを作れませんでした",
        ],
        What::Spread => [
            "すべてのマシンの応答",
            "ロードバランサが、各マシンの応答を確かめています",
            "すべてのマシンが、ロードバランサの後ろで応答しています",
            "マシンをロードバランサの後ろに置けませんでした",
        ],
        What::Stop => ["停止", "マシンを停止しています", "マシンが停止しました", "マシンが停止しませんでした"],
        What::RemoveName => {
            ["名前の取り消し", "名前を取り消しています", "名前はどのネームサーバーからも消えました", "名前を取り消せませんでした"]
        }
        What::RemoveMachine => ["マシンの削除", "マシンを削除しています", "マシンとディスクを削除しました", "マシンを削除できませんでした"],
        What::GiveBack => ["アドレスの返却", "アドレスを返却しています", "アドレスを返却しました", "アドレスを返却できませんでした"],
        What::Confirm => {
            ["残りものの確認", "残りがないか、クラウドに2回たずねています", "クラウドには何も残っていません", "クラウドにまだ残っています"]
        }
    };
    pick(state, phrases).to_owned()
}

/// 自動スケーリングがしたことと、その理由。
fn by_policy(is_more: bool, because: Because, state: StepState) -> String {
    let does = match (is_more, state) {
        (true, StepState::Done) => "規則により、マシンを1台増やしました",
        (true, StepState::Waiting) => "規則により、マシンを1台増やします",
        (true, StepState::Now) => "規則により、マシンを1台増やしています",
        (true, StepState::Failed) => "規則により、マシンを1台増やそうとしましたが、できませんでした",
        (false, StepState::Done) => "規則により、マシンを1台減らすことにしました",
        (false, StepState::Waiting) => "規則により、マシンを1台減らします",
        (false, StepState::Now) => "規則により、マシンを1台減らしています",
        (false, StepState::Failed) => "規則により、マシンを1台減らそうとしましたが、できませんでした",
    };
    let why = match because {
        Because::Bounds => "決められた台数にするためです".to_owned(),
        Because::Above { limit: Limit::Cpu(of), seen, minutes } => format!("CPU 使用率が{minutes}分間{seen}%以上でした（上限{of}%）"),
        Because::Above { limit: Limit::Response(of), seen, minutes } => {
            format!("ページの応答が{minutes}分間{seen}ミリ秒以上かかりました（上限{of}ミリ秒）")
        }
        Because::Below { limit: Limit::Cpu(of), seen, minutes } => format!("CPU 使用率が{minutes}分間{seen}%以下でした（上限{of}%）"),
        Because::Below { limit: Limit::Response(of), seen, minutes } => {
            format!("ページの応答が{minutes}分間{seen}ミリ秒以下でした（上限{of}ミリ秒）")
        }
    };
    format!("{does}。{why}")
}

/// コピーの番号つき。
fn of_copy(what: &str, machine: u16, [done, now, failed]: [&str; 3], state: StepState) -> String {
    match state {
        StepState::Waiting => format!("{machine}台目の{what}"),
        StepState::Now => format!("{machine}台目の{what}{now}"),
        StepState::Done => format!("{machine}台目の{what}{done}"),
        StepState::Failed => format!("{machine}台目の{what}{failed}"),
    }
}

/// 何台目のマシンのことか。
fn of_machine(machine: u16, words: [&'static str; 4], state: StepState) -> String {
    format!("{}（{machine}台目）", pick(state, words))
}

fn check(probe: Probe) -> [&'static str; 4] {
    match probe {
        Probe::Ssh => ["SSH の確認", "外から SSH を試しています", "SSH がマシン自身の鍵で応答しました", "SSH が正しく応答しません"],
        Probe::Wordpress => [
            "WordPress の確認",
            "WordPress のページを取得しています",
            "WordPress のページが表示されました",
            "WordPress のページが表示されません",
        ],
        Probe::BasicAuth => [
            "パスワード付きのページの確認",
            "パスワードの有無で、それぞれページを試しています",
            "パスワードを求め、正しいパスワードで開きました",
            "ページが正しく保護されていません",
        ],
        Probe::Name => [
            "名前の確認",
            "ドメインのネームサーバに、名前をたずねています",
            "ドメインのネームサーバが、この環境のアドレスを答えました",
            "ドメインのネームサーバが、この環境のアドレスを答えません",
        ],
        Probe::Https => [
            "HTTPS の確認",
            "名前を使い、HTTPS でページを取得しています",
            "名前を使った HTTPS が動き、証明書も正しいものでした",
            "HTTPS が正しく動きません",
        ],
        Probe::FtpTls => [
            "TLS を使う FTP の確認",
            "FTP で TLS を試しています",
            "FTP が同じ証明書で TLS を受け付けました",
            "FTP が TLS を正しく受け付けません",
        ],
        Probe::ContainerWeb => [
            "Web コンテナの確認",
            "8080番の Web コンテナに問い合わせています",
            "8080番の Web コンテナが応答しました",
            "8080番の Web コンテナが応答しません",
        ],
        Probe::FtpTex => [
            "FTP と TeX の確認",
            "FTP で TeX ファイルを送り、PDF を待っています",
            "FTP で TeX ファイルを送り、PDF が返りました",
            "FTP で PDF が返りませんでした",
        ],
        Probe::ClosedPorts => [
            "閉じたポートの確認",
            "閉じているはずのポートを確かめています",
            "閉じるべきポートは閉じています",
            "閉じるべきポートが開いています",
        ],
    }
}

fn boot(step: &str, state: StepState) -> String {
    if let Some(service) = step.strip_prefix("install:") {
        let name = service_name(service);
        return match state {
            StepState::Waiting => format!("{name}のインストール"),
            StepState::Now => format!("{name}をインストールしています"),
            StepState::Done => format!("{name}をインストールしました"),
            StepState::Failed => format!("{name}をインストールできませんでした"),
        };
    }
    if let Some(service) = step.strip_prefix("configure:") {
        let name = service_name(service);
        return match state {
            StepState::Waiting => format!("{name}の設定"),
            StepState::Now => format!("{name}を設定しています"),
            StepState::Done => format!("{name}を設定しました"),
            StepState::Failed => format!("{name}を設定できませんでした"),
        };
    }
    match step {
        "baseline" => pick(
            state,
            [
                "はじめの状態の記録",
                "変更される前の状態を記録しています",
                "変更される前の状態を記録しました",
                "変更される前の状態を記録できませんでした",
            ],
        )
        .to_owned(),
        "restore" => pick(
            state,
            [
                "バックアップの復元",
                "バックアップを復元し、比べています",
                "バックアップを復元し、すべての一致を確かめました",
                "バックアップを復元できませんでした",
            ],
        )
        .to_owned(),
        "settings" => {
            pick(state, ["設定の取得", "マシンが設定を取得しています", "マシンが設定を取得しました", "マシンが設定を取得できませんでした"])
                .to_owned()
        }
        "check" => {
            pick(state, ["イメージの確認", "イメージを確認しています", "イメージを確認しました", "イメージに問題があります"]).to_owned()
        }
        "clean" => pick(
            state,
            ["イメージの清掃", "イメージから鍵や痕跡を消しています", "イメージをきれいにしました", "イメージをきれいにできませんでした"],
        )
        .to_owned(),
        "ready" => {
            pick(state, ["起動の仕上げ", "マシンが起動を仕上げています", "マシンの起動が終わりました", "マシンの起動が終わりませんでした"])
                .to_owned()
        }
        other => match state {
            StepState::Waiting => format!("ステップ「{other}」"),
            StepState::Now => format!("ステップ「{other}」を実行しています"),
            StepState::Done => format!("ステップ「{other}」が終わりました"),
            StepState::Failed => format!("ステップ「{other}」が失敗しました"),
        },
    }
}

/// Latin names keep a space before a particle, Japanese ones don't.
fn service_name(service: &str) -> String {
    match service {
        "ssh" => "SSH ".to_owned(),
        "wordpress" => "WordPress ".to_owned(),
        "basic_auth" => "パスワード付きのページ".to_owned(),
        "container_web" => "Web コンテナ".to_owned(),
        "ftp_tex" => "FTP と TeX ".to_owned(),
        "https" => "HTTPS ".to_owned(),
        other => format!("{other} "),
    }
}

fn pick(state: StepState, [waiting, now, done, failed]: [&'static str; 4]) -> &'static str {
    match state {
        StepState::Waiting => waiting,
        StepState::Now => now,
        StepState::Done => done,
        StepState::Failed => failed,
    }
}
