//! `koza`: reads the command, calls it.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use app::domain::ids::EnvironmentId;
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret;
use server::config::{Common, Database, Demo, Serve};
use server::engine::{Clouds, Engine, worker};
use server::mail::Mailer;
use server::store::Store;
use server::vault::Vault;
use server::{db, demo, doctor, operator, serve};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Course environments on request.
#[derive(Parser)]
#[command(version, about)]
struct Koza {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring the database up to date.
    Migrate(Database),
    /// Answer browsers and machines, and work (unless --no-worker).
    Serve(Serve),
    /// Work only: claim environments and make them true.
    Work(Common),
    /// Seed the demo course and its accounts. A second run changes nothing.
    Demo(Demo),
    /// Every environment: its goal, what needs attention, when the loop looks again, what happened last.
    Environments(Look),
    /// What the loop would do next with an environment, and why.
    Plan {
        /// Which: `env_…`.
        environment: EnvironmentId,
        #[command(flatten)]
        look: Look,
    },
    /// What broke after Ready: when it was noticed, and how long it took to mend.
    Incidents(Look),
    /// Chores by kind and state; those that are dead, with what went wrong.
    Chores(Look),
    /// Try a dead chore again.
    Retry {
        /// Which, as `koza chores` writes it.
        chore: uuid::Uuid,
        #[command(flatten)]
        common: Common,
    },
    /// Workers, their last sign of life, and how many environments they hold.
    Workers(Look),
    /// Clouds: list them, add an account on AWS, say where names are kept and who issues certificates, let a course choose.
    #[command(subcommand)]
    Cloud(operator::clouds::Command),
    /// Courses: say where the names of their environments are, and what is kept of their machines.
    #[command(subcommand)]
    Course(operator::courses::Command),
    /// People: list and add them, put them into courses, say where they get mail.
    #[command(subcommand)]
    User(operator::people::Command),
    /// What things cost: bring price lists and exchange rates in, and look at them.
    #[command(subcommand)]
    Prices(operator::prices::Command),
    /// What AWS bills, beside what Koza recorded.
    #[command(subcommand)]
    Bills(operator::bills::Command),
    /// Who did what, and proof that nobody changed it afterwards.
    #[command(subcommand)]
    Audit(operator::audit::Command),
    /// Say what is missing, in plain words, with the command that mends it.
    Doctor {
        /// For how many environments at once the quotas of a cloud have to suffice.
        #[arg(long, default_value = "30")]
        class: u32,
        #[command(flatten)]
        config: Demo,
    },
}

/// What only looks.
#[derive(clap::Args)]
struct Look {
    #[command(flatten)]
    common: Common,
    /// As JSON, for programs.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn")))
        .with_target(false)
        .init();
    match run(Koza::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads along (`| head`) has seen enough.
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe) => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            // The causes in one line; a person reads this, not a debugger.
            eprintln!("koza: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Migrate(database) => migrate(&database).await,
        Command::Serve(config) => {
            config.check().map_err(anyhow::Error::msg)?;
            let engine = engine(&config.common).await?;
            serve::run(config, engine, on_signal()).await
        }
        Command::Work(common) => Ok(worker::run(engine(&common).await?, on_signal()).await?),
        Command::Demo(config) => demo::seed(&config).await,
        Command::Environments(look) => operator::environments(&engine(&look.common).await?, look.json).await,
        Command::Plan { environment, look } => operator::plan_of(&engine(&look.common).await?, environment, look.json).await,
        Command::Incidents(look) => operator::incidents(&engine(&look.common).await?, look.json).await,
        Command::Chores(look) => operator::chores(&engine(&look.common).await?, look.json).await,
        Command::Retry { chore, common } => operator::retry(&engine(&common).await?, chore).await,
        Command::Workers(look) => operator::workers(&engine(&look.common).await?, look.json).await,
        Command::Cloud(command) => operator::clouds::run(&engine(command.common()).await?, &command).await,
        Command::Course(command) => operator::courses::run(&engine(command.common()).await?, &command).await,
        Command::User(command) => operator::people::run(&engine(command.common()).await?, &command).await,
        Command::Bills(command) => operator::bills::run(&engine(command.common()).await?, &command).await,
        Command::Prices(command) => operator::prices::run(&engine(command.common()).await?, &command).await,
        Command::Audit(command) => operator::audit::run(&engine(command.common()).await?, &command).await,
        Command::Doctor { class, config } => doctor::examine(&config, class).await,
    }
}

async fn migrate(database: &Database) -> anyhow::Result<()> {
    let pool = db::connect(database.owner_url(), 1).await.context("the database does not answer")?;
    server::MIGRATOR.run(&pool).await.context("a migration failed; nothing after it was run")?;
    let mut tx = pool.begin().await?;
    let brought = operator::prices::bring(&mut tx, &price_list::shipped()).await?;
    tx.commit().await?;
    operator::prices::tell(&brought);
    println!("The database is up to date.");
    Ok(())
}

async fn engine(common: &Common) -> anyhow::Result<Engine> {
    let pool = db::connect(common.database.database_url.expose_secret(), 32).await.context("the database does not answer")?;
    let installation = db::installation(&mut *pool.acquire().await?).await.context("the database is empty: run `koza migrate`")?;
    Ok(Engine {
        pool,
        clouds: Clouds::new(common.state.clone()),
        vault: Arc::new(Vault::open_or_make(&common.master_key_file())?),
        installation,
        machines_url: common.machines_url.trim_end_matches('/').into(),
        store: Store::open(&common.store, &common.state)?,
        mailer: Mailer::open(common)?,
    })
}

/// Ends on Ctrl-C or SIGTERM.
fn on_signal() -> CancellationToken {
    let shutdown = CancellationToken::new();
    let token = shutdown.clone();
    tokio::spawn(async move {
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).expect("SIGTERM can be listened for");
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = term.recv() => {}
        }
        token.cancel();
    });
    shutdown
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_can_be_typed() {
        Koza::command().debug_assert();
    }
}
