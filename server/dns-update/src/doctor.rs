//! What an operator should know of a zone before a class: does the server answer, does it know the key, may the key do what it has to.

use cloud::dns::Companion;
use cloud::{Clock, CloudError, Fate, Finding};
use domain::rdata::Txt;

use crate::change::{Change, Data};
use crate::names::{self, Value, Wire};
use crate::talk::Peer;
use crate::{DnsUpdate, DnsUpdateConfig, trouble};

/// Who looks for a name too early is told by resolvers that there is none for so long, in seconds; beyond it the operator should know.
const LONG: u32 = 300;

/// Looks at everything. The zone is left as it was: the change that is tried takes out what it puts in.
pub async fn examine(config: &DnsUpdateConfig, clock: Clock) -> Vec<Finding> {
    let dns = match DnsUpdate::new(config, clock) {
        Ok(dns) => dns,
        Err(error) => return vec![missing("names", &error)],
    };
    let (server, domain) = (&config.server, &dns.domain);
    let mut findings = Vec::new();
    match soa(&dns.primary, &dns.zone).await {
        Ok((number, forgotten_after)) => {
            findings.push(Finding::Good(format!("{server} keeps {domain} (number {number}) and knows the key {}", config.key.name)));
            if forgotten_after > LONG {
                findings.push(Finding::Note(format!(
                    "who asks for a name before it is there is told for {forgotten_after} s that there is none: the last number of {domain}'s SOA \
                     record says so, and 60 would do"
                )));
            }
        }
        Err(error) => {
            findings.push(missing(&format!("zone {domain}"), &error));
            return findings;
        }
    }
    findings.push(match transferred(&dns).await {
        Ok(count) => Finding::Good(format!("the key may transfer {domain}; {count} names in it are Koza's")),
        Err(error) => missing(&format!("transfer of {domain}"), &error),
    });
    findings.push(match changed(&dns).await {
        Ok(()) => Finding::Good(format!("the key may change names under {domain}")),
        Err(error) => missing(&format!("change of {domain}"), &error),
    });
    // Once more: some servers count a change that changes nothing.
    let number = soa(&dns.primary, &dns.zone).await.map(|(number, _)| number).unwrap_or_default();
    for peer in dns.servers.world().iter().filter(|peer| peer.server != *server) {
        findings.push(match soa(peer, &dns.zone).await {
            Ok((theirs, _)) if theirs == number => Finding::Good(format!("name server {} has the same", peer.server)),
            Ok((theirs, _)) => Finding::Note(format!(
                "name server {} has {domain} with number {theirs}; if it stays so, the primary does not notify it of changes",
                peer.server
            )),
            Err(error) => missing(&format!("name server {}", peer.server), &error),
        });
    }
    findings
}

async fn soa(peer: &Peer, zone: &Wire) -> Result<(u32, u32), CloudError> {
    peer.open().await?.soa(zone).await
}

async fn transferred(dns: &DnsUpdate) -> Result<usize, CloudError> {
    let mut talk = dns.primary.open().await?;
    Ok(talk.read_all(&dns.zone, &dns.installation).await?.len())
}

/// Puts in and takes out, in one change, each kind of record that we make: what is not allowed is refused, what is leaves nothing behind.
async fn changed(dns: &DnsUpdate) -> Result<(), CloudError> {
    let name = format!("koza-doctor-{:08x}.{}", rand::random::<u32>(), dns.domain);
    let (at, companion_at) = names::pair(&name, &dns.domain)?;
    // A name of its own: PowerDNS refuses a change with both an address and an alias in it for one name.
    let (alias_at, _) = names::pair(&format!("alias-{name}"), &dns.domain)?;
    let text = Txt::build_from_slice(Companion::LABEL.as_bytes()).map_err(|error| trouble::settings(error.to_string()))?;
    let (address, alias) = (Data::Value(Value::read("192.0.2.1")?), Data::Value(Value::Name(dns.zone.clone())));
    let mut change = Change::new();
    for (name, data) in [(&at, address), (&alias_at, alias), (&companion_at, Data::Text(text))] {
        change.if_nothing_at(name);
        change.put_in(name, data.clone());
        change.take_out(name, data);
    }
    let mut talk = dns.primary.open().await?;
    talk.soa(&dns.zone).await?;
    talk.make(&dns.zone, &change).await
}

fn missing(what: &str, error: &CloudError) -> Finding {
    let mend = match error.code {
        "bad_settings" => "see `dns` in the cloud's settings",
        "bad_key" => "compare the key's name, algorithm and secret with the server's configuration",
        "clock_off" => "set both clocks by NTP",
        "not_allowed" => "let the key do it, in the server's configuration",
        "not_our_zone" | "not_our_domain" => "see `domain` and `server` in the cloud's settings",
        _ if error.fate == Fate::TryAgain => "see whether this host reaches it (TCP); then again",
        _ => "see the name server's own log",
    };
    Finding::Missing(format!("{what}: {}", error.said), mend.into())
}
