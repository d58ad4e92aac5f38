//! What the portal promises, on a real PostgreSQL and a simulated cloud (in `aws`: a double of AWS) with a clock that the test moves.

#![allow(missing_docs, reason = "the names of tests are their documentation")]
// A fixture that turns the whole loop is one deep future.
#![recursion_limit = "256"]

mod access;
mod audit;
mod aws;
mod backups;
mod buckets;
mod building;
mod certificates;
mod chores;
mod crashes;
mod desk;
mod drift;
mod images;
mod launches;
mod leaving;
mod ledger;
mod line;
mod mail;
mod matrix;
mod members;
mod money;
mod names;
mod noted;
mod notices;
mod operate;
mod operators;
mod policies;
mod requests;
mod rosters;
mod scaling;
mod secrets;
mod serving;
mod sessions;
mod support;
mod trap;
