//! The clouds of this site, by id: rows become clients once and are kept.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use app::domain::ids::CloudId;
use cloud::sim::{SimCloud, SimSettings};
use cloud::{Clock, Cloud, CloudError, Inside, Named};
use cloud_aws::{AwsCloud, AwsConfig, Route53};
use cloud_incus::{IncusCloud, IncusConfig};
use dns_update::{DnsUpdate, DnsUpdateConfig};
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::batch::Batches;
use crate::db::buckets;
use crate::db::courses::{self, CloudRow};

/// Where a cloud's settings say how its names are kept, if not in a place of its own.
const DNS: &str = "dns";

/// Where they say whom its machines ask for certificates ([`crate::certificates`]).
const CERTIFICATES: &str = "certificates";

/// A cloud, and the inside of its machines where they are not real (nobody reports there, and probes ask it).
#[derive(Clone)]
pub struct Handle {
    /// The cloud.
    pub cloud: Arc<dyn Cloud>,
    /// What is inside its machines, if they are not real.
    pub inside: Option<Arc<dyn Inside>>,
}

/// All clouds.
#[derive(Clone, Default)]
pub struct Clouds {
    /// Calls of several turns that become one.
    pub batches: Batches,
    known: Arc<Mutex<HashMap<CloudId, Handle>>>,
    state: Option<PathBuf>,
}

/// No such cloud, or its row cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NoCloud {
    /// The database failed.
    #[error("database")]
    Db(#[from] sqlx::Error),
    /// The row is missing, or its settings are wrong.
    #[error("cloud {0}: {1}")]
    Settings(CloudId, String),
    /// It has to be asked before it can be used, and that failed.
    #[error("cloud {0}")]
    Unopened(CloudId, #[source] CloudError),
}

impl Clouds {
    /// Clouds that keep what they need between runs (the simulator's machines) in a folder.
    #[must_use]
    pub fn new(state: PathBuf) -> Self {
        Self { state: Some(state), ..Self::default() }
    }

    /// Puts a cloud in place of its row's client: tests do this.
    pub async fn insert(&self, id: CloudId, handle: Handle) {
        self.known.lock().await.insert(id, handle);
    }

    /// The client of a cloud.
    ///
    /// # Errors
    /// [`NoCloud`].
    pub async fn get(&self, pool: &PgPool, id: CloudId) -> Result<Handle, NoCloud> {
        if let Some(handle) = self.known.lock().await.get(&id) {
            return Ok(handle.clone());
        }
        // Not while the list is held: a cloud that does not answer must not keep others from theirs. Two who open the same do no harm.
        let mut db = pool.acquire().await?;
        let installation = crate::db::installation(&mut db).await?.simple().to_string();
        let row = courses::clouds(&mut db)
            .await?
            .into_iter()
            .find(|row| row.id == id)
            .ok_or_else(|| NoCloud::Settings(id, "there is no such row".into()))?;
        drop(db);
        let handle = self.open(&row, installation).await?;
        buckets::seed(&mut *pool.acquire().await?, id, handle.cloud.allowances()).await?;
        Ok(self.known.lock().await.entry(id).or_insert(handle).clone())
    }

    /// The cloud whose signature a machine's document has, and its name for the machine; or why no cloud's.
    ///
    /// # Errors
    /// [`NoCloud`] without the clouds' rows or the time.
    pub async fn prove(&self, pool: &PgPool, document: &str) -> Result<Result<(CloudId, String), String>, NoCloud> {
        let mut db = pool.acquire().await?;
        let (now, rows) = (crate::db::now(&mut db).await?, courses::clouds(&mut db).await?);
        drop(db);
        let mut why = "no cloud here signs documents".to_owned();
        for row in rows {
            let handle = match self.get(pool, row.id).await {
                Ok(handle) if handle.cloud.nature().launches_together > 1 => handle,
                Ok(_) => continue,
                Err(error) => {
                    why = error.to_string();
                    continue;
                }
            };
            match handle.cloud.prove(document, now) {
                Ok(machine) => return Ok(Ok((row.id, machine))),
                Err(said) => why = said,
            }
        }
        Ok(Err(why))
    }

    async fn open(&self, row: &CloudRow, installation: String) -> Result<Handle, NoCloud> {
        let names = names(row, &installation)?;
        let handle = self.open_machines(row, installation).await?;
        Ok(match names {
            Some(names) => Handle { cloud: Arc::new(Named::new(handle.cloud, Arc::new(names))), ..handle },
            None => handle,
        })
    }

    async fn open_machines(&self, row: &CloudRow, installation: String) -> Result<Handle, NoCloud> {
        let text = |key: &str| {
            row.settings[key].as_str().map(str::to_owned).ok_or_else(|| NoCloud::Settings(row.id, format!("setting {key} is missing")))
        };
        match row.kind.as_str() {
            "incus" => {
                let config = IncusConfig {
                    socket: PathBuf::from(text("socket")?),
                    project: row.account.clone(),
                    network: text("network")?,
                    storage_pool: text("storage_pool")?,
                    address_pool: text("address_pool")?,
                    installation,
                };
                let cloud = IncusCloud::new(config).map_err(|error| NoCloud::Settings(row.id, error.to_string()))?;
                Ok(Handle { cloud: Arc::new(cloud), inside: None })
            }
            "aws" => {
                let config = aws_config(row, installation)?;
                let clients = cloud_aws::connect(&config).await;
                open_aws(config, clients, Arc::new(OffsetDateTime::now_utc)).await.map_err(|error| NoCloud::Unopened(row.id, error))
            }
            "sim" => {
                let mut settings: SimSettings =
                    serde_json::from_value(row.settings.clone()).map_err(|error| NoCloud::Settings(row.id, error.to_string()))?;
                settings.installation = installation;
                let clock = Arc::new(OffsetDateTime::now_utc);
                let sim = match &self.state {
                    Some(folder) => SimCloud::kept_in(folder.join(format!("{}.json", row.id)), settings, clock)
                        .map_err(|error| NoCloud::Settings(row.id, error.to_string()))?,
                    None => SimCloud::new(settings, clock),
                };
                let sim = Arc::new(sim);
                Ok(Handle { cloud: sim.clone(), inside: Some(sim) })
            }
            other => Err(NoCloud::Settings(row.id, format!("kind {other} is not built in"))),
        }
    }
}

/// The domain that a cloud's names are kept in by dynamic update, if its row has one under `dns`.
fn names(row: &CloudRow, installation: &str) -> Result<Option<DnsUpdate>, NoCloud> {
    let Some(config) = names_config(row, installation)? else { return Ok(None) };
    let opened = DnsUpdate::new(&config, Arc::new(OffsetDateTime::now_utc));
    opened.map(Some).map_err(|error| NoCloud::Settings(row.id, format!("dns: {}", error.said)))
}

/// What it says of that domain.
///
/// # Errors
/// [`NoCloud::Settings`].
pub fn names_config(row: &CloudRow, installation: &str) -> Result<Option<DnsUpdateConfig>, NoCloud> {
    let Some(settings) = row.settings.get(DNS) else { return Ok(None) };
    let config: DnsUpdateConfig =
        serde_json::from_value(settings.clone()).map_err(|error| NoCloud::Settings(row.id, format!("dns: {error}")))?;
    Ok(Some(DnsUpdateConfig { installation: installation.to_owned(), ..config }))
}

/// What the row of an account on AWS says.
///
/// # Errors
/// [`NoCloud::Settings`].
pub fn aws_config(row: &CloudRow, installation: String) -> Result<AwsConfig, NoCloud> {
    let mut settings = row.settings.clone();
    let names = settings.as_object_mut().and_then(|settings| settings.remove(DNS));
    settings.as_object_mut().map(|settings| settings.remove(CERTIFICATES));
    let config: AwsConfig = serde_json::from_value(settings).map_err(|error| NoCloud::Settings(row.id, error.to_string()))?;
    if names.is_some() && config.hosted_zone.is_some() {
        return Err(NoCloud::Settings(row.id, "names are kept in a hosted zone or by dynamic update (dns), not in both".into()));
    }
    Ok(AwsConfig { region: row.region.clone(), account: row.account.clone(), installation, ..config })
}

/// Machines of EC2, with names of Route 53 if there is a hosted zone.
///
/// # Errors
/// As the cloud.
pub async fn open_aws(config: AwsConfig, clients: cloud_aws::Clients, clock: Clock) -> Result<Handle, CloudError> {
    let names = config.hosted_zone.clone().map(|zone| Route53::new(clients.clone(), &config, zone, clock));
    let cloud: Arc<dyn Cloud> = Arc::new(AwsCloud::open(config, clients).await?);
    let cloud = match names {
        Some(names) => Arc::new(Named::new(cloud, Arc::new(names))),
        None => cloud,
    };
    Ok(Handle { cloud, inside: None })
}
