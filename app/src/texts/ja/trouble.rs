//! 日本語のエラー

use super::money::money;
use crate::domain::name::{EnvironmentName, NameProblem};
use crate::error::{AppError, Why};

pub(super) fn title(error: &AppError) -> &'static str {
    match error {
        AppError::NotSignedIn | AppError::SignInAgain => "サインインしてください",
        AppError::WrongPassword => "サインインできません",
        AppError::NotFound => "見つかりません",
        AppError::NotAllowed => "権限がありません",
        AppError::Invalid { .. } => "入力を確かめてください",
        AppError::Damaged => "バックアップが壊れています",
        AppError::Conflict => "今はできません",
        AppError::OverBudget { .. } => "予算が足りません",
        AppError::NoPrice { .. } | AppError::NoRate { .. } => "料金がわかりません",
        AppError::TryAgain => "少し待ってやり直してください",
        AppError::Unexpected { .. } => "問題が起きました",
    }
}

pub(super) fn error(error: &AppError) -> String {
    match error {
        AppError::NotSignedIn => "サインインしていないか、セッションが終わりました。".to_owned(),
        AppError::WrongPassword => "名前かパスワードが違います。".to_owned(),
        AppError::NotFound => "このアドレスには何もないか、表示する権限がありません。".to_owned(),
        AppError::NotAllowed => "見ることはできますが、変更はできません。担当教員に相談してください。".to_owned(),
        AppError::Invalid { why: reason, .. } => why(*reason),
        AppError::Damaged => {
            "保管されているバックアップが、入れたときの内容と違います。Koza は何も渡しません。別のバックアップを取り、担当教員に知らせてください。保管場所を調べる必要があります。".to_owned()
        }
        AppError::Conflict => "その間に変わったか、今の状態ではできません。ページを確かめてから、もう一度決めてください。".to_owned(),
        AppError::OverBudget { left, needed } => format!(
            "1日動かす分と、その後保管する分として{}が必要ですが、残りは{}です。何も始めていません。小さいものを選ぶか、不要な環境を削除するか、担当教員に追加を頼んでください。",
            money(*needed),
            money(*left)
        ),
        AppError::NoPrice { item } => format!(
            "「{item}」の料金が登録されていません。料金のわからないものは始めません。担当教員に知らせてください。運用担当者が料金表を取り込む必要があります。"
        ),
        AppError::NoRate { currency } => format!(
            "1ドルが何{}かが登録されていません。料金のわからないものは始めません。担当教員に知らせてください。運用担当者が為替レートを登録する必要があります。",
            currency.code()
        ),
        AppError::SignInAgain => "サインインから時間がたちました。続けるには、もう一度パスワードを入力してください。".to_owned(),
        AppError::TryAgain => "Koza につながらないか、混み合っています。何も変更していません。少し待ってやり直してください。".to_owned(),
        AppError::Unexpected { reference } if reference.is_empty() => {
            "処理できませんでした。続くようなら担当教員に知らせてください。".to_owned()
        }
        AppError::Unexpected { reference } => {
            format!("処理できませんでした。参照番号 {reference} を伝えると、担当者が原因を調べられます。")
        }
    }
}

pub(super) fn why(why: Why) -> String {
    match why {
        Why::Name(NameProblem::Missing) => "名前を入力してください。".to_owned(),
        Why::Name(NameProblem::TooLong) => format!("名前が長すぎます。{}文字までにしてください。", EnvironmentName::MAX),
        Why::Name(NameProblem::International) => {
            "名前はホスト名になります。a〜z 以外の文字を含むホスト名は、実習で使うプログラムの多くが見つけられないため、使えません。"
                .to_owned()
        }
        Why::Name(NameProblem::NotALabel) => {
            "名前はホスト名になります。a〜z、0〜9、途中のハイフンだけを使い、文字を1つ以上入れてください。".to_owned()
        }
        Why::Name(NameProblem::Reserved) => "この名前はサイトが使っています。別の名前にしてください。".to_owned(),
        Why::Taken => "この名前はすでに使われています。別の名前にしてください。".to_owned(),
        Why::NotAPublicKey => {
            "使用できる SSH 公開鍵ではありません。.pub で終わるファイルにある、ssh-ed25519 などで始まる1行を貼り付けてください。".to_owned()
        }
        Why::TooMany { most } => format!("このブループリントで使えるマシンは、1つの環境につき{most}台までです。"),
        Why::LeastAboveMost => "最少の台数は、最大の台数以下にしてください。".to_owned(),
        Why::SameZone => {
            "最初のマシンと同じゾーンです。ゾーンは丸ごと止まることがあり、同じゾーンのコピーは一緒に止まります。ほかのゾーンを選んでください。".to_owned()
        }
        Why::NoSuchZone => "クラウドにそのゾーンはありません。".to_owned(),
        Why::NotASignInName => "ログイン名に使えるのは、半角の英数字と . _ - @（64文字まで）です。".to_owned(),
        Why::SignInTaken => "このログイン名はすでに使われています。ご自分のものなら、先にログインしてから、もう一度リンクを開いてください。".to_owned(),
        Why::PasswordTooShort { least } => format!("パスワードは{least}文字以上にしてください。文章にすると覚えやすくなります。"),
        Why::PasswordsDiffer => "上のパスワードと一致しません。".to_owned(),
        Why::NotACount { most } => format!("1から{most}までの整数を入力してください。"),
        Why::MoreThanGranted => "この学生に追加した額を超えています。".to_owned(),
        Why::NotPercents => "1から100までの整数をコンマで区切って入力してください（例: 50, 80, 100）。".to_owned(),
        Why::NotMoney => "金額ではありません。12000 や 0.25 のように、半角の数字で入力してください。".to_owned(),
        Why::NotAText => "テキストとして読み取れませんでした。表計算ソフトで CSV（UTF-8 または Shift_JIS）として保存し、そのファイルを選んでください。".to_owned(),
        Why::TooManyLines { most } => format!("{most}行を超えています。ファイルをいくつかに分けてください。"),
        Why::Missing => "空欄にはできません。".to_owned(),
        Why::NotTheName => "環境の名前と一致しません。".to_owned(),
    }
}
