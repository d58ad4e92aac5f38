//! A target group: a profile, whose keys a balancer's container reads once its listener has applied the profile.
//!
//! | key | says |
//! |---|---|
//! | `user.koza.sticky` | whether a visitor stays with the machine that answered first |
//! | `user.koza.passage` | `10.73.8.1 from 10.73.8.2 10.73.8.3`: which machines the balancer leads to another |
//! | `user.koza.target.<machine>` | a target, and where it is ([`crate::target`]) |
//!
//! Incus reads and writes a profile whole. Changes of this process go one after the other; if one is lost to another process, the list
//! shows it and the loop asks again.

use cloud::{CloudError, Fate, Intent, Kind, Observed, Passage, Seen};
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::IncusCloud;
use crate::binding::gone;
use crate::client::Deadline;
use crate::labels::{Config, OWN, json as config_json, made};
use crate::target;
use crate::trouble::Trouble;

/// A profile as Incus shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TargetGroup {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) config: Config,
}

const STICKY: &str = "sticky";
const PASSAGE: &str = "passage";

impl IncusCloud {
    pub(crate) async fn target_groups(&self, by: Deadline) -> Result<Vec<TargetGroup>, Trouble> {
        let all: Vec<TargetGroup> = self.client.get("/1.0/profiles?recursion=1", by).await?;
        Ok(all.into_iter().filter(|profile| self.is_group(profile)).collect())
    }

    fn is_group(&self, profile: &TargetGroup) -> bool {
        OWN.is_of(&profile.config, &self.installation) && OWN.is_a(&profile.config, Kind::TargetGroup)
    }

    /// A target group of ours.
    pub(crate) async fn target_group_named(&self, name: &str, by: Deadline) -> Result<Option<TargetGroup>, Trouble> {
        let found: Option<TargetGroup> = self.client.find(&format!("/1.0/profiles/{name}"), by).await?;
        Ok(found.filter(|profile| self.is_group(profile)))
    }

    pub(crate) async fn create_target_group(
        &self,
        intent: &Intent,
        is_sticky: bool,
        passage: Option<&Passage>,
        by: Deadline,
    ) -> Result<Seen, CloudError> {
        let name = intent.name();
        let set = |config: &mut Config| {
            config.insert(OWN.key(STICKY), is_sticky.to_string());
            match passage {
                Some(passage) => config.insert(OWN.key(PASSAGE), written(passage)),
                None => config.remove(&OWN.key(PASSAGE)),
            };
        };
        let mut config = OWN.of(intent);
        set(&mut config);
        let body = json!({ "name": name, "description": "Koza: the machines behind a balancer", "config": config_json(config) });
        match self.client.run(Method::POST, "/1.0/profiles", Some(body), by).await {
            Ok(_) => {}
            // Incus calls a name that is taken a bad request: look.
            Err(trouble @ Trouble::Silent(_)) => return Err(trouble.into()),
            Err(trouble) => match self.target_group_named(&name, by).await? {
                Some(group) if OWN.is_by(&group.config, intent) => {
                    self.change_target_group(&name, set, by).await?;
                }
                None if !trouble.is_taken() => return Err(trouble.into()),
                _ => return Err(CloudError::new(Fate::Final, "name_taken", format!("profile {name} is somebody else's"))),
            },
        }
        Ok(made(intent, name, Observed::TargetGroup { is_sticky, passage: passage.cloned() }))
    }

    /// Changes the keys of a group, and takes away those of targets that have left.
    pub(crate) async fn change_target_group(&self, name: &str, change: impl FnOnce(&mut Config), by: Deadline) -> Result<(), CloudError> {
        let _turn = self.group_changes.lock().await;
        let group = self.target_group_named(name, by).await?.ok_or_else(|| gone("target_group_not_found", name))?;
        let mut config = group.config.clone();
        target::forget_those_that_left(&mut config);
        change(&mut config);
        if config != group.config {
            let body = json!({ "description": "Koza: the machines behind a balancer", "config": config_json(config), "devices": {} });
            self.client.run(Method::PUT, &format!("/1.0/profiles/{name}"), Some(body), by).await?;
        }
        Ok(())
    }

    pub(crate) async fn delete_target_group(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        if self.target_group_named(name, by).await?.is_none() {
            return Ok(());
        }
        match self.client.run(Method::DELETE, &format!("/1.0/profiles/{name}"), None, by).await {
            Err(trouble) if !trouble.is_missing() => Err(trouble.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn seen_target_group(&self, group: &TargetGroup) -> Option<Seen> {
        let is_sticky = OWN.get(&group.config, STICKY) == Some("true");
        let passage = OWN.get(&group.config, PASSAGE).and_then(read);
        OWN.seen(&group.config, &self.installation, group.name.clone(), Observed::TargetGroup { is_sticky, passage })
    }
}

/// Between where a passage leads and who may pass.
const FROM: &str = " from ";

fn written(Passage { to, from }: &Passage) -> String {
    format!("{to}{FROM}{}", from.join(" "))
}

fn read(text: &str) -> Option<Passage> {
    let (to, from) = text.split_once(FROM)?;
    Some(Passage { to: to.to_owned(), from: from.split_whitespace().map(str::to_owned).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_reads_as_it_was_written() {
        for from in [vec![], vec!["10.73.8.2".to_owned(), "10.73.8.3".to_owned()]] {
            let passage = Passage { to: "10.73.8.1".into(), from };
            assert_eq!(read(&written(&passage)), Some(passage));
        }
        assert_eq!(read("10.73.8.1"), None);
    }
}
