//! Money: whole millionths, so that nothing is lost by adding up.

use serde::{Deserialize, Serialize};

/// A currency that a course may reckon in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Yen.
    Jpy,
    /// US dollars: what clouds bill in.
    Usd,
    /// Euros.
    Eur,
}

impl Currency {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Jpy, Self::Usd, Self::Eur];

    /// Its ISO 4217 code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Jpy => "JPY",
            Self::Usd => "USD",
            Self::Eur => "EUR",
        }
    }

    /// Reads the code back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code() == code)
    }

    /// How many decimals its smallest coin has (ISO 4217).
    #[must_use]
    pub fn decimals(self) -> u32 {
        match self {
            Self::Jpy => 0,
            Self::Usd | Self::Eur => 2,
        }
    }
}

/// Millionths of a US dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(pub i64);

/// An amount of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Of which.
    pub currency: Currency,
    /// Millionths of it.
    pub micros: i64,
}

impl Money {
    /// So many millionths.
    #[must_use]
    pub fn new(currency: Currency, micros: i64) -> Self {
        Self { currency, micros }
    }

    /// The figure alone: in whole coins with thousands set apart; what is less than a hundred coins with two more decimals, because an hour of
    /// a small machine is a fraction of a coin.
    #[must_use]
    pub fn figure(self) -> String {
        let coin = 10_u64.pow(6 - self.currency.decimals());
        let size = self.micros.unsigned_abs();
        let is_small = size != 0 && size < coin * 100;
        let decimals = self.currency.decimals() + if is_small { 2 } else { 0 };
        let step = 10_u64.pow(6 - decimals);
        let steps = (size + step / 2) / step;
        let per_whole = 10_u64.pow(decimals);
        let sign = if self.micros < 0 && steps > 0 { "-" } else { "" };
        let whole = thousands(steps / per_whole);
        match decimals {
            0 => format!("{sign}{whole}"),
            decimals => format!("{sign}{whole}.{:0width$}", steps % per_whole, width = decimals as usize),
        }
    }

    /// For spreadsheets: every decimal, a point, nothing else.
    #[must_use]
    pub fn exact(self) -> String {
        let size = self.micros.unsigned_abs();
        format!("{}{}.{:06}", if self.micros < 0 { "-" } else { "" }, size / 1_000_000, size % 1_000_000)
    }

    /// More than a course ever sees, and little enough that thousands of them add up.
    const MOST: i64 = 1_000_000_000;

    /// Reads what people type: `1200`, `1,200`, `0.25`, with or without the currency. `None`: it is no amount, has more decimals than
    /// millionths, or is more than a thousand million.
    #[must_use]
    pub fn parse(currency: Currency, typed: &str) -> Option<Self> {
        let typed = typed.trim();
        let typed = typed.strip_suffix(currency.code()).unwrap_or(typed).trim().replace(',', "");
        let (whole, part) = typed.split_once('.').unwrap_or((&typed, ""));
        let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > 6 || typed.ends_with('.') {
            return None;
        }
        let part: i64 = format!("{part:0<6}").parse().ok()?;
        let whole = whole.parse::<i64>().ok().filter(|whole| *whole < Self::MOST)?;
        Some(Self { currency, micros: whole * 1_000_000 + part })
    }
}

fn thousands(whole: u64) -> String {
    let digits = whole.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(currency: Currency, micros: i64) -> String {
        Money::new(currency, micros).figure()
    }

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!(figure(Currency::Jpy, 4_945_078_790), "4,945");
        assert_eq!(figure(Currency::Usd, 47_691_000), "47.69");
        assert_eq!(figure(Currency::Usd, 1_234_567_895_000), "1,234,567.90");
        assert_eq!(figure(Currency::Usd, 15_200), "0.0152", "an hour of a small machine is not nothing");
        assert_eq!(figure(Currency::Jpy, 1_576_088), "1.58");
        assert_eq!(figure(Currency::Jpy, -165_000_000), "-165");
        assert_eq!(figure(Currency::Jpy, 0), "0");
        assert_eq!(figure(Currency::Usd, -1), "0.0000", "less than can be shown");
    }

    #[test]
    fn what_is_typed_is_read_exactly_or_not_at_all() {
        let read = |typed| Money::parse(Currency::Jpy, typed).map(|money| money.micros);
        assert_eq!(read(" 12,000 JPY "), Some(12_000_000_000));
        assert_eq!(read("0.25"), Some(250_000));
        for typed in ["", "-5", "1e3", "1.", ".5", "1.2345678", "12 EUR", "９", "99999999999999999999", "1000000000"] {
            assert_eq!(read(typed), None, "{typed}");
        }
        assert_eq!(Money::new(Currency::Usd, -1_500).exact(), "-0.001500");
    }
}
