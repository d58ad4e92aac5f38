//! The domain's name servers answer the name with the address: each is asked as the world asks them, without a key and without recursion.
//!
//! None of them may say anything else. One that is silent is no reason to mistrust the others, as long as another says it.

use std::net::IpAddr;
use std::sync::Arc;

use app::domain::saw::Saw;
use dns_update::{Answer, answer_of};
use futures::future::join_all;
use time::OffsetDateTime;

use super::{Target, reach};

/// Runs the probe.
pub async fn prove(target: &Target) -> Result<(), Saw> {
    let clock: cloud::Clock = Arc::new(OffsetDateTime::now_utc);
    let ask = |server: &String| {
        let (server, clock) = (server.clone(), clock.clone());
        async move { (answer_of(&server, &target.name, target.limits.connect, &clock).await, server) }
    };
    let mut silent = None;
    let mut is_proven = false;
    for (answer, server) in join_all(target.name_servers.iter().map(ask)).await {
        match answer {
            Ok(answer) => {
                judge(target.address, &answer, &server)?;
                is_proven = true;
            }
            Err(_) => silent = Some(server),
        }
    }
    match (is_proven, silent) {
        (true, _) => Ok(()),
        (false, Some(server)) => Err(Saw::NameServerSilent { server: reach::shown(&server) }),
        (false, None) => Err(Saw::NoNameServer),
    }
}

fn judge(address: IpAddr, answer: &Answer, server: &str) -> Result<(), Saw> {
    let server = reach::shown(server);
    if !answer.is_authoritative {
        return Err(Saw::NotItsNameServer { server });
    }
    match (&answer.addresses[..], &answer.alias) {
        ([only], None) if IpAddr::V4(*only) == address => Ok(()),
        ([], None) => Err(Saw::NameUnknown { server }),
        ([], Some(alias)) => Err(Saw::NameLeadsTo { server, to: reach::shown(alias) }),
        (all, _) => {
            let to = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Err(Saw::NameLeadsTo { server, to: reach::shown(&to) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::target;
    use std::net::Ipv4Addr;

    const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

    fn said(is_authoritative: bool, addresses: &[[u8; 4]], alias: Option<&str>) -> Result<(), Saw> {
        let addresses = addresses.iter().map(|bytes| Ipv4Addr::from(*bytes)).collect();
        judge(ADDRESS, &Answer { is_authoritative, addresses, alias: alias.map(str::to_owned) }, "ns")
    }

    #[test]
    fn only_the_address_alone_and_from_the_zones_own_server_passes() {
        let server = || "ns".to_owned();
        assert_eq!(said(true, &[[198, 51, 100, 7]], None), Ok(()));
        assert_eq!(said(false, &[[198, 51, 100, 7]], None), Err(Saw::NotItsNameServer { server: server() }));
        assert_eq!(said(true, &[], None), Err(Saw::NameUnknown { server: server() }));
        let two = Saw::NameLeadsTo { server: server(), to: "198.51.100.7, 198.51.100.8".into() };
        assert_eq!(said(true, &[[198, 51, 100, 7], [198, 51, 100, 8]], None), Err(two));
        let alias = Saw::NameLeadsTo { server: server(), to: "elsewhere.test".into() };
        assert_eq!(said(true, &[], Some("elsewhere.test")), Err(alias));
    }

    #[tokio::test]
    async fn a_domain_whose_servers_are_silent_or_unknown_proves_nothing() {
        let mut target = target();
        assert_eq!(prove(&target).await, Err(Saw::NoNameServer));
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a free port").to_string();
        target.name_servers = vec![nobody.clone()];
        assert_eq!(prove(&target).await, Err(Saw::NameServerSilent { server: nobody }));
    }
}
