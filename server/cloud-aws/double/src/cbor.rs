//! CBOR (RFC 8949) to JSON and back, for CloudWatch: the SDK speaks nothing else to it, and moto reads JSON only.
//!
//! JSON knows neither times nor that a number is a fraction, so the two are told by the member's name, as CloudWatch uses them.

use serde_json::{Map, Number, Value};

/// What a value is named by: `Timestamps` are times, `Values` are fractions.
fn is_time(name: &str) -> bool {
    name.starts_with("Timestamp") || matches!(name, "StartTime" | "EndTime")
}

fn is_fraction(name: &str) -> bool {
    matches!(name, "Values" | "Value" | "Average" | "Maximum" | "Minimum" | "Sum" | "SampleCount" | "Threshold" | "Counts")
}

pub(crate) fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = vec![];
    write(value, "", &mut bytes);
    bytes
}

fn write(value: &Value, name: &str, bytes: &mut Vec<u8>) {
    match value {
        Value::Null => bytes.push(0xf6),
        Value::Bool(is) => bytes.push(if *is { 0xf5 } else { 0xf4 }),
        Value::Number(number) => {
            if is_time(name) {
                bytes.push(0xc1);
            }
            match number.as_i64().filter(|_| !is_fraction(name)) {
                Some(whole) if whole >= 0 => head(0, whole.unsigned_abs(), bytes),
                Some(whole) => head(1, whole.unsigned_abs() - 1, bytes),
                None => {
                    bytes.push(0xfb);
                    bytes.extend(number.as_f64().unwrap_or_default().to_be_bytes());
                }
            }
        }
        Value::String(text) => {
            head(3, text.len() as u64, bytes);
            bytes.extend(text.as_bytes());
        }
        Value::Array(items) => {
            head(4, items.len() as u64, bytes);
            items.iter().for_each(|item| write(item, name, bytes));
        }
        Value::Object(members) => {
            head(5, members.len() as u64, bytes);
            for (name, value) in members {
                write(&Value::String(name.clone()), "", bytes);
                write(value, name, bytes);
            }
        }
    }
}

fn head(major: u8, number: u64, bytes: &mut Vec<u8>) {
    let major = major << 5;
    match number {
        0..=23 => bytes.push(major | number as u8),
        24..=0xff => bytes.extend([major | 24, number as u8]),
        0x100..=0xffff => {
            bytes.push(major | 25);
            bytes.extend((number as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            bytes.push(major | 26);
            bytes.extend((number as u32).to_be_bytes());
        }
        _ => {
            bytes.push(major | 27);
            bytes.extend(number.to_be_bytes());
        }
    }
}

/// None if it is not CBOR, or has what JSON cannot say.
pub(crate) fn decode(bytes: &[u8]) -> Option<Value> {
    let mut rest = bytes;
    let value = read(&mut rest)?;
    rest.is_empty().then_some(value)
}

const BREAK: u8 = 0xff;

fn read(rest: &mut &[u8]) -> Option<Value> {
    let (&first, after) = rest.split_first()?;
    let (major, minor) = (first >> 5, first & 31);
    *rest = after;
    // A length that is not known beforehand ends with a break.
    let length = match minor {
        0..=23 => Some(u64::from(minor)),
        24..=27 => Some(take(rest, 1 << (minor - 24))?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))),
        31 => None,
        _ => return None,
    };
    match major {
        0 => Some(Value::from(length?)),
        1 => Some(Value::from(-1 - i64::try_from(length?).ok()?)),
        3 => match length {
            Some(length) => text(rest, length).map(Value::String),
            None => {
                let mut whole = String::new();
                while !is_over(rest)? {
                    whole.push_str(read(rest)?.as_str()?);
                }
                Some(Value::String(whole))
            }
        },
        4 => {
            let mut items = vec![];
            let mut left = length;
            while !is_done(rest, &mut left)? {
                items.push(read(rest)?);
            }
            Some(Value::Array(items))
        }
        5 => {
            let mut members = Map::new();
            let mut left = length;
            while !is_done(rest, &mut left)? {
                let name = read(rest)?.as_str()?.to_owned();
                members.insert(name, read(rest)?);
            }
            Some(Value::Object(members))
        }
        6 => read(rest),
        7 => match (minor, length?) {
            (20, _) => Some(Value::Bool(false)),
            (21, _) => Some(Value::Bool(true)),
            (22 | 23, _) => Some(Value::Null),
            (26, bits) => Number::from_f64(f64::from(f32::from_bits(bits as u32))).map(Value::Number),
            (27, bits) => Number::from_f64(f64::from_bits(bits)).map(Value::Number),
            _ => None,
        },
        _ => None,
    }
}

fn is_done(rest: &mut &[u8], left: &mut Option<u64>) -> Option<bool> {
    match left {
        None => is_over(rest),
        Some(0) => Some(true),
        Some(left) => {
            *left -= 1;
            Some(false)
        }
    }
}

fn is_over(rest: &mut &[u8]) -> Option<bool> {
    let (&first, after) = rest.split_first()?;
    if first == BREAK {
        *rest = after;
    }
    Some(first == BREAK)
}

fn text(rest: &mut &[u8], length: u64) -> Option<String> {
    String::from_utf8(take(rest, length)?.to_vec()).ok()
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let value = json!({ "Id": "a", "Period": 300, "Less": -70000, "Is": true, "No": null, "Timestamps": [1_795_290_393], "Values": [3.5, 1.0] });
        assert_eq!(decode(&encode(&value)), Some(value));
    }

    #[test]
    fn times_are_tagged_and_whole_values_stay_fractions() {
        assert_eq!(encode(&json!({ "Timestamp": 1 })), b"\xa1\x69Timestamp\xc1\x01");
        assert_eq!(encode(&json!({ "Values": [2] })), b"\xa1\x66Values\x81\xfb\x40\0\0\0\0\0\0\0");
    }

    #[test]
    fn maps_and_lists_of_unknown_length_are_read_as_the_sdk_writes_them() {
        let bytes = b"\xbf\x61a\x9f\x01\x20\xff\x61t\xc1\xfb\x41\xd0\0\0\0\0\0\0\xff";
        assert_eq!(decode(bytes), Some(json!({ "a": [1, -1], "t": 1_073_741_824.0 })));
        assert_eq!(decode(b"\xbf\x61a"), None);
        assert_eq!(decode(b"<a/>"), None);
    }
}
