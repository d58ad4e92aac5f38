//! A notice as a mail: the same words as on the page, and the page's address.

use crate::domain::news::NoticeCard;
use crate::domain::person::Locale;
use crate::texts::texts;

/// A mail before it is addressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its subject.
    pub subject: String,
    /// Its text; there is nothing but text in it.
    pub text: String,
}

/// Writes one. `portal`: the address that people type, without a slash at its end.
#[must_use]
pub fn letter(locale: Locale, notice: &NoticeCard, portal: &str) -> Letter {
    let texts = &texts(locale).notices;
    let told = (texts.told)(notice);
    let (text, path, end) = (told.text, notice.path(), texts.letter_end);
    Letter { subject: told.title, text: format!("{text}\n\n{portal}{path}\n\n-- \n{end}\n") }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;
    use crate::domain::ids::{EnvironmentId, NoticeId};
    use crate::domain::money::{Currency, Money};
    use crate::domain::news::{Budget, Mailed, News};

    fn notice(news: News) -> NoticeCard {
        let of_environment = matches!(news, News::BudgetShort { .. } | News::BudgetUsedUp);
        NoticeCard {
            id: NoticeId(uuid::Uuid::from_u128(7)),
            environment: of_environment.then(|| (EnvironmentId(uuid::Uuid::from_u128(5)), "c5".to_owned())),
            news,
            course: Some("SYS-101".to_owned()),
            at: datetime!(2026-11-23 09:00 UTC),
            is_read: false,
            mailed: Mailed::No,
        }
    }

    #[test]
    fn letters_say_what_happened_what_koza_did_and_what_next_in_both_languages() {
        let (yen, usd) = (|yen: i64| Money::new(Currency::Jpy, yen * 1_000_000), |usd: i64| Money::new(Currency::Usd, usd * 1_000_000));
        let reached = |budget, percent, spent| News::BudgetReached { budget, percent, spent: yen(spent), allowed: yen(1_000) };
        let all = [
            reached(Budget::Own, 80, 812),
            reached(Budget::Own, 100, 1_003),
            reached(Budget::Course, 50, 500),
            reached(Budget::Course, 100, 1_000),
            News::BudgetShort { until: datetime!(2026-11-24 09:30 +9) },
            News::BudgetUsedUp,
            News::CreditsReached { cloud: "aws ap-northeast-1".to_owned(), percent: 80, used: usd(161), credits: usd(200) },
            News::CreditsEnd { cloud: "aws ap-northeast-1".to_owned(), on: date!(2027 - 05 - 01) },
        ];
        let mut letters = String::new();
        for news in all {
            for locale in [Locale::En, Locale::Ja] {
                let Letter { subject, text } = letter(locale, &notice(news.clone()), "https://koza.example.ac.jp");
                letters.push_str(&format!("Subject: {subject}\n\n{text}\n"));
            }
        }
        insta::assert_snapshot!(letters);
    }
}
