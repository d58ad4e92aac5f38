//! A web client for one request at a time, in the clear or over TLS: the target's address, bounded, and redirects only within the site.

use app::domain::saw::Saw;
use http::header::{AUTHORIZATION, HOST, LOCATION, USER_AGENT};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use super::{Target, reach, tls};

/// A head larger than this is no healthy server's.
const HEAD: usize = 64 * 1024;
/// How often one may be sent on within the site: `/` → `/index.php` → `/blog/`.
const REDIRECTS: usize = 3;

/// A page, whole.
pub struct Page {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its text; what is not UTF-8 is replaced.
    pub text: String,
    /// Where it was found after redirects.
    pub path: String,
}

impl Page {
    /// The page has another status than it should.
    pub fn unexpected(&self) -> Saw {
        Saw::Status { path: self.path.clone(), status: self.status.as_u16() }
    }

    /// Where it sends visitors on to, if it does.
    pub fn location(&self) -> Option<String> {
        let location = self.status.is_redirection().then(|| self.headers.get(LOCATION)).flatten()?;
        Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
    }
}

/// Sends one request on a connection and reads the whole answer, of at most so many bytes.
pub async fn exchange<S>(stream: S, port: u16, request: Request<Empty<Bytes>>, most: usize) -> Result<(Parts, Vec<u8>), Saw>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error: hyper::Error| misunderstood(port, &error);
    let (mut sender, connection) = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // The connection works in a task of its own, which ends with this function.
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let (head, mut body) = sender.send_request(request).await.map_err(failed)?.into_parts();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(failed)?.into_data() {
            if bytes.len() + data.len() > most {
                return Err(Saw::TooMuch { port });
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok((head, bytes))
}

/// A site to ask: where it is, how it is called in requests, and whether it is asked over TLS.
pub struct Site<'a> {
    target: &'a Target,
    port: u16,
    host: String,
    is_secure: bool,
}

impl<'a> Site<'a> {
    /// By its address, as a student without a name for it would type.
    pub fn by_address(target: &'a Target, port: u16) -> Self {
        let address = match target.address {
            std::net::IpAddr::V4(address) => address.to_string(),
            std::net::IpAddr::V6(address) => format!("[{address}]"),
        };
        let host = if port == 80 { address } else { format!("{address}:{port}") };
        Self { target, port, host, is_secure: false }
    }

    /// By its name, in the clear.
    pub fn by_name(target: &'a Target) -> Self {
        Self { target, port: target.ports.http, host: target.name.clone(), is_secure: false }
    }

    /// By its name, over TLS.
    pub fn secure(target: &'a Target) -> Self {
        Self { target, port: target.ports.https, host: target.name.clone(), is_secure: true }
    }

    /// What it is called in requests.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Gets a page, without following anything.
    pub async fn get(&self, path: &str, authorization: Option<HeaderValue>) -> Result<Page, Saw> {
        if self.is_secure {
            self.ask(tls::connect(self.target, self.port).await?, path, authorization).await
        } else {
            self.ask(reach::connect(self.target, self.port).await?, path, authorization).await
        }
    }

    /// Gets a page, following redirects that stay on the site.
    pub async fn get_following(&self, path: &str) -> Result<Page, Saw> {
        let mut page = self.get(path, None).await?;
        for _ in 0..REDIRECTS {
            let Some(location) = page.location() else { break };
            let path = self.path_on(&page.path, &location).ok_or_else(|| Saw::SentAway { to: reach::shown(&location) })?;
            page = self.get(&path, None).await?;
        }
        Ok(page)
    }

    /// Asks for one page, on a connection of its own.
    async fn ask<S>(&self, stream: S, path: &str, authorization: Option<HeaderValue>) -> Result<Page, Saw>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut request = Request::get(path).header(HOST, &self.host).header(USER_AGENT, super::USER_AGENT);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|_| Saw::OtherProtocol { port: self.port })?;
        let (head, bytes) = exchange(stream, self.port, request, self.target.limits.bytes).await?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Page { status: head.status, headers: head.headers, text, path: path.to_owned() })
    }

    /// The path that a redirect names, if it stays on this site.
    pub fn path_on(&self, from: &str, location: &str) -> Option<String> {
        let (wanted, usual) = if self.is_secure { ("https", ":443") } else { ("http", ":80") };
        // "//elsewhere/" is another host, and browsers read backslashes as slashes.
        if location.contains('\\') || location.starts_with("//") {
            return None;
        }
        if location.starts_with('/') {
            return location.parse::<Uri>().ok().and_then(|uri| uri.path_and_query().map(ToString::to_string));
        }
        if let Some((scheme, _)) = location.split_once("://") {
            let uri = location.parse::<Uri>().ok().filter(|_| scheme.eq_ignore_ascii_case(wanted))?;
            let authority = uri.authority()?.as_str();
            let is_here = authority.strip_suffix(usual).unwrap_or(authority).eq_ignore_ascii_case(&self.host);
            return is_here.then(|| uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string));
        }
        if location.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':')) {
            return None; // mailto:, javascript:
        }
        let folder = from.split('?').next().and_then(|path| path.rsplit_once('/')).map_or("", |(folder, _)| folder);
        format!("{folder}/{location}").parse::<Uri>().ok().and_then(|uri| uri.path_and_query().map(ToString::to_string))
    }
}

/// Gets a page by the target's address, without following anything.
pub async fn get(target: &Target, port: u16, path: &str, authorization: Option<HeaderValue>) -> Result<Page, Saw> {
    Site::by_address(target, port).get(path, authorization).await
}

/// Gets a page by the target's address, following redirects that stay there.
pub async fn get_following(target: &Target, port: u16, path: &str) -> Result<Page, Saw> {
    Site::by_address(target, port).get_following(path).await
}

fn misunderstood(port: u16, error: &hyper::Error) -> Saw {
    if error.is_parse_too_large() {
        Saw::TooMuch { port }
    } else if error.is_parse() {
        Saw::OtherProtocol { port }
    } else {
        Saw::HungUp { port }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::{Web, target};
    use proptest::prelude::*;

    #[tokio::test]
    async fn an_endless_page_is_cut_off() {
        let port = Web::endless(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"<p>and on</p>\n").await;
        assert_eq!(get(&target(), port, "/", None).await.err(), Some(Saw::TooMuch { port }));
    }

    #[tokio::test]
    async fn an_endless_head_is_cut_off() {
        let port = Web::endless(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n").await;
        assert_eq!(get(&target(), port, "/", None).await.err(), Some(Saw::TooMuch { port }));
    }

    #[tokio::test]
    async fn one_giant_header_is_cut_off() {
        let port = Web::endless(b"HTTP/1.1 200 OK\r\nX-Giant: ", b"aaaaaaaaaaaaaaaa").await;
        assert_eq!(get(&target(), port, "/", None).await.err(), Some(Saw::TooMuch { port }));
    }

    #[tokio::test]
    async fn a_page_that_promises_more_than_it_sends_hung_up() {
        let port = Web::says(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort").await;
        assert_eq!(get(&target(), port, "/", None).await.err(), Some(Saw::HungUp { port }));
    }

    #[tokio::test]
    async fn something_that_does_not_speak_http_is_told_apart() {
        let port = Web::says(b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n").await;
        assert_eq!(get(&target(), port, "/", None).await.err(), Some(Saw::OtherProtocol { port }));
    }

    #[tokio::test]
    async fn a_server_that_closes_without_a_word_hung_up() {
        let port = Web::says(b"").await;
        assert_eq!(get(&target(), port, "/", None).await.err(), Some(Saw::HungUp { port }));
    }

    #[tokio::test]
    async fn a_redirect_within_the_target_is_followed() {
        let port = Web::answers(|path| match path {
            "/" => b"HTTP/1.1 301 Moved\r\nLocation: /blog/?p=1\r\nContent-Length: 0\r\n\r\n".to_vec(),
            "/blog/?p=1" => b"HTTP/1.1 302 Found\r\nLocation: here\r\nContent-Length: 0\r\n\r\n".to_vec(),
            "/blog/here" => b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".to_vec(),
            _ => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
        })
        .await;
        let page = get_following(&target(), port, "/").await.ok().unwrap();
        assert_eq!((page.text.as_str(), page.path.as_str()), ("hi", "/blog/here"));
    }

    #[tokio::test]
    async fn a_redirect_to_itself_ends() {
        let port = Web::says(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n").await;
        let page = get_following(&target(), port, "/").await.ok().unwrap();
        assert_eq!(page.unexpected(), Saw::Status { path: "/".into(), status: 302 });
    }

    #[tokio::test]
    async fn a_redirect_elsewhere_is_not_followed() {
        let (elsewhere, visits) = Web::counts().await;
        let to = format!("http://127.0.0.1:{elsewhere}/");
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        let port = Web::says(answer.as_bytes()).await;
        assert_eq!(get_following(&target(), port, "/").await.err(), Some(Saw::SentAway { to }));
        assert_eq!(visits.load(std::sync::atomic::Ordering::SeqCst), 0);
    }

    #[test]
    fn only_the_targets_own_paths_count_as_here() {
        let target = Target { address: [198, 51, 100, 7].into(), ..target() };
        let site = Site::by_address(&target, 80);
        let here = |location: &str| site.path_on("/a/b", location);
        assert_eq!(here("http://198.51.100.7/x?y=1").as_deref(), Some("/x?y=1"));
        assert_eq!(here("http://198.51.100.7:80").as_deref(), Some("/"));
        assert_eq!(here("HTTP://198.51.100.7/").as_deref(), Some("/"));
        assert_eq!(here("c").as_deref(), Some("/a/c"));
        for elsewhere in [
            "http://198.51.100.8/",
            "http://198.51.100.7:8080/",
            "https://198.51.100.7/",
            "//198.51.100.8/",
            "http://a@198.51.100.7/",
            "\\\\evil/",
            "http:\\\\evil/",
            "javascript:alert(1)",
            "http://198.51.100.7.evil.example/",
            "ftp://198.51.100.7/",
            "http:///x",
        ] {
            assert_eq!(here(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn over_tls_only_the_names_own_https_counts_as_here() {
        let target = target();
        let site = Site::secure(&target);
        let here = |location: &str| site.path_on("/a/b", location);
        let name = &target.name;
        assert_eq!(here(&format!("https://{name}/x?y=1")).as_deref(), Some("/x?y=1"));
        assert_eq!(here(&format!("HTTPS://{}:443", name.to_uppercase())).as_deref(), Some("/"));
        assert_eq!(here("/c").as_deref(), Some("/c"));
        for elsewhere in
            [format!("http://{name}/"), format!("https://{name}:80/"), format!("https://a.{name}/"), format!("https://{}/", target.address)]
        {
            assert_eq!(here(&elsewhere), None, "{elsewhere}");
        }
    }

    proptest! {
        #[test]
        fn any_location_stays_here_or_is_refused(location in "\\PC{0,60}") {
            let target = target();
            if let Some(path) = Site::secure(&target).path_on("/", &location) {
                prop_assert!(path.starts_with('/') || path.starts_with('?'), "{path}");
            }
        }
    }
}
