//! Quantities and costs, exactly as written.
//!
//! A [`Decimal`] has 28 decimals; AWS rounds at the tenth. Digits beyond the 28th are rounded (half to even), and an amount that would
//! vanish by that is an error. What is larger than 10¹⁵ is in no bill and is an error too, so that sums stay exact.

use rust_decimal::Decimal;

/// Longer is no number.
const LONGEST: usize = 64;
const LARGEST: Decimal = Decimal::from_parts(0xA4C6_8000, 0x0003_8D7E, 0, false, 0);
const DECIMALS: u32 = 28;

/// Reads `12.5`, `-0.0000000001` and `1.2E-7`.
///
/// # Errors
/// Why it is no amount, for people.
pub(crate) fn parse(text: &str) -> Result<Decimal, String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    let no = || format!("{:?} is no amount", text.chars().take(LONGEST).collect::<String>());
    if text.len() > LONGEST {
        return Err(no());
    }
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().map_err(|_| no())?),
        None => (text, 0),
    };
    let is_plain = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-'));
    if !is_plain || !digits.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(no());
    }
    let number: Decimal = digits.parse().map_err(|_| no())?;
    let amount = if exponent == 0 { number } else { shift(number, exponent).ok_or_else(no)? };
    let is_something = digits.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if is_something && amount.is_zero() {
        return Err(format!("{text} is too small to be told from nothing"));
    }
    if amount.abs() > LARGEST {
        return Err(format!("{text} is larger than any bill"));
    }
    Ok(amount)
}

/// Of a double its shortest decimal representation: 0.1 is 0.1.
///
/// # Errors
/// As [`parse`]; NaN and the infinities are no amounts.
pub(crate) fn of_double(double: f64) -> Result<Decimal, String> {
    if double.is_finite() { parse(&format!("{double:e}")) } else { Err(format!("{double} is no amount")) }
}

/// The number by a power of ten.
fn shift(number: Decimal, exponent: i32) -> Option<Decimal> {
    if number.is_zero() {
        return Some(number);
    }
    let mut digits = number.mantissa();
    let mut scale = i64::from(number.scale()) - i64::from(exponent);
    if scale < 0 {
        digits = digits.checked_mul(10_i128.checked_pow(u32::try_from(-scale).ok()?)?)?;
        scale = 0;
    }
    let excess = scale - i64::from(DECIMALS);
    if excess > 0 {
        // Beyond 10³⁸ nothing is left of 96 bits.
        let Some(unit) = u32::try_from(excess).ok().and_then(|excess| 10_i128.checked_pow(excess)) else { return Some(Decimal::ZERO) };
        let (whole, rest) = (digits / unit, (digits % unit).abs());
        let goes_up = rest > unit - rest || (rest == unit - rest && whole % 2 != 0);
        digits = whole + if goes_up { digits.signum() } else { 0 };
        scale = i64::from(DECIMALS);
    }
    Decimal::try_from_i128_with_scale(digits, u32::try_from(scale).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_what_the_report_says_to_the_last_digit() {
        for (text, exact) in [
            ("0.0136", "0.0136"),
            ("-0.0000000001", "-0.0000000001"),
            ("1.2E-7", "0.00000012"),
            ("1.2e-7", "0.00000012"),
            ("9.3132257461547852E-10", "0.00000000093132257461547852"),
            ("1.5E+3", "1500"),
            ("1E3", "1000"),
            ("0E-10", "0"),
            ("0.0000000000", "0"),
        ] {
            assert_eq!(parse(text).unwrap(), exact.parse::<Decimal>().unwrap(), "{text}");
        }
        assert_eq!(of_double(0.1).unwrap().to_string(), "0.1");
        assert_eq!(of_double(0.1 + 0.2).unwrap().to_string(), "0.30000000000000004");
        assert_eq!(of_double(-1.2e-7).unwrap().to_string(), "-0.00000012");
        assert_eq!(LARGEST.to_string(), "1000000000000000");
    }

    #[test]
    fn what_is_no_amount_is_never_zero() {
        for text in ["", "-", ".", "NaN", "inf", "1,5", "1_000", "0x10", "1e", "1e1e1", "1e99", "1e-99", "1e-2147483648", "12 USD", "１"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"9".repeat(5000)).is_err());
        assert!(of_double(f64::NAN).is_err() && of_double(f64::INFINITY).is_err() && of_double(5e-324).is_err());
    }
}
