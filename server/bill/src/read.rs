//! Opens a report, whatever its layout.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::columnar::Columnar;
use crate::error::{BillError, Trouble};
use crate::line::Line;
use crate::rows::Rows;

/// Bytes that are read at once.
const BUFFER: usize = 64 * 1024;

/// How a report is laid out. A CSV may be packed by gzip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Columns as `lineItem/UsageAmount`, a column for each tag.
    LegacyCsv,
    /// Columns as `line_item_usage_amount`, a column for each tag.
    LegacyParquet,
    /// The same names, tags as a JSON object.
    Cur2Csv,
    /// The same names, tags as a map.
    Cur2Parquet,
}

/// The lines of one report file, in its order. After an error there are no more.
pub struct Lines {
    file: String,
    source: Source,
    layout: Layout,
    has_tags: bool,
    row: u64,
    is_over: bool,
}

enum Source {
    Rows(Box<Rows>),
    Columnar(Box<Columnar>),
}

/// Opens a report file. A report of several files is read as several; their lines may be chained in any order.
///
/// ```no_run
/// # fn main() -> Result<(), bill::BillError> {
/// for line in bill::read("koza-00001.snappy.parquet".as_ref())? {
///     println!("{} USD", line?.cost);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The file cannot be opened, is no report, or has not all columns that lines need. Reports must be ordered with resource ids
/// (`INCLUDE_RESOURCES`), else `line_item_resource_id` is not in there. A report without our tags is read; see [`Lines::has_tags`].
pub fn read(path: &Path) -> Result<Lines, BillError> {
    let file = path.display().to_string();
    let opened = File::open(path).and_then(|mut opened| {
        let start = start(&mut opened)?;
        opened.rewind()?;
        Ok((opened, start))
    });
    let (opened, start) = opened.map_err(|source| BillError::Open { file: file.clone(), source })?;
    let no = |trouble: Trouble, is_legacy| trouble.with(&file, 0, is_legacy);
    let not = |why: &str| Err(BillError::NotAReport { file: file.clone(), why: why.to_owned() });
    let (source, layout, has_tags, missing) = match start.as_slice() {
        [] => return not("it is empty"),
        b"PK\x03\x04" => return not("it is a ZIP archive; unpack it first"),
        b"PAR1" => {
            let columnar = Columnar::open(opened).map_err(|trouble| no(trouble, false))?;
            let layout = if columnar.has_map() { Layout::Cur2Parquet } else { Layout::LegacyParquet };
            let (has_tags, missing) = (columnar.has_tags(), columnar.missing());
            (Source::Columnar(Box::new(columnar)), layout, has_tags, missing)
        }
        other => {
            let text: Box<dyn BufRead + Send> = if other.starts_with(b"\x1f\x8b") {
                Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(BufReader::with_capacity(BUFFER, opened))))
            } else {
                Box::new(BufReader::with_capacity(BUFFER, opened))
            };
            let (rows, is_legacy) = Rows::open(text).map_err(|trouble| no(trouble, false))?;
            let layout = if is_legacy { Layout::LegacyCsv } else { Layout::Cur2Csv };
            let (has_tags, missing) = (rows.has_tags(), rows.missing());
            (Source::Rows(Box::new(rows)), layout, has_tags, missing)
        }
    };
    match missing {
        Some(column) => Err(no(Trouble::Missing(column), layout == Layout::LegacyCsv)),
        None => Ok(Lines { file, source, layout, has_tags, row: 0, is_over: false }),
    }
}

/// Its first four bytes, or all.
fn start(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::new();
    file.take(4).read_to_end(&mut start)?;
    Ok(start)
}

impl Lines {
    /// How the file is laid out.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Whether the file has a place for our tags. If not, `koza:installation` is no activated cost allocation tag (or was none in that
    /// month), and what Koza does not know by its resource is not found.
    #[must_use]
    pub fn has_tags(&self) -> bool {
        self.has_tags
    }
}

impl Iterator for Lines {
    type Item = Result<Line, BillError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let line = match &mut self.source {
            Source::Rows(rows) => rows.next(),
            Source::Columnar(columnar) => columnar.next(),
        };
        match line {
            Ok(Some(line)) => {
                self.row += 1;
                Some(Ok(line))
            }
            Ok(None) => {
                self.is_over = true;
                None
            }
            Err(trouble) => {
                self.is_over = true;
                Some(Err(trouble.with(&self.file, self.row, self.layout == Layout::LegacyCsv)))
            }
        }
    }
}
