//! A name server as an ordinary process: its own folder, a free port on loopback, one zone.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::somebody::Somebody;

pub const DOMAIN: &str = "exp.test";
pub const KEY: &str = "koza";
pub const SECRET: &str = "c2VudGVuY2VzIHRoYXQgcHJvbWlzZSBzb21ldGhpbmc=";
/// Another key that the server knows: it may transfer, and change nothing.
pub const READER: &str = "reader";
/// Another one that may change and not transfer.
pub const WRITER: &str = "writer";

const ZONE: &str = "$ORIGIN exp.test.\n$TTL 60\n@ SOA ns1 hostmaster 1 3600 600 86400 60\n@ NS ns1\nns1 A 127.0.0.1\n";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Knot,
    Bind,
}

pub struct Server {
    kind: Kind,
    program: PathBuf,
    folder: PathBuf,
    pub port: u16,
    process: Option<Child>,
}

/// The program that a variable names.
fn program(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The kinds of servers that promises are kept on.
pub fn kinds() -> Vec<Kind> {
    assert!(program("KOZA_KNOT").is_some(), "KOZA_KNOT names no knotd: export KOZA_KNOT=$(deploy/host/knot path)");
    if program("KOZA_NAMED").is_some() {
        return vec![Kind::Knot, Kind::Bind];
    }
    let is_ci = std::env::var_os("CI").is_some_and(|set| !set.is_empty());
    assert!(!is_ci, "KOZA_NAMED names no named: export KOZA_NAMED=$(deploy/host/knot path named)");
    vec![Kind::Knot]
}

impl Server {
    /// Keeps the zone and takes changes of it.
    pub async fn primary(kind: Kind) -> Self {
        Self::start(kind, None).await
    }

    /// Has the zone from a primary, and asks for changes only when it is told to.
    pub async fn secondary(primary: &Self) -> Self {
        Self::start(Kind::Knot, Some(primary.port)).await
    }

    async fn start(kind: Kind, primary: Option<u16>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let program = program(if kind == Kind::Knot { "KOZA_KNOT" } else { "KOZA_NAMED" }).expect("asked for by `kinds`");
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        // Short: the path of a socket may not be longer than 107 letters.
        let folder = std::env::temp_dir().join(format!("koza-dns-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("secret"), SECRET).expect("a secret");
        if primary.is_none() {
            std::fs::write(folder.join("zone"), ZONE).expect("a zone");
        }
        let program = if kind == Kind::Bind {
            // Where AppArmor watches over it, the distribution's own reads no folder of ours. Copied by another process: while this one
            // writes a program, what another test starts just then holds it open for writing, and nobody may run it ("text file busy").
            let copied = std::process::Command::new("cp").arg(&program).arg(folder.join("named")).status();
            assert!(copied.is_ok_and(|status| status.success()), "a copy of named");
            folder.join("named")
        } else {
            program
        };
        let mut server = Self { kind, program, folder, port: 0, process: None };
        for _ in 0..5 {
            // Free now; should somebody else be quicker, another one is.
            server.port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
            let text = match (kind, primary) {
                (Kind::Knot, None) => server.knot(),
                (Kind::Knot, Some(primary)) => server.knot_behind(primary),
                (Kind::Bind, _) => server.bind(),
            };
            std::fs::write(server.folder.join("conf"), text).expect("a configuration");
            if server.run().await {
                return server;
            }
        }
        panic!("{kind:?} did not start: {}", std::fs::read_to_string(server.folder.join("log")).unwrap_or_default());
    }

    /// Starts the process; false if it does not answer.
    async fn run(&mut self) -> bool {
        let log = || Stdio::from(std::fs::File::options().create(true).append(true).open(self.folder.join("log")).expect("a log"));
        let mut order = Command::new(&self.program);
        order.arg("-c").arg(self.folder.join("conf")).stdin(Stdio::null()).stdout(log()).stderr(log()).current_dir(&self.folder);
        if self.kind == Kind::Bind {
            order.args(["-g", "-4", "-n", "1"]);
        }
        self.process = Some(order.spawn().unwrap_or_else(|error| panic!("{} does not start: {error}", self.program.display())));
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            if self.process.as_mut().is_none_or(|process| process.try_wait().is_ok_and(|ended| ended.is_some())) {
                return false;
            }
            if self.number().await.is_some() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.kill();
        false
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn secret(&self) -> PathBuf {
        self.folder.join("secret")
    }

    /// The number of the zone, if it answers for it.
    pub async fn number(&self) -> Option<u32> {
        Somebody::at(self.port).number().await
    }

    /// Ends it as a power cut does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("ours");
            process.wait().expect("ours");
        }
    }

    pub async fn start_again(&mut self) {
        assert!(self.run().await, "it did not start again");
    }

    /// A secondary asks its primary, and has what it has when this returns.
    pub async fn catch_up(&self, primary: &Self) {
        let wanted = primary.number().await.expect("the primary answers");
        let order = Command::new(self.program.with_file_name("knotc"))
            .arg("-s")
            .arg(self.folder.join("control"))
            .args(["zone-refresh", DOMAIN])
            .output()
            .expect("knotc is beside knotd");
        assert!(order.status.success(), "{order:?}");
        while self.number().await != Some(wanted) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn knot_base(&self) -> String {
        let (folder, port) = (self.folder.display(), self.port);
        let mut text = format!(
            "server:\n  rundir: \"{folder}\"\n  listen: 127.0.0.1@{port}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n\
             control:\n  listen: \"{folder}/control\"\nlog:\n  - target: stderr\n    any: info\n\
             database:\n  storage: \"{folder}\"\n  journal-db-max-size: 64M\n  kasp-db-max-size: 16M\n  timer-db-max-size: 16M\n  \
             catalog-db-max-size: 16M\nkey:\n"
        );
        for key in [KEY, READER, WRITER] {
            let _ = writeln!(text, "  - id: {key}\n    algorithm: hmac-sha256\n    secret: {SECRET}");
        }
        text
    }

    fn knot(&self) -> String {
        let folder = self.folder.display();
        format!(
            "{}acl:\n  - id: ours\n    key: {KEY}\n    action: [transfer, update]\n  - id: reads\n    key: {READER}\n    action: transfer\n  \
             - id: writes\n    key: {WRITER}\n    action: update\n  - id: somebody\n    address: 127.0.0.9\n    action: [transfer, update]\n\
             zone:\n  - domain: {DOMAIN}\n    storage: \"{folder}\"\n    file: zone\n    acl: [ours, reads, writes, somebody]\n",
            self.knot_base()
        )
    }

    fn knot_behind(&self, primary: u16) -> String {
        let folder = self.folder.display();
        format!(
            "{}remote:\n  - id: primary\n    address: 127.0.0.1@{primary}\n    key: {KEY}\n\
             zone:\n  - domain: {DOMAIN}\n    storage: \"{folder}\"\n    file: zone\n    master: primary\n",
            self.knot_base()
        )
    }

    fn bind(&self) -> String {
        let (folder, port) = (self.folder.display(), self.port);
        // Somebody may have told theirs to take addresses at names with an underscore, which it refuses of itself.
        let mut text = format!(
            "options {{ directory \"{folder}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file \"{folder}/pid\";\n  \
             session-keyfile \"{folder}/session\"; lock-file none; recursion no; dnssec-validation no; notify no; max-cache-size 4m;\n  \
             check-names primary ignore; }};\n\
             controls {{ }};\n"
        );
        for key in [KEY, READER, WRITER] {
            let _ = writeln!(text, "key \"{key}\" {{ algorithm hmac-sha256; secret \"{SECRET}\"; }};");
        }
        let _ = writeln!(
            text,
            "zone \"{DOMAIN}\" {{ type primary; file \"zone\"; allow-update {{ key {KEY}; key {WRITER}; 127.0.0.9; }};\n  \
             allow-transfer {{ key {KEY}; key {READER}; 127.0.0.9; }}; }};"
        );
        text
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
