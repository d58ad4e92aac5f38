//! Where to go after signing in: one of our own pages, whatever the address asked for.

/// The path if it is one of ours, else the first page. `//evil`, `/\evil`, `https:evil` and line breaks lead home.
#[must_use]
pub(crate) fn local(asked: &str) -> &str {
    const PAGES: [&str; 8] = ["/courses/", "/environments/", "/backups", "/account", "/desk", "/join/", "/notices", "/operate"];
    let is_plain = asked.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let has_no_host =
        !asked.starts_with("//") && !asked.to_ascii_lowercase().contains("%2f") && !asked.to_ascii_lowercase().contains("%5c");
    let is_a_page = asked == "/" || PAGES.iter().any(|page| asked.starts_with(page));
    if is_plain && has_no_host && is_a_page && !asked.contains("..") { asked } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_pages_are_kept() {
        for page in [
            "/",
            "/account",
            "/courses/SYS-101",
            "/environments/env_0/passwords",
            "/courses/SYS-101?a=b",
            "/desk/SYS-101?state=ready",
            "/join/inv_0.00",
            "/notices",
        ] {
            assert_eq!(local(page), page);
        }
    }

    #[test]
    fn everything_else_leads_home() {
        for asked in [
            "",
            "evil",
            "//evil",
            "/\\evil",
            "\\\\evil",
            "https:evil",
            "https://evil/courses/",
            "%2f%2fevil",
            "/courses/%2f%2fevil",
            "/courses/../..//evil",
            "/courses/a\r\nSet-Cookie: x=y",
            "/courses/ a",
            "/unknown",
            "javascript:alert(1)",
            "/courses/講座",
        ] {
            assert_eq!(local(asked), "/", "{asked:?}");
        }
    }
}
