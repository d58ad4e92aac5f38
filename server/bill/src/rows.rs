//! Lines of a CSV, both layouts.

use std::io::BufRead;

use crate::column::{COUNT, Column, snake};
use crate::error::Trouble;
use crate::line::{self, Cell, Line};
use crate::records::Records;
use crate::tags::Tags;

/// Columns of tags as a map, the older first.
pub(crate) const MAPS: [&str; 2] = ["resource_tags", "tags"];

/// Reads lines below a header.
pub(crate) struct Rows {
    records: Records<Box<dyn BufRead + Send>>,
    header: Vec<String>,
    /// Where each column is.
    places: [Option<usize>; COUNT],
    /// Where the tags are, if in a map.
    map: Option<usize>,
}

impl Rows {
    /// Reads the header.
    pub(crate) fn open(from: Box<dyn BufRead + Send>) -> Result<(Self, bool), Trouble> {
        let mut records = Records::new(from);
        let has_header = records.advance()?;
        let header: Vec<String> = (0..records.len())
            .map(|place| String::from_utf8_lossy(records.field(place)).trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        let names: Vec<String> = header.iter().map(|name| snake(name)).collect();
        let place = |name: &str| names.iter().position(|other| other == name);
        let places = Column::ALL.map(|column| place(column.in_file(false)));
        if !has_header || places.iter().all(Option::is_none) {
            return Err(Trouble::NotAReport("its first row is no header of one".to_owned()));
        }
        let map = MAPS.into_iter().find_map(place);
        let is_legacy = header.iter().any(|name| name.contains('/'));
        Ok((Self { records, header, places, map }, is_legacy))
    }

    /// The first column that is needed and is not there.
    pub(crate) fn missing(&self) -> Option<Column> {
        Column::missing(|column| self.places[column.place()].is_some())
    }

    /// Whether lines can say whose they are.
    pub(crate) fn has_tags(&self) -> bool {
        self.map.is_some() || self.places[Column::Installation.place()].is_some()
    }

    pub(crate) fn next(&mut self) -> Result<Option<Line>, Trouble> {
        if !self.records.advance()? {
            return Ok(None);
        }
        if let Some(column) = self.header.get(self.records.len()) {
            return Err(Trouble::Named(column.clone(), "the row ends before it".to_owned()));
        }
        if self.records.len() > self.header.len() {
            let last = self.header.last().cloned().unwrap_or_default();
            return Err(Trouble::Named(
                last,
                format!("the row goes on behind it, {} fields for {}", self.records.len(), self.header.len()),
            ));
        }
        let mut cells = self.places.map(|place| place.map_or(Cell::Empty, |place| Cell::Text(self.records.field(place))));
        let mut tags = Tags::default();
        if let Some(place) = self.map {
            let no = |why| Trouble::Named(self.header.get(place).cloned().unwrap_or_default(), why);
            let json = str::from_utf8(self.records.field(place)).map_err(|_| no("is no UTF-8".to_owned()))?;
            tags = Tags::of_json(json).map_err(no)?;
        }
        fill(&mut cells, &tags);
        line::of(&cells).map(Some)
    }
}

/// Puts tags from a map where the columns of their own would be.
pub(crate) fn fill<'a>(cells: &mut line::Cells<'a>, tags: &'a Tags) {
    for (column, tag) in [(Column::Installation, &tags.installation), (Column::Environment, &tags.environment)] {
        if let Some(tag) = tag {
            cells[column.place()] = Cell::Text(tag.as_bytes());
        }
    }
}
