//! What one name server tells the world of a name, whoever runs it.

use std::time::Duration;

use cloud::{CloudError, Fate};
use dns_update::{Answer, answer_of};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use crate::somebody::theirs;
use crate::trial::{must, on_each, wall};

const LONG: Duration = Duration::from_secs(4);
const SHORT: Duration = Duration::from_millis(300);

fn told(addresses: &[&str], alias: Option<&str>) -> Answer {
    let addresses = addresses.iter().map(|address| address.parse().expect("an address")).collect();
    Answer { is_authoritative: true, addresses, alias: alias.map(str::to_owned) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_server_is_told_by_what_it_says_of_the_name_itself() {
    on_each(|trial| async move {
        let ask = async |name: &str| must(answer_of(&trial.server.address(), name, LONG, &wall()).await);
        trial.put("c5", "198.51.100.7").await;
        let lines = [
            "c6 A 198.51.100.99",
            "c6 A 198.51.100.8",
            "c6 A 192.0.2.200",
            "c7 AAAA 2001:db8::9",
            "c8 CNAME c5.exp.test",
            "c9 CNAME nobody.exp.test",
        ];
        trial.somebody.put(&lines.map(theirs)).await;
        assert_eq!(ask("c5.exp.test").await, told(&["198.51.100.7"], None));
        assert_eq!(ask("C5.Exp.Test.").await, told(&["198.51.100.7"], None));
        assert_eq!(ask("c6.exp.test").await, told(&["192.0.2.200", "198.51.100.8", "198.51.100.99"], None));
        assert_eq!(ask("c7.exp.test").await, told(&[], None), "addresses of another kind only");
        assert_eq!(ask("c8.exp.test").await, told(&[], Some("c5.exp.test")), "where it leads is another question");
        assert_eq!(ask("c9.exp.test").await, told(&[], Some("nobody.exp.test")));
        assert_eq!(ask("c10.exp.test").await, told(&[], None));
        must(cloud::Dns::remove(&*trial.dns, "c5.exp.test").await);
        assert_eq!(ask("c5.exp.test").await, told(&[], None), "taken out");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_keep_the_name_is_not_taken_for_one_that_does() {
    on_each(|trial| async move {
        trial.somebody.put(&[theirs("c5 NS ns.c5"), theirs("ns.c5 A 198.51.100.9")]).await;
        for name in ["c5.exp.test", "ns.c5.exp.test"] {
            let answer = must(answer_of(&trial.server.address(), name, LONG, &wall()).await);
            assert_eq!(answer, Answer { is_authoritative: false, ..told(&[], None) }, "{name}");
        }
        let refused = answer_of(&trial.server.address(), "c5.example.org", LONG, &wall()).await.expect_err("no such zone");
        assert_eq!((refused.fate, refused.code), (Fate::Final, "not_our_zone"), "{}", refused.said);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_name_or_no_server_is_not_asked() {
    for (server, name, code) in
        [("127.0.0.1:1", "*.exp.test", "bad_name"), ("127.0.0.1:1", "", "bad_name"), ("127.0.0.1:dns", "c5.exp.test", "bad_settings")]
    {
        let error = answer_of(server, name, LONG, &wall()).await.expect_err(name);
        assert_eq!((error.fate, error.code), (Fate::Final, code), "{server} {name:?}");
    }
}

/// What a server that is no name server does with each that comes.
async fn strange<F: Future<Output = ()> + Send + 'static>(deed: impl Fn(TcpStream) -> F + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(deed(stream));
        }
    });
    address
}

async fn error_of(server: &str, within: Duration) -> CloudError {
    answer_of(server, "c5.exp.test", within, &wall()).await.expect_err("it is no name server")
}

/// The question that came, without its length.
async fn question(stream: &mut TcpStream) -> Vec<u8> {
    let length = stream.read_u16().await.expect("a length");
    let mut question = vec![0; usize::from(length)];
    stream.read_exact(&mut question).await.expect("a question");
    question
}

async fn say(stream: &mut TcpStream, message: &[u8]) {
    let mut letters = u16::try_from(message.len()).expect("a message").to_be_bytes().to_vec();
    letters.extend(message);
    // Who asked may have heard enough.
    let _ = stream.write_all(&letters).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_or_not_all_of_it_takes_no_longer_than_it_is_given() {
    let mute = strange(|mut stream| async move {
        question(&mut stream).await;
        std::future::pending().await
    })
    .await;
    let deaf = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let slow = strange(|mut stream| async move {
        // As long as a message can be, and an octet now and then.
        let _ = stream.write_all(&[255, 255]).await;
        while stream.write_all(&[0]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    for server in [mute, deaf.local_addr().expect("bound").to_string(), slow] {
        let error = error_of(&server, SHORT).await;
        assert_eq!((error.fate, error.code), (Fate::TryAgain, "no_answer_in_time"));
    }
    let error = error_of("127.0.0.1:1", Duration::ZERO).await;
    assert_eq!(error.fate, Fate::TryAgain, "no time at all is too little");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_or_hangs_up_is_unreachable() {
    // What answers datagrams alone is not reached.
    let datagrams = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let rude = strange(|stream| async { drop(stream) }).await;
    let half = strange(|mut stream| async move {
        question(&mut stream).await;
        let _ = stream.write_all(&[1, 0, 7, 7]).await;
    })
    .await;
    for server in [datagrams.local_addr().expect("bound").to_string(), rude, half] {
        let error = error_of(&server, LONG).await;
        assert_eq!((error.fate, error.code), (Fate::TryAgain, "unreachable"), "{}", error.said);
    }
}

/// What becomes of a question before it is sent back as its answer.
type Garble = fn(&mut Vec<u8>);

/// Where the flags, the counts and the first record are in a message with one question for `c5.exp.test`.
const FLAGS: usize = 2;
const ANSWERS: usize = 6;
/// The name of the question, as a pointer to it.
const ITSELF: [u8; 2] = [0xc0, 12];

fn record(name: &[u8], kind: u8, data: &[u8]) -> Vec<u8> {
    let mut record = name.to_vec();
    record.extend([0, kind, 0, 1, 0, 0, 0, 60, 0, u8::try_from(data.len()).expect("short")]);
    record.extend(data);
    record
}

/// An authoritative answer of so many records.
fn answer(message: &mut Vec<u8>, count: u16, records: &[u8]) {
    message[FLAGS] = 0x84;
    message[ANSWERS..ANSWERS + 2].copy_from_slice(&count.to_be_bytes());
    message.extend(records);
}

async fn garbled(garble: Garble) -> Result<Answer, CloudError> {
    let server = strange(move |mut stream| async move {
        let mut message = question(&mut stream).await;
        garble(&mut message);
        say(&mut stream, &message).await;
    })
    .await;
    answer_of(&server, "c5.exp.test", LONG, &wall()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_to_the_question_is_not_read_as_one() {
    let garbles: [(&str, Garble); 9] = [
        ("nothing", Vec::clear),
        ("words", |message| *message = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        ("the question", |_| ()),
        ("another's answer", |message| {
            message[0] ^= 1;
            answer(message, 1, &record(&ITSELF, 1, &[198, 51, 100, 7]));
        }),
        ("more records than there are", |message| answer(message, u16::MAX, &record(&ITSELF, 1, &[198, 51, 100, 7]))),
        ("a record that is broken off", |message| answer(message, 1, &record(&ITSELF, 1, &[198, 51, 100, 7])[..14])),
        ("a name that is within itself", |message| {
            let here = u8::try_from(message.len()).expect("short");
            answer(message, 1, &record(&[0xc0, here], 1, &[198, 51, 100, 7]));
        }),
        ("a name that is later", |message| answer(message, 1, &record(&[0xff, 0xff], 1, &[198, 51, 100, 7]))),
        ("a label of no known kind", |message| answer(message, 1, &record(&[0x80, 0], 1, &[198, 51, 100, 7]))),
    ];
    for (what, garble) in garbles {
        let error = garbled(garble).await.expect_err(what);
        assert_eq!((error.fate, error.code), (Fate::TryAgain, "unreadable_answer"), "{what}: {}", error.said);
    }
    let failed = garbled(|message| (message[FLAGS], message[FLAGS + 1]) = (0x84, 2)).await.expect_err("SERVFAIL");
    assert_eq!((failed.fate, failed.code), (Fate::TryAgain, "server_failed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_name_itself_counts_in_an_answer_and_each_address_once() {
    let of_others = garbled(|message| answer(message, 1, &record(b"\x04evil\x04test\x00", 1, &[198, 51, 100, 7]))).await;
    assert_eq!(must(of_others), told(&[], None));
    let crowded = garbled(|message| {
        let records: Vec<u8> = (0..4_000_u32).flat_map(|n| record(&ITSELF, 1, &[198, 51, 100, n.to_le_bytes()[0]])).collect();
        answer(message, 4_000, &records);
    })
    .await;
    assert_eq!(must(crowded).addresses.len(), 256);
    let odd = garbled(|message| answer(message, 1, &record(&ITSELF, 5, b"\x03a.\n\x04evil\x00"))).await;
    let alias = must(odd).alias.expect("an alias");
    assert!(alias.is_ascii() && !alias.contains('\n'), "{alias:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_octets_come_there_is_an_answer_or_an_error() {
    let server = strange(|mut stream| async move {
        let mut message = question(&mut stream).await;
        message[FLAGS] |= 0x80;
        // Sometimes an answer that is almost right, sometimes nothing of the kind.
        if rand::random() {
            answer(&mut message, 3, &record(&ITSELF, 1, &[198, 51, 100, 7]).repeat(3));
        } else {
            message.extend((0..rand::random_range(0..600)).map(|_| rand::random::<u8>()));
        }
        for _ in 0..rand::random_range(0..12) {
            let place = rand::random_range(FLAGS..message.len());
            message[place] = rand::random();
        }
        say(&mut stream, &message).await;
    })
    .await;
    for _ in 0..2_000 {
        let _ = answer_of(&server, "c5.exp.test", LONG, &wall()).await;
    }
}
