//! Why a report cannot be read.

use std::error::Error;

use crate::column::Column;

/// A cause that another crate knows.
pub(crate) type Source = Box<dyn Error + Send + Sync>;

/// Why a report cannot be read. Rows are counted from 1, the header of a CSV not among them.
#[derive(Debug, thiserror::Error)]
pub enum BillError {
    /// It could not be opened, or its first bytes could not be read.
    #[error("{file} cannot be opened")]
    Open {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something else than a Cost and Usage Report, or one packed in a way that is not read here.
    #[error("{file} is no Cost and Usage Report: {why}")]
    NotAReport {
        /// The file.
        file: String,
        /// What it is instead.
        why: String,
    },
    /// A column that every line needs is not in the report.
    #[error("{file} has no column {column}")]
    MissingColumn {
        /// The file.
        file: String,
        /// The column, as this layout calls it.
        column: String,
    },
    /// A value that cannot be what its column says.
    #[error("{file}, row {row}, column {column}: {why}")]
    Broken {
        /// The file.
        file: String,
        /// Which line of the report, from 1.
        row: u64,
        /// The column, as the file calls it.
        column: String,
        /// What is wrong with the value.
        why: String,
    },
    /// The file breaks off, or its bytes make no sense. All rows up to this one were read.
    #[error("{file} is cut off or damaged after row {row}")]
    Damaged {
        /// The file.
        file: String,
        /// The last row that was read, 0 for none.
        row: u64,
        /// What noticed it.
        source: Source,
    },
}

/// The same before the file and the row are known.
#[derive(Debug)]
pub(crate) enum Trouble {
    NotAReport(String),
    Missing(Column),
    /// By the place in the table of columns, and by the name in the file.
    Cell(Column, String),
    Named(String, String),
    Damaged(Source),
}

impl Trouble {
    pub(crate) fn damaged(why: impl Into<Source>) -> Self {
        Self::Damaged(why.into())
    }

    pub(crate) fn with(self, file: &str, row: u64, is_legacy: bool) -> BillError {
        let file = file.to_owned();
        match self {
            Self::NotAReport(why) => BillError::NotAReport { file, why },
            Self::Missing(column) => BillError::MissingColumn { file, column: column.in_file(is_legacy).to_owned() },
            Self::Cell(column, why) => BillError::Broken { file, row: row + 1, column: column.in_file(is_legacy).to_owned(), why },
            Self::Named(column, why) => BillError::Broken { file, row: row + 1, column, why },
            Self::Damaged(source) => BillError::Damaged { file, row, source },
        }
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Damaged(Box::new(error))
    }
}

impl From<parquet::errors::ParquetError> for Trouble {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Damaged(Box::new(error))
    }
}
