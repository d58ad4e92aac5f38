//! A roster's file: what spreadsheets and student offices write.
//!
//! UTF-8, UTF-16 with its mark, and Shift_JIS (as Windows has it, which Excel writes in Japan); commas, semicolons or tabs; with a line
//! of heads, in English or Japanese and in any order, or without one: name to sign in with, full name, role.

use app::domain::roster::{MOST_LINES, Typed};
use app::error::{AppError, Field, Why};
use encoding_rs::{Encoding, SHIFT_JIS, UTF_8};

use crate::http::spreadsheet::unmarked;

/// What a column's head may be called.
const SIGN_IN: [&str; 12] = [
    "name to sign in with",
    "sign-in name",
    "sign_in",
    "login",
    "login id",
    "user",
    "username",
    "student id",
    "student number",
    "ログイン名",
    "学籍番号",
    "学生番号",
];
const NAME: [&str; 5] = ["name", "full name", "full_name", "氏名", "名前"];
const ROLE: [&str; 3] = ["role", "役割", "ロール"];

fn refused(why: Why) -> AppError {
    AppError::Invalid { field: Field::Roster, why }
}

/// Its text.
fn decode(bytes: &[u8]) -> Result<String, AppError> {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = marked.unwrap_or(if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { SHIFT_JIS });
    let (text, _, is_damaged) = encoding.decode(bytes);
    // Letters that belong to no text: a picture, a workbook.
    if is_damaged || text.contains('\0') { Err(refused(Why::NotAText)) } else { Ok(text.into_owned()) }
}

/// Its lines, with their numbers in the file.
///
/// # Errors
/// [`AppError::Invalid`]: it is no text, or holds nobody, or too many.
pub fn read(bytes: &[u8]) -> Result<Vec<(u32, Typed)>, AppError> {
    let text = decode(bytes)?.replace("\r\n", "\n").replace('\r', "\n");
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let delimiter = [b'\t', b';'].into_iter().find(|mark| first.as_bytes().contains(mark)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let (mut places, mut lines) = ([Some(0), Some(1), Some(2)], Vec::new());
    let (mut line, mut counted) = (1, 0);
    let mut is_first = true;
    for record in reader.records() {
        let record = record.map_err(|_| refused(Why::NotAText))?;
        // Counted here: the reader counts empty lines with the record after them.
        let ends = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
        let begin = record.position().and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or(counted);
        let begin = begin + text.as_bytes()[begin..].iter().take_while(|byte| **byte == b'\n').count();
        line += ends(&text.as_bytes()[counted..begin]);
        counted = begin;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let find = |heads: &[&str]| record.iter().position(|cell| heads.contains(&cell.trim().to_lowercase().as_str()));
        if std::mem::take(&mut is_first) && find(&SIGN_IN).is_some() {
            places = [find(&SIGN_IN), find(&NAME), find(&ROLE)];
            continue;
        }
        let cell = |place: usize| places[place].and_then(|place| record.get(place)).map(unmarked).unwrap_or_default();
        lines.push((u32::try_from(line).unwrap_or(u32::MAX), Typed { sign_in: cell(0), name: cell(1), role: cell(2) }));
        if lines.len() > usize::from(MOST_LINES) {
            return Err(refused(Why::TooManyLines { most: MOST_LINES }));
        }
    }
    if lines.is_empty() { Err(refused(Why::Missing)) } else { Ok(lines) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::UTF_16LE;

    fn typed(line: u32, sign_in: &str, name: &str, role: &str) -> (u32, Typed) {
        (line, Typed { sign_in: sign_in.into(), name: name.into(), role: role.into() })
    }

    #[test]
    fn a_file_reads_the_same_in_every_encoding_and_with_every_mark_between_cells() {
        let text = "氏名,学籍番号,クラス,役割\r\n田中 葵,s26001,A,学生\r\n\r\n\"髙橋, ①\",s26002,B,TA\r\n";
        let expected = [typed(2, "s26001", "田中 葵", "学生"), typed(4, "s26002", "髙橋, ①", "TA")];
        let (shift_jis, _, is_lossy) = SHIFT_JIS.encode(text);
        assert!(!is_lossy, "Windows' Shift_JIS has them all");
        assert!(std::str::from_utf8(&shift_jis).is_err());
        let utf_16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(Encoding::for_bom(&utf_16).map(|(encoding, _)| encoding), Some(UTF_16LE));
        for bytes in [text.as_bytes(), &shift_jis, &[&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat(), &utf_16] {
            assert_eq!(read(bytes).as_deref(), Ok(&expected[..]));
        }
        let tabs = "氏名\t学籍番号\r\n田中 葵\ts26001\r\n";
        assert_eq!(read(tabs.as_bytes()), Ok(vec![typed(2, "s26001", "田中 葵", "")]));
        let old_mac = b",,\rlogin,name\rs1,Aoi\rs2,Ren\r";
        assert_eq!(read(old_mac), Ok(vec![typed(3, "s1", "Aoi", ""), typed(4, "s2", "Ren", "")]), "an empty line before the heads");
        assert_eq!(read(b"s1;Aoi;TA\ns2"), Ok(vec![typed(1, "s1", "Aoi", "TA"), typed(2, "s2", "", "")]), "without heads");
    }

    #[test]
    fn what_was_exported_comes_back_as_it_was() {
        assert_eq!(read("s1,'=Aoi\n".as_bytes()), Ok(vec![typed(1, "s1", "=Aoi", "")]));
        assert_eq!(read("s1,'Aoi'\n".as_bytes()), Ok(vec![typed(1, "s1", "'Aoi'", "")]));
    }

    #[test]
    fn what_is_no_list_is_refused_as_a_whole() {
        let refused = |bytes: &[u8]| match read(bytes) {
            Err(AppError::Invalid { field: Field::Roster, why }) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(b""), Why::Missing);
        assert_eq!(refused("学籍番号,氏名\n".as_bytes()), Why::Missing, "heads alone");
        assert_eq!(refused(b"PK\x03\x04\x14\x00\x06\x00\x08\x00"), Why::NotAText, "a workbook");
        assert_eq!(refused(b"s1,\xfd\xfe\xff"), Why::NotAText);
        let many = "s\n".repeat(usize::from(MOST_LINES) + 1);
        assert_eq!(refused(many.as_bytes()), Why::TooManyLines { most: MOST_LINES });
    }
}
