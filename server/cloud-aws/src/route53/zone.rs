//! What a zone holds of ours.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Instant;

use aws_sdk_route53::types::{ResourceRecord, ResourceRecordSet, RrType};
use cloud::dns::{Companion, plain};
use cloud::{CloudError, Fate, Observed, Record, Seen};

use crate::account::Clients;
use crate::trouble::trouble;

/// A record of ours with its companion.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) companion: Companion,
    /// Exactly as the zone has it: a change that takes it out has to name it so.
    pub(super) companion_set: ResourceRecordSet,
    /// The same of the record; none: it was taken out.
    pub(super) record: Option<ResourceRecordSet>,
    /// The change that made it so, if this process made it.
    pub(super) change: Option<String>,
    pub(super) is_in_sync: bool,
    /// When this was learnt.
    pub(super) at: Instant,
}

impl Entry {
    pub(super) fn seen(self, name: String) -> Seen {
        let value = self.record.as_ref().and_then(|set| set.resource_records().first()).map(|record| plain(record.value()));
        let record = Record { name: name.clone(), value: value.unwrap_or_default() };
        Seen {
            cloud_id: name,
            environment: self.companion.environment,
            intent: Some(self.companion.intent),
            observed: Observed::Record { record, is_in_sync: self.is_in_sync, is_out: self.companion.is_out },
            since: None,
        }
    }
}

fn set(name: &str, kind: RrType, value: String) -> Result<ResourceRecordSet, CloudError> {
    let bad = |error: aws_sdk_route53::error::BuildError| CloudError::new(Fate::Final, "bad_order", error.to_string());
    let value = ResourceRecord::builder().value(value).build().map_err(bad)?;
    let ttl = i64::from(Record::TTL);
    ResourceRecordSet::builder().name(format!("{name}.")).r#type(kind).ttl(ttl).resource_records(value).build().map_err(bad)
}

/// A record: an address, or another name.
pub(super) fn record_set(name: &str, value: &str) -> Result<ResourceRecordSet, CloudError> {
    match value.parse::<Ipv4Addr>() {
        Ok(address) => set(name, RrType::A, address.to_string()),
        Err(_) => set(name, RrType::Cname, format!("{}.", plain(value))),
    }
}

/// The companion of a record.
pub(super) fn companion_set(name: &str, companion: &Companion) -> Result<ResourceRecordSet, CloudError> {
    set(&Companion::name(name), RrType::Txt, format!("\"{}\"", companion.text()))
}

/// Whether there is anything at a name or its companion's, whoever made it. Right after a name come those below it.
pub(super) async fn holds(clients: &Clients, zone: &str, name: &str) -> Result<bool, CloudError> {
    let order = clients.route53.list_resource_record_sets().hosted_zone_id(zone).start_record_name(name).max_items(100);
    let page = order.send().await.map_err(|error| trouble("route53:ListResourceRecordSets", error))?;
    let places = [name.to_owned(), Companion::name(name)];
    Ok(page.resource_record_sets.iter().any(|set| places.contains(&plain(&set.name))))
}

/// Everything of an installation. Records of others are passed over.
pub(super) async fn read(clients: &Clients, zone: &str, installation: &str) -> Result<BTreeMap<String, Entry>, CloudError> {
    let at = Instant::now();
    let (mut records, mut entries) = (BTreeMap::new(), BTreeMap::new());
    let (mut name, mut kind) = (None, None);
    loop {
        let order =
            clients.route53.list_resource_record_sets().hosted_zone_id(zone).set_start_record_name(name).set_start_record_type(kind);
        let page = order.max_items(300).send().await.map_err(|error| trouble("route53:ListResourceRecordSets", error))?;
        for set in page.resource_record_sets {
            let named = plain(&set.name);
            match set.r#type {
                RrType::A | RrType::Cname => {
                    records.insert(named, set);
                }
                RrType::Txt => {
                    let companion = set.resource_records().first().and_then(|record| Companion::read(record.value().trim_matches('"')));
                    let ours = companion.filter(|companion| companion.installation == installation);
                    if let Some((name, companion)) = Companion::of(&named).map(str::to_owned).zip(ours) {
                        let entry = Entry { companion, companion_set: set, record: None, change: None, is_in_sync: false, at };
                        entries.insert(name, entry);
                    }
                }
                _ => {}
            }
        }
        if !page.is_truncated {
            break;
        }
        (name, kind) = (page.next_record_name, page.next_record_type);
    }
    for (name, entry) in &mut entries {
        entry.record = records.remove(name);
    }
    Ok(entries)
}
