//! What runs inside a machine, as one tar: `agent`, `os` and `services` beside this file, at this release.
//!
//! A service's revision is a hash of its folder, so that a blueprint version names exactly what it was made of.

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

use crate::wish::spec::hex;

static TREE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/machine");

/// The parts of the tree that go to machines; the rest is Rust.
const PARTS: [&str; 3] = ["agent", "os", "services"];

/// The tar, made once.
pub static TAR: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut tar = tar::Builder::new(Vec::new());
    put(&mut tar, std::path::Path::new("release"), concat!(env!("CARGO_PKG_VERSION"), "\n").as_bytes());
    for part in PARTS {
        if let Some(dir) = TREE.get_dir(part) {
            add(&mut tar, dir);
        }
    }
    tar.into_inner().expect("writing to memory does not fail")
});

fn add(tar: &mut tar::Builder<Vec<u8>>, dir: &'static Dir<'static>) {
    for file in dir.files() {
        put(tar, file.path(), file.contents());
    }
    for inner in folders(dir) {
        add(tar, inner);
    }
}

/// The folders inside, in order, without what Python keeps beside its sources.
fn folders(dir: &'static Dir<'static>) -> Vec<&'static Dir<'static>> {
    let mut dirs: Vec<_> = dir.dirs().filter(|dir| !dir.path().ends_with("__pycache__")).collect();
    dirs.sort_by_key(|dir| dir.path());
    dirs
}

fn put(tar: &mut tar::Builder<Vec<u8>>, path: &std::path::Path, contents: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(contents.len() as u64);
    // What has a first line "#!" is a program.
    header.set_mode(if contents.starts_with(b"#!") { 0o755 } else { 0o644 });
    header.set_mtime(0);
    tar.append_data(&mut header, path, contents).expect("writing to memory does not fail");
}

/// Whether this release has a service of this name.
#[must_use]
pub fn has_service(name: &str) -> bool {
    TREE.get_dir("services").is_some_and(|all| all.dirs().any(|dir| dir.path().file_name().is_some_and(|folder| folder == name)))
}

/// The hash of a service's folder at this release; `None`: there is no such service.
#[must_use]
pub fn revision(service: &str) -> Option<String> {
    let dir = TREE.get_dir(format!("services/{service}"))?;
    let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    hash(&mut digest, dir);
    // The agent runs every service's scripts by the names of the operating system: another of either, another image.
    for part in ["agent", "os"] {
        if let Some(dir) = TREE.get_dir(part) {
            hash(&mut digest, dir);
        }
    }
    Some(hex(digest.finish().as_ref())[..16].to_owned())
}

fn hash(digest: &mut aws_lc_rs::digest::Context, dir: &'static Dir<'static>) {
    let mut files: Vec<_> = dir.files().collect();
    files.sort_by_key(|file| file.path());
    for file in files {
        digest.update(file.path().to_string_lossy().as_bytes());
        digest.update(&(file.contents().len() as u64).to_be_bytes());
        digest.update(file.contents());
    }
    for inner in folders(dir) {
        hash(digest, inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundle_carries_the_agent_as_a_program() {
        let mut tar = tar::Archive::new(TAR.as_slice());
        let mode = tar
            .entries()
            .expect("a tar")
            .filter_map(Result::ok)
            .find(|entry| entry.path().is_ok_and(|path| path.as_os_str() == "agent/koza-agent"))
            .and_then(|entry| entry.header().mode().ok());
        assert_eq!(mode, Some(0o755));
    }

    #[test]
    fn every_service_of_the_demo_has_a_revision() {
        for service in ["ssh", "wordpress", "basic_auth", "container_web", "ftp_tex"] {
            assert!(revision(service).is_some(), "{service}");
        }
        assert!(revision("nothing").is_none());
    }
}
