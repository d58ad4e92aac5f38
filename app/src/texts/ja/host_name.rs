//! 環境の名前と HTTPS（日本語）

use crate::domain::environment::{LedBy, NotYet};
use crate::texts::HostName;

pub(super) const HOST_NAME: HostName = HostName {
    name: "名前",
    led_by: |led_by| match led_by {
        LedBy::Name => None,
        LedBy::AddressForNow => Some("名前がネームサーバに行き渡るのを待っています。使えるようになるまで、リンクにはアドレスを使います。"),
        LedBy::Address => Some(
            "このドメインの名前は、Koza のネームサーバにたずねるコンピュータだけが知っています。そのため、リンクにはアドレスを使います。",
        ),
    },
    works: "この名前で HTTPS が使えます。証明書は自動で更新されます。今の証明書の期限：",
    renewal_failed: "証明書の前回の更新に失敗しました。マシンが自動でやり直します。",
    not_yet: |why| match why {
        NotYet::Name => "HTTPS はまだです。名前がすべてのネームサーバに行き渡り次第、マシンが証明書を申請します。",
        NotYet::Turn => {
            "HTTPS はまだです。認証局が一度に発行する数には限りがあり、先に申請した環境があります。順番が来ると、マシンが自動で証明書を取ります。HTTP は使えます。"
        }
        NotYet::Asking => "HTTPS はまだです。マシンが証明書を申請しています。HTTP は使えます。",
        NotYet::Away => "HTTPS はまだです。認証局が応答しません。マシンが自動でやり直します。HTTP は使えます。",
        NotYet::Limited => {
            "HTTPS はまだです。認証局が、しばらく申請を控えるよう求めています。マシンが自動でやり直します。HTTP は使えます。"
        }
        NotYet::Refused => "HTTPS はまだです。認証局に断られました。マシンが自動でやり直します。HTTP は使えます。",
        NotYet::Machine => {
            "HTTPS は使えません。マシンの中に原因があります。自動でやり直します。Web サーバを変更したなら、まずそこを確かめてください。"
        }
        NotYet::Check => "マシンは HTTPS を始めましたが、外からの確認がまだ通っていません。通るまで、リンクにはアドレスを使います。",
        NotYet::Expired => "マシンが止まっている間に、証明書の期限が切れました。起動すると、マシンが自動で新しい証明書を取ります。",
    },
    again_at: "次に試す時刻：",
    turn_at: "順番が来る時刻：",
    said: "正確な文言",
    lesson: "名前はアドレスより覚えやすく、証明書は、応答しているのがその名前のマシンであることを示します。持ち主は、その名前を訪れた人が自分のマシンに届くことを、認証局に見せています。名前の答えは1分間だけ覚えられる（TTL）ので、変更はすぐ全体に伝わります。",
};
