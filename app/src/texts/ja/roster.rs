//! 日本語の名簿

use crate::domain::roster::{Fate, Wrong};
use crate::texts::roster::Roster;

pub(super) const ROSTER: Roster = Roster {
    heading: "名簿から追加する",
    lead: "アカウントのない人には、アカウントと、パスワードを決めるための本人用リンクを作ります。何が起こるかは、先に確認できます。",
    file: "CSV ファイル",
    file_hint: "ログイン名（学籍番号など）、氏名、役割の順です。文字コードは UTF-8 か Shift_JIS。1行目の見出しは日本語でも英語でもよく、ほかの列があってもかまいません。",
    look: "内容を確認する",
    download: "名簿をダウンロード",
    awaited: "まだログインしていません。リンク",
    awaited_hint: "はじめてログインするためのリンクを、本人にだけ渡してください（ダウンロードする名簿に全員分があります）。リンクを持つ人が、そのアカウントを使えるようになります。",
    title: |course| format!("{course} の名簿"),
    by: "追加した人",
    line: "行",
    fate_head: "結果",
    fate: |fate, is_done| match (fate, is_done) {
        (Fate::Made, false) => "アカウントを作って追加します",
        (Fate::Made, true) => "アカウントを作って追加しました",
        (Fate::Joined, false) => "今あるアカウントで追加します",
        (Fate::Joined, true) => "追加しました",
        (Fate::Already, _) => "すでに参加しています（役割はそのまま）",
        (Fate::Wrong(_), _) => "追加できません",
    },
    wrong: |wrong| match wrong {
        Wrong::NoSignInName => "ログイン名がありません。".to_owned(),
        Wrong::NotASignInName => "ログイン名に使えるのは、半角の英数字と . _ - @ だけです（64文字まで）。".to_owned(),
        Wrong::NoName => "このログイン名の人はまだいません。アカウントを作るには氏名が必要です。".to_owned(),
        Wrong::NotSignedInYet => {
            "ほかのコースで作られたアカウントで、まだ本人がサインインしていません。本人がサインインしたあとに追加できます。".to_owned()
        }
        Wrong::NoSuchRole => "役割は「学生」か「アシスタント」です。教員は、参加者のページで1人ずつ指定してください。".to_owned(),
        Wrong::AsOnLine(line) => format!("{line}行目と同じログイン名です。"),
    },
    bring_in: |people| format!("{people}人を追加する"),
    nothing_yet: "まだ何も変わっていません。",
    came: |came, of| format!("{of}人中{came}人が参加しています。"),
    left: "追加できなかった行をダウンロードして直す",
    back: |course| format!("{course} の参加者"),
    welcome: |name| format!("{name} さん、ようこそ"),
    welcome_lead: "アカウントの用意ができています。パスワードを決めてください。次からは、このログイン名とパスワードでログインします。",
    choose: "このパスワードでログインする",
};
