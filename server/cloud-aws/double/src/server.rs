//! The listening side: reads requests whole, and closes the connection of those whose answer is lost.
//!
//! It runs in a thread of its own, so that a test may block without stopping AWS.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use crate::aws::{Aws, Reply};
use crate::wire::Wire;

/// Ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

/// The answer is lost: hyper closes the connection without a word if a service fails.
#[derive(Debug)]
struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("lost, as it was told to be")
    }
}

impl std::error::Error for Lost {}

impl Server {
    pub(crate) fn start(aws: Arc<Aws>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let serving = async move {
            let accepting = accept(listener, aws);
            tokio::select! {
                result = accepting => if let Err(error) = result { eprintln!("aws-double cannot listen: {error}") },
                _ = stopped => {}
            }
        };
        let thread = std::thread::Builder::new().name("aws-double".to_owned()).spawn(move || runtime.block_on(serving))?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, aws: Arc<Aws>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let aws = Arc::clone(&aws);
        tokio::spawn(async move {
            let service = service_fn(move |request| serve(Arc::clone(&aws), request));
            // A connection that ends badly is the caller's business, or ours on purpose.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn serve(aws: Arc<Aws>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes().to_vec();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let wire = Wire::read(head.method.as_str(), path, head.headers, body);
    // In a task of its own: what has arrived is handled even if the caller hangs up.
    match tokio::spawn(async move { aws.take(wire).await }).await? {
        Reply::Cut => Err(Box::new(Lost)),
        Reply::Answer(answer) => {
            let mut response = Response::builder().status(answer.status).header("x-amzn-requestid", crate::answer::REQUEST_ID);
            for (name, value) in answer.headers.iter().filter(|(name, _)| name != "x-amzn-requestid") {
                response = response.header(name, value);
            }
            Ok(response.body(Full::new(Bytes::from(answer.body)))?)
        }
    }
}
