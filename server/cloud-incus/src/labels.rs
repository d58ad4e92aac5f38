//! Our tags as Incus keeps them: `user.koza.*` in the config of instances, forwards, access lists and profiles, and in the properties of images.
//!
//! Names of people never go in: ids only.

use std::collections::BTreeMap;

use cloud::{EnvironmentTag, Intent, Kind, Observed, Seen};
use serde_json::{Map, Value};
use uuid::Uuid;

/// What Incus calls config, or properties.
pub(crate) type Config = BTreeMap<String, String>;

/// A family of keys: a forward is an address and can be a binding too, and each has its own tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Labels(&'static str);

/// Of the object itself.
pub(crate) const OWN: Labels = Labels("user.koza.");
/// Of the binding that a forward carries.
pub(crate) const BINDING: Labels = Labels("user.koza.binding.");
/// Of the balancer that a forward leads to.
pub(crate) const BALANCER: Labels = Labels("user.koza.balancer.");
/// Of the listener that a balancer's instance carries.
pub(crate) const LISTENER: Labels = Labels("user.koza.listener.");
/// Of the newest snapshot of an instance, set before it is taken, so that the snapshot holds them frozen.
pub(crate) const SNAPSHOT: Labels = Labels("user.koza.snapshot.");

impl Labels {
    /// A key of the family.
    pub(crate) fn key(self, word: &str) -> String {
        format!("{}{word}", self.0)
    }

    /// What a key of the family holds.
    pub(crate) fn get<'a>(self, config: &'a Config, word: &str) -> Option<&'a str> {
        config.get(&self.key(word)).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The tags of an intent.
    pub(crate) fn of(self, intent: &Intent) -> Config {
        let tags = &intent.tags;
        [
            ("installation", tags.environment.installation.clone()),
            ("environment", tags.environment.environment.to_string()),
            ("course", tags.course.to_string()),
            ("owner", tags.owner.to_string()),
            ("intent", intent.token.to_string()),
            ("kind", intent.kind.code().to_owned()),
            ("name", intent.name()),
        ]
        .into_iter()
        .map(|(word, value)| (self.key(word), value))
        .collect()
    }

    /// Whether it was made by this installation.
    pub(crate) fn is_of(self, config: &Config, installation: &str) -> bool {
        self.get(config, "installation") == Some(installation)
    }

    /// Whether it was made for this environment.
    pub(crate) fn is_in(self, config: &Config, environment: &EnvironmentTag) -> bool {
        self.is_of(config, &environment.installation)
            && self.get(config, "environment") == Some(environment.environment.to_string().as_str())
    }

    /// Whether it was made by this very intent.
    pub(crate) fn is_by(self, config: &Config, intent: &Intent) -> bool {
        self.is_of(config, &intent.tags.environment.installation) && self.get(config, "intent") == Some(intent.token.to_string().as_str())
    }

    /// The name that the intent chose.
    pub(crate) fn name(self, config: &Config) -> Option<&str> {
        self.get(config, "name")
    }

    /// As the loop sees it; `None` where the tags of the family are not ours, or not whole.
    pub(crate) fn seen(self, config: &Config, installation: &str, cloud_id: impl Into<String>, observed: Observed) -> Option<Seen> {
        let id = |word| self.get(config, word).and_then(|value| Uuid::parse_str(value).ok());
        (self.is_of(config, installation)).then_some(())?;
        Some(Seen { cloud_id: cloud_id.into(), environment: id("environment")?, intent: Some(id("intent")?), observed, since: None })
    }

    /// Whether it is of this kind.
    pub(crate) fn is_a(self, config: &Config, kind: Kind) -> bool {
        self.get(config, "kind") == Some(kind.code())
    }
}

/// What was just made, as the loop sees it.
pub(crate) fn made(intent: &Intent, cloud_id: impl Into<String>, observed: Observed) -> Seen {
    Seen { cloud_id: cloud_id.into(), environment: intent.tags.environment.environment, intent: Some(intent.token), observed, since: None }
}

/// Whether something seen belongs to an environment.
pub(crate) fn belongs(seen: &Seen, to: &EnvironmentTag) -> bool {
    seen.environment == to.environment
}

/// Config as JSON.
pub(crate) fn json(config: Config) -> Value {
    Value::Object(config.into_iter().map(|(key, value)| (key, Value::String(value))).collect::<Map<_, _>>())
}
