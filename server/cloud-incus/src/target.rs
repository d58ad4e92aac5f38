//! A target: a key of its group's profile, named by the machine. It carries no tags: its cloud name is its group's with its machine's
//! behind it, and it is known by the machine that it leads to.
//!
//! ```text
//!  "10.73.8.1" ──► delete: "10.73.8.1 draining 1795000000" ──► 10 s later not listed ──► the next change of the group takes the key away
//! ```
//!
//! The balancer sends nothing new to a target that drains, and finishes what it has.

use cloud::{CloudError, Deletion, Fate, Health, Intent, Observed, Seen};
use time::OffsetDateTime;

use crate::IncusCloud;
use crate::binding::gone;
use crate::client::Deadline;
use crate::health::Report;
use crate::labels::{Config, OWN, made};
use crate::target_group::TargetGroup;

/// How long a target that leaves may finish its requests, in seconds. The balancer has heard of it after one or two.
const DRAINS_FOR: i64 = 10;
/// Between a target group's name and its machine's.
const OF: char = ' ';
const TARGET: &str = "target.";

/// A target as its key says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place<'a> {
    /// It gets requests, at this address.
    In(&'a str),
    /// It gets none any more, since then.
    Draining(&'a str, i64),
}

impl<'a> Place<'a> {
    fn read(text: &'a str) -> Self {
        match text.split_once(" draining ") {
            Some((address, since)) => Self::Draining(address, since.parse().unwrap_or(0)),
            None => Self::In(text),
        }
    }

    fn has_left(self, now: i64) -> bool {
        matches!(self, Self::Draining(_, since) if now - since >= DRAINS_FOR)
    }
}

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// The machines of a group and where they are.
fn places(config: &Config) -> impl Iterator<Item = (&str, Place<'_>)> {
    let key = OWN.key(TARGET);
    config.iter().filter_map(move |(name, value)| Some((name.strip_prefix(&key)?, Place::read(value))))
}

/// Takes away the keys of targets that have drained.
pub(crate) fn forget_those_that_left(config: &mut Config) {
    let (key, now) = (OWN.key(TARGET), now());
    config.retain(|name, value| !(name.starts_with(&key) && Place::read(value).has_left(now)));
}

impl IncusCloud {
    pub(crate) async fn create_target(&self, intent: &Intent, group: &str, machine: &str, by: Deadline) -> Result<Seen, CloudError> {
        let instance = self.existing(machine, by).await?;
        let address = instance.private_address().ok_or_else(|| gone("no_private_address", machine))?;
        let enter = |config: &mut Config| drop(config.insert(OWN.key(&format!("{TARGET}{machine}")), address.to_owned()));
        self.change_target_group(group, enter, by).await?;
        let observed = Observed::Target { machine: machine.to_owned(), health: Health::Initial };
        Ok(made(intent, format!("{group}{OF}{machine}"), observed))
    }

    pub(crate) async fn delete_target(&self, target: &str, by: Deadline) -> Result<Deletion, CloudError> {
        let Some((group, machine)) = target.split_once(OF) else {
            return Err(CloudError::new(Fate::Final, "not_found", format!("{target} is no target's name")));
        };
        let Some(found) = self.target_group_named(group, by).await? else {
            return Ok(Deletion::Done(None));
        };
        let place = places(&found.config).find_map(|(name, place)| (name == machine).then_some(place));
        match place {
            None => Ok(Deletion::Done(None)),
            Some(place) if place.has_left(now()) => {
                self.change_target_group(group, |_| {}, by).await?;
                Ok(Deletion::Done(None))
            }
            Some(Place::Draining(..)) => Ok(Deletion::UnderWay),
            Some(Place::In(address)) => {
                let leave = format!("{address} draining {}", now());
                self.change_target_group(group, |config| drop(config.insert(OWN.key(&format!("{TARGET}{machine}")), leave)), by).await?;
                Ok(Deletion::UnderWay)
            }
        }
    }

    /// The targets of a group, as its balancer sees them; none of them is known to it before it has a listener.
    pub(crate) fn seen_targets(&self, group: &TargetGroup, report: Option<&Report>) -> Vec<Seen> {
        let now = now();
        let seen = |(machine, place): (&str, Place<'_>)| {
            let health = match place {
                Place::Draining(..) => Health::Draining,
                Place::In(_) => report.map_or(Health::Initial, |report| report.health_of(machine)),
            };
            let observed = Observed::Target { machine: machine.to_owned(), health };
            let seen = OWN.seen(&group.config, &self.installation, format!("{}{OF}{machine}", group.name), observed)?;
            Some(Seen { intent: None, ..seen })
        };
        places(&group.config).filter(|(_, place)| !place.has_left(now)).filter_map(seen).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_drains_is_forgotten_after_its_time_and_no_other() {
        let key = |machine: &str| OWN.key(&format!("{TARGET}{machine}"));
        let drained = |ago: i64| format!("10.73.8.1 draining {}", now() - ago);
        let texts = [("in", "10.73.8.1".to_owned()), ("leaves", drained(DRAINS_FOR - 2)), ("left", drained(DRAINS_FOR))];
        let mut config: Config = texts.into_iter().map(|(machine, text)| (key(machine), text)).collect();
        config.insert(OWN.key("name"), "10.73.8.1 draining 1".to_owned());
        forget_those_that_left(&mut config);
        assert_eq!(config.keys().cloned().collect::<Vec<_>>(), [OWN.key("name"), key("in"), key("leaves")]);
        assert_eq!(places(&config).next(), Some(("in", Place::In("10.73.8.1"))));
    }
}
