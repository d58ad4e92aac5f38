//! What an intent orders, from what is held.

use cloud::{Asks, CloudError, Create, Fate, ImageSource, Intent, Kind, Nature};
use uuid::Uuid;

use super::Engine;
use crate::db::resources::Intended;
use crate::db::world::Known;
use crate::machine::secrets;
use crate::machine::user_data::{self, Proof};
use crate::wish::zone::{Wanted, zone};
use crate::wish::{ImageState, Purpose, Security};

/// Where a machine goes ([`zone`]).
pub(super) fn zone_of_machine(nature: &Nature, known: &Known, slot: u16, tried: &[String]) -> Option<String> {
    let machines = || known.rows.iter().filter(|row| row.kind == Kind::Machine && row.slot != slot);
    let others: Vec<_> = machines().filter_map(|row| row.zone.as_deref()).collect();
    let first = machines().find(|row| row.slot == 1).and_then(|row| row.zone.as_deref());
    let chosen = known.options.zone.as_deref().filter(|_| slot > 1);
    zone(&nature.zones, known.id.0, &Wanted { tried, chosen, first, others: &others }).map(str::to_owned)
}

/// Whether a machine for which there was no room tries another zone, under a new intent: the old one may be used in its own zone only. Not if
/// an earlier call with it went unanswered, for that may have made one; and not once every zone has said no.
pub(super) fn moves_on(nature: &Nature, kind: Kind, intended: &Intended, error: &CloudError) -> bool {
    kind == Kind::Machine
        && error.fate == Fate::NoCapacity
        && intended.unanswered_before.is_none()
        && !usize::from(intended.incarnation).is_multiple_of(nature.zones.len().max(1))
}

/// What its first machine starts from.
fn image(known: &Known) -> ImageSource {
    match (&known.image, known.purpose) {
        (ImageState::Ready(image), Purpose::Course) => ImageSource::Baked(image.clone()),
        _ => ImageSource::Base(known.spec.os.clone()),
    }
}

/// The order of a machine that is launched with others: there is nothing in it that is its own.
pub(super) fn order_together(engine: &Engine, known: &Known, zone: Option<String>) -> Create {
    let image = image(known);
    let user_data = user_data::text(&engine.machines_url, Proof::SignedDocument, (&known.spec, known.purpose), &image);
    Create::Machine {
        image,
        size: known.spec.size,
        user_data,
        host_name: String::new(),
        zone,
        disk: None,
        firewall: None,
        key: None,
        is_encrypted: known.spec.security == Security::Hardened,
        goes_out_alone: false,
    }
}

/// The order of an intent. `None`: what it needs is not there (any more).
pub(super) fn order(
    engine: &Engine,
    nature: &Nature,
    known: &Known,
    intent: &Intent,
    (zone, disk): (Option<String>, Option<Uuid>),
) -> Option<Create> {
    let of = |kind: Kind, slot: u16| known.world.of(kind, slot).and_then(|holding| holding.cloud_id.clone());
    let held = |kind: Kind| of(kind, 1);
    let slot = intent.slot;
    let wish = known.wish(nature);
    Some(match intent.kind {
        Kind::Machine => {
            let image = match (&known.image, known.purpose) {
                (_, Purpose::Course) if slot > 1 => ImageSource::Baked(held(Kind::Image)?),
                _ => image(known),
            };
            let token = secrets::one_time_token(&engine.vault, intent.token);
            let user_data = user_data::text(&engine.machines_url, Proof::Token(&token), (&known.spec, known.purpose), &image);
            Create::Machine {
                image,
                size: known.spec.size,
                user_data,
                host_name: if slot == 1 { known.name.clone() } else { known.machine_label(slot) },
                zone,
                disk,
                firewall: held(Kind::Firewall),
                key: held(Kind::Key),
                is_encrypted: known.spec.security == Security::Hardened,
                goes_out_alone: known.purpose == Purpose::Image,
            }
        }
        // Nobody orders a disk.
        Kind::Disk => return None,
        Kind::Address => Create::Address,
        Kind::Firewall => Create::Firewall { tcp: wish.openings(&known.world, slot) },
        Kind::Binding => {
            Create::Binding { address: of(Kind::Address, slot)?, machine: of(Kind::Machine, slot)?, firewall: held(Kind::Firewall)? }
        }
        Kind::Key => Create::Key { public_key: known.options.public_key.clone() },
        Kind::Record => Create::Record(wish.record(&known.world, slot)?),
        Kind::Certificate => Create::Certificate { name: wish.balancer_name() },
        Kind::Snapshot => Create::Snapshot { machine: held(Kind::Machine)? },
        Kind::Image => {
            // Found again by its recipe is only what was baked.
            let recipe = match (known.purpose, slot) {
                (Purpose::Image, _) => known.spec.recipe(),
                (Purpose::Course, 1) => format!("copy of {}", known.id),
                (Purpose::Course, slot) => format!("saved of {}, {slot}", known.id),
            };
            Create::Image { snapshot: of(Kind::Snapshot, slot)?, recipe }
        }
        Kind::Balancer => Create::Balancer { firewall: of(Kind::Firewall, 2)? },
        Kind::TargetGroup => Create::TargetGroup { is_sticky: known.options.is_sticky, passage: wish.passage(&known.world) },
        Kind::Listener => {
            let certificate = if wish.is_certified() { Some(held(Kind::Certificate)?) } else { None };
            let asks = wish.balancer_asks(&known.world).zip(known.authority.as_ref()).map(|(digest, authority)| {
                // A key that is gone keeps it from nothing but asking an authority that wants one; permits look for it before.
                let account = authority.account().unwrap_or_default();
                let settings = authority.settings(&wish.balancer_name(), known.world.balancer_may_ask(), account).to_string();
                Asks { settings, digest }
            });
            Create::Listener { balancer: held(Kind::Balancer)?, target_group: held(Kind::TargetGroup)?, certificate, asks }
        }
        Kind::Target => Create::Target { target_group: held(Kind::TargetGroup)?, machine: of(Kind::Machine, slot)? },
    })
}
