//! Reports as Parquet, written value by value.

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, Int96};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::paper::{NUMBERS, Row, TAGS, TEXTS, TIMES, map_key};

/// What is written here can be written.
const WRITTEN: &str = "it fits its schema";

/// How times are written.
#[derive(Clone, Copy, PartialEq)]
pub enum Times {
    Old,
    Millis,
    Nanos,
}

/// A report of either layout, in row groups of so many rows.
pub fn parquet(rows: &[Row], map: Option<&str>, times: Times, packing: Compression, group: usize) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(&schema(map, times)).expect(WRITTEN));
    let properties = WriterProperties::builder().set_compression(packing).set_data_page_row_count_limit(700).set_write_batch_size(100);
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build())).expect(WRITTEN);
    for rows in rows.chunks(group) {
        let mut group = file.next_row_group().expect(WRITTEN);
        let mut place = 0;
        while let Some(mut column) = group.next_column().expect(WRITTEN) {
            write(column.untyped(), rows, place, map);
            column.close().expect(WRITTEN);
            place += 1;
        }
        group.close().expect(WRITTEN);
    }
    file.into_inner().expect(WRITTEN)
}

fn schema(map: Option<&str>, times: Times) -> String {
    let text = |name: &str| format!("optional binary {name} (UTF8);\n");
    let time = |name: &str| match times {
        Times::Old => format!("optional int96 {name};\n"),
        Times::Millis => format!("optional int64 {name} (TIMESTAMP(MILLIS,true));\n"),
        Times::Nanos => format!("optional int64 {name} (TIMESTAMP(NANOS,false));\n"),
    };
    let number = |name: &str| format!("optional double {name};\n");
    let mut columns: String = TEXTS.map(|(name, _)| text(name)).concat();
    columns += &TIMES.map(|(name, _)| time(name)).concat();
    columns += &NUMBERS.map(|(name, _)| number(name)).concat();
    if let Some(map) = map {
        let entry = "repeated group key_value { required binary key (UTF8); optional binary value (UTF8); }";
        columns += &format!("optional group {map} (MAP) {{ {entry} }}\n");
    } else {
        columns += &TAGS.map(|key| text(&format!("resource_tags_user_{}", key.replace(':', "_")))).concat();
    }
    format!("message report {{ {columns} }}")
}

fn write(column: &mut ColumnWriter<'_>, rows: &[Row], place: usize, map: Option<&str>) {
    let (times, numbers) = (TEXTS.len(), TEXTS.len() + TIMES.len());
    let tags = numbers + NUMBERS.len();
    match column {
        ColumnWriter::ByteArrayColumnWriter(column) if map.is_some() && place >= tags => {
            let is_value = place > tags;
            let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
            for (number, row) in rows.iter().enumerate() {
                // A map with other tags, an empty one, or none at all.
                let mut pairs: Vec<(String, Option<&str>)> = vec![("user_name".to_owned(), None)];
                pairs.extend(row.tags.iter().map(|(key, value)| {
                    (if map == Some("tags") { format!("resourceTags/{key}") } else { map_key(key) }, Some(value.as_str()))
                }));
                if row.tags.is_empty() && number % 2 == 0 {
                    repeated.push(0);
                    defined.push(i16::from(number % 4 == 0));
                    continue;
                }
                for (entry, (key, value)) in pairs.iter().enumerate() {
                    repeated.push(i16::from(entry > 0));
                    match (is_value, value) {
                        (false, _) => values.push(ByteArray::from(key.as_str())),
                        (true, Some(value)) => values.push(ByteArray::from(*value)),
                        (true, None) => {}
                    }
                    defined.push(if is_value && value.is_some() { 3 } else { 2 });
                }
            }
            column.write_batch(&values, Some(&defined), Some(&repeated)).expect(WRITTEN);
        }
        ColumnWriter::ByteArrayColumnWriter(column) => {
            let text = |row: &'_ Row| if place < tags { row.text(place).to_owned() } else { row.tag(TAGS[place - tags]).to_owned() };
            let texts: Vec<String> = rows.iter().map(text).collect();
            // AWS writes nothing, not an empty text.
            let defined: Vec<i16> = texts.iter().map(|text| i16::from(!text.is_empty())).collect();
            let values: Vec<ByteArray> = texts.iter().filter(|text| !text.is_empty()).map(|text| ByteArray::from(text.as_str())).collect();
            column.write_batch(&values, Some(&defined), None).expect(WRITTEN);
        }
        ColumnWriter::DoubleColumnWriter(column) => {
            let numbers: Vec<Option<f64>> = rows.iter().map(|row| row.number(place - numbers).parse().ok()).collect();
            let defined: Vec<i16> = numbers.iter().map(|number| i16::from(number.is_some())).collect();
            column.write_batch(&numbers.into_iter().flatten().collect::<Vec<_>>(), Some(&defined), None).expect(WRITTEN);
        }
        ColumnWriter::Int64ColumnWriter(column) => {
            let in_a_second = if column.get_descriptor().logical_type_ref().is_some_and(|of| format!("{of:?}").contains("MILLIS")) {
                1_000
            } else {
                1_000_000_000
            };
            let moments: Vec<i64> = rows.iter().map(|row| moment(row.time(place - times)).unix_timestamp() * in_a_second).collect();
            column.write_batch(&moments, Some(&vec![1; rows.len()]), None).expect(WRITTEN);
        }
        ColumnWriter::Int96ColumnWriter(column) => {
            let moments: Vec<Int96> = rows.iter().map(|row| int96(moment(row.time(place - times)))).collect();
            column.write_batch(&moments, Some(&vec![1; rows.len()]), None).expect(WRITTEN);
        }
        _ => unreachable!("no such column in the schema"),
    }
}

fn moment(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).expect(WRITTEN)
}

fn int96(moment: OffsetDateTime) -> Int96 {
    let mut value = Int96::new();
    let seconds = moment.unix_timestamp();
    let nanos = u64::try_from(seconds.rem_euclid(86_400)).expect(WRITTEN) * 1_000_000_000;
    let day = u32::try_from(seconds.div_euclid(86_400) + 2_440_588).expect(WRITTEN);
    value.set_data(u32::try_from(nanos & 0xFFFF_FFFF).expect(WRITTEN), u32::try_from(nanos >> 32).expect(WRITTEN), day);
    value
}
