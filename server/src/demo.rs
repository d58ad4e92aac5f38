//! `koza demo`: the demo course, its blueprint and its accounts. A second run changes nothing, but a release with other services makes
//! a new blueprint version.

use anyhow::Context;
use app::domain::course::Role;
use app::domain::money::Currency;
use cloud::Size;
use cloud::order::PortRange;
use rust_decimal::Decimal;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::auth::password;
use crate::config::Demo;
use crate::db::{self, courses, environments, people, prices};
use crate::machine::{bundle, settings};
use crate::operator;
use crate::wish::spec::ServiceSpec;
use crate::wish::{Freeze, Security, Spec};

/// Known to everybody who reads this: trial mode only, which listens on loopback only.
pub const PASSWORD: &str = "koza-demo";
/// Names of things, not of people; only for trial.
const PEOPLE: [(&str, &str, Option<Role>, bool); 4] = [
    ("aoi", "Aoi Tanaka", Some(Role::Student), false),
    ("ren", "Ren Suzuki", Some(Role::Student), false),
    ("sato", "Prof. Sato", Some(Role::Instructor), false),
    ("admin", "Operator", None, true),
];

/// "Web and TeX": what the lab report of the lesson asks for.
#[must_use]
pub fn web_and_tex() -> Spec {
    let port = |port| PortRange { from: port, to: port };
    let (from, to) = settings::PASSIVE_PORTS;
    // https last: it waits for those that it secures.
    let services = ["ssh", "wordpress", "basic_auth", "container_web", "ftp_tex", "https"];
    Spec {
        schema: 1,
        summary: "WordPress, a page behind a password, a web container, and an FTP folder that turns TeX into PDF; by name with HTTPS."
            .into(),
        os: "debian-12".into(),
        services: services
            .into_iter()
            .map(|name| ServiceSpec { name: name.into(), revision: bundle::revision(name).unwrap_or_default() })
            .collect(),
        size: Size { cpus: 2, memory_mib: 1024, disk_gib: 8 },
        other_sizes: vec![Size { cpus: 2, memory_mib: 2048, disk_gib: 8 }, Size { cpus: 2, memory_mib: 4096, disk_gib: 8 }],
        security: Security::Hardened,
        freeze: Freeze::Running,
        gives_back_address: false,
        most_machines: 3,
        open_ports: vec![port(21), port(22), port(80), port(443), port(8080), PortRange { from, to }],
    }
}

/// Seeds the demo course.
///
/// # Errors
/// As the database.
pub async fn seed(config: &Demo) -> anyhow::Result<()> {
    let pool = db::connect(config.common.database.database_url.expose_secret(), 1).await.context("the database does not answer")?;
    let hash = password::hash(PASSWORD).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut tx = pool.begin().await?;
    let cloud = match config.cloud.as_str() {
        "sim" => courses::add_cloud(&mut tx, "sim", "demo", "here", &json!({})).await?,
        "incus" => {
            let settings = json!({
                "socket": config.incus_socket,
                "network": config.incus_network,
                "storage_pool": config.incus_pool,
                "address_pool": config.address_pool,
            });
            courses::add_cloud(&mut tx, "incus", &config.incus_project, "local", &settings).await?
        }
        other => anyhow::bail!("KOZA_CLOUD is '{other}'; it can be 'incus' or 'sim'"),
    };
    if config.cloud == "incus" {
        operator::prices::bring(&mut tx, &[price_list::read_toml(price_list::OWN_HARDWARE)?]).await?;
    }
    let lesson = time::macros::date!(2021 - 01 - 01);
    prices::enter_rate(&mut tx, Currency::Jpy, lesson, Decimal::new(10_369, 2), "the lesson of 2021, for the demo").await?;
    let course = courses::add(&mut tx, "SYS-101", "Systems Laboratory", cloud, "koza-machines.test").await?;
    let version = courses::publish(&mut tx, course, "Web and TeX", &web_and_tex()).await?;
    environments::wish_for_image(&mut tx, version, cloud).await?;
    for (subject, name, role, is_operator) in PEOPLE {
        let person = people::add(&mut tx, subject, name, &hash, is_operator).await?;
        if let Some(role) = role {
            courses::add_member(&mut tx, course, person, role).await?;
        }
    }
    tx.commit().await?;
    println!("Demo course SYS-101 (\"Web and TeX\"). Accounts, all with the password {PASSWORD}:");
    for (subject, _, role, is_operator) in PEOPLE {
        let what = match (role, is_operator) {
            (Some(Role::Student), _) => "student",
            (Some(Role::Assistant), _) => "assistant",
            (Some(Role::Instructor), _) => "instructor",
            (None, true) => "operator",
            (None, false) => "nobody",
        };
        println!("  {subject:<6} {what}");
    }
    Ok(())
}
