//! Figures: exact, not negative, and not absurd.

use rust_decimal::Decimal;

/// More than this for an hour or a GiB-month is a slip of the pen: the dearest machine that AWS rents is below half of it.
const MOST: Decimal = Decimal::ONE_THOUSAND;

/// AWS writes ten decimals, and so many are kept.
const MOST_DECIMALS: u32 = 10;

/// A figure in US dollars as text: digits, and a point if there are more. Zero passes; whether it may be is the caller's to say.
pub(crate) fn read(text: &str) -> Result<Decimal, String> {
    let shown: String = text.chars().take(40).collect();
    if text.starts_with('-') {
        return Err(format!("{shown:?} is negative; a price never is"));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return Err(format!("{shown:?} is no figure; write US dollars as digits with a point, like \"0.0136\""));
    }
    let usd = Decimal::from_str_exact(text).map_err(|_| format!("{shown:?} has more digits than a price can have"))?.normalize();
    if usd.scale() > MOST_DECIMALS {
        return Err(format!("{shown} has more than {MOST_DECIMALS} decimals; round it"));
    }
    if usd > MOST {
        return Err(format!("{shown} US dollars for one hour or GiB-month cannot be meant; {MOST} is the most that is believed"));
    }
    Ok(usd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_exactly_what_is_written() {
        assert_eq!(read("0.0136").expect("a figure").to_string(), "0.0136");
        assert_eq!(read("0.0136000000").expect("a figure").to_string(), "0.0136");
        assert_eq!(read("0.1").expect("a figure") + read("0.2").expect("a figure"), read("0.3").expect("a figure"));
        assert_eq!(read("12").expect("a figure"), Decimal::from(12));
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for text in [
            "",
            "-0.1",
            "+1",
            "1e3",
            "0x1",
            "1_000",
            ".5",
            "5.",
            "0,5",
            " 1",
            "NaN",
            "inf",
            "1001",
            "٣",
            "0.00000000001",
            "0.00000000000000000000000000000001",
        ] {
            read(text).expect_err(text);
        }
    }
}
