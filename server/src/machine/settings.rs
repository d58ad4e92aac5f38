//! The settings a machine fetches at every boot.

use app::domain::environment::SecretKind;
use app::domain::ids::BackupId;
use app::domain::person::Locale;
use cloud::Nature;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tracing::warn;

use super::secrets::{self, SecretError};
use crate::db::world::Known;
use crate::db::{Db, backups, courses, environments, permits};
use crate::vault::Vault;
use crate::wish::spec::hex;
use crate::wish::{First, Purpose};

/// FTP's passive ports, open in the firewall of every version that has the service (seeds 12 and 37: eleven transfers at once).
pub const PASSIVE_PORTS: (u16, u16) = (60000, 60010);
/// WordPress' administrator.
pub const WORDPRESS_USER: &str = "admin";
/// The user of `/basic/`.
pub const PROTECTED_USER: &str = "group";
/// The FTP user, as in the lesson.
pub const FTP_USER: &str = "ftp-user";
/// The account that only probes use.
pub const PROBE_USER: &str = "koza-probe";
/// The web container's port.
pub const CONTAINER_PORT: u16 = 8080;

/// Which machine asks, and by what visitors ask for it.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Which of its environment's machines.
    pub slot: u16,
    /// The name in the DNS that leads to it: only to the first.
    pub name: Option<String>,
    /// Names and addresses.
    pub host_names: Vec<String>,
    /// Where what it shares with the others is.
    pub first: First,
}

impl Asker {
    /// One of an environment's machines.
    #[must_use]
    pub fn new(known: &Known, nature: &Nature, slot: u16) -> Self {
        let wish = known.wish(nature);
        let name = (slot == 1 && wish.is_named()).then(|| known.dns_name.clone());
        Self { slot, name, host_names: wish.host_names(&known.world, slot), first: wish.first(&known.world, slot) }
    }
}

/// The settings as docs/machines.md writes them. `None`: the machine's address, or what leads it to what it shares, is not there yet.
///
/// # Errors
/// [`SecretError`].
pub async fn settings(db: &mut Db, vault: &Vault, known: &Known, asker: &Asker) -> Result<Option<Value>, SecretError> {
    let setting = environments::setting(db, known.id).await?;
    let services: Vec<Value>;
    let address = known.address_of(asker.slot);
    if known.purpose == Purpose::Image {
        services =
            known.spec.services.iter().map(|service| json!({"name": service.name, "revision": service.revision, "settings": {}})).collect();
    } else {
        if address.is_none() || asker.first == First::Unknown {
            return Ok(None);
        }
        let mut all = Vec::new();
        for service in known.spec.services.iter().filter(|service| is_for(&service.name, &asker.first)) {
            let settings = of_service(db, vault, known, &setting, (&service.name, asker.name.as_deref())).await?;
            all.push(json!({"name": service.name, "revision": service.revision, "settings": settings}));
        }
        services = all;
    }
    // A copy has it on the disk that it was made of; and what is not kept any more keeps no machine from starting.
    let restores = match known.options.restores.filter(|_| asker.slot == 1).map(BackupId) {
        Some(id) if backups::is_whole(db, id).await? => Some(id.to_string()),
        _ => None,
    };
    Ok(Some(json!({
        "purpose": if known.purpose == Purpose::Image { "bake" } else { "environment" },
        "name": if asker.slot == 1 { known.name.clone() } else { known.machine_label(asker.slot) },
        "machine_label": (known.purpose == Purpose::Course).then(|| known.machine_label(asker.slot)),
        "host_names": asker.host_names,
        "address": address,
        "first_at": asker.first.text(),
        "first_secret": asker.first.text().map(|_| hex(&vault.derive(&format!("site of {}", known.id)))),
        "course": setting.course,
        "locale": setting.locale.unwrap_or(Locale::Ja).code(),
        "time_zone": setting.time_zone,
        "login_user": super::login_user(&known.spec.os),
        "authorized_keys": setting.options["public_key"].as_str().into_iter().collect::<Vec<_>>(),
        "services": services,
        "restore": restores,
    })))
}

/// Whether a machine offers a service: where copies serve one site, what is put by FTP is for the first machine.
fn is_for(service: &str, first: &First) -> bool {
    service != "ftp_tex" || !matches!(first, First::At(_))
}

async fn of_service(
    db: &mut Db,
    vault: &Vault,
    known: &Known,
    setting: &environments::Setting,
    (service, name): (&str, Option<&str>),
) -> Result<Value, SecretError> {
    Ok(match service {
        "wordpress" => json!({
            // The site on a saved disk has its own.
            "title": known.options.made_of.is_none().then_some(&known.name),
            "admin_user": WORDPRESS_USER,
            "admin_password": secrets::open(db, vault, known.id, SecretKind::WordpressAdmin).await?.expose_secret(),
            "admin_email": format!("student@{}", setting.domain),
        }),
        "basic_auth" => json!({
            "user": PROTECTED_USER,
            "password": secrets::open(db, vault, known.id, SecretKind::BasicAuth).await?.expose_secret(),
        }),
        "container_web" => json!({"port": CONTAINER_PORT}),
        "ftp_tex" => json!({
            "user": FTP_USER,
            "password": secrets::open(db, vault, known.id, SecretKind::Ftp).await?.expose_secret(),
            "probe_user": PROBE_USER,
            "probe_password": secrets::open(db, vault, known.id, SecretKind::FtpProbe).await?.expose_secret(),
            "passive_from": PASSIVE_PORTS.0,
            "passive_to": PASSIVE_PORTS.1,
        }),
        "https" => https(db, known, name).await?,
        _ => json!({}),
    })
}

/// Whom it asks for a certificate, for which name, and whether it may.
async fn https(db: &mut Db, known: &Known, name: Option<&str>) -> sqlx::Result<Value> {
    let (Some(name), Some(authority), Some(machine)) = (name, courses::authority(db, known.cloud).await?, known.machine) else {
        return Ok(json!({"names": name.into_iter().collect::<Vec<_>>()}));
    };
    // A key that is gone keeps it from asking, and from nothing else.
    let account = authority.account().inspect_err(|error| warn!(%error, "the key of the external account cannot be read"));
    let is_allowed = account.is_ok() && permits::tell(db, permits::Holder::Machine(machine), &authority).await?;
    Ok(authority.settings(name, is_allowed, account.ok().flatten()))
}
