//! The name of an environment and its HTTPS, in English.

use crate::domain::environment::{LedBy, NotYet};
use crate::texts::HostName;

pub(super) const HOST_NAME: HostName = HostName {
    name: "Name",
    led_by: |led_by| match led_by {
        LedBy::Name => None,
        LedBy::AddressForNow => Some("The name is on its way to all name servers. Until it works, the links here use the address."),
        LedBy::Address => {
            Some("Names of this domain are known only to computers that ask Koza's own name server. So the links here use the address.")
        }
    },
    works: "HTTPS works by this name. The certificate is renewed by itself; this one is good until:",
    renewal_failed: "The last try to renew the certificate failed. The machine tries again by itself.",
    not_yet: |why| match why {
        NotYet::Name => "No HTTPS yet: the machine asks for a certificate as soon as every name server knows the name.",
        NotYet::Turn => {
            "No HTTPS yet: the authority gives out only so many certificates at a time, and others were first. The machine gets its own by itself when its turn comes; HTTP works."
        }
        NotYet::Asking => "No HTTPS yet: the machine is asking for its certificate. HTTP works.",
        NotYet::Away => "No HTTPS yet: the certificate authority does not answer. The machine asks again by itself; HTTP works.",
        NotYet::Limited => {
            "No HTTPS yet: the certificate authority wants no more requests for a while. The machine asks again by itself; HTTP works."
        }
        NotYet::Refused => "No HTTPS yet: the certificate authority said no. The machine asks again by itself; HTTP works.",
        NotYet::Machine => {
            "No HTTPS: something on the machine is in the way. It tries again by itself; if you changed the web server, look there first."
        }
        NotYet::Check => {
            "The machine serves HTTPS, but Koza's check from outside has not passed. Until it does, the links here use the address."
        }
        NotYet::Expired => "The certificate ended while the machine was off. The machine gets another one by itself once it runs.",
    },
    again_at: "Next try:",
    turn_at: "Its turn:",
    said: "The exact words",
    lesson: "A name is easier to keep than an address, and a certificate proves that the name's machine is the one that answers: its owner showed the authority that visitors of the name reach it. Names are remembered for a minute (their TTL), so a change is seen everywhere soon.",
};
