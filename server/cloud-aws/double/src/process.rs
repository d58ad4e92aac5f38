//! The moto server as a child process, for as long as the double lives.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::time::Duration;

/// The base images that the double knows, in moto's format.
const IMAGES: &str = include_str!("images.json");
/// It answers within two seconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LINES_KEPT: usize = 200;

/// Ends with the double.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) address: SocketAddr,
    child: Child,
    images: PathBuf,
    said: Arc<Mutex<VecDeque<String>>>,
}

impl Process {
    /// Starts it on a port that the system chooses, and waits until it says which.
    pub(crate) fn start(moto_server: &Path) -> io::Result<Self> {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let images =
            std::env::temp_dir().join(format!("aws-double-{}-{}.json", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed)));
        std::fs::write(&images, IMAGES)?;
        let mut child = Command::new(moto_server)
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("MOTO_AMIS_PATH", &images)
            // Otherwise moto launches machines from images, with keys and of types that do not exist.
            .env("MOTO_ENABLE_AMI_VALIDATION", "true")
            .env("MOTO_ENABLE_KEYPAIR_VALIDATION", "true")
            .env("MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION", "true")
            .env("PYTHONUNBUFFERED", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let said = Arc::new(Mutex::new(VecDeque::new()));
        let (found, address) = mpsc::channel();
        if let Some(stderr) = child.stderr.take() {
            let said = Arc::clone(&said);
            // Ends when moto does; read to the end, or moto would stand still once the pipe is full.
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    let address = line.split_once("http://").and_then(|(_, rest)| rest.trim().parse::<SocketAddr>().ok());
                    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                    // Not one for every request: its complaints would be gone among them.
                    if !line.contains(" HTTP/1.1") {
                        said.push_back(line);
                    }
                    if said.len() > LINES_KEPT {
                        said.pop_front();
                    }
                    if let Some(address) = address {
                        let _ = found.send(address);
                    }
                }
            });
        }
        // Built before it is known to work, so that what does not is ended as well.
        let mut process = Self { address: SocketAddr::from(([127, 0, 0, 1], 0)), child, images, said };
        match address.recv_timeout(PATIENCE) {
            Ok(address) => process.address = address,
            Err(_) => {
                let said = process.said().join("\n");
                return Err(io::Error::other(format!("{} does not say where it listens: {said}", moto_server.display())));
            }
        }
        Ok(process)
    }

    /// The one that others in this process use, or a new one.
    pub(crate) fn shared(moto_server: &Path) -> io::Result<Arc<Self>> {
        static SHARED: Mutex<Weak<Process>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = shared.upgrade() {
            return Ok(process);
        }
        let process = Arc::new(Self::start(moto_server)?);
        *shared = Arc::downgrade(&process);
        Ok(process)
    }

    /// The last lines it wrote: where it failed.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.images);
    }
}
