//! A way to a name server on which changes are lost, or on which something happens just before they arrive.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

type Deed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What becomes of a change.
pub enum Rule {
    /// It never arrives.
    LoseOrder,
    /// It arrives; its answer does not.
    LoseAnswer,
    /// This happens first.
    After(Deed),
}

impl Rule {
    pub fn after(deed: impl Future<Output = ()> + Send + 'static) -> Self {
        Self::After(Box::pin(deed))
    }
}

#[derive(Clone)]
pub struct Relay {
    pub port: u16,
    rules: Arc<Mutex<VecDeque<Rule>>>,
}

impl Relay {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let relay = Self { port: listener.local_addr().expect("bound").port(), rules: Arc::default() };
        let rules = relay.rules.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, port, rules.clone()));
            }
        });
        relay
    }

    /// For the changes to come, one each.
    pub fn next(&self, rule: Rule) {
        self.rules.lock().expect("not poisoned").push_back(rule);
    }

    /// No rules any more.
    pub fn forget(&self) {
        self.rules.lock().expect("not poisoned").clear();
    }
}

async fn carry(mut client: TcpStream, port: u16, rules: Arc<Mutex<VecDeque<Rule>>>) -> Option<()> {
    let mut server = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await.ok()?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let is_to_be_lost = AtomicBool::new(false);
    let there = async {
        loop {
            let letters = frame(&mut from_client).await?;
            // The kind of message is in the third octet after the length: five is a change.
            let is_change = letters.get(4).is_some_and(|octet| octet >> 3 & 15 == 5);
            let rule = if is_change { rules.lock().expect("not poisoned").pop_front() } else { None };
            match rule {
                None => {}
                Some(Rule::LoseOrder) => return None,
                Some(Rule::LoseAnswer) => is_to_be_lost.store(true, Ordering::SeqCst),
                Some(Rule::After(deed)) => deed.await,
            }
            to_server.write_all(&letters).await.ok()?;
        }
    };
    let back = async {
        loop {
            let letters = frame(&mut from_server).await?;
            if is_to_be_lost.load(Ordering::SeqCst) {
                return None;
            }
            to_client.write_all(&letters).await.ok()?;
        }
    };
    // Whichever ends closes both sides.
    tokio::select! { ended = there => ended, ended = back => ended }
}

async fn frame(from: &mut (impl AsyncReadExt + Unpin)) -> Option<Vec<u8>> {
    let length = from.read_u16().await.ok()?;
    let mut letters = length.to_be_bytes().to_vec();
    letters.resize(usize::from(length) + 2, 0);
    from.read_exact(&mut letters[2..]).await.ok()?;
    Some(letters)
}
