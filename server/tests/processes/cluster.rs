//! A PostgreSQL cluster of a test's own, which may be stopped and started.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/host/postgres");

pub struct Cluster {
    /// Its folder, which is the `KOZA_STATE` of the site.
    pub state: PathBuf,
    pub env: Vec<(String, String)>,
    janitor: Child,
}

impl Cluster {
    pub fn start() -> Self {
        let port = free_port();
        let state = std::env::temp_dir().join(format!("koza-processes-{}-{port}", std::process::id()));
        fs::create_dir(&state).expect("a folder");
        // PostgreSQL runs as another user and keeps its cluster in here.
        fs::set_permissions(&state, fs::Permissions::from_mode(0o711)).expect("permissions");
        let mut env = vec![
            ("KOZA_STATE".to_owned(), state.display().to_string()),
            ("KOZA_TEST_POSTGRES_PORT".to_owned(), port.to_string()),
            ("KOZA_CLOUD".to_owned(), "sim".to_owned()),
        ];
        // However this process ends, the pipe closes: then the cluster is stopped and the folder goes.
        let janitor = Command::new("sh")
            .args(["-c", r#"cat >/dev/null; "$0" --throwaway stop; rm -rf "$KOZA_STATE""#, SCRIPT])
            .envs(env.clone())
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("sh");
        run(Command::new(SCRIPT).args(["--throwaway", "start"]).envs(env.clone()));
        let told = run(Command::new(SCRIPT).args(["--throwaway", "env"]).envs(env.clone()));
        env.extend(told.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())));
        Self { state, env, janitor }
    }

    pub fn env(&self, name: &str) -> &str {
        self.env.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).expect("PostgreSQL's script says it")
    }

    /// The address of the database `koza` for who may do everything.
    pub fn superuser_url(&self) -> String {
        let (server, _) = self.env("DATABASE_URL").rsplit_once('/').expect("an address");
        format!("{server}/koza")
    }

    /// Stops without a word to anybody, as a crash does, and starts again.
    pub async fn crash_and_start(&self, data: &Path) {
        let pid_file = fs::read_to_string(data.join("postmaster.pid")).expect("it runs");
        let pid = pid_file.lines().next().expect("a number");
        signal("QUIT", pid);
        let cmdline = format!("/proc/{pid}/cmdline");
        while fs::read(&cmdline).is_ok_and(|line| !line.is_empty()) {
            tokio::time::sleep(super::site::LOOK_AGAIN).await;
        }
        run(Command::new(SCRIPT).args(["--throwaway", "start"]).envs(self.env.clone()));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.janitor.stdin.take());
        self.janitor.wait().ok();
    }
}

/// Runs it to its end; what it printed.
pub fn run(command: &mut Command) -> String {
    let said = command.output().expect("it can be run");
    let errors = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{command:?} failed:\n{errors}");
    String::from_utf8(said.stdout).expect("letters")
}

/// Sends a signal to a process of ours.
pub fn signal(name: &str, pid: &str) {
    run(Command::new("sh").args(["-c", r#"kill -"$0" "$1""#, name, pid]));
}

/// A port that nobody has. Not one of those that the system gives to outgoing connections: it stays free while PostgreSQL is down.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 1000).expect("below 1000") * 10;
    std::iter::repeat_with(|| 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000)
        .take(1000)
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}
