//! The file that a simulator is kept in, and whose turn it is to change it.
//!
//! Processes of one host share it. A change holds a lock (on `….lock` beside the file) from reading to writing, so that none forgets what
//! another made; the system takes the lock from a process that ends, however it ends. A look takes no lock: the file is replaced as a
//! whole, so whoever reads finds the old one or the new one. A process that is halted in the middle of a change is a cloud that does not
//! answer the others' calls until it goes on.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::world::World;
use crate::error::{CloudError, Fate};

/// A change takes about a millisecond.
const ASK_AGAIN: Duration = Duration::from_millis(2);

pub(super) struct SharedFile(PathBuf);

/// Nobody else changes the file until this is dropped.
pub(super) struct Turn(#[expect(dead_code, reason = "closing it lets go of the lock")] File);

impl SharedFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Waits for the turn.
    pub(super) fn turn(&self) -> Result<Turn, CloudError> {
        let lock = self.lock_file()?;
        lock.lock().map_err(|why| self.bad(why))?;
        Ok(Turn(lock))
    }

    /// Waits for the turn and gives up when the call's deadline drops it: a thread that sleeps in the system would keep a worker from ending.
    pub(super) async fn turn_comes(&self) -> Result<Turn, CloudError> {
        let lock = self.lock_file()?;
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Turn(lock)),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(ASK_AGAIN).await,
                Err(TryLockError::Error(why)) => return Err(self.bad(why)),
            }
        }
    }

    /// What the file holds, unless that is what is known. No file: nothing was made yet.
    pub(super) fn news(&self, known: &[u8]) -> Result<Option<(Vec<u8>, World)>, CloudError> {
        let bytes = match fs::read(&self.0) {
            Ok(bytes) => bytes,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(self.bad(why)),
        };
        if bytes == known {
            return Ok(None);
        }
        let world = serde_json::from_slice(&bytes).map_err(|why| self.bad(why.into()))?;
        Ok(Some((bytes, world)))
    }

    /// Puts a world in the file, in the turn of whoever asks; what it holds now.
    pub(super) fn put(&self, world: &World) -> Result<Vec<u8>, CloudError> {
        let bytes = serde_json::to_vec(world).map_err(|why| self.bad(why.into()))?;
        let draft = self.0.with_extension("draft");
        fs::write(&draft, &bytes).and_then(|()| fs::rename(&draft, &self.0)).map_err(|why| self.bad(why))?;
        Ok(bytes)
    }

    /// A file for each turn, because two threads that share one would both have its lock.
    fn lock_file(&self) -> Result<File, CloudError> {
        File::options().create(true).append(true).open(self.0.with_extension("lock")).map_err(|why| self.bad(why))
    }

    fn bad(&self, why: io::Error) -> CloudError {
        CloudError::new(Fate::TryAgain, "unreachable", format!("{}: {why}", self.0.display())).caused_by(why)
    }
}
