//! 日本語

mod backups;
#[cfg(feature = "ssr")]
mod desk;
mod environment;
mod host_name;
mod images;
mod incident;
#[cfg(feature = "ssr")]
mod members;
mod money;
#[cfg(feature = "ssr")]
mod notices;
#[cfg(feature = "ssr")]
mod operate;
#[cfg(feature = "ssr")]
mod roster;
mod saw;
mod scaling;
mod steps;
mod trouble;

use super::{Account, Course, Delete, Frame, Home, NotFound, Passwords, SignIn, Styleguide, Texts, Trouble};
use crate::domain::course::Role;

pub(super) static TEXTS: Texts = Texts {
    frame: Frame {
        title: |page| format!("{page} · Koza"),
        skip: "本文へ移動",
        home: "自分の環境",
        navigation: "サイト",
        account: "アカウント",
        sign_out: "サインアウト",
        language: "言語",
        theme: "表示",
        theme_system: "システムに合わせる",
        theme_light: "ライト",
        theme_dark: "ダーク",
        trial: "試用モードです。デモ用のアカウントで動いており、通信は暗号化されていません。大切なものは置かないでください。",
        simulated: "シミュレーションです。実際のマシンは起動せず、アドレスもつながりません。",
        styleguide: "スタイルガイド",
        what_koza_is: "Koza（講座）は、学生一人ひとりに本物のマシンを用意します。",
        loading: "読み込んでいます…",
        where_you_are: "現在の場所",
    },
    sign_in: SignIn {
        title: "サインイン",
        lead: "講座のアカウントを使ってください。",
        name: "名前",
        password: "パスワード",
        button: "サインイン",
    },
    home: Home {
        title: "自分の環境",
        environments: "環境",
        courses: "講座",
        no_environments: "環境はまだありません。",
        no_environments_how: [
            "講座を開きます。",
            "ブループリントを選び、名前を付けます。",
            "自分のマシンが立ち上がります。数秒で終わります。",
        ],
        no_courses: "まだどの講座にも入っていません。",
        no_courses_how: "担当教員に登録を頼んでください。登録されると、ここに講座が表示されます。",
        role: |role| match role {
            Role::Student => "学生として参加しています。",
            Role::Assistant => "アシスタントとして参加しています。",
            Role::Instructor => "教員として参加しています。",
        },
        course: "講座",
        address: "アドレス",
        no_address: "まだありません",
        needs_attention: "対応が必要です",
    },
    course: Course {
        desk: "すべての環境",
        people: "参加者",
        blueprints: "ブループリント",
        no_blueprints: "この講座には、まだブループリントがありません。担当教員が公開します。",
        environments: "この講座の自分の環境",
        size: |cpus, memory_mib, disk_gib| {
            let memory = if memory_mib.is_multiple_of(1024) { format!("{} GiB", memory_mib / 1024) } else { format!("{memory_mib} MiB") };
            format!("プロセッサ {cpus} 個、メモリ {memory}、ディスク {disk_gib} GiB")
        },
        services: "入っているもの",
        service: |name| match name {
            "ssh" => Some("SSH"),
            "wordpress" => Some("WordPress"),
            "basic_auth" => Some("パスワード付きのページ"),
            "container_web" => Some("Web コンテナ（8080番）"),
            "ftp_tex" => Some("FTP で TeX を PDF に"),
            "https" => Some("HTTPS"),
            _ => None,
        },
        image_not_ready: "イメージの準備がまだできていません。最初の環境は、準備が終わるまで数分待ちます。次からは数秒で起動します。",
        ask: "環境を作る",
        name: "環境の名前",
        name_hint: "30文字まで。a〜z、0〜9、途中のハイフンが使えます。ホスト名になります。",
        name_becomes: |before, after| format!("名前全体は {before}c5{after} のようになります。"),
        certificates_left: |left, of, domain| {
            format!(
                "HTTPS：{domain} の名前には、1週間に{of}枚まで新しい証明書が発行されます。残りは{left}枚で、新しい環境ごとに1枚使います。足りなくなると、環境は HTTP で始まり、順番が来ると自動で HTTPS になります。"
            )
        },
        no_certificates: |of, domain| {
            format!(
                "{domain} の名前に新しく発行される証明書は1週間に{of}枚までで、一度に発行される数にも限りがあります。今はすべて使われているので、新しい環境は HTTP で始まり、順番が来ると自動で HTTPS になります。次の順番："
            )
        },
        public_key: "自分の SSH 公開鍵",
        public_key_hint: "ssh-ed25519 などで始まる1行です。空のままなら Koza が鍵を作り、秘密鍵を1回だけダウンロードできます。",
        optional: "任意",
        button: "環境を作る",
        button_busy: "依頼しています…",
        lesson_address: |is_kept| match is_kept {
            true => {
                "環境には固定 IP アドレスが付きます。マシンを止めて起動し直しても変わらないので、リンクもブックマークも DNS 名もそのまま使えます。"
            }
            false => {
                "この講座では、アドレスに時間ごとの費用がかかるため、環境を止めるとアドレスを返却します。起動すると別のアドレスになり、名前は1分以内にそこを指します。名前を使ってください。"
            }
        },
        lesson_security: |is_hardened| match is_hardened {
            true => {
                "守り方は「強化」です。クラウドが対応していればディスクを暗号化し、SSH は授業のネットワークからだけ受け付けます（授業がネットワークを指定し、クラウドが接続元を見分けられる場合）。もう一つの「レポートのとおり」では、SSH をどこからでも受け付けます。"
            }
            false => {
                "守り方は「レポートのとおり」です。SSH はどこからでも受け付け、ディスクはそのまま使います。もう一つの「強化」では、ディスクを暗号化し、SSH を授業のネットワークからだけ受け付けます。"
            }
        },
    },
    environment: environment::ENVIRONMENT,
    timeline: steps::TIMELINE,
    connection: environment::CONNECTION,
    host_name: host_name::HOST_NAME,
    scaling: scaling::SCALING,
    backups: backups::BACKUPS,
    images: images::IMAGES,
    costs: money::COSTS,
    #[cfg(feature = "ssr")]
    notices: notices::NOTICES,
    #[cfg(feature = "ssr")]
    desk: desk::DESK,
    #[cfg(feature = "ssr")]
    members: members::MEMBERS,
    #[cfg(feature = "ssr")]
    roster: roster::ROSTER,
    #[cfg(feature = "ssr")]
    operate: operate::OPERATE,
    passwords: Passwords {
        title: |name| format!("{name} のパスワード"),
        heading: "パスワード",
        lead: "この環境のために Koza が作ったパスワードです。自分のパスワードを入力してからしばらくの間だけ表示します。",
        wordpress: "WordPress",
        protected: "パスワード付きのページ",
        ftp: "FTP",
        again: "もう一度パスワードを入力してください",
        again_why: "サインインから15分以上たちました。別の人がこの画面の前にいるかもしれません。",
        password: "Koza のパスワード",
        show: "パスワードを表示",
        back: |name| format!("{name} に戻る"),
    },
    delete: Delete {
        title: |name| format!("{name} を削除しますか"),
        what_happens: "マシンとディスク、保存したイメージを削除します。アドレスと名前は返却し、別の人が使うことがあります。",
        for_ever: "元に戻すことはできません。残したいものは、先にコピーしてください。",
        type_name: |name| format!("確認のため {name} と入力してください"),
        button: "完全に削除する",
        keep: "残す",
        not_now: "すでに削除中か、今は削除できません。",
    },
    account: Account {
        title: "アカウント",
        sessions: "サインイン中のブラウザ",
        sessions_lead: "このアカウントでサインインしているブラウザです。心当たりのないものは終了してください。",
        browser: "ブラウザ",
        signed_in: "サインイン",
        last_seen: "最後の利用",
        this_one: "このブラウザ",
        end: "終了",
        end_this: |browser| format!("{browser} のセッションを終了"),
        end_others: "ほかをすべて終了",
        sign_out: "ここでサインアウト",
        what_to_do: "操作",
    },
    not_found: NotFound {
        title: "見つかりません", why: "このアドレスには何もないか、表示する権限がありません。", home: "自分の環境へ"
    },
    trouble: Trouble { title: trouble::title, error: trouble::error, why: trouble::why, sign_in: "サインイン" },
    styleguide: Styleguide {
        title: "スタイルガイド",
        lead: "ページを作る部品の一覧です。試用モードだけで表示します。",
        colours: "色",
        type_: "文字",
        buttons: "ボタン",
        fields: "入力欄",
        notices: "お知らせ",
        phases: "状態",
        cards: "カード",
        names: "名前と HTTPS",
        attention: "対応が必要なとき",
        sample: "学生が講座の環境を依頼すると、本物のマシンが手に入ります。",
        wait: "読み込み中",
    },
};
