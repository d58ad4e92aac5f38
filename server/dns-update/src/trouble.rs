//! What name servers refuse, what becomes of it, and what to do.

use cloud::{CloudError, Fate};
use domain::base::iana::{Rcode, TsigRcode};
use domain::rdata::tsig::{Time48, Tsig};
use domain::tsig::ValidationError;

use crate::names::Wire;
use crate::talk::{Answer, Peer};

/// The server refused a change because what it names is not so, or what it makes is there.
pub(crate) const NOT_SO: &str = "not_as_named";

/// The server does not keep the zone, or not this part of it.
pub(crate) const ELSEWHERE: &str = "not_our_zone";

/// What the server was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Question,
    Transfer,
    Update,
}

impl Doing {
    fn words(self) -> &'static str {
        match self {
            Self::Question => "a question",
            Self::Transfer => "the transfer of the zone (AXFR)",
            Self::Update => "a change (dynamic update)",
        }
    }

    fn allowed_by(self) -> &'static str {
        match self {
            Self::Question => {
                "it keeps no such zone, or does not let us ask (see `domain`, `server` and `name_servers` in the cloud's settings; BIND: \
                 allow-query)"
            }
            Self::Transfer => {
                "let the key transfer the zone (Knot: an acl with `action: transfer`; BIND: allow-transfer; PowerDNS: TSIG-ALLOW-AXFR)"
            }
            Self::Update => {
                "let the key change the zone (Knot: an acl with `action: update`; BIND: update-policy or allow-update; PowerDNS: \
                 TSIG-ALLOW-DNSUPDATE), on the server that is the zone's primary"
            }
        }
    }
}

pub(crate) fn settings(said: String) -> CloudError {
    CloudError::new(Fate::Final, "bad_settings", said)
}

pub(crate) fn unreachable(server: &str, error: std::io::Error) -> CloudError {
    CloudError::new(Fate::TryAgain, "unreachable", format!("name server {server} cannot be reached over TCP: {error}")).caused_by(error)
}

pub(crate) fn broken_off(server: &str, error: std::io::Error) -> CloudError {
    CloudError::new(Fate::TryAgain, "unreachable", format!("name server {server} broke off before it answered: {error}")).caused_by(error)
}

pub(crate) fn silent(server: &str) -> CloudError {
    CloudError::new(Fate::TryAgain, "no_answer_in_time", format!("name server {server} did not answer in time"))
}

pub(crate) fn unreadable(server: &str) -> CloudError {
    CloudError::new(Fate::TryAgain, "unreadable_answer", format!("name server {server} answered what cannot be read"))
}

pub(crate) fn too_large(server: &str) -> CloudError {
    CloudError::new(Fate::Final, "bad_order", format!("a message for {server} is too large"))
}

/// The server answers, but not for this name by itself.
pub(crate) fn elsewhere(peer: &Peer, name: &Wire) -> CloudError {
    let server = &peer.server;
    let said = format!(
        "name server {server} does not keep {name} itself: it is in a part of the zone that was given to other name servers, or `server` in the \
         cloud's settings does not keep the zone"
    );
    CloudError::new(Fate::Final, ELSEWHERE, said)
}

/// A code other than "no error".
pub(crate) fn refused(doing: Doing, peer: &Peer, code: Rcode) -> CloudError {
    let (server, words) = (&peer.server, doing.words());
    let (fate, word, why) = match code {
        Rcode::YXDOMAIN | Rcode::YXRRSET | Rcode::NXRRSET => (Fate::TryAgain, NOT_SO, "the zone has changed meanwhile".into()),
        // In a change it means that a name is expected which is not there.
        Rcode::NXDOMAIN if doing == Doing::Update => (Fate::TryAgain, NOT_SO, "the zone has changed meanwhile".into()),
        Rcode::SERVFAIL => (Fate::TryAgain, "server_failed", "its own log says why".into()),
        Rcode::REFUSED if doing == Doing::Question => (Fate::Final, ELSEWHERE, doing.allowed_by().to_owned()),
        Rcode::REFUSED => (Fate::Final, "not_allowed", doing.allowed_by().to_owned()),
        Rcode::NOTAUTH => (Fate::Final, ELSEWHERE, "it does not keep the zone: see `domain` and `server` in the cloud's settings".into()),
        Rcode::NOTZONE => (Fate::Final, "not_our_domain", "the name is not in the zone: see `domain` in the cloud's settings".into()),
        Rcode::NOTIMP => {
            (Fate::Final, "no_updates", "it takes none: see whether `server` in the cloud's settings is the zone's primary".into())
        }
        _ => (Fate::Final, "refused", "this should not happen; its own log says why".into()),
    };
    CloudError::new(fate, word, format!("name server {server} refused {words} ({code}): {why}"))
}

/// An answer whose signature is not what it should be. What it says is a hint then: enough to refuse, never to say how the zone is.
pub(crate) fn unproven(doing: Doing, peer: &Peer, error: ValidationError, answer: &Answer) -> CloudError {
    let (server, said) = (&peer.server, answer.header().rcode());
    let hint = answer.get_last_additional::<Tsig<_, _>>().map(|record| (record.data().error(), record.data().other_time()));
    let (fate, word, why) = match (error, hint) {
        // Knot says so, too, where it knows the key and an acl is missing. Each conversation begins with a question: there it was known.
        (ValidationError::ServerBadKey, _) if doing != Doing::Question => (Fate::Final, "not_allowed", doing.allowed_by().to_owned()),
        (ValidationError::ServerBadKey, _) => {
            (Fate::Final, "bad_key", "it does not know the TSIG key: name and algorithm must be those of its configuration".into())
        }
        (ValidationError::ServerBadSig, _) => (Fate::Final, "bad_key", "the TSIG key's secret is not the one of its configuration".into()),
        (ValidationError::ServerBadTime { client, server }, _) => (Fate::Final, "clock_off", apart(client, server)),
        // Knot signs this one otherwise than the RFC says.
        (ValidationError::BadSig, Some((TsigRcode::BADTIME, Some(theirs)))) => (Fate::Final, "clock_off", apart(peer.now(), theirs)),
        (ValidationError::BadTime, _) => (Fate::Final, "clock_off", "its clock and ours are more than 300 s apart: set both by NTP".into()),
        // PowerDNS says no more than this of a key that it does not take.
        (ValidationError::ServerUnsigned, _) if said == Rcode::NOTAUTH => {
            let why = "it does not take our TSIG key: name, algorithm and secret must be those of its configuration, and both clocks right";
            (Fate::Final, "bad_key", why.into())
        }
        // A server that refuses before it looks at the signature need not sign.
        (ValidationError::ServerUnsigned, _) if matches!(said, Rcode::REFUSED | Rcode::NOTIMP | Rcode::SERVFAIL) => {
            return refused(doing, peer, said);
        }
        _ => (Fate::TryAgain, "unproven_answer", format!("its answer to {} is not signed as it should be ({error})", doing.words())),
    };
    CloudError::new(fate, word, format!("name server {server}: {why}")).caused_by(error)
}

fn apart(ours: Time48, theirs: Time48) -> String {
    let apart = u64::from(ours).abs_diff(u64::from(theirs));
    format!("its clock and ours are {apart} s apart, and TSIG takes 300: set both by NTP")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use time::OffsetDateTime;

    use super::*;

    fn peer() -> Peer {
        Peer { server: "192.0.2.53".into(), key: None, clock: Arc::new(|| OffsetDateTime::UNIX_EPOCH) }
    }

    #[test]
    fn only_what_may_be_otherwise_next_time_is_tried_again() {
        for (code, fate, word) in [
            (Rcode::YXDOMAIN, Fate::TryAgain, NOT_SO),
            (Rcode::NXRRSET, Fate::TryAgain, NOT_SO),
            (Rcode::NXDOMAIN, Fate::TryAgain, NOT_SO),
            (Rcode::SERVFAIL, Fate::TryAgain, "server_failed"),
            (Rcode::REFUSED, Fate::Final, "not_allowed"),
            (Rcode::NOTAUTH, Fate::Final, "not_our_zone"),
            (Rcode::NOTZONE, Fate::Final, "not_our_domain"),
            (Rcode::NOTIMP, Fate::Final, "no_updates"),
            (Rcode::FORMERR, Fate::Final, "refused"),
        ] {
            let error = refused(Doing::Update, &peer(), code);
            assert_eq!((error.fate, error.code), (fate, word), "{code}");
        }
    }

    #[test]
    fn an_unsigned_answer_may_refuse_but_never_say_how_the_zone_is() {
        let unsigned = |code| {
            let mut answer = crate::talk::draft();
            answer.header_mut().set_rcode(code);
            unproven(Doing::Update, &peer(), ValidationError::ServerUnsigned, &answer.into_message())
        };
        assert_eq!(unsigned(Rcode::REFUSED).code, "not_allowed");
        assert_eq!(unsigned(Rcode::NOTAUTH).code, "bad_key");
        for code in [Rcode::NOERROR, Rcode::YXDOMAIN, Rcode::NXRRSET] {
            assert_eq!(unsigned(code).code, "unproven_answer", "{code}");
        }
    }
}
