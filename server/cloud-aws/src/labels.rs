//! Tags: how what we made is told from the rest of the account.

use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use cloud::{Intent, Launch, Observed, Seen};
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) const INSTALLATION: &str = "koza:installation";
const ENVIRONMENT: &str = "koza:environment";
const COURSE: &str = "koza:course";
const OWNER: &str = "koza:owner";
/// A disk's intent, where it got its tags with its machine: they share all others.
pub(crate) const DISK: &str = "koza:disk";
/// Launched together with others: by which call.
pub(crate) const LAUNCH: &str = "koza:launch";
/// For whom, by place, as many in a tag as fit: `koza:members-00`.
const MEMBERS: &str = "koza:members";
/// So many fit: a tag has 256 letters, a member 65.
const IN_A_TAG: usize = 3;
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

/// What machines carry that are launched together: whose each is, is in them from the first moment.
pub(crate) fn of_launch(launch: &Launch, installation: &str, kind: ResourceType) -> TagSpecification {
    let tag = |key: String, value: String| Tag::builder().key(key).value(value).build();
    let ours = [("Name", "launched by Koza"), (INSTALLATION, installation)].map(|(key, value)| tag(key.to_owned(), value.to_owned()));
    let members = launch.members.chunks(IN_A_TAG).enumerate().map(|(number, some)| {
        let some: Vec<_> = some.iter().map(|member| format!("{}/{}", member.environment.simple(), member.intent.simple())).collect();
        tag(format!("{MEMBERS}-{number:02}"), some.join(" "))
    });
    let all = ours.into_iter().chain([tag(LAUNCH.to_owned(), launch.token.to_string())]).chain(members);
    TagSpecification::builder().resource_type(kind).set_tags(Some(all.collect())).build()
}

/// The tags that a machine of a launch gets when it becomes its environment's, and its disk with it.
pub(crate) fn of_handed_over(intent: &Intent, disk: Option<Uuid>) -> Vec<Tag> {
    let disk = disk.map(|disk| (DISK, disk.to_string()));
    words(intent).into_iter().chain(disk).map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
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

    /// Reads those of a machine that was launched with others, and at which place of the launch.
    pub(crate) fn of_launched(tags: &[Tag], place: usize) -> Option<Self> {
        let members = value(tags, &format!("{MEMBERS}-{:02}", place / IN_A_TAG))?;
        let (environment, intent) = members.split(' ').nth(place % IN_A_TAG)?.split_once('/')?;
        Some(Self {
            installation: value(tags, INSTALLATION)?.to_owned(),
            environment: environment.parse().ok()?,
            intent: intent.parse().ok()?,
        })
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

#[cfg(test)]
mod tests {
    use cloud::{Create, Member};

    use super::*;

    #[test]
    fn whose_a_machine_is_that_was_launched_with_others_its_tags_say_at_every_place() {
        let member = |number: u128| Member { environment: Uuid::from_u128(number), intent: Uuid::from_u128(1000 + number) };
        let launch = Launch { token: Uuid::nil(), members: (0..100).map(member).collect(), order: Create::Address };
        let tags = of_launch(&launch, "ours", ResourceType::Instance).tags.expect("tags");
        assert!(tags.len() <= 50 && tags.iter().all(|tag| tag.value().is_some_and(|value| value.len() <= 256)), "EC2 takes no more");
        for (place, member) in launch.members.iter().enumerate() {
            let label = Label::of_launched(&tags, place).expect("a label");
            assert_eq!((label.installation.as_str(), label.environment, label.intent), ("ours", member.environment, member.intent));
        }
        assert!(Label::of_launched(&tags, 100).is_none());
        assert!(Label::of(&tags).is_none(), "it is nobody's yet");
    }
}
