//! Domains: by what authorities count them and browsers tell sites apart, and how the machines' may stand to the portal's host.
//!
//! Pages of machines are students' pages. On the portal's own host, or above or below it, they could read or plant its cookies: never. Below
//! the same registrable domain browsers call them the same site, which universities often cannot avoid: an operator has to accept it, and
//! host-only cookies and the refusal of same-site posts stand guard. A domain of their own is better.

use std::net::IpAddr;

use cloud::dns::{is_under, plain};

/// The registrable domain of a name: one label below a public suffix (`example.ac.jp` of `c5.exp.example.ac.jp`), by the list of
/// publicsuffix.org, its private part included. A name without one stands for itself.
#[must_use]
pub fn registrable(name: &str) -> &str {
    psl::domain_str(name).unwrap_or(name)
}

/// How a domain of machines stands to the portal's host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinship {
    /// Another site.
    Apart,
    /// The same site to browsers.
    SameSite,
    /// The portal's host itself, or above or below it.
    TooClose,
}

/// See [`Kinship`].
#[must_use]
pub fn kinship(host: &str, domain: &str) -> Kinship {
    let (host, domain) = (plain(host), plain(domain));
    if host.parse::<IpAddr>().is_ok() {
        Kinship::Apart
    } else if host == domain || is_under(&host, &domain) || is_under(&domain, &host) {
        Kinship::TooClose
    } else if registrable(&host) == registrable(&domain) {
        Kinship::SameSite
    } else {
        Kinship::Apart
    }
}

/// What is wrong with a domain of machines beside the portal's host, in a sentence for the operator.
#[must_use]
pub fn objection(host: &str, domain: &str, is_shared_accepted: bool) -> Option<String> {
    match kinship(host, domain) {
        Kinship::TooClose => Some(format!(
            "Machines get names under {domain}, and the portal is {host}: a student's page could read or plant the portal's cookies. Give machines another domain (koza course names), or the portal another host."
        )),
        Kinship::SameSite if !is_shared_accepted => Some(format!(
            "Machines get names under {domain}, and the portal is {host}: browsers take them for one site ({}). A domain of their own is better; if there is none, accept it with KOZA_SHARED_DOMAIN=true.",
            registrable(host)
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn universities_are_known_by_the_name_that_they_registered() {
        assert_eq!(registrable("c5.exp.info.example.ac.jp"), "example.ac.jp");
        assert_eq!(registrable("c5.labs.example.edu"), "example.edu");
        assert_eq!(registrable("c5.exp.someone.github.io"), "someone.github.io");
        assert_eq!(registrable("localhost"), "localhost");
    }

    #[test]
    fn machines_stand_apart_from_the_portal() {
        for (host, domain, kinship) in [
            ("koza.example.ac.jp", "exp.example.jp", Kinship::Apart),
            ("koza.example.ac.jp", "exp.other.ac.jp", Kinship::Apart),
            ("koza.example.ac.jp", "exp.example.ac.jp", Kinship::SameSite),
            ("koza.example.ac.jp", "koza.example.ac.jp", Kinship::TooClose),
            ("koza.example.ac.jp", "example.ac.jp", Kinship::TooClose),
            ("KOZA.example.ac.jp.", "labs.koza.example.ac.jp", Kinship::TooClose),
            ("notkoza.example.ac.jp", "koza.example.ac.jp", Kinship::SameSite),
            ("someone.github.io", "other.github.io", Kinship::Apart),
            ("127.0.0.1", "koza-machines.test", Kinship::Apart),
        ] {
            assert_eq!(super::kinship(host, domain), kinship, "{host} and {domain}");
        }
    }

    #[test]
    fn a_shared_domain_has_to_be_accepted_and_one_that_is_too_close_cannot_be() {
        let portal = "koza.example.ac.jp";
        assert!(objection(portal, "exp.example.ac.jp", false).is_some_and(|said| said.contains("KOZA_SHARED_DOMAIN")));
        assert_eq!(objection(portal, "exp.example.ac.jp", true), None);
        assert!(objection(portal, "example.ac.jp", true).is_some());
        assert_eq!(objection(portal, "exp.example.jp", false), None);
    }
}
