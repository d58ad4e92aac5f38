//! Reports that the tests write themselves, read and explained.

mod broken;
mod drift;
mod laws;
mod layouts;
mod paper;
mod parquet;
mod speed;
