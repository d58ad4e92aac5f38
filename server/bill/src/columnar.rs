//! Lines of a Parquet file, both layouts.
//!
//! Only the columns that are needed are read, and [`BATCH`] rows of them at a time; a page at a time is unpacked. The reader beneath does
//! not promise that damaged bytes never make it panic, so a panic in there is caught and is an error as any other.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::column::{COUNT, Column, snake};
use crate::error::Trouble;
use crate::line::{self, Cell, Line};
use crate::rows::{MAPS, fill};
use crate::tags::Tags;
use crate::track::Track;

const BATCH: usize = 1024;

/// Reads lines, row group by row group.
pub(crate) struct Columnar {
    file: SerializedFileReader<File>,
    /// Which of the file's columns each is, with its reader; of the table of columns by [`Column::place`].
    tracks: [Option<(usize, Track)>; COUNT],
    /// Keys and values of the tags, if they are a map.
    map: Option<[(usize, Track); 2]>,
    group: usize,
    /// Rows of the row group that no batch has had yet.
    left_in_group: usize,
    left_in_batch: usize,
}

impl Columnar {
    /// Reads what the file says of itself.
    pub(crate) fn open(file: File) -> Result<Self, Trouble> {
        guarded(|| {
            let file = SerializedFileReader::new(file)?;
            let mut tracks = [const { None }; COUNT];
            let (mut key, mut value) = (None, None);
            for (place, column) in file.metadata().file_metadata().schema_descr().columns().iter().enumerate() {
                match column.path().parts() {
                    [name] => {
                        if let Some(known) = Column::of(&snake(name)) {
                            tracks[known.place()] = Some((place, Track::new(column)?));
                        }
                    }
                    [name, .., last] if MAPS.contains(&name.as_str()) && column.max_rep_level() == 1 => {
                        let half = match last.as_str() {
                            "key" => &mut key,
                            "value" => &mut value,
                            _ => continue,
                        };
                        // Of two maps the one that has nothing but tags of resources.
                        if half.is_none() || name == MAPS[0] {
                            *half = Some((place, Track::new(column)?));
                        }
                    }
                    _ => {}
                }
            }
            if tracks.iter().all(Option::is_none) {
                return Err(Trouble::NotAReport("it is Parquet, with none of a report's columns".to_owned()));
            }
            let map = key.zip(value).map(|(key, value)| [key, value]);
            Ok(Self { file, tracks, map, group: 0, left_in_group: 0, left_in_batch: 0 })
        })
    }

    /// The first column that is needed and is not there.
    pub(crate) fn missing(&self) -> Option<Column> {
        Column::missing(|column| self.tracks[column.place()].is_some())
    }

    /// Whether the tags are a map.
    pub(crate) fn has_map(&self) -> bool {
        self.map.is_some()
    }

    /// Whether lines can say whose they are.
    pub(crate) fn has_tags(&self) -> bool {
        self.map.is_some() || self.tracks[Column::Installation.place()].is_some()
    }

    pub(crate) fn next(&mut self) -> Result<Option<Line>, Trouble> {
        while self.left_in_batch == 0 {
            if !guarded(|| self.read())? {
                return Ok(None);
            }
        }
        self.left_in_batch -= 1;
        for (_, track) in self.tracks.iter_mut().flatten() {
            track.next()?;
        }
        let tags = self.map.as_mut().map_or_else(|| Ok(Tags::default()), entries)?;
        let mut cells = [Cell::Empty; COUNT];
        for (cell, track) in cells.iter_mut().zip(&self.tracks) {
            if let Some((_, track)) = track {
                *cell = track.cell()?;
            }
        }
        fill(&mut cells, &tags);
        line::of(&cells).map(Some)
    }

    /// Reads the next batch; false: there is none.
    fn read(&mut self) -> Result<bool, Trouble> {
        let tracks = self.tracks.iter_mut().flatten().chain(self.map.iter_mut().flatten());
        if self.left_in_group == 0 {
            if self.group == self.file.num_row_groups() {
                return Ok(false);
            }
            let group = self.file.get_row_group(self.group)?;
            self.left_in_group = usize::try_from(group.metadata().num_rows()).map_err(Trouble::damaged)?;
            self.group += 1;
            self.left_in_batch = self.left_in_group.min(BATCH);
            for (place, track) in tracks {
                track.open(group.get_column_reader(*place)?);
                track.fill(self.left_in_batch)?;
            }
        } else {
            self.left_in_batch = self.left_in_group.min(BATCH);
            for (_, track) in tracks {
                track.fill(self.left_in_batch)?;
            }
        }
        self.left_in_group -= self.left_in_batch;
        Ok(true)
    }
}

/// Our tags among the entries of the next row's map.
fn entries([(_, keys), (_, values)]: &mut [(usize, Track); 2]) -> Result<Tags, Trouble> {
    let mut tags = Tags::default();
    let mut is_new = true;
    loop {
        let is_of_row = keys.next_entry(is_new);
        if is_of_row != values.next_entry(is_new) || (is_new && !is_of_row) {
            return Err(Trouble::damaged("the tags have not as many values as keys"));
        }
        if !is_of_row {
            return Ok(tags);
        }
        is_new = false;
        if let (Cell::Text(key), Cell::Text(value)) = (keys.cell()?, values.cell()?) {
            let text = |bytes| str::from_utf8(bytes).map_err(|_| Trouble::Named("resource_tags".to_owned(), "is no UTF-8".to_owned()));
            tags.take(text(key)?, text(value)?);
        }
    }
}

fn guarded<T>(act: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    let outcome = catch_unwind(AssertUnwindSafe(act));
    outcome.unwrap_or_else(|_| Err(Trouble::damaged("the reader of Parquet gave up on it")))
}
