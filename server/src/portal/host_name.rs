//! The name of an environment as its page shows it: by what people are led, and how far HTTPS is.

use app::domain::environment::{HostName, Https, LedBy, NotYet};
use app::domain::reason::Probe;
use cloud::Kind;
use cloud::dns::is_under;

use crate::db::world::Known;
use crate::machine::certificate::State;

/// Domains that no name server of the world knows (RFC 6761, 6762, 8375, and ICANN's `internal`).
const KNOWN_TO_FEW: [&str; 7] = ["test", "example", "invalid", "localhost", "local", "internal", "home.arpa"];

/// Its name, once it was ordered.
#[must_use]
pub fn host_name(known: &Known) -> Option<HostName> {
    known.world.first(Kind::Record)?;
    let has_https = known.authority.is_some() && known.spec.has("https");
    Some(HostName { name: known.dns_name.clone(), led_by: led_by(known), https: has_https.then(|| https(known)) })
}

/// What the page leads people by: scheme and host of its links.
#[must_use]
pub fn leads_by<'a>(name: Option<&'a HostName>, address: &'a str) -> (&'static str, &'a str) {
    use NotYet::{Check, Expired};
    match name {
        Some(HostName { name, led_by: LedBy::Name, https: Some(Https::Works { .. }) }) => ("https", name),
        // By the name the machine leads on to HTTPS, which is not as it should be.
        Some(HostName { https: Some(Https::NotYet { why: Check | Expired, .. }), .. }) => ("http", address),
        Some(HostName { name, led_by: LedBy::Name, .. }) => ("http", name),
        _ => ("http", address),
    }
}

pub(super) fn led_by(known: &Known) -> LedBy {
    if KNOWN_TO_FEW.into_iter().any(|domain| is_under(&known.dns_name, domain)) {
        LedBy::Address
    } else if passed(known, Probe::Name, Kind::Record) {
        LedBy::Name
    } else {
        LedBy::AddressForNow
    }
}

/// Whether it passed when it was last asked, of what there is now: a machine that is off keeps its links, another one has to earn them.
fn passed(known: &Known, probe: Probe, of: Kind) -> bool {
    let made_at = known.world.first(of).and_then(|held| held.made_at);
    let seen = known.world.probes.get(&probe);
    seen.zip(made_at).is_some_and(|(seen, made_at)| seen.saw.is_ok() && seen.at > made_at)
}

fn https(known: &Known) -> Https {
    let certificate = known.world.certificate.as_ref();
    if let Some(certificate) = certificate.filter(|certificate| certificate.serves(&known.dns_name))
        && let Some(until) = certificate.not_after
    {
        let said = certificate.said.clone();
        return if until <= known.now {
            Https::NotYet { why: NotYet::Expired, again_at: certificate.try_again_at, said }
        } else if passed(known, Probe::Https, Kind::Machine) {
            Https::Works { until, renewal_failed: said }
        } else {
            Https::NotYet { why: NotYet::Check, again_at: None, said }
        };
    }
    let waits = |why, again_at| Https::NotYet { why, again_at, said: None };
    match (known.world.permit, certificate) {
        (None, _) => waits(NotYet::Name, None),
        (Some(permit), _) if permit.at > known.now => waits(NotYet::Turn, Some(permit.at)),
        (Some(_), None) => waits(NotYet::Asking, None),
        (Some(_), Some(certificate)) => {
            let why = match (certificate.problem.as_deref(), certificate.state) {
                (Some("away"), _) => NotYet::Away,
                (Some("rateLimited"), _) => NotYet::Limited,
                (Some("here"), _) => NotYet::Machine,
                (_, State::Refused) => NotYet::Refused,
                _ => return waits(NotYet::Asking, None),
            };
            Https::NotYet { why, again_at: certificate.try_again_at, said: certificate.said.clone() }
        }
    }
}
