//! The store: large things by name, shared by everybody who serves and works. A folder, or anything that speaks S3.
//!
//! What is in it is believed only as far as something signed by us says so ([`crate::backup`]): a store may be somebody else's.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use axum::body::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::config;

/// See the module.
#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
}

/// The store did not do it; another time it may.
#[derive(Debug, thiserror::Error)]
#[error("the store: {0}")]
pub struct StoreError(#[from] object_store::Error);

impl Store {
    /// The store that the settings name; without one, a folder beside the master key.
    ///
    /// # Errors
    /// When the settings make no sense, or the folder cannot be made. Nothing is asked over the network yet.
    pub fn open(settings: &config::Store, state: &Path) -> anyhow::Result<Self> {
        match settings.store.as_deref() {
            Some(url) if url.starts_with("s3://") => Self::bucket(settings, url),
            Some(url) if url.contains("://") => bail!("KOZA_STORE is a folder or s3://bucket/folder, not {url}"),
            Some(folder) => Self::folder(Path::new(folder)),
            None => Self::folder(&state.join("store")),
        }
    }

    /// A folder, made if it is not there. Others of this host may not look in.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(folder: &Path) -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("the store's folder {}", folder.display()))?;
        let objects = LocalFileSystem::new_with_prefix(folder)?.with_automatic_cleanup(true).with_fsync(true);
        Ok(Self { objects: Arc::new(objects) })
    }

    fn bucket(settings: &config::Store, url: &str) -> anyhow::Result<Self> {
        let place = url.trim_start_matches("s3://");
        let (bucket, folder) = place.split_once('/').unwrap_or((place, ""));
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        if let Some(endpoint) = &settings.store_endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        if let Some(region) = &settings.store_region {
            builder = builder.with_region(region);
        }
        if let Some(file) = &settings.store_key_file {
            let text = std::fs::read_to_string(file).with_context(|| format!("the store's key file {}", file.display()))?;
            let mut lines = text.lines().map(str::trim);
            let (Some(id), Some(secret)) = (lines.next(), lines.next()) else {
                bail!("{} holds two lines: the access key's id, and the secret", file.display());
            };
            builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        }
        let bucket = builder.build().context("the store")?;
        Ok(Self { objects: Arc::new(PrefixStore::new(bucket, folder)) })
    }

    /// Keeps something under a name, in place of what was there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put(&self, name: &str, content: Bytes) -> Result<(), StoreError> {
        self.objects.put(&Name::from(name), content.into()).await?;
        Ok(())
    }

    /// What is under a name; `None`: nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn get(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        match self.objects.get(&Name::from(name)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Erases one thing; nothing is there: that is well, too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase_one(&self, name: &str) -> Result<(), StoreError> {
        match self.objects.delete(&Name::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Erases everything in a folder.
    ///
    /// # Errors
    /// [`StoreError`]; what was not erased is, another time.
    pub async fn erase(&self, folder: &str) -> Result<(), StoreError> {
        let names = self.objects.list(Some(&Name::from(folder))).map_ok(|found| found.location).boxed();
        let erased: Vec<_> = self.objects.delete_stream(names).collect().await;
        for one in erased {
            match one {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether it keeps, gives back and erases, tried with a small thing.
    ///
    /// # Errors
    /// What went wrong, in a sentence.
    pub async fn examine(&self) -> Result<(), String> {
        let (name, content) = (format!("doctor/{}", uuid::Uuid::now_v7()), Bytes::from_static(b"koza"));
        let said = |error: StoreError| error.to_string();
        self.put(&name, content.clone()).await.map_err(said)?;
        let back = self.get(&name).await.map_err(said)?;
        self.erase_one(&name).await.map_err(said)?;
        match back {
            Some(back) if back == content => Ok(()),
            _ => Err("what was put in did not come back".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn keeps_and_erases(store: &Store) {
        assert_eq!(store.get("backups/a/0").await.expect("asked"), None);
        store.put("backups/a/0", Bytes::from_static(b"old")).await.expect("kept");
        store.put("backups/a/0", Bytes::from_static(b"new")).await.expect("kept");
        store.put("backups/a/1", Bytes::from_static(b"more")).await.expect("kept");
        store.put("backups/b/0", Bytes::from_static(b"another's")).await.expect("kept");
        assert_eq!(store.get("backups/a/0").await.expect("asked").as_deref(), Some(&b"new"[..]));
        store.erase("backups/a").await.expect("erased");
        store.erase("backups/a").await.expect("erased: nothing was left");
        assert_eq!(store.get("backups/a/1").await.expect("asked"), None);
        assert_eq!(store.get("backups/b/0").await.expect("asked").as_deref(), Some(&b"another's"[..]));
        assert_eq!(store.examine().await, Ok(()));
    }

    #[tokio::test]
    async fn a_folder_keeps_things_by_name_and_erases_no_more_than_it_is_asked_to() {
        let folder = std::env::temp_dir().join(format!("koza-store-{}", uuid::Uuid::now_v7()));
        keeps_and_erases(&Store::folder(&folder).expect("opened")).await;
        std::fs::remove_dir_all(folder).expect("it was made");
    }

    #[test]
    fn a_store_that_is_neither_a_folder_nor_a_bucket_is_refused_in_words() {
        let settings = config::Store { store: Some("ftp://example.org/koza".into()), ..config::Store::default() };
        let said = Store::open(&settings, Path::new("/nowhere")).err().expect("refused").to_string();
        assert!(said.contains("s3://bucket/folder"), "{said}");
    }
}
