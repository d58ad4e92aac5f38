//! Settings: command line or environment variables; every field documented, secrets cannot be printed. `koza serve --help` is the
//! manual.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use crate::domains::objection;

/// Where the database is.
#[derive(Debug, Clone, Args)]
pub struct Database {
    /// PostgreSQL 15 or newer, as the role `koza_app`.
    #[arg(long, env = "KOZA_DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,
    /// The same database as the role `koza_owner`, for `migrate`. Without it the first is used.
    #[arg(long, env = "KOZA_OWNER_DATABASE_URL", hide_env_values = true)]
    pub owner_database_url: Option<SecretString>,
}

impl Database {
    /// The address to migrate with.
    #[must_use]
    pub fn owner_url(&self) -> &str {
        self.owner_database_url.as_ref().unwrap_or(&self.database_url).expose_secret()
    }
}

/// What serving and working need.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Where the database is.
    #[command(flatten)]
    pub database: Database,
    /// Folder for the master key and what the simulator keeps.
    #[arg(long, env = "KOZA_STATE", default_value = ".koza")]
    pub state: PathBuf,
    /// File with the master key (64 hexadecimal digits). Made in the state folder if it is not there.
    #[arg(long, env = "KOZA_MASTER_KEY_FILE")]
    pub master_key_file: Option<PathBuf>,
    /// Where machines find the portal.
    #[arg(long, env = "KOZA_MACHINES_URL", default_value = "http://10.73.0.1:7301")]
    pub machines_url: String,
    /// Where large things are.
    #[command(flatten)]
    pub store: Store,
    /// Where people find it.
    #[command(flatten)]
    pub portal: PortalHost,
    /// How mail is sent.
    #[command(flatten)]
    pub mail: Mail,
}

/// How mail is sent ([`crate::mail`]). Without a server none is, and people read their notices on the first page.
#[derive(Debug, Clone, Default, Args)]
pub struct Mail {
    /// The mail server: `smtps://user:password@host` (TLS from the start), `smtp://user:password@host:587?tls=required` (STARTTLS), or
    /// `smtp://localhost:25` on this host only.
    #[arg(long, env = "KOZA_SMTP", hide_env_values = true)]
    pub smtp: Option<SecretString>,
    /// A file with the certificate (PEM) of who vouches for the mail server, if that is no public authority.
    #[arg(long, env = "KOZA_SMTP_TRUSTED_ROOT")]
    pub smtp_trusted_root: Option<PathBuf>,
    /// Whom mail is from: `Koza <koza@example.ac.jp>`.
    #[arg(long, env = "KOZA_MAIL_FROM")]
    pub mail_from: Option<String>,
}

/// Where backups are kept ([`crate::store`]). Every process of a site names the same.
#[derive(Debug, Clone, Default, Args)]
pub struct Store {
    /// A folder, or `s3://bucket/folder`. Without it: `store` in the state folder.
    #[arg(long, env = "KOZA_STORE")]
    pub store: Option<String>,
    /// Address of a server that speaks S3; without it AWS's.
    #[arg(long, env = "KOZA_STORE_ENDPOINT")]
    pub store_endpoint: Option<String>,
    /// The bucket's region.
    #[arg(long, env = "KOZA_STORE_REGION")]
    pub store_region: Option<String>,
    /// File with two lines: the access key's id, and the secret. Without it credentials are found as AWS's tools find them.
    #[arg(long, env = "KOZA_STORE_KEY_FILE")]
    pub store_key_file: Option<PathBuf>,
}

impl Common {
    /// The master key's file.
    #[must_use]
    pub fn master_key_file(&self) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| self.state.join("master.key"))
    }
}

/// Where people find the portal. Names of machines have to keep away from there ([`crate::domains`]).
#[derive(Debug, Clone, Args)]
pub struct PortalHost {
    /// The address that people type. `https://` makes cookies secure.
    #[arg(long, env = "KOZA_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Machines and the portal are one site to browsers, because they share a registrable domain, and that is accepted.
    #[arg(long, env = "KOZA_SHARED_DOMAIN", value_parser = clap::builder::BoolishValueParser::new(), default_value = "false", action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub shared_domain: bool,
}

impl PortalHost {
    /// The host's name, if it is known.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        let uri: http::Uri = self.public_url.as_ref()?.parse().ok()?;
        uri.host().map(str::to_owned)
    }

    /// What is wrong with a domain of machines beside it, in a sentence for the operator.
    #[must_use]
    pub fn objection(&self, domain: &str) -> Option<String> {
        objection(&self.host()?, domain, self.shared_domain)
    }
}

/// What serving needs on top.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// What both need.
    #[command(flatten)]
    pub common: Common,
    /// Where browsers are answered.
    #[arg(long, env = "KOZA_LISTEN", default_value = "127.0.0.1:7300")]
    pub listen: SocketAddr,
    /// Where machines are answered (`/machines/v1` only), beside the first.
    #[arg(long, env = "KOZA_MACHINES_LISTEN")]
    pub machines_listen: Option<SocketAddr>,
    /// The folder that the bundler wrote.
    #[arg(long, env = "KOZA_SITE_ROOT", default_value = "target/site")]
    pub site_root: PathBuf,
    /// Trial mode: plain HTTP on loopback, demo accounts, a banner on every page.
    #[arg(long, env = "KOZA_TRIAL", value_parser = clap::builder::BoolishValueParser::new(), default_value = "false", action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub trial: bool,
    /// Serve pages only; workers run elsewhere (`koza work`).
    #[arg(long, env = "KOZA_NO_WORKER", value_parser = clap::builder::BoolishValueParser::new(), default_value = "false", action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub no_worker: bool,
}

impl Serve {
    /// Whether browsers come by HTTPS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.common.portal.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }

    /// What may not be combined.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self) -> Result<(), String> {
        if self.trial && !self.listen.ip().is_loopback() {
            return Err(format!(
                "Trial mode has demo accounts and plain HTTP, so it listens on loopback only; {} is not. Set KOZA_LISTEN=127.0.0.1:7300, or leave trial mode and set KOZA_PUBLIC_URL.",
                self.listen
            ));
        }
        if !self.trial && !self.is_https() {
            return Err(
                "Outside trial mode people sign in by HTTPS only: set KOZA_PUBLIC_URL=https://… (a proxy in front may end TLS).".into()
            );
        }
        Ok(())
    }
}

/// Which cloud the demo course is on.
#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// What both need.
    #[command(flatten)]
    pub common: Common,
    /// `incus` or `sim`.
    #[arg(long, env = "KOZA_CLOUD", default_value = "incus")]
    pub cloud: String,
    /// Incus' socket.
    #[arg(long, env = "KOZA_INCUS_SOCKET", default_value = "/var/lib/incus/unix.socket")]
    pub incus_socket: PathBuf,
    /// Its project.
    #[arg(long, env = "KOZA_INCUS_PROJECT", default_value = "koza")]
    pub incus_project: String,
    /// Its bridge.
    #[arg(long, env = "KOZA_INCUS_NETWORK", default_value = "koza0")]
    pub incus_network: String,
    /// Its storage pool.
    #[arg(long, env = "KOZA_INCUS_POOL", default_value = "koza")]
    pub incus_pool: String,
    /// The addresses that machines get.
    #[arg(long, env = "KOZA_ADDRESS_POOL", default_value = "198.51.100.0/24")]
    pub address_pool: String,
}
