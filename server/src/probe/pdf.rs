//! Whether a PDF is whole, and whether it carries a nonce: in the clear, or inside its compressed streams.

use std::io::Read;

use flate2::read::ZlibDecoder;

/// What all streams of a file together may inflate to.
const INFLATED: u64 = 4 << 20;
/// How many streams are looked into.
const STREAMS: usize = 1000;

/// Begins and ends as a PDF does.
pub fn is_whole(file: &[u8]) -> bool {
    let tail = &file[file.len().saturating_sub(1024)..];
    file.starts_with(b"%PDF-") && contains(tail, b"%%EOF")
}

/// Whether the nonce is anywhere in it.
pub fn carries(file: &[u8], nonce: &str) -> bool {
    let plain = nonce.to_ascii_lowercase().into_bytes();
    if plain.is_empty() {
        return false;
    }
    // A title may be written in UTF-16, and strings may be written in hex digits, large or small.
    let wide: Vec<u8> = plain.iter().flat_map(|byte| [0, *byte]).collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes();
    let forms = [hex(&plain), hex(&wide), wide, plain];
    let is_in = |bytes: &[u8]| {
        let small = bytes.to_ascii_lowercase();
        forms.iter().any(|form| contains(&small, form))
    };
    if is_in(file) {
        return true;
    }
    let mut left = INFLATED;
    let mut rest = file;
    for _ in 0..STREAMS {
        let Some(at) = find(rest, b"stream") else { break };
        rest = &rest[at + b"stream".len()..];
        let data = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"));
        // "endstream" is no beginning; what does not inflate was not deflated.
        let Some(data) = data else { continue };
        let mut inflated = Vec::new();
        let _ = ZlibDecoder::new(data).take(left).read_to_end(&mut inflated);
        left = left.saturating_sub(inflated.len() as u64);
        if is_in(&inflated) {
            return true;
        }
        if left == 0 {
            break;
        }
    }
    false
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    find(bytes, wanted).is_some()
}

/// The first place of some bytes; quick on bytes that never begin like them.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let (first, others) = wanted.split_first()?;
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| byte == first) {
        from += at + 1;
        if bytes[from..].starts_with(others) {
            return Some(from - 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::ftp::{deflated, pdf_with};
    use proptest::prelude::*;

    #[test]
    fn a_nonce_in_the_clear_or_deflated_is_found() {
        assert!(carries(&pdf_with("(n0nce)"), "n0nce"));
        assert!(carries(&pdf_with("<FEFF006E0030006E00630065>"), "n0nce"));
        assert!(carries(&pdf_with("<6e306e6365>"), "n0nce"));
        let deflated = deflated("<< /Title (n0nce) >>");
        assert!(!contains(&deflated, b"n0nce"));
        assert!(carries(&deflated, "n0nce") && is_whole(&deflated));
    }

    #[test]
    fn another_nonce_or_none_is_not() {
        assert!(!carries(&pdf_with("(other)"), "n0nce"));
        assert!(!carries(&deflated("(other)"), "n0nce"));
        assert!(!carries(&pdf_with("(anything)"), ""));
    }

    #[test]
    fn half_a_pdf_is_not_whole() {
        let whole = pdf_with("(n0nce)");
        assert!(is_whole(&whole));
        assert!(!is_whole(&whole[..whole.len() - 7]));
        assert!(!is_whole(&whole[1..]));
        assert!(!is_whole(b""));
    }

    #[test]
    fn a_bomb_of_streams_is_bounded() {
        // Inflates to 64 MiB; the search gives up after four, so this ends quickly and without the memory.
        let bomb = deflated(&"0".repeat(64 << 20));
        assert!(bomb.len() < 1 << 20);
        assert!(!carries(&bomb, "n0nce"));
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), nonce in "[a-z0-9]{0,8}") {
            let _ = (is_whole(&bytes), carries(&bytes, &nonce));
            let mut stream = b"stream\r\n".to_vec();
            stream.extend(&bytes);
            let _ = carries(&stream, &nonce);
        }

        #[test]
        fn any_nonce_is_found_where_it_was_put(nonce in "[a-z0-9]{8,32}") {
            prop_assert!(carries(&deflated(&nonce), &nonce));
        }
    }
}
