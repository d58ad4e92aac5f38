//! Credits of a provider's account: how much of them Koza used, told before they are gone.
//!
//! What AWS gave away for twelve months (750 hours, 30 GiB …) it gives to no account since 15 July 2025, and to none that was older since
//! 15 July 2026: what is left is credits, and a free plan that ends with them, closing the account. AWS tells the account's owner at most, and
//! nobody who uses it; an operator enters them, and Koza says how they go. It knows what Koza spends there, at list prices, and nothing else.

use app::domain::money::{Currency, Money};
use app::domain::news::News;
use time::Date;

use super::thresholds::{news, percent};
use crate::db::credits::{self, CreditsRow};
use crate::db::{notices, people};
use crate::engine::Engine;

/// At so many hundredths operators are told.
const TELL_AT: [u8; 3] = [50, 80, 100];
/// And so many days before the end.
const DAYS_BEFORE: [u8; 2] = [30, 7];

/// The notice of the end that is due: the latest whose day has come, unless it was told.
fn end_due(today: Date, until: Date, told: Option<u8>) -> Option<u8> {
    let days = (until - today).whole_days();
    let due = DAYS_BEFORE.into_iter().filter(|before| days <= i64::from(*before)).min()?;
    (days >= 0 && told.is_none_or(|told| due < told)).then_some(due)
}

/// Tells operators what they have to know by now.
///
/// # Errors
/// As the database.
pub async fn tell(engine: &Engine) -> sqlx::Result<()> {
    let mut tx = engine.pool.begin().await?;
    let db = &mut *tx;
    let today = crate::db::now(db).await?.date();
    credits::add_up(db).await?;
    for row in credits::all(db).await? {
        let CreditsRow { cloud, name, credits, used, until, told, end_told } = row;
        let operators = people::operators(db).await?;
        if let (Some(reached), _) = news(&TELL_AT, percent(used, credits), &told.into_iter().collect()) {
            let money = |micros| Money::new(Currency::Usd, micros);
            credits::told(db, cloud, reached).await?;
            let told = News::CreditsReached { cloud: name.clone(), percent: reached, used: money(used), credits: money(credits) };
            notices::tell(db, &operators, None, None, &told).await?;
        }
        let due = until.and_then(|until| Some((until, end_due(today, until, end_told)?)));
        if let Some((on, days)) = due {
            credits::end_told(db, cloud, days).await?;
            notices::tell(db, &operators, None, None, &News::CreditsEnd { cloud: name, on }).await?;
        }
    }
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn the_end_of_credits_is_told_a_month_and_a_week_before_and_each_once() {
        let until = date!(2027 - 05 - 01);
        assert_eq!(end_due(date!(2027 - 03 - 31), until, None), None);
        assert_eq!(end_due(date!(2027 - 04 - 01), until, None), Some(30));
        assert_eq!(end_due(date!(2027 - 04 - 20), until, Some(30)), None);
        assert_eq!(end_due(date!(2027 - 04 - 24), until, Some(30)), Some(7));
        assert_eq!(end_due(date!(2027 - 04 - 30), until, None), Some(7), "entered late: one notice, not two");
        assert_eq!(end_due(date!(2027 - 05 - 02), until, Some(7)), None, "it has ended");
    }
}
