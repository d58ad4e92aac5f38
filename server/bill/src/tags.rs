//! Our tags, where a report has them in a map.
//!
//! CUR 2.0 has a column `resource_tags`, a map with keys such as `user_koza_environment`; in CSV it is a JSON object. The newer column
//! `tags` holds the same with keys such as `resourceTags/koza:environment`, beside tags of accounts and people, which are not ours.
//!
//! Sources: <https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2-resource-tags.html>,
//! <https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2-tag-columns.html>.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::column::{Column, snake};

/// What the two tags say, of those that are there.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tags {
    pub(crate) installation: Option<String>,
    pub(crate) environment: Option<String>,
}

impl Tags {
    /// Takes a pair if it is one of ours; of two that read the same the first, as AWS does.
    pub(crate) fn take(&mut self, key: &str, value: &str) {
        // Most keys are somebody else's.
        if !key.contains("koza") {
            return;
        }
        let place = match Self::of(key) {
            Some(Column::Installation) => &mut self.installation,
            Some(Column::Environment) => &mut self.environment,
            _ => return,
        };
        place.get_or_insert_with(|| value.to_owned());
    }

    fn of(key: &str) -> Option<Column> {
        let key = snake(key);
        let key = key.strip_prefix("resource_tags_").unwrap_or(&key);
        match key.strip_prefix("user_").unwrap_or(key) {
            "koza_installation" => Some(Column::Installation),
            "koza_environment" => Some(Column::Environment),
            _ => None,
        }
    }

    /// Reads a JSON object; nothing and `null` are an empty one.
    ///
    /// # Errors
    /// It is something else.
    pub(crate) fn of_json(text: &str) -> Result<Self, String> {
        if matches!(text.trim(), "" | "null" | "{}") {
            return Ok(Self::default());
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let tags = json.deserialize_map(Pairs).and_then(|tags| json.end().map(|()| tags));
        tags.map_err(|error| format!("is no JSON object: {error}"))
    }
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Tags;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("tags by their keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tags, A::Error> {
        let mut tags = Tags::default();
        while let Some((key, value)) = map.next_entry::<Cow<'de, str>, Value>()? {
            if let Value::String(value) = value {
                tags.take(&key, &value);
            }
        }
        Ok(tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_tags_are_found_however_their_keys_are_written() {
        for prefix in ["user_koza_", "user:koza:", "resourceTags/koza:", "resourceTags/user:koza:"] {
            let json =
                format!(r#"{{"user_name":"x","{prefix}installation":"abc","{prefix}environment":"é\u0031","user_koza_intent":null}}"#);
            let tags = Tags { installation: Some("abc".to_owned()), environment: Some("é1".to_owned()) };
            assert_eq!(Tags::of_json(&json), Ok(tags));
        }
    }

    #[test]
    fn an_accounts_tag_is_not_a_resources_tag() {
        assert_eq!(Tags::of_json(r#"{"accountTag/koza:installation":"abc"}"#), Ok(Tags::default()));
    }

    #[test]
    fn no_tags_are_no_error_and_half_an_object_is_one() {
        assert_eq!(Tags::of_json(""), Ok(Tags::default()));
        for json in ["{", "[]", r#"{"a":"b"} x"#, r#""text""#, "1"] {
            assert!(Tags::of_json(json).is_err(), "{json}");
        }
    }
}
