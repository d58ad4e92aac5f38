//! Records of a CSV, one at a time: RFC 4180, with LF or CR LF.
//!
//! A record has at most [`LARGEST`] bytes and [`WIDEST`] fields, so that a quote that never closes does not read the file into memory.
//! Source: <https://www.rfc-editor.org/rfc/rfc4180>.

use std::io::BufRead;

use crate::error::Trouble;

/// Bytes of a record, its separators apart. The header of a report with a thousand tags has a tenth of it.
const LARGEST: usize = 1024 * 1024;
const WIDEST: usize = 20_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a field's first letter.
    Start,
    Bare,
    Quoted,
    /// After a quote in a quoted field: its end, or the first half of a quote that is meant.
    Quote,
}

/// Reads records. Holds the last one only.
#[derive(Debug)]
pub(crate) struct Records<R> {
    from: R,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: BufRead> Records<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, text: Vec::new(), ends: Vec::new() }
    }

    /// How many fields the record has.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A field of the record.
    pub(crate) fn field(&self, place: usize) -> &[u8] {
        let from = place.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or_default());
        self.ends.get(place).and_then(|to| self.text.get(from..*to)).unwrap_or_default()
    }

    /// Goes to the next record; false: there is none. Empty rows are none.
    pub(crate) fn advance(&mut self) -> Result<bool, Trouble> {
        loop {
            if !self.read()? {
                return Ok(false);
            }
            if !(self.ends.len() == 1 && self.text.is_empty()) {
                return Ok(true);
            }
        }
    }

    fn read(&mut self) -> Result<bool, Trouble> {
        self.text.clear();
        self.ends.clear();
        let mut state = State::Start;
        let mut has_begun = false;
        loop {
            let chunk = self.from.fill_buf()?;
            if chunk.is_empty() {
                return match state {
                    State::Quoted => Err(Trouble::damaged("the file ends within quotes")),
                    _ if has_begun => {
                        self.end_field();
                        Ok(true)
                    }
                    _ => Ok(false),
                };
            }
            has_begun = true;
            let mut taken = 0;
            let mut is_whole = false;
            while let Some(&byte) = chunk.get(taken) {
                taken += 1;
                match (state, byte) {
                    (State::Start | State::Bare | State::Quote, b',') => {
                        self.ends.push(self.text.len());
                        state = State::Start;
                    }
                    (State::Start | State::Bare | State::Quote, b'\n') => {
                        is_whole = true;
                        break;
                    }
                    (State::Start, b'"') => state = State::Quoted,
                    (State::Start | State::Bare, _) => {
                        // As many as come before something that means something.
                        let rest = chunk.get(taken - 1..).unwrap_or_default();
                        let plain = rest.iter().position(|byte| matches!(byte, b',' | b'\n')).unwrap_or(rest.len());
                        self.text.extend_from_slice(rest.get(..plain).unwrap_or_default());
                        taken += plain.saturating_sub(1);
                        state = State::Bare;
                    }
                    (State::Quoted, b'"') => state = State::Quote,
                    (State::Quoted, _) => self.text.push(byte),
                    (State::Quote, b'"') => {
                        self.text.push(byte);
                        state = State::Quoted;
                    }
                    (State::Quote, b'\r') => {}
                    (State::Quote, _) => return Err(Trouble::damaged("there is text behind a closing quote")),
                }
                if self.text.len() > LARGEST || self.ends.len() > WIDEST {
                    return Err(Trouble::damaged("the next row is too large for a report"));
                }
            }
            self.from.consume(taken);
            if is_whole {
                if state == State::Bare && self.text.last() == Some(&b'\r') {
                    self.text.pop();
                }
                self.end_field();
                return Ok(true);
            }
        }
    }

    fn end_field(&mut self) {
        self.ends.push(self.text.len());
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn all(text: &str, buffer: usize) -> Result<Vec<Vec<String>>, Trouble> {
        let mut records = Records::new(BufReader::with_capacity(buffer, text.as_bytes()));
        let mut all = Vec::new();
        while records.advance()? {
            all.push((0..records.len()).map(|place| String::from_utf8_lossy(records.field(place)).into_owned()).collect());
        }
        Ok(all)
    }

    #[test]
    fn fields_are_read_the_same_wherever_the_reading_pauses() {
        let text = "a,b,c\r\n\n1,\"x, \"\"y\"\"\r\nz\",\r\n,,\n\"\",q\"q,\"e\"\r\nlast,é,";
        let expected =
            vec![vec!["a", "b", "c"], vec!["1", "x, \"y\"\r\nz", ""], vec!["", "", ""], vec!["", "q\"q", "e"], vec!["last", "é", ""]];
        for buffer in 1..40 {
            assert_eq!(all(text, buffer).unwrap(), expected);
        }
    }

    #[test]
    fn a_quote_that_never_closes_is_an_error_and_not_all_of_the_memory() {
        assert!(all("a,\"b\nc,d\n", 8).is_err());
        assert!(all(&format!("a,\"{}", "b".repeat(2 * LARGEST)), 8192).is_err());
        assert!(all(&"b".repeat(2 * LARGEST), 8192).is_err());
        assert!(all(&",".repeat(2 * WIDEST), 8192).is_err());
        assert!(all("\"a\"b,c\n", 8).is_err());
    }
}
