//! Promises that only a real Incus can keep.
//!
//! They run where one is (project `koza-test`, pool `koza`, bridge `koza0`, images `koza-debian-12` and `koza-balancer`) and say `skipped: …` elsewhere.

mod addresses;
mod balancers;
mod images;
mod machines;
mod support;
