//! `koza doctor`: what is missing, in plain words, with the command that mends it. Ends with an error if anything is.

use std::sync::Arc;

use cloud::{Cloud, Finding};
use cloud_incus::{IncusCloud, IncusConfig};
use secrecy::ExposeSecret;
use time::OffsetDateTime;

use crate::certificates::Authority;
use crate::config::Demo;
use crate::db;
use crate::db::audit::State;
use crate::domains::{Kinship, kinship, objection, registrable};
use crate::engine::clouds::{aws_config, names_config};
use crate::mail::Mailer;
use crate::spend::unpriced;
use crate::store::Store;
use crate::vault::Vault;

struct Report {
    missing: u32,
}

impl Report {
    fn good(&self, what: &str) {
        println!("ok       {what}");
    }

    fn bad(&mut self, what: &str, mend: &str) {
        self.missing += 1;
        println!("missing  {what}\n         → {mend}");
    }

    fn note(&self, what: &str) {
        println!("note     {what}");
    }

    fn all(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            match finding {
                Finding::Good(what) => self.good(&what),
                Finding::Note(what) => self.note(&what),
                Finding::Missing(what, mend) => self.bad(&what, &mend),
            }
        }
    }
}

/// Examines database, master key, browser files and cloud.
///
/// # Errors
/// When something is missing.
pub async fn examine(config: &Demo, class: u32) -> anyhow::Result<()> {
    let mut report = Report { missing: 0 };
    database(&mut report, config).await;
    match Vault::open_or_make(&config.common.master_key_file()) {
        Ok(_) => report.good("master key"),
        Err(error) => report.bad(&error.to_string(), "restore the file from your backup; without it sealed passwords do not open"),
    }
    if std::path::Path::new("target/site/pkg/app_bg.wasm").exists() {
        report.good("the browser's files");
    } else {
        report.bad("the browser's files are not built", "make site");
    }
    match Store::open(&config.common.store, &config.common.state) {
        Ok(store) => match store.examine().await {
            Ok(()) => report.good("the store for backups"),
            Err(said) => report
                .bad(&said, "see KOZA_STORE in docs/operating.md; no backup can be taken, and no machine leaves that has to be backed up"),
        },
        Err(error) => report.bad(&format!("{error:#}"), "see KOZA_STORE in docs/operating.md"),
    }
    match config.cloud.as_str() {
        "sim" => report.note("the cloud is a simulator: nothing real is made, and every page says so"),
        _ => incus(&mut report, config).await,
    }
    clouds(&mut report, config, class).await;
    domains(&mut report, config).await;
    prices(&mut report, config).await;
    mail(&mut report, config).await;
    audit(&mut report, config).await;
    if report.missing == 0 { Ok(()) } else { anyhow::bail!("{} missing", report.missing) }
}

async fn database(report: &mut Report, config: &Demo) {
    let url = config.common.database.database_url.expose_secret();
    let pool = match db::connect(url, 1).await {
        Ok(pool) => pool,
        Err(error) => {
            report.bad(&format!("the database does not answer ({error})"), "deploy/host/postgres start, or set KOZA_DATABASE_URL");
            return;
        }
    };
    let version: Result<String, _> = sqlx::query_scalar("show server_version").fetch_one(&pool).await;
    report.good(&format!("PostgreSQL {}", version.unwrap_or_default()));
    let newest = crate::MIGRATOR.iter().map(|migration| migration.version).max();
    let run: Result<Option<i64>, _> = sqlx::query_scalar("select max(version) from _sqlx_migrations where success").fetch_one(&pool).await;
    match run {
        Ok(run) if run == newest => report.good("migrations"),
        // The migration table is the owner's; serving does not need to read it.
        Err(_)
            if db::installation(&mut *match pool.acquire().await {
                Ok(db) => db,
                Err(_) => return,
            })
            .await
            .is_ok() =>
        {
            report.good("migrations (not readable as this role)")
        }
        _ => report.bad("the database is not up to date", "koza migrate"),
    }
}

/// Every account on AWS that has a row.
async fn clouds(report: &mut Report, config: &Demo, class: u32) {
    // Without a database nothing is known of them, which was said already.
    let Ok(pool) = db::connect(config.common.database.database_url.expose_secret(), 1).await else { return };
    let known = async {
        let mut db = pool.acquire().await?;
        Ok::<_, sqlx::Error>((db::installation(&mut db).await?, db::courses::clouds(&mut db).await?))
    };
    let Ok((installation, rows)) = known.await else { return };
    report.note(&format!("this installation is {}: a policy on AWS names it", installation.simple()));
    for row in &rows {
        match names_config(row, &installation.simple().to_string()) {
            Ok(Some(names)) => report.all(dns_update::examine(&names, Arc::new(OffsetDateTime::now_utc)).await),
            Ok(None) => {}
            Err(error) => report.bad(&error.to_string(), "koza cloud names … (docs/operating.md)"),
        }
    }
    for row in rows.iter().filter(|row| row.kind == "aws") {
        let settings = match aws_config(row, installation.simple().to_string()) {
            Ok(settings) => settings,
            Err(error) => {
                report.bad(&format!("settings of AWS: {error}"), "koza cloud aws --region … (docs/operating.md)");
                continue;
            }
        };
        report.all(cloud_aws::examine(&settings, &cloud_aws::connect(&settings).await, class).await);
    }
}

/// How the machines' domains stand to the portal, and what their certificates are limited by.
async fn domains(report: &mut Report, config: &Demo) {
    let portal = &config.common.portal;
    let Ok(pool) = db::connect(config.common.database.database_url.expose_secret(), 1).await else { return };
    let known = async {
        let mut db = pool.acquire().await?;
        Ok::<_, sqlx::Error>((db::courses::domains(&mut db).await?, db::courses::clouds(&mut db).await?))
    };
    let Ok((domains, clouds)) = known.await else { return };
    for (domain, course) in domains {
        let Some(host) = portal.host() else {
            report.note(&format!(
                "machines get names under {domain}; KOZA_PUBLIC_URL is not set, so it cannot be compared with the portal's"
            ));
            continue;
        };
        match (kinship(&host, &domain), objection(&host, &domain, true)) {
            (Kinship::SameSite, _) => report.note(&format!(
                "machines under {domain} and the portal share {}: one site to browsers. KOZA_SHARED_DOMAIN=true accepts that; a domain of their own is better",
                registrable(&domain)
            )),
            (_, Some(said)) => report.bad(&format!("course {course}: {said}"), "koza course names … (docs/operating.md)"),
            (_, None) => report.good(&format!("machines under {domain} are another site than the portal")),
        }
    }
    for cloud in clouds {
        let Some(authority) = cloud.settings.get("certificates") else { continue };
        match serde_json::from_value::<Authority>(authority.clone()) {
            Ok(authority) => {
                let a_week = authority
                    .of_domain()
                    .map_or("as many as are asked for".to_owned(), |limit| format!("{} a week for a domain", limit.count));
                report.good(&format!("machines of {} ask {} for certificates, {a_week}", cloud.id, authority.directory));
            }
            Err(error) => {
                report.bad(&format!("cloud {}: certificates: {error}", cloud.id), "koza cloud certificates … (docs/operating.md)")
            }
        }
    }
}

/// Whether what can be asked for has a price.
async fn prices(report: &mut Report, config: &Demo) {
    let Ok(pool) = db::connect(config.common.database.database_url.expose_secret(), 1).await else { return };
    let unpriced = async { unpriced::everywhere(&mut *pool.acquire().await?).await };
    match unpriced.await {
        Ok(unpriced) if unpriced.is_empty() => report.good("everything that courses offer has a price"),
        Ok(unpriced) => {
            for (course, said) in unpriced {
                report.bad(
                    &format!("course {course}: {said}: what needs it is refused"),
                    "koza prices import … or koza prices rate … (docs/operating.md)",
                );
            }
        }
        Err(error) => report.bad(&format!("prices could not be looked at: {error}"), "koza prices list"),
    }
}

/// Whether the mail server takes mail.
async fn mail(report: &mut Report, config: &Demo) {
    match Mailer::open(&config.common) {
        Ok(None) => report.note("KOZA_SMTP is not set: no mail is sent, people read notices on their first page"),
        Ok(Some(mailer)) => match mailer.examine().await {
            Ok(()) => report.good("the mail server"),
            Err(said) => report.bad(&format!("the mail server does not take mail: {said}"), "see KOZA_SMTP in docs/operating.md"),
        },
        Err(error) => report.bad(&format!("{error:#}"), "see KOZA_SMTP in docs/operating.md"),
    }
}

/// Whether what is noted in the audit is sealed. The chain itself is looked at by `koza audit verify`.
async fn audit(report: &mut Report, config: &Demo) {
    let Ok(pool) = db::connect(config.common.database.database_url.expose_secret(), 1).await else { return };
    let state = async { db::audit::state(&mut *pool.acquire().await?).await };
    match state.await {
        Ok(State { sealed, waiting, since: Some(since), is_late: true }) => report.note(&format!(
            "audit: {} rows, of which {waiting} wait for their seal since {since}: does a worker run (`koza workers`), is its chore dead (`koza chores`)?",
            sealed + waiting
        )),
        Ok(State { sealed, waiting, .. }) => report.good(&format!("audit: {} rows, sealed but for the newest {waiting}", sealed + waiting)),
        Err(error) => report.bad(&format!("the audit cannot be read: {error}"), "koza migrate"),
    }
}

async fn incus(report: &mut Report, config: &Demo) {
    let cloud = IncusCloud::new(IncusConfig {
        socket: config.incus_socket.clone(),
        project: config.incus_project.clone(),
        network: config.incus_network.clone(),
        storage_pool: config.incus_pool.clone(),
        address_pool: config.address_pool.clone(),
        installation: "doctor".into(),
    });
    let cloud = match cloud {
        Ok(cloud) => cloud,
        Err(error) => {
            return report.bad(&format!("settings of Incus: {error}"), "see KOZA_INCUS_* and KOZA_ADDRESS_POOL in docs/operating.md");
        }
    };
    match cloud.describe().await {
        Ok(what) => report.good(&what),
        Err(error) => report.bad(&format!("Incus does not answer ({error})"), "deploy/host/incus up"),
    }
    let has_guard =
        std::process::Command::new("nft").args(["list", "table", "inet", "koza"]).output().is_ok_and(|output| output.status.success());
    if has_guard {
        report.good("machines are kept off the host (nftables table koza)");
    } else {
        report.note("no nftables table koza (or not readable): machines may reach services of this host → deploy/host/incus up, as root");
    }
    report.note("a forward has no source filter: on this host \"hardened\" does not limit SSH to the course's networks");
}
