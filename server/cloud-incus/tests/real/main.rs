//! Promises that only a real Incus can keep.
//!
//! They run where one is (project `koza-test`, pool `koza`, bridge `koza0`, image `koza-debian-12`) and say `skipped: …` elsewhere.

mod addresses;
mod images;
mod machines;
mod support;
