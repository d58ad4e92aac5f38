//! What an operator should know before a class.

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// As it should be.
    Good(String),
    /// To be known, and no fault.
    Note(String),
    /// What is missing, and how to mend it.
    Missing(String, String),
}
