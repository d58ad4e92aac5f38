//! The session store behind tower-sessions, on our own table: it keeps a hash of the cookie's value, never the value.

use std::fmt;

use async_trait::async_trait;
use aws_lc_rs::digest;
use sqlx::PgPool;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{SessionStore, session_store};

use crate::db::sessions;

/// See the module.
#[derive(Clone)]
pub struct Store(pub PgPool);

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

/// What is kept of a session's id.
#[must_use]
pub fn hash(id: Id) -> Vec<u8> {
    digest::digest(&digest::SHA256, &id.0.to_be_bytes()).as_ref().to_vec()
}

fn backend(error: impl fmt::Display) -> Error {
    session_store::Error::Backend(error.to_string())
}

fn data(record: &Record) -> Result<serde_json::Value> {
    serde_json::to_value(&record.data).map_err(|error| session_store::Error::Encode(error.to_string()))
}

#[async_trait]
impl SessionStore for Store {
    // The default would overwrite a session that has the id already.
    async fn create(&self, record: &mut Record) -> Result<()> {
        let mut db = self.0.acquire().await.map_err(backend)?;
        while !sessions::create(&mut db, &hash(record.id), &data(record)?, record.expiry_date).await.map_err(backend)? {
            record.id = Id::default();
        }
        Ok(())
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let mut db = self.0.acquire().await.map_err(backend)?;
        sessions::save(&mut db, &hash(record.id), &data(record)?, record.expiry_date).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let mut db = self.0.acquire().await.map_err(backend)?;
        let found = sessions::load(&mut db, &hash(*id)).await.map_err(backend)?;
        found
            .map(|data| {
                let data = serde_json::from_value(data).map_err(|error| session_store::Error::Decode(error.to_string()))?;
                let expiry_date = time::OffsetDateTime::now_utc() + super::door::SESSION_LIVES;
                Ok(Record { id: *id, data, expiry_date })
            })
            .transpose()
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let mut db = self.0.acquire().await.map_err(backend)?;
        sessions::delete(&mut db, &hash(*id)).await.map_err(backend)
    }
}
