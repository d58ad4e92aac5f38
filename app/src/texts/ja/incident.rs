//! 準備完了のあとに壊れたもの

use crate::domain::incident::Fault;
use crate::domain::reason::Probe;

/// 何が壊れ、Koza が何をしているか。直ったあとは、何をしたか
pub(super) fn incident(fault: Fault, is_mended: bool) -> &'static str {
    match (fault, is_mended) {
        (Fault::MachineVanished, false) => "マシンがクラウドから消えました。ディスクも一緒に失われました。",
        (Fault::MachineVanished, true) => "マシンがクラウドから消えたため、新しく作りました。前のディスクにあったものは失われました。",
        (Fault::MachineOff, false) => "誰も頼んでいないのにマシンが止まりました。Koza が起動しています。",
        (Fault::MachineOff, true) => "マシンが止まっていました。Koza が起動し直しました。失われたものはありません。",
        (Fault::AddressLost, false) => "固定 IP が失われました。Koza が別のものを確保しています。",
        (Fault::AddressLost, true) => "固定 IP が失われたため、別のものに替えました。今このページに出ているアドレスを使ってください。",
        (Fault::FirewallChanged, false) => "外からの通信を通す設定が変えられました。Koza が元に戻しています。",
        (Fault::RecordChanged, false) => "名前が別の場所を指しているか、消えています。Koza が元に戻しています。",
        (Fault::RecordChanged, true) => {
            "名前が別の場所を指していました。Koza が元に戻しました。古い答えを覚えているコンピュータも1分以内に忘れます。"
        }
        (Fault::FirewallChanged, true) => "外からつながらなくなっていました。Koza が設定を元に戻しました。失われたものはありません。",
        (Fault::BindingLost, false) => "固定 IP がマシンにつながっていません。Koza が直しています。",
        (Fault::BindingLost, true) => "固定 IP がマシンにつながっていませんでした。Koza が直しました。失われたものはありません。",
        (Fault::ProbeFails(probe), false) => match probe {
            Probe::Ssh => "SSH が正しく応答しません。Koza が確かめ続け、続くようなら再起動します。",
            Probe::Wordpress => "WordPress のページが表示されません。Koza が確かめ続け、続くようなら再起動します。",
            Probe::BasicAuth => "パスワード付きページが正しく守られていません。Koza が確かめ続け、続くようなら Web サーバを再起動します。",
            Probe::ContainerWeb => "Web コンテナが応答しません。Koza が確かめ続け、続くようなら再起動します。",
            Probe::FtpTex => "FTP で PDF が返ってきません。Koza が確かめ続け、続くようならコンパイラを再起動します。",
            Probe::ClosedPorts => "閉じているはずのポートが開いています。Koza が確かめ続けています。",
            Probe::Name => "名前がこの環境につながりません。Koza が確かめ続けています。それまではアドレスを使ってください。",
            Probe::Https => "HTTPS が正しく動きません。Koza が確かめ続け、続くようなら Web サーバを再起動します。",
            Probe::FtpTls => "FTP が TLS を正しく受け付けません。Koza が確かめ続け、続くようなら再起動します。",
        },
        (Fault::ProbeFails(probe), true) => match probe {
            Probe::Ssh => "SSH が正しく応答していませんでした。今は動いています。失われたものはありません。",
            Probe::Wordpress => "WordPress のページが表示されていませんでした。今は動いています。失われたものはありません。",
            Probe::BasicAuth => "パスワード付きページが正しく守られていませんでした。今は守られています。",
            Probe::ContainerWeb => "Web コンテナが応答していませんでした。今は動いています。失われたものはありません。",
            Probe::FtpTex => "FTP で PDF が返ってきていませんでした。今は動いています。失われたものはありません。",
            Probe::ClosedPorts => "閉じているはずのポートが開いていました。今は閉じています。",
            Probe::Name => "名前がこの環境につながっていませんでした。今はつながります。",
            Probe::Https => "HTTPS が正しく動いていませんでした。今は動いています。失われたものはありません。",
            Probe::FtpTls => "FTP が TLS を正しく受け付けていませんでした。今は受け付けています。失われたものはありません。",
        },
    }
}
