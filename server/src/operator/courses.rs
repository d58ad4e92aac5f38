//! Courses: where the names of their environments are, and what is kept of their machines.

use anyhow::{Context, bail};
use app::domain::name::NamePattern;
use clap::Subcommand;
use cloud::dns::plain;

use crate::config::{Common, PortalHost};
use crate::db::audit::{self, Act, By, Of};
use crate::db::courses;
use crate::engine::Engine;

/// What can be done with courses.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say where a course's names are and what they look like, for what is asked for from now on.
    Names {
        /// The course's code.
        course: String,
        /// The domain: that of its cloud's zone, or one below it.
        #[arg(long)]
        domain: String,
        /// What becomes of what people type: `sys101-{name}`, where courses share a domain.
        #[arg(long, default_value = "{name}")]
        pattern: String,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
    /// Say how long a course's backups are kept, and whether they are taken by themselves.
    Backups {
        /// The course's code.
        course: String,
        /// How many days each is kept, from now on.
        #[arg(long, value_parser = clap::value_parser!(i32).range(1..=3650))]
        keep_days: Option<i32>,
        /// One of each environment that runs, every so many hours.
        #[arg(long, value_parser = clap::value_parser!(i32).range(1..=8760))]
        every_hours: Option<i32>,
        /// Only when somebody asks.
        #[arg(long, conflicts_with = "every_hours")]
        by_hand: bool,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
}

impl Command {
    /// What every command needs.
    #[must_use]
    pub fn common(&self) -> &Common {
        let (Self::Names { common, .. } | Self::Backups { common, .. }) = self;
        common
    }
}

/// Does it.
///
/// # Errors
/// As the database; if there is no such course, or machines may not have such names.
pub async fn run(engine: &Engine, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Names { course, domain, pattern, common } => names(engine, course, domain, pattern, &common.portal).await,
        Command::Backups { course, keep_days, every_hours, by_hand, .. } => {
            backups(engine, course, *keep_days, *every_hours, *by_hand).await
        }
    }
}

/// Changes what is named.
async fn backups(engine: &Engine, course: &str, keep_days: Option<i32>, every_hours: Option<i32>, by_hand: bool) -> anyhow::Result<()> {
    let mut tx = engine.pool.begin().await?;
    let id = courses::find(&mut tx, course).await?.with_context(|| format!("there is no course {course}"))?;
    let set = courses::set_backups(&mut tx, course, keep_days, every_hours, by_hand).await?;
    let (kept_days, every_hours) = set.with_context(|| format!("there is no course {course}"))?;
    audit::note(&mut tx, By::Shell, Of::course(id), &Act::BackupsSet { kept_days, every_hours }).await?;
    tx.commit().await?;
    match every_hours {
        Some(hours) => {
            println!("{course}: what runs is backed up every {hours} hours, and each backup is kept for {kept_days} days.")
        }
        None => println!("{course}: backups are taken when somebody asks, and each is kept for {kept_days} days."),
    }
    Ok(())
}

async fn names(engine: &Engine, course: &str, domain: &str, pattern: &str, portal: &PortalHost) -> anyhow::Result<()> {
    let domain = plain(domain);
    let is_label = |label: &str| {
        let letters = label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        letters && !label.is_empty() && label.len() < 64 && !label.starts_with('-') && !label.ends_with('-')
    };
    if domain.len() > 200 || !domain.contains('.') || !domain.split('.').all(is_label) {
        bail!("{domain} is no domain that names can be in: exp.example.ac.jp");
    }
    if let Some(said) = portal.objection(&domain) {
        bail!("{said}");
    }
    let Ok(pattern) = NamePattern::parse(pattern) else {
        bail!("a pattern holds {{name}} once, and letters that host names have: sys101-{{name}}");
    };
    if portal.host().is_none() {
        println!("KOZA_PUBLIC_URL is not set: `koza serve` will compare {domain} with the portal's host.");
    }
    // A name there is only looked at.
    let looked_at = format!("koza-looks.{domain}");
    if let Some(cloud) = courses::cloud_of(&mut *engine.pool.acquire().await?, course).await? {
        match engine.clouds.get(&engine.pool, cloud).await?.cloud.is_name_taken(&looked_at).await {
            Ok(false) => {}
            Ok(true) => bail!("{looked_at} is there already, or somebody else answers for {domain}"),
            Err(error) if error.code == "not_our_domain" => bail!("the course's cloud keeps no names there: {}", error.said),
            Err(error) => println!("Whether the course's cloud keeps names there could not be asked: {}", error.said),
        }
    }
    let mut tx = engine.pool.begin().await?;
    let id = courses::find(&mut tx, course).await?.with_context(|| format!("there is no course {course}"))?;
    courses::set_names(&mut tx, course, &domain, &pattern).await?;
    let set = Act::NamesSet { domain: domain.clone(), pattern: pattern.as_str().to_owned() };
    audit::note(&mut tx, By::Shell, Of::course(id), &set).await?;
    tx.commit().await?;
    println!("{course}: what is asked for from now on gets names like {}.{domain}.", pattern.as_str().replace("{name}", "c5"));
    Ok(())
}
