//! Backups, in Japanese.

use crate::domain::backup::{BackupReason, BackupState, NoBackup};
use crate::texts::{Backups, amount};

pub(super) const BACKUPS: Backups = Backups {
    heading: "バックアップ",
    title: |name| format!("{name} のバックアップ"),
    lead: "バックアップには、イメージと違うところ（自分のファイル、設定、データベース）が入ります。マシンが動いている間に取ります。",
    rules: |days, every| match every {
        Some(hours) => format!("環境が動いている間、{hours}時間ごとに自動で取り、{days}日間保管します。"),
        None => format!("それぞれ{days}日間保管します。"),
    },
    back_up: "今すぐバックアップ",
    none: "バックアップはまだありません。",
    look_again: "進み具合を見る",
    refused: |why| match why {
        NoBackup::NotRunning => "バックアップはマシン自身が取ります。先に環境を起動してください。",
        NoBackup::OldMachine => {
            "このマシンは古い版の Koza で作られたため、元のイメージとの違いが分かりません。バックアップを取るには、新しい環境を作ってください。"
        }
        NoBackup::UnderWay => "バックアップを取っている途中です。",
        NoBackup::TooMany => "1つの環境で保管できる数に達しています。要らなくなったバックアップを消去してください。",
        NoBackup::Removed => "この環境は削除済みです。バックアップは保管期限まで残ります。",
    },
    lesson: "違うところだけを保管するので、バックアップは小さく、すぐに取れます。取った直後に、マシンがそれを仮の場所に復元し、すべてのファイルと表を比べます。一度も復元したことのないバックアップは、ただの願いにすぎません。",
    asked: "依頼",
    environment: "環境",
    machine: "マシン",
    state_head: "状態",
    kept_until: "保管期限",
    what_to_do: "操作",
    reason: |reason| match reason {
        BackupReason::Asked => "手動",
        BackupReason::Schedule => "自動",
        BackupReason::ScaleIn => "マシンが抜ける前",
    },
    state: |state| match state {
        BackupState::Asked => "待機中",
        BackupState::Taking => "取得中",
        BackupState::Taken | BackupState::Rehearsing => "照合中",
        BackupState::Proven => "仮に復元し、一致を確認",
        BackupState::Failed => "取れませんでした",
        BackupState::Unproven => "取得済み（一致は未確認）",
        BackupState::Erased => "消去済み",
    },
    how_large: |bytes, size, files| format!("{}（{files}ファイル、{}）", amount(bytes), amount(size)),
    download: "ダウンロード",
    restore: "復元・消去…",
    erase: "完全に消去する",
    erase_title: "このバックアップを消去する",
    erase_lead: "保管期限が過ぎると、Koza が自動で消去します。今消去すると、ここにしかないものは二度と戻りません。",
    restore_title: |name| format!("{name} のバックアップから新しい環境を作る"),
    restore_lead: "同じブループリントから新しいマシンを作り、バックアップの中身をすべて入れます。",
    restore_new: "アドレス、名前、鍵、パスワードは新しくなり、その環境のページに表示されます。元の環境とバックアップはそのまま残ります。",
    restore_button: "新しい環境に復元する",
};
