//! 環境のディスクのイメージ（日本語）

use crate::domain::image::{ImageState, NoImage};
use crate::texts::Images;

pub(super) const IMAGES: Images = Images {
    heading: "イメージ",
    title: |name| format!("{name} のイメージ"),
    lead: "イメージには、今のディスク全体（システム、プログラム、設定、ファイル）が入ります。新しいマシンをそこから起動でき、起動したあとはそれぞれ独立します。",
    meanwhile: |rests| match rests {
        true => "ディスクを写し取る1〜2分の間、マシンは止まります。どのファイルも、プログラムが書き終えた状態で写されます。",
        false => {
            "その間もマシンは動き続けます。イメージから起動したマシンは、停電のあとのように目を覚まします。データベースはそれに備えて作られています。"
        }
    },
    save: "イメージとして保存",
    none: "保存したイメージはまだありません。",
    look_again: "進み具合を見る",
    refused: |why| match why {
        NoImage::NotReady => "イメージは、環境が利用可能な間に保存できます。",
        NoImage::OldMachine => {
            "このマシンは古い版の Koza で作られたため、ディスクのコピーが自分を元のマシンだと思ってしまいます。イメージを保存するには、新しい環境を作ってください。"
        }
        NoImage::UnderWay => "イメージを作っている途中です。",
        NoImage::TooMany => "1つの環境で持てる数に達しています。要らなくなったイメージを削除してください。",
    },
    lesson: "イメージはバックアップより大きく、起動は速くなります。クラウドの中のマシンのそばにあり、置いている間は費用がかかり、環境と一緒に消えます。バックアップは小さく、環境が消えても残り、Koza がマシンを作れるところならどこでも使えます。",
    image: |number| format!("イメージ {number}"),
    state_head: "状態",
    made: "作成日時",
    what_to_do: "操作",
    state: |state| match state {
        ImageState::Coming => "作成中",
        ImageState::Whole => "保管中",
        ImageState::Going => "削除中（ここから作っているものがあれば、その完成を待っています）",
    },
    use_it: "使う・削除する…",
    start_title: |name, number| format!("{name} のイメージ {number} から新しい環境を作る"),
    start_lead: "イメージのとおりのディスクを持つマシンを作ります。",
    start_new: "アドレス、名前、鍵、パスワードは新しい環境のものになり、そのページで確かめられます。ほかはすべて元のマシンのとおりで、元の環境はそのまま残ります。",
    start_button: "このイメージから新しい環境を作る",
    forget_title: "このイメージを削除する",
    forget_lead: "ここから作ったマシンはそのまま残ります。このイメージにしかないものは失われます。",
    forget: "完全に削除",
};
