//! One answer for all who ask at once, and not too many of them.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::{Duration, Instant};

use crate::error::{CloudError, Fate};

/// The last answer to a question. Who asks gets one that began after they asked: their own, or that of somebody who waited beside them.
/// Questions begin some time apart: who comes in between shares the next one.
#[derive(Debug)]
pub struct Shared<T> {
    apart: Duration,
    last: Mutex<Option<(Instant, Answer<T>)>>,
}

/// What came back; a failure is everybody's, too.
type Answer<T> = Result<Arc<T>, (Fate, &'static str, String)>;

fn told<T>(answer: &Answer<T>) -> Result<Arc<T>, CloudError> {
    answer.clone().map_err(|(fate, code, said)| CloudError::new(fate, code, said))
}

impl<T> Shared<T> {
    /// Nothing was asked yet.
    #[must_use]
    pub fn new(apart: Duration) -> Self {
        Self { apart, last: Mutex::new(None) }
    }

    /// Asks, or waits for who asks.
    ///
    /// # Errors
    /// As whoever asked.
    pub async fn ask(&self, ask: impl Future<Output = Result<T, CloudError>>) -> Result<Arc<T>, CloudError> {
        let came_at = Instant::now();
        let mut last = self.last.lock().await;
        if let Some((began_at, answer)) = &*last
            && *began_at > came_at
        {
            return told(answer);
        }
        if let Some((began_at, before)) = &*last {
            // Who asked too often waits longer.
            let patience = if matches!(before, Err((Fate::Throttled, ..))) { 8 } else { 1 };
            tokio::time::sleep_until(*began_at + self.apart * patience).await;
        }
        let began_at = Instant::now();
        let answer = ask.await.map(Arc::new).map_err(|error| (error.fate, error.code, error.said));
        let (_, answer) = last.insert((began_at, answer));
        told(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::future::join_all;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn those_who_come_during_an_answer_share_the_next_and_never_get_one_that_began_before_they_asked() {
        let (shared, asked) = (Shared::new(Duration::ZERO), AtomicU32::new(0));
        let ask = || {
            shared.ask(async {
                let number = asked.fetch_add(1, Ordering::SeqCst);
                yield_now().await;
                Ok(number)
            })
        };
        let answers = join_all((0..50).map(|_| ask())).await;
        let answers: Vec<u32> = answers.into_iter().map(|answer| *answer.expect("answered")).collect();
        assert_eq!((answers[0], asked.load(Ordering::SeqCst)), (0, 2), "the first, and one for all others");
        assert_eq!(*ask().await.expect("answered"), 2, "who comes later asks anew");
    }

    #[tokio::test]
    async fn a_failure_is_shared_as_an_answer_is() {
        let (shared, asked) = (Shared::<u32>::new(Duration::ZERO), AtomicU32::new(0));
        let ask = || {
            shared.ask(async {
                asked.fetch_add(1, Ordering::SeqCst);
                yield_now().await;
                Err(CloudError::new(Fate::Throttled, "throttled", "too many"))
            })
        };
        let answers = join_all((0..50).map(|_| ask())).await;
        assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|error| error.fate == Fate::Throttled)));
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }
}
