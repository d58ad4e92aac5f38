//! The real SDK over HTTP, against a double of AWS (double/README.md says where that differs from AWS). Where the environment variable
//! KOZA_MOTO names no moto server each promise says in one line that it was skipped; with `CI` set that is a failure.

mod balancers;
mod launches;
mod machines;
mod names;
mod refusals;
mod support;
