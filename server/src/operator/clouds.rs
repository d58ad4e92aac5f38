//! Clouds: which there are, adding an account on AWS, and which one a course chooses.

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use app::domain::ids::CloudId;
use clap::{Args, Subcommand};
use cloud::Dns;
use cloud_aws::AwsConfig;
use dns_update::{DnsUpdate, DnsUpdateConfig, KeyConfig, SecretPlace};
use time::OffsetDateTime;

use crate::certificates::{Authority, ExternalAccount};
use crate::config::Common;
use crate::db::audit::{self, Act, By, Of};
use crate::db::{courses, environments, machines, permits};
use crate::engine::Engine;

/// What can be done with clouds.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Every cloud, and the courses that chose it.
    List(Common),
    /// Add an account on AWS in a region, or change what is known of it. Credentials come by the SDK's usual chain.
    Aws(Box<Aws>),
    /// Keep the names of a cloud's environments in a zone of Knot, BIND or PowerDNS, by dynamic update.
    Names(Box<Names>),
    /// Let a cloud's machines ask a certificate authority (ACME). Whoever says so agrees to the authority's terms.
    Certificates(Box<Certificates>),
    /// Let a course choose a cloud: what is asked for from now on is built there; what there is stays where it is.
    Choose {
        /// The course's code.
        course: String,
        /// The cloud, as `koza cloud list` writes it.
        cloud: CloudId,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
}

/// An account on AWS in a region.
#[derive(Debug, Args)]
pub struct Aws {
    #[command(flatten)]
    common: Common,
    /// `ap-northeast-1`.
    #[arg(long, env = "AWS_REGION")]
    region: String,
    /// The hosted zone that environments' names are kept in: `Z0123…`. Without one they have addresses only.
    #[arg(long)]
    hosted_zone: Option<String>,
    /// The network; without it the account's default one.
    #[arg(long)]
    vpc: Option<String>,
    /// Subnets of it, one for each zone; without them all.
    #[arg(long = "subnet")]
    subnets: Vec<String>,
    /// A network that the portal's own calls come from, as AWS sees them: `192.0.2.7/32`.
    #[arg(long = "portal-network", value_parser = network)]
    portal_networks: Vec<String>,
    /// An image to use for an operating system instead of AWS's newest: `debian-12=ami-0123…`.
    #[arg(long = "image", value_parser = image)]
    images: Vec<(String, String)>,
    /// AWS's certificates for identity documents, a saved regions-certs.md: with them a class is launched together.
    #[arg(long)]
    identity_certificates: Option<PathBuf>,
    /// Where the services are, if not at AWS (for trying it on a double).
    #[arg(long)]
    endpoint: Option<String>,
}

/// A zone that takes dynamic updates.
#[derive(Debug, Args)]
pub struct Names {
    #[command(flatten)]
    common: Common,
    /// The cloud, as `koza cloud list` writes it.
    cloud: CloudId,
    /// The zone: `exp.example.ac.jp`.
    #[arg(long)]
    domain: String,
    /// The name server that takes changes: `192.0.2.53`, with a port if it is not 53.
    #[arg(long)]
    server: String,
    /// A name server that the world asks; without any the first is the only one.
    #[arg(long = "name-server")]
    name_servers: Vec<String>,
    /// The TSIG key's name.
    #[arg(long)]
    key: String,
    /// Its algorithm: `hmac-sha256`, `hmac-sha384` or `hmac-sha512`.
    #[arg(long, default_value = "hmac-sha256")]
    algorithm: String,
    /// The file with its secret, in base64 and nothing else. It is not copied: every process that works reads it.
    #[arg(long)]
    secret_file: PathBuf,
}

/// A certificate authority.
#[derive(Debug, Args)]
pub struct Certificates {
    #[command(flatten)]
    common: Common,
    /// The cloud, as `koza cloud list` writes it.
    cloud: CloudId,
    /// Its ACME directory: `https://acme-v02.api.letsencrypt.org/directory`.
    #[arg(long)]
    directory: String,
    /// A mail address that it may write to.
    #[arg(long)]
    contact: Option<String>,
    /// A file with the certificate (PEM) of who vouches for the directory's own HTTPS, for an authority in the house.
    #[arg(long)]
    trusted_root: Option<PathBuf>,
    /// A file with the certificate (PEM) that browsers trust for what it issues, if it is no public authority and not the same.
    #[arg(long)]
    issuing_root: Option<PathBuf>,
    /// The external account: its key's name. Machines hold the key, so choose one that is good for their names only.
    #[arg(long, requires = "external_key_file")]
    external_key: Option<String>,
    /// The file with the external account's HMAC key in base64url.
    #[arg(long, requires = "external_key")]
    external_key_file: Option<PathBuf>,
    /// New certificates in any seven days for one registrable domain; Let's Encrypt's 50 are known. Less, if others use them, too.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    a_week: Option<u32>,
    /// New accounts in any three hours from one address; Let's Encrypt's 10 are known where machines share the address they go out by.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    accounts: Option<u32>,
}

/// As clouds write networks: the address has no bits beyond the prefix.
fn network(text: &str) -> Result<String, String> {
    let why = || format!("{text} is no IPv4 network: 192.0.2.0/24");
    let (address, prefix) = text.split_once('/').ok_or_else(why)?;
    let (address, prefix): (Ipv4Addr, u32) = (address.parse().map_err(|_| why())?, prefix.parse().map_err(|_| why())?);
    let beyond = u32::MAX.checked_shr(prefix).unwrap_or(0);
    if prefix > 32 || address.to_bits() & beyond != 0 {
        return Err(why());
    }
    Ok(format!("{address}/{prefix}"))
}

fn image(text: &str) -> Result<(String, String), String> {
    let (os, image) = text.split_once('=').ok_or("an operating system and an image: debian-12=ami-0123…")?;
    Ok((os.to_owned(), image.to_owned()))
}

/// Does it.
///
/// # Errors
/// As the database and the cloud; if there is no such course or cloud.
pub async fn run(engine: &Engine, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List(_) => list(engine).await,
        Command::Aws(aws) => add_aws(engine, aws).await,
        Command::Names(names) => keep_names(engine, names).await,
        Command::Certificates(certificates) => issue_certificates(engine, certificates).await,
        Command::Choose { course, cloud, .. } => choose(engine, course, *cloud).await,
    }
}

impl Command {
    /// What every command needs.
    #[must_use]
    pub fn common(&self) -> &Common {
        match self {
            Self::List(common) | Self::Choose { common, .. } => common,
            Self::Aws(aws) => &aws.common,
            Self::Names(names) => &names.common,
            Self::Certificates(certificates) => &certificates.common,
        }
    }
}

async fn list(engine: &Engine) -> anyhow::Result<()> {
    let mut db = engine.pool.acquire().await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<30} {:<6} {:<14} {:<16} courses", "cloud", "kind", "account", "region")?;
    for cloud in courses::clouds(&mut db).await? {
        let chosen_by = courses::on_cloud(&mut db, cloud.id).await?.join(", ");
        writeln!(out, "{:<30} {:<6} {:<14} {:<16} {chosen_by}", cloud.id.to_string(), cloud.kind, cloud.account, cloud.region)?;
    }
    Ok(())
}

async fn add_aws(engine: &Engine, aws: &Aws) -> anyhow::Result<()> {
    let config = AwsConfig {
        region: aws.region.clone(),
        vpc: aws.vpc.clone(),
        subnets: aws.subnets.clone(),
        hosted_zone: aws.hosted_zone.clone(),
        images: aws.images.iter().cloned().collect(),
        portal_networks: aws.portal_networks.clone(),
        identity_certificates: aws.identity_certificates.as_deref().map(std::path::absolute).transpose()?,
        endpoint: aws.endpoint.clone(),
        installation: engine.installation.simple().to_string(),
        ..AwsConfig::default()
    };
    let clients = cloud_aws::connect(&config).await;
    let account = clients.account().await.context("AWS does not say whose credentials these are")?;
    let mut settings = serde_json::to_value(&config)?;
    if let Some(settings) = settings.as_object_mut() {
        // What was not named stays as it is known; this one cannot be named here.
        settings.remove("lists_apart_ms");
        settings.retain(|_, value| {
            !value.is_null() && value.as_array().is_none_or(|all| !all.is_empty()) && value.as_object().is_none_or(|all| !all.is_empty())
        });
    }
    let mut tx = engine.pool.begin().await?;
    let id = courses::add_cloud(&mut tx, "aws", &account, &aws.region, &settings).await?;
    audit::note(&mut tx, By::Shell, Of::SITE, &Act::CloudSet { cloud: id, what: "account".into() }).await?;
    tx.commit().await?;
    println!(
        "{id}: account {account} in {}. `koza doctor` looks at it; `koza cloud choose COURSE {id}` builds a course's environments there.",
        aws.region
    );
    Ok(())
}

async fn keep_names(engine: &Engine, names: &Names) -> anyhow::Result<()> {
    let config = DnsUpdateConfig {
        domain: names.domain.clone(),
        server: names.server.clone(),
        name_servers: names.name_servers.clone(),
        key: KeyConfig {
            name: names.key.clone(),
            algorithm: names.algorithm.clone(),
            secret: SecretPlace::File(std::path::absolute(&names.secret_file)?),
        },
        installation: engine.installation.simple().to_string(),
    };
    let dns = DnsUpdate::new(&config, Arc::new(OffsetDateTime::now_utc)).map_err(|error| anyhow::anyhow!(error.said))?;
    let what = dns.describe().await.map_err(|error| anyhow::anyhow!(error.said))?;
    know(engine, names.cloud, "names", &serde_json::json!({ "dns": config })).await?;
    println!(
        "{}: {what}. `koza doctor` tries what Koza does there. It counts once the processes that work are started again.",
        names.cloud
    );
    Ok(())
}

async fn issue_certificates(engine: &Engine, named: &Certificates) -> anyhow::Result<()> {
    let (trusted, issuing) = (named.trusted_root.as_deref(), named.issuing_root.as_deref());
    let authority = Authority::new(&named.directory, named.contact.as_deref(), trusted, issuing)?;
    let account = named.external_key.clone().zip(named.external_key_file.as_deref());
    let account = account.map(|(key_id, file)| std::path::absolute(file).map(|hmac_key_file| ExternalAccount { key_id, hmac_key_file }));
    let authority = Authority { external_account: account.transpose()?, a_week: named.a_week, accounts: named.accounts, ..authority };
    let mut db = engine.pool.acquire().await?;
    let authority = match courses::authority(&mut db, named.cloud).await? {
        Some(before) => authority.after(&before),
        None => authority,
    };
    know(engine, named.cloud, "certificates", &serde_json::json!({ "certificates": authority })).await?;
    // Who had leave before is to know what is new; who has none hears of it then.
    for machine in permits::told(&mut db, named.cloud, &authority).await? {
        machines::order(&mut db, machine, "configure", &serde_json::json!({})).await?;
    }
    println!(
        "{}: machines with the service https ask {} for certificates, from the next look at each on.",
        named.cloud, authority.directory
    );
    Ok(())
}

/// Writes something down beside what is known of a cloud.
async fn know(engine: &Engine, cloud: CloudId, what: &str, settings: &serde_json::Value) -> anyhow::Result<()> {
    let mut tx = engine.pool.begin().await?;
    let row = courses::clouds(&mut tx).await?.into_iter().find(|row| row.id == cloud);
    let Some(row) = row else { bail!("there is no cloud {cloud}: see `koza cloud list`") };
    courses::add_cloud(&mut tx, &row.kind, &row.account, &row.region, settings).await?;
    audit::note(&mut tx, By::Shell, Of::SITE, &Act::CloudSet { cloud, what: what.to_owned() }).await?;
    Ok(tx.commit().await?)
}

async fn choose(engine: &Engine, course: &str, cloud: CloudId) -> anyhow::Result<()> {
    let mut tx = engine.pool.begin().await?;
    if !courses::clouds(&mut tx).await?.iter().any(|known| known.id == cloud) {
        bail!("there is no cloud {cloud}: see `koza cloud list`");
    }
    let Some(id) = courses::choose_cloud(&mut tx, course, cloud).await? else { bail!("there is no course {course}") };
    for version in courses::offers(&mut tx, id).await? {
        environments::wish_for_image(&mut tx, version.id, cloud).await?;
    }
    audit::note(&mut tx, By::Shell, Of::course(id), &Act::CloudChosen { cloud }).await?;
    tx.commit().await?;
    println!("{course}: what is asked for from now on is built on {cloud}. Environments that there are stay where they are.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_taken_as_clouds_write_them_and_nothing_else_is() {
        for good in ["192.0.2.0/24", "192.0.2.7/32", "0.0.0.0/0"] {
            assert_eq!(network(good).as_deref(), Ok(good));
        }
        for bad in ["192.0.2.7/24", "192.0.2.0", "192.0.2.0/33", "::/0", "here/8", ""] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }
}
