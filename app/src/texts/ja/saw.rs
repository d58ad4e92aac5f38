//! What a probe saw, in Japanese: each a sentence that stands alone.

use crate::domain::saw::Saw;

pub(super) fn saw(saw: &Saw) -> String {
    match saw {
        Saw::NoAddress => "まだアドレスがありません。".to_owned(),
        Saw::Unreachable => "アドレスに到達できません。".to_owned(),
        Saw::Refused { port } => format!("{port}番ポートが接続を拒否します。"),
        Saw::Silent { port } => format!("{port}番ポートから応答がありません。"),
        Saw::TooSlow { port, seconds } => format!("{port}番ポートの応答に{seconds}秒を超える時間がかかりました。"),
        Saw::HungUp { port } => format!("{port}番ポートとの接続が途中で切れました。"),
        Saw::TooMuch { port } => format!("{port}番ポートから届くデータが多すぎます。"),
        Saw::OtherProtocol { port } => format!("{port}番ポートで別のものが応答しています。"),
        Saw::Status { path, status } => format!("{path} がステータス {status} を返しました。"),
        Saw::SentAway { to } => format!("{to} に転送されます。"),
        Saw::NotWordpress => "WordPress のページではありません。".to_owned(),
        Saw::OtherSite => "WordPress ですが、別のサイトです。".to_owned(),
        Saw::DatabaseDown => "WordPress がデータベースに接続できません。".to_owned(),
        Saw::WordpressTrouble => "WordPress が重大なエラーを表示しています。".to_owned(),
        Saw::NotSetUp => "WordPress の初期設定ページが表示されます。".to_owned(),
        Saw::NoPasswordAsked => "保護されたページが、パスワードを求めずに拒否します。".to_owned(),
        Saw::OpenWithoutPassword => "保護されたページが、パスワードなしで開きます。".to_owned(),
        Saw::WrongPasswordAccepted => "保護されたページが、誤ったパスワードで開きます。".to_owned(),
        Saw::PasswordRefused => "保護されたページが、正しいパスワードを拒否します。".to_owned(),
        Saw::NotTheContainer => "8080番ポートにコンテナとは別のものが表示されます。".to_owned(),
        Saw::LoginRefused => "FTP でログインできません。".to_owned(),
        Saw::NoDataConnection => "FTP のデータ接続が開きません。".to_owned(),
        Saw::CommandRefused { command, reply } => format!("FTP の {command} に {reply} が返りました。"),
        Saw::NoPdf { seconds, .. } => format!("{seconds}秒以内に PDF が返りませんでした。"),
        Saw::NotAPdf => "返ってきたものが PDF ではありません。".to_owned(),
        Saw::OtherPdf => "返ってきた PDF が、送ったファイルのものではありません。".to_owned(),
        Saw::NoHostKeyReported => "マシンがまだ SSH ホスト鍵を知らせていません。".to_owned(),
        Saw::OtherHostKey => "SSH のホスト鍵が、マシンの知らせたものと違います。".to_owned(),
        Saw::UnprovenHostKey => "SSH のホスト鍵が本物だと確かめられません。".to_owned(),
        Saw::Open { ports } => format!("閉じているはずのポートが開いています: {}。", super::super::ports(ports)),
        Saw::Simulated { said } => format!("シミュレータの答え: {said}"),
    }
}
