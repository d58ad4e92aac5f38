//! People: who signs in by password, in which courses, and where they get mail.

use std::io::Write;

use anyhow::{Context, bail};
use app::domain::course::Role;
use app::domain::members::sign_in_name;
use clap::{Subcommand, ValueEnum};
use lettre::Address;
use secrecy::ExposeSecret;

use crate::auth::password;
use crate::config::Common;
use crate::db::audit::{self, Act, By, Of};
use crate::db::{courses, members, people};
use crate::engine::Engine;
use crate::machine::secrets;

/// What can be done with people.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everybody who signs in by password.
    List {
        /// As JSON, for programs.
        #[arg(long)]
        json: bool,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
    /// Add somebody. The password is made and printed once.
    Add {
        /// The name to sign in with.
        name: String,
        /// The name that pages show; without it the same.
        #[arg(long)]
        full_name: Option<String>,
        /// Where they get mail.
        #[arg(long)]
        email: Option<Address>,
        /// Runs the site.
        #[arg(long)]
        operator: bool,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
    /// Put somebody into a course, or change what they are in it.
    Join {
        /// The name they sign in with.
        name: String,
        /// The course's code.
        course: String,
        /// What they are in it.
        #[arg(long, value_enum, default_value_t = As::Student)]
        role: As,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
    /// Say where somebody gets mail from now on; without an address, that they get none.
    Email {
        /// The name they sign in with.
        name: String,
        /// The address.
        address: Option<Address>,
        /// What every command needs.
        #[command(flatten)]
        common: Common,
    },
}

/// A role, as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum As {
    /// Learns.
    Student,
    /// Helps.
    Assistant,
    /// Teaches.
    Instructor,
}

impl From<As> for Role {
    fn from(typed: As) -> Self {
        match typed {
            As::Student => Self::Student,
            As::Assistant => Self::Assistant,
            As::Instructor => Self::Instructor,
        }
    }
}

impl Command {
    /// What every command needs.
    #[must_use]
    pub fn common(&self) -> &Common {
        let (Self::List { common, .. } | Self::Add { common, .. } | Self::Join { common, .. } | Self::Email { common, .. }) = self;
        common
    }
}

/// Does it.
///
/// # Errors
/// As the database; if there is nobody of that name, or somebody already.
pub async fn run(engine: &Engine, command: &Command) -> anyhow::Result<()> {
    match command {
        Command::List { json, .. } => list(engine, *json).await,
        Command::Add { name, full_name, email, operator, .. } => {
            add(engine, name, full_name.as_deref().unwrap_or(name), email.as_ref(), *operator).await
        }
        Command::Join { name, course, role, .. } => join(engine, name, course, (*role).into()).await,
        Command::Email { name, address, .. } => set_email(engine, name, address.as_ref()).await,
    }
}

async fn list(engine: &Engine, as_json: bool) -> anyhow::Result<()> {
    let all = people::all(&mut *engine.pool.acquire().await?).await?;
    if as_json {
        return super::print_json(&all);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<16} {:<24} {:<32} {:<9} courses", "name", "full name", "mail", "operator")?;
    for one in &all {
        let (mail, operator) = (one.email.as_deref().unwrap_or("-"), if one.is_operator { "yes" } else { "-" });
        writeln!(out, "{:<16} {:<24} {mail:<32} {operator:<9} {}", one.subject, one.name, one.courses)?;
    }
    Ok(())
}

async fn add(engine: &Engine, name: &str, full_name: &str, email: Option<&Address>, is_operator: bool) -> anyhow::Result<()> {
    let name = &sign_in_name(name).with_context(|| format!("{name} is no name to sign in with: letters, figures, and . _ - @"))?;
    let made = secrets::password();
    let hash = password::hash(made.expose_secret()).await.map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut tx = engine.pool.begin().await?;
    if people::named(&mut tx, name).await?.is_some() {
        bail!("there is somebody who signs in as {name} already");
    }
    let person = people::add(&mut tx, name, full_name, &hash, is_operator).await?;
    audit::note(&mut tx, By::Shell, Of::person(person), &Act::PersonAdded { is_operator }).await?;
    if let Some(email) = email {
        people::set_email(&mut tx, name, Some(email.as_ref())).await?;
        audit::note(&mut tx, By::Shell, Of::person(person), &Act::EmailSet { is_some: true }).await?;
    }
    tx.commit().await?;
    println!("{name} signs in with the password {}: it is not shown again.", made.expose_secret());
    Ok(())
}

async fn join(engine: &Engine, name: &str, course: &str, role: Role) -> anyhow::Result<()> {
    let mut tx = engine.pool.begin().await?;
    let id = courses::find(&mut tx, course).await?.with_context(|| format!("there is no course {course}"))?;
    let person = people::named(&mut tx, name).await?.with_context(|| format!("nobody signs in as {name}"))?;
    let was = members::course(&mut tx, id, Some(person)).await?.2;
    courses::add_member(&mut tx, id, person, role).await?;
    audit::note(&mut tx, By::Shell, Of::member(id, person), &Act::RoleSet { was, role }).await?;
    tx.commit().await?;
    println!("{name} is in {course}.");
    Ok(())
}

async fn set_email(engine: &Engine, name: &str, address: Option<&Address>) -> anyhow::Result<()> {
    let mut tx = engine.pool.begin().await?;
    let person = people::named(&mut tx, name).await?.with_context(|| format!("nobody signs in as {name}"))?;
    people::set_email(&mut tx, name, address.map(AsRef::as_ref)).await?;
    audit::note(&mut tx, By::Shell, Of::person(person), &Act::EmailSet { is_some: address.is_some() }).await?;
    tx.commit().await?;
    match address {
        Some(address) => println!("{name} gets mail at {address}."),
        None => println!("{name} gets no mail."),
    }
    if engine.mailer.is_none() {
        println!("This site sends no mail until KOZA_SMTP is set (docs/operating.md).");
    }
    Ok(())
}
