//! Route 53: a change is `PENDING` at first and has an id of its own (moto gives all of them the same, always in sync); a record is made
//! only if it is not there and removed only by its exact values (moto goes by all values it ever had); a star is written `\052` in lists.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::answer::{Answer, Refusal};
use crate::aws::{Aws, Instead};
use crate::wire::Wire;
use crate::xml::Element;

/// When each change is in sync, and when it came as AWS writes it.
#[derive(Debug, Default)]
pub(crate) struct Records {
    changes: HashMap<String, (Duration, String)>,
}

/// Name, type and set identifier.
type Key = (String, String, String);

const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";
const STAR: &str = "\\052";

fn key(record: &Element) -> Key {
    let name = record.text_at("Name").replace(STAR, "*").to_lowercase();
    (format!("{}.", name.trim_end_matches('.')), record.text_at("Type"), record.text_at("SetIdentifier"))
}

/// What must be the same to remove it.
fn values(record: &Element) -> Vec<String> {
    let mut values: Vec<String> = record.items("ResourceRecords").iter().map(|value| value.text_at("Value")).collect();
    values.sort();
    let alias = |name: &str| record.text_at(&format!("AliasTarget/{name}"));
    values.extend([record.text_at("TTL"), alias("HostedZoneId"), alias("DNSName").trim_end_matches('.').to_lowercase()]);
    values
}

impl Aws {
    /// Every record of a zone, by what it is known by.
    async fn records(&self, wire: &Wire) -> Result<BTreeMap<Key, Vec<String>>, Refusal> {
        let path = wire.path.split('?').next().unwrap_or_default().trim_end_matches('/');
        let mut records = BTreeMap::new();
        let mut start = String::new();
        loop {
            let tree = self.moto.route53(wire, &format!("{path}{start}")).await?;
            records.extend(tree.items("ResourceRecordSets").into_iter().map(|record| (key(record), values(record))));
            if tree.text_at("IsTruncated") != "true" {
                return Ok(records);
            }
            start = format!("?name={}&type={}", tree.text_at("NextRecordName").replace('*', "%2A"), tree.text_at("NextRecordType"));
        }
    }

    pub(crate) async fn cannot_change(&self, wire: &Wire) -> Instead {
        let Some(batch) = std::str::from_utf8(&wire.body).ok().and_then(Element::parse) else {
            return Err(Refusal::lost("a change of records is not XML"));
        };
        // As they are after each change, for the whole batch happens or none of it.
        let mut present = self.records(wire).await?;
        let mut wrong = vec![];
        for change in batch.items("ChangeBatch/Changes") {
            let Some(record) = change.at("ResourceRecordSet") else { continue };
            let (key, values) = (key(record), values(record));
            let (name, kind) = (key.0.replace('*', STAR), key.1.clone());
            let mut refuse =
                |verb: &str, why: &str| wrong.push(format!("Tried to {verb} resource record set [name='{name}', type='{kind}'] but {why}"));
            match (change.text_at("Action").as_str(), present.get(&key)) {
                ("CREATE", Some(_)) => refuse("create", "it already exists"),
                ("DELETE", None) => refuse("delete", "it was not found"),
                ("DELETE", Some(there)) if *there != values => refuse("delete", "the values provided do not match the current values"),
                ("DELETE", Some(_)) => drop(present.remove(&key)),
                _ => drop(present.insert(key, values)),
            }
        }
        if wrong.is_empty() { Ok(None) } else { Err(Refusal::new("InvalidChangeBatch", format!("[{}]", wrong.join(", ")))) }
    }

    pub(crate) fn changed(&self, answer: Answer) -> Answer {
        let mut world = self.world();
        let in_sync = world.settings.clock.now() + world.settings.sync;
        let id = format!("C{:013X}DOUBLE", world.records.changes.len() + 1);
        answer.changed(|tree| {
            let Some(info) = tree.at_mut("ChangeInfo") else { return };
            world.records.changes.insert(id.clone(), (in_sync, info.text_at("SubmittedAt")));
            info.set("Id", &format!("/change/{id}"));
            info.set("Status", "PENDING");
        })
    }

    /// GetChange.
    pub(crate) fn change(&self, wire: &Wire) -> Result<Answer, Refusal> {
        let id = wire.path.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let world = self.world();
        let Some((in_sync, came)) = world.records.changes.get(id) else {
            let message = format!("A change with the specified change ID does not exist: {id}");
            return Err(Refusal { code: "NoSuchChange".to_owned(), message, status: 404 });
        };
        let status = if world.settings.clock.now() < *in_sync { "PENDING" } else { "INSYNC" };
        let text = format!(
            "<?xml version=\"1.0\"?>\n<GetChangeResponse xmlns=\"{NAMESPACE}\"><ChangeInfo><Id>/change/{id}</Id><Status>{status}</Status>\
             <SubmittedAt>{came}</SubmittedAt></ChangeInfo></GetChangeResponse>"
        );
        Ok(Answer::of_text("text/xml", text))
    }

    /// moto takes a star only as itself.
    pub(crate) fn stars(wire: &Wire) -> Wire {
        let mut wire = wire.clone();
        wire.body = String::from_utf8_lossy(&wire.body).replace(STAR, "*").into_bytes();
        wire.path = wire.path.replace("%5C052", "%2A").replace("%5c052", "%2A");
        wire
    }

    pub(crate) fn stars_shown(answer: Answer) -> Answer {
        answer.changed(|tree| {
            for record in tree.items_mut("ResourceRecordSets") {
                let name = record.text_at("Name").replace('*', STAR);
                record.set("Name", &name);
            }
            let next = tree.text_at("NextRecordName").replace('*', STAR);
            if !next.is_empty() {
                tree.set("NextRecordName", &next);
            }
        })
    }
}
