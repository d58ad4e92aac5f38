//! The double before a real moto, asked over HTTP. `KOZA_MOTO` is the path of `moto_server`; without it nothing is proved, and each test
//! says so.

mod balancing;
mod client;
mod faults;
mod launches;
mod machines;
mod names;
mod network;
mod others;
mod storage;
