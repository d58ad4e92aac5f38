//! Times as reports write them, all in UTC.
//!
//! Text is `2026-10-01T00:00:00Z`, in CUR 2.0 also `2026-10-01T00:00:00.000Z` or with a space; Parquet has milliseconds, microseconds or
//! nanoseconds since 1970, or the older INT96 (nanoseconds of a Julian day).
//! Source: <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#timestamp>.

use parquet::data_type::Int96;
use time::{Date, Month, OffsetDateTime, Time};

const NANOS: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * NANOS;
/// 1 January 1970.
const JULIAN: i128 = 2_440_588;

/// Reads a time.
///
/// # Errors
/// Why it is none, for people.
pub(crate) fn parse(text: &str) -> Result<OffsetDateTime, String> {
    read(text).ok_or_else(|| {
        if text.is_empty() { "is empty".to_owned() } else { format!("{:?} is no time", text.chars().take(64).collect::<String>()) }
    })
}

fn read(text: &str) -> Option<OffsetDateTime> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| {
        bytes.get(from..to)?.iter().try_fold(0_u16, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u16::from(byte - b'0')))
    };
    let small = |from| number(from, from + 2).and_then(|value| u8::try_from(value).ok());
    let is_at = |place: usize, letters: &[u8]| bytes.get(place).is_some_and(|byte| letters.contains(byte));
    let is_shaped = is_at(4, b"-") && is_at(7, b"-") && is_at(10, b"T ") && is_at(13, b":") && is_at(16, b":");
    if !is_shaped {
        return None;
    }
    let date = Date::from_calendar_date(number(0, 4)?.into(), Month::try_from(small(5)?).ok()?, small(8)?).ok()?;
    let rest = text.get(19..)?;
    let rest = rest.strip_suffix('Z').or_else(|| rest.strip_suffix(" UTC")).or_else(|| rest.strip_suffix("+00:00")).unwrap_or(rest);
    let nanos = match rest.strip_prefix('.') {
        Some(digits) if (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{digits:0<9}").parse().ok()?
        }
        None if rest.is_empty() => 0,
        _ => return None,
    };
    Some(OffsetDateTime::new_utc(date, Time::from_hms_nano(small(11)?, small(14)?, small(17)?, nanos).ok()?))
}

/// So many since 1970, of which a second has so many.
pub(crate) fn since_1970(count: i64, in_a_second: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(count) * (NANOS / i128::from(in_a_second))).ok()
}

/// The older form.
pub(crate) fn of_int96(value: &Int96) -> Option<OffsetDateTime> {
    let &[low, high, day] = value.data() else { return None };
    let nanos = (i128::from(high) << 32) + i128::from(low);
    OffsetDateTime::from_unix_timestamp_nanos((i128::from(day) - JULIAN) * DAY + nanos).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_same_hour_is_read_from_every_form() {
        let hour = datetime!(2026-10-01 13:00 UTC);
        for text in [
            "2026-10-01T13:00:00Z",
            "2026-10-01T13:00:00.000Z",
            "2026-10-01 13:00:00",
            "2026-10-01 13:00:00.000 UTC",
            "2026-10-01T13:00:00+00:00",
        ] {
            assert_eq!(parse(text), Ok(hour), "{text}");
        }
        let seconds = hour.unix_timestamp();
        assert_eq!(since_1970(seconds * 1_000, 1_000), Some(hour));
        assert_eq!(since_1970(seconds * 1_000_000_000, 1_000_000_000), Some(hour));
        let nanos = 13 * 3_600 * 1_000_000_000_u64;
        let mut old = Int96::new();
        let day = u32::try_from(seconds / 86_400).unwrap() + 2_440_588;
        old.set_data(u32::try_from(nanos & 0xFFFF_FFFF).unwrap(), u32::try_from(nanos >> 32).unwrap(), day);
        assert_eq!(of_int96(&old), Some(hour));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-10-01",
            "2026-13-01T00:00:00Z",
            "2026-10-01T24:00:00Z",
            "2026-10-01T00:00:00+09:00",
            "2026-10-01T00:00:00.Z",
            "２026-10-01T00:00:00Z",
            "2026-10-01T00:00:0é",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(since_1970(i64::MAX, 1), None);
    }
}
