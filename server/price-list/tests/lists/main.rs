//! What price lists promise: exact figures with their source, or an error that says where and why.

mod balancers;
mod hostile;
mod machines;
mod offer;
mod refusals;
mod shipped;
mod written;
