//! What somebody outside sees of a simulated machine.
//!
//! A probe passes only if the machine runs, an address leads to it, its firewall lets the port in, its boot is done and the service is
//! up. Nothing is green by default.

use time::OffsetDateTime;

use super::world::{Thing, World};
use crate::order::Opening;
use crate::seen::MachineState;

/// The service behind a probe and the ports it needs.
fn needs(probe: &str) -> Option<(&'static str, &'static [u16])> {
    Some(match probe {
        "ssh" => ("ssh", &[22]),
        "wordpress" => ("wordpress", &[80]),
        "basic_auth" => ("basic_auth", &[80]),
        "container_web" => ("container_web", &[8080]),
        "ftp_tex" => ("ftp_tex", &[21, 60000]),
        "https" => ("https", &[443]),
        "ftp_tls" => ("ftp_tex", &[21]),
        _ => return None,
    })
}

/// Ports that nobody opens to the world: file shares, databases, the container runtime.
const ALWAYS_CLOSED: [u16; 6] = [111, 445, 2375, 3306, 5432, 6379];

impl World {
    pub(super) fn probe(&self, machine: &str, probe: &str, now: OffsetDateTime) -> Result<(), String> {
        let it = self.machine(machine).map_err(|_| "no route to host".to_owned())?;
        if it.state(now) != MachineState::Running {
            return Err("no route to host".to_owned());
        }
        let open = self.open_ports(machine).ok_or("no address leads to the machine")?;
        let is_open = |port: u16| open.iter().any(|opening| (opening.ports.from..=opening.ports.to).contains(&port));
        if !it.inside.is_ready(now) {
            return Err("connection refused (the machine is still booting)".to_owned());
        }
        if probe == "closed_ports" {
            return match ALWAYS_CLOSED.into_iter().find(|port| is_open(*port)) {
                Some(port) => Err(format!("port {port} is open")),
                None => Ok(()),
            };
        }
        if probe == "name" {
            return if self.is_named(machine, now) { Ok(()) } else { Err("no name leads to its address".to_owned()) };
        }
        let (service, ports) = needs(probe).ok_or_else(|| format!("the simulator knows no probe {probe:?}"))?;
        if let Some(port) = ports.iter().find(|port| !is_open(**port)) {
            return Err(format!("port {port}: no answer within 2 s"));
        }
        if it.inside.is_up(service, now) { Ok(()) } else { Err(format!("port {}: connection refused", ports[0])) }
    }

    fn is_named(&self, machine: &str, now: OffsetDateTime) -> bool {
        let address = self.entries.values().find_map(|entry| match &entry.thing {
            Thing::Binding { machine: leads_to, address, .. } if leads_to == machine => Some(address),
            _ => None,
        });
        let Some(Thing::Address { address }) = address.and_then(|id| self.entries.get(id)).map(|entry| &entry.thing) else { return false };
        self.entries.values().any(|entry| {
            matches!(&entry.thing, Thing::Record { record, in_sync_at, is_out: false } if record.value == *address && *in_sync_at <= now)
        })
    }

    fn open_ports(&self, machine: &str) -> Option<&[Opening]> {
        self.entries.values().find_map(|entry| match &entry.thing {
            Thing::Binding { machine: leads_to, address, firewall, is_cut: false }
                if leads_to == machine && self.entries.contains_key(address) =>
            {
                match self.entries.get(firewall).map(|entry| &entry.thing) {
                    Some(Thing::Firewall { tcp }) => Some(tcp.as_slice()),
                    _ => None,
                }
            }
            _ => None,
        })
    }
}

/// As `known_hosts` has it: `ssh-ed25519 AAAA…`.
pub(super) fn host_key_line(key: &[u8; 32]) -> String {
    let name = b"ssh-ed25519";
    let blob: Vec<u8> = [&[0, 0, 0, 11][..], name, &[0, 0, 0, 32], key].concat();
    format!("ssh-ed25519 {}", base64(&blob))
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = char::from(ALPHABET[((bits >> (18 - 6 * place)) & 63) as usize]);
            text.push(if place <= three.len() { letter } else { '=' });
        }
    }
    text
}
