//! A worker that is a process: `koza work`.

use std::fs::{self, File};
use std::process::{Child, Command, ExitStatus};

use uuid::Uuid;

use crate::cluster::signal;
use crate::site::Site;

pub struct Worker<'a> {
    site: &'a Site,
    name: &'static str,
    pub id: Uuid,
    child: Child,
}

impl<'a> Worker<'a> {
    /// Starts it and waits until it says that it lives.
    pub async fn start(site: &'a Site, name: &'static str) -> Self {
        let log = File::create(site.cluster.state.join(format!("{name}.log"))).expect("a log");
        // Without the test it ends, too, however the test ended.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", env!("CARGO_BIN_EXE_koza"), "work"])
            .envs(site.cluster.env.clone())
            .envs([("HOSTNAME", name), ("NO_COLOR", "1")])
            .env_remove("RUST_LOG")
            .stderr(log.try_clone().expect("a second handle"))
            .stdout(log)
            .spawn()
            .expect("koza");
        let mut worker = Self { site, name, id: Uuid::nil(), child };
        site.until("a worker starts", async || site.count(&format!("select count(*) from worker where host = '{name}'")).await == 1).await;
        worker.id = sqlx::query_scalar("select id from worker where host = $1").bind(name).fetch_one(&site.pool).await.expect("its row");
        worker
    }

    pub async fn claims(&self) -> i64 {
        self.site.count(&format!("select count(*) from environment where claimed_by = '{}'", self.id)).await
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.site.cluster.state.join(format!("{}.log", self.name))).expect("its log")
    }

    pub fn signal(&self, name: &str) {
        signal(name, &self.child.id().to_string());
    }

    /// `kill -9` at a moment at which it holds environments that are neither Ready nor removed.
    pub async fn kill_at_work(mut self) {
        let held = format!(
            "select count(*) from environment
              where claimed_by = '{}' and case goal when 'gone' then removed_at is null else ready_boot is null end",
            self.id
        );
        self.site
            .until("a worker is halted at work", async || {
                self.signal("STOP");
                let is_at_work = self.site.count(&held).await > 0;
                if !is_at_work {
                    self.signal("CONT");
                }
                is_at_work
            })
            .await;
        self.child.kill().expect("it ran");
        self.child.wait().expect("it ran");
    }

    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of ours")
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
