//! A listener: the profile of a target group, applied to a balancer's instance, so that the program in there sees its keys. Whose it is
//! say `user.koza.listener.*` tags on the instance. It listens where the balancer's image says: at port 80, and at 443 once it has got
//! itself a certificate.
//!
//! | key on the instance | says |
//! |---|---|
//! | `user.koza.listener.https` | whom it asks for a certificate, as machines are told (docs/machines.md) |
//! | `user.koza.listener.asks` | a digest of that, for us |

use cloud::{Asks, CloudError, Fate, Intent, Kind, Observed, Seen};
use http::Method;
use serde_json::json;

use crate::IncusCloud;
use crate::binding::gone;
use crate::client::Deadline;
use crate::health::Report;
use crate::instance::Instance;
use crate::labels::{Config, LISTENER, OWN, json as config_json, made};

/// On the instance: the profile that it should have.
const GROUP: &str = "target_group";
const HTTPS: &str = "https";
const ASKS: &str = "asks";

/// The target group whose requests an instance takes: as its tags say, as long as the profile is applied.
pub(crate) fn group_of(balancer: &Instance) -> Option<&str> {
    LISTENER.get(&balancer.config, GROUP).filter(|group| balancer.profiles.iter().any(|profile| profile == group))
}

impl IncusCloud {
    pub(crate) async fn create_listener(
        &self,
        intent: &Intent,
        (balancer, group): (&str, &str),
        asks: Option<&Asks>,
        by: Deadline,
    ) -> Result<Seen, CloudError> {
        let is_ours = |instance: &Instance| OWN.is_of(&instance.config, &self.installation) && OWN.is_a(&instance.config, Kind::Balancer);
        let instance = self.instance_named(balancer, by).await?.filter(is_ours).ok_or_else(|| gone("balancer_not_found", balancer))?;
        if self.target_group_named(group, by).await?.is_none() {
            return Err(gone("target_group_not_found", group));
        }
        if LISTENER.get(&instance.config, "intent").is_some() && !LISTENER.is_by(&instance.config, intent) {
            return Err(CloudError::new(Fate::InUse, "balancer_listens", format!("{balancer} has another listener")));
        }
        let mut config = LISTENER.of(intent);
        config.insert(LISTENER.key(GROUP), group.to_owned());
        // Empty is none.
        config.insert(LISTENER.key(HTTPS), asks.map(|asks| asks.settings.clone()).unwrap_or_default());
        config.insert(LISTENER.key(ASKS), asks.map(|asks| asks.digest.clone()).unwrap_or_default());
        self.set_listener(balancer, &config, &[group], by).await?;
        Ok(made(intent, intent.name(), Observed::Listener { certificate: None, asks: asks.map(|asks| asks.digest.clone()), said: None }))
    }

    pub(crate) async fn delete_listener(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        let is_it =
            |instance: &Instance| LISTENER.is_of(&instance.config, &self.installation) && LISTENER.name(&instance.config) == Some(name);
        let Some(instance) = self.instances(by).await?.into_iter().find(is_it) else {
            return Ok(());
        };
        // Incus has no other way to take a key off an instance without writing all of it.
        let none: Config =
            instance.config.keys().filter(|key| key.starts_with(&LISTENER.key(""))).map(|key| (key.clone(), String::new())).collect();
        self.set_listener(&instance.name, &none, &[], by).await
    }

    async fn set_listener(&self, balancer: &str, config: &Config, profiles: &[&str], by: Deadline) -> Result<(), CloudError> {
        let body = json!({ "config": config_json(config.clone()), "profiles": profiles });
        self.client.run(Method::PATCH, &format!("/1.0/instances/{balancer}"), Some(body), by).await?;
        Ok(())
    }

    pub(crate) fn seen_listener(&self, balancer: &Instance, report: Option<&Report>) -> Option<Seen> {
        group_of(balancer)?;
        let asks = LISTENER.get(&balancer.config, ASKS).map(str::to_owned);
        let (certificate, said) = report.map(Report::https).unwrap_or_default();
        let observed = Observed::Listener { certificate, asks, said };
        LISTENER.seen(&balancer.config, &self.installation, LISTENER.name(&balancer.config)?, observed)
    }
}
