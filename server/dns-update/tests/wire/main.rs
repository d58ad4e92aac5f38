//! Real name servers, over the wire: each promise starts one of its own on loopback, asks it as the portal does, and looks into its zone as
//! somebody else.
//!
//! `KOZA_KNOT` is the path of `knotd` (deploy/host/knot path); without it every promise fails. Where `KOZA_NAMED` is the path of BIND's `named`,
//! each promise is kept there, too; with `CI` set it has to be.

mod answers;
mod lost;
mod names;
mod owners;
mod random;
mod refusals;
mod relay;
mod server;
mod somebody;
mod taken;
mod trial;
