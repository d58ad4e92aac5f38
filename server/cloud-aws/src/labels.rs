//! Tags: how what we made is told from the rest of the account.

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use cloud::{Intent, Observed, Seen};
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) const INSTALLATION: &str = "koza:installation";
const ENVIRONMENT: &str = "koza:environment";
const COURSE: &str = "koza:course";
const OWNER: &str = "koza:owner";
const INTENT: &str = "koza:intent";
/// What an image was made of.
pub(crate) const RECIPE: &str = "koza:recipe";

/// The tags of an intent, and the name that consoles show.
fn words(intent: &Intent) -> [(&'static str, String); 6] {
    let tags = &intent.tags;
    [
        ("Name", intent.name()),
        (INSTALLATION, tags.environment.installation.clone()),
        (ENVIRONMENT, tags.environment.environment.to_string()),
        (COURSE, tags.course.to_string()),
        (OWNER, tags.owner.to_string()),
        (INTENT, intent.token.to_string()),
    ]
}

/// The same, for one of EC2's resource types at its creation.
pub(crate) fn of(intent: &Intent, kind: ResourceType) -> TagSpecification {
    with(intent, kind, &[])
}

/// The same with more of them.
pub(crate) fn with(intent: &Intent, kind: ResourceType, more: &[(&str, &str)]) -> TagSpecification {
    let more = more.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let all = words(intent).into_iter().map(|(key, value)| (key.to_owned(), value)).chain(more);
    TagSpecification::builder()
        .resource_type(kind)
        .set_tags(Some(all.map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()))
        .build()
}

/// What Elastic Load Balancing takes for the same.
pub(crate) fn of_balancer(intent: &Intent) -> Vec<aws_sdk_elasticloadbalancingv2::types::Tag> {
    words(intent)
        .into_iter()
        .map(|(key, value)| aws_sdk_elasticloadbalancingv2::types::Tag::builder().key(key).value(value).build())
        .collect()
}

/// A filter for a tag.
pub(crate) fn filter(key: &str, value: &str) -> Filter {
    Filter::builder().name(format!("tag:{key}")).values(value).build()
}

/// A filter for what an intent made.
pub(crate) fn by(intent: &Intent) -> Filter {
    filter(INTENT, &intent.token.to_string())
}

/// What the tags of something say.
pub(crate) struct Label {
    pub(crate) installation: String,
    pub(crate) environment: Uuid,
    pub(crate) intent: Uuid,
}

impl Label {
    /// Reads keys and values. None: they are not ours.
    pub(crate) fn read<'a>(tags: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)> + Clone) -> Option<Self> {
        let value = |wanted: &str| tags.clone().find(|(key, _)| *key == Some(wanted)).and_then(|(_, value)| value);
        Some(Self {
            installation: value(INSTALLATION)?.to_owned(),
            environment: value(ENVIRONMENT)?.parse().ok()?,
            intent: value(INTENT)?.parse().ok()?,
        })
    }

    /// Reads EC2's.
    pub(crate) fn of(tags: &[Tag]) -> Option<Self> {
        Self::read(tags.iter().map(|tag| (tag.key(), tag.value())))
    }

    /// Whether an intent made it.
    pub(crate) fn is_by(&self, intent: &Intent) -> bool {
        self.intent == intent.token && self.installation == intent.tags.environment.installation
    }

    /// As the loop sees it.
    pub(crate) fn seen(&self, cloud_id: impl Into<String>, observed: Observed, since: Option<OffsetDateTime>) -> Seen {
        Seen { cloud_id: cloud_id.into(), environment: self.environment, intent: Some(self.intent), observed, since }
    }
}

/// The value of a tag.
pub(crate) fn value<'a>(tags: &'a [Tag], key: &str) -> Option<&'a str> {
    tags.iter().find(|tag| tag.key() == Some(key)).and_then(|tag| tag.value())
}

/// What an order made.
pub(crate) fn made(intent: &Intent, cloud_id: impl Into<String>, observed: Observed, since: Option<OffsetDateTime>) -> Seen {
    Seen { cloud_id: cloud_id.into(), environment: intent.tags.environment.environment, intent: Some(intent.token), observed, since }
}

/// A time of the SDK's.
pub(crate) fn time(at: Option<&aws_smithy_types::DateTime>) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(at?.as_nanos()).ok()
}
