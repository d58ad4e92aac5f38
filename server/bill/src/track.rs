//! One column of a Parquet file, a batch of rows at a time.
//!
//! Levels say which values are there and which belong to the same row; a map's keys and values are two columns that repeat together.
//! Source: <https://parquet.apache.org/docs/file-format/nestedencoding/>.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, Int96};
use parquet::schema::types::ColumnDescriptor;

use crate::error::Trouble;
use crate::line::Cell;
use crate::moment;

/// Values of a batch that are not null.
enum Values {
    Texts(Vec<ByteArray>),
    Doubles(Vec<f64>),
    /// With how many make a second.
    Moments(Vec<i64>, i64),
    OldMoments(Vec<Int96>),
}

/// One column.
pub(crate) struct Track {
    reader: Option<ColumnReader>,
    name: String,
    values: Values,
    defined: Vec<i16>,
    repeated: Vec<i16>,
    /// At this level a value is there.
    full: i16,
    level: usize,
    value: usize,
}

impl Track {
    /// A column that no row group has been opened for.
    pub(crate) fn new(column: &ColumnDescriptor) -> Result<Self, Trouble> {
        let name = column.path().string();
        let values = match (column.physical_type(), column.logical_type_ref(), column.converted_type()) {
            (Type::BYTE_ARRAY, _, _) => Values::Texts(Vec::new()),
            (Type::DOUBLE, _, _) => Values::Doubles(Vec::new()),
            (Type::INT96, _, _) => Values::OldMoments(Vec::new()),
            (Type::INT64, Some(LogicalType::Timestamp(time)), _) => {
                let in_a_second = match time.unit {
                    TimeUnit::MILLIS => 1_000,
                    TimeUnit::MICROS => 1_000_000,
                    TimeUnit::NANOS => 1_000_000_000,
                };
                Values::Moments(Vec::new(), in_a_second)
            }
            (Type::INT64, _, ConvertedType::TIMESTAMP_MILLIS) => Values::Moments(Vec::new(), 1_000),
            (Type::INT64, _, ConvertedType::TIMESTAMP_MICROS) => Values::Moments(Vec::new(), 1_000_000),
            (other, _, _) => return Err(Trouble::NotAReport(format!("column {name} is of type {other}"))),
        };
        let full = column.max_def_level();
        Ok(Self { reader: None, name, values, defined: Vec::new(), repeated: Vec::new(), full, level: 0, value: 0 })
    }

    /// Goes on with the next row group.
    pub(crate) fn open(&mut self, reader: ColumnReader) {
        self.reader = Some(reader);
    }

    /// Reads a batch.
    pub(crate) fn fill(&mut self, rows: usize) -> Result<(), Trouble> {
        (self.level, self.value) = (0, 0);
        self.defined.clear();
        self.repeated.clear();
        let (defined, repeated) = (Some(&mut self.defined), Some(&mut self.repeated));
        let read = match (&mut self.reader, &mut self.values) {
            (Some(ColumnReader::ByteArrayColumnReader(reader)), Values::Texts(texts)) => {
                texts.clear();
                reader.read_records(rows, defined, repeated, texts)?
            }
            (Some(ColumnReader::DoubleColumnReader(reader)), Values::Doubles(doubles)) => {
                doubles.clear();
                reader.read_records(rows, defined, repeated, doubles)?
            }
            (Some(ColumnReader::Int64ColumnReader(reader)), Values::Moments(moments, _)) => {
                moments.clear();
                reader.read_records(rows, defined, repeated, moments)?
            }
            (Some(ColumnReader::Int96ColumnReader(reader)), Values::OldMoments(moments)) => {
                moments.clear();
                reader.read_records(rows, defined, repeated, moments)?
            }
            _ => return Err(self.damaged("changes its type")),
        };
        if read.0 == rows { Ok(()) } else { Err(self.damaged("ends before the others")) }
    }

    /// Goes to the next row, of a column that has one value in each.
    pub(crate) fn next(&mut self) -> Result<(), Trouble> {
        if self.full > 0 {
            // The first row is reached by the first step.
            if self.level > 0 && self.is_there(self.level - 1) {
                self.value += 1;
            }
            self.level += 1;
            if self.level > self.defined.len() { Err(self.damaged("ends within a batch")) } else { Ok(()) }
        } else {
            self.value = self.level;
            self.level += 1;
            Ok(())
        }
    }

    /// The row's value.
    pub(crate) fn cell(&self) -> Result<Cell<'_>, Trouble> {
        let is_there = self.full == 0 || self.level.checked_sub(1).is_some_and(|level| self.is_there(level));
        if is_there { self.at(self.value) } else { Ok(Cell::Empty) }
    }

    /// Goes to the next entry of the row's map, or of the next row if `is_new`; false: the row has no further.
    pub(crate) fn next_entry(&mut self, is_new: bool) -> bool {
        let is_of_row = self.repeated.get(self.level).is_some_and(|level| (*level == 0) == is_new);
        if is_of_row {
            if self.level > 0 && self.is_there(self.level - 1) {
                self.value += 1;
            }
            self.level += 1;
        }
        is_of_row
    }

    fn is_there(&self, level: usize) -> bool {
        self.defined.get(level) == Some(&self.full)
    }

    fn at(&self, place: usize) -> Result<Cell<'_>, Trouble> {
        let cell = match &self.values {
            Values::Texts(texts) => texts.get(place).map(|text| Cell::Text(text.data())),
            Values::Doubles(doubles) => doubles.get(place).copied().map(Cell::Number),
            Values::Moments(moments, in_a_second) => {
                moments.get(place).and_then(|moment| moment::since_1970(*moment, *in_a_second)).map(Cell::Moment)
            }
            Values::OldMoments(moments) => moments.get(place).and_then(moment::of_int96).map(Cell::Moment),
        };
        cell.ok_or_else(|| Trouble::Named(self.name.clone(), "is no value of its type".to_owned()))
    }

    fn damaged(&self, why: &str) -> Trouble {
        Trouble::damaged(format!("column {} {why}", self.name))
    }
}
