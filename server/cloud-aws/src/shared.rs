//! One answer for all who ask at once, and not too many of them.

use std::sync::Arc;

use cloud::CloudError;
use tokio::sync::Mutex;
use tokio::time::{Duration, Instant};

/// The last answer to a question. Who asks gets one that began after they asked: their own, or that of somebody who waited beside them.
/// Questions begin some time apart: who comes in between shares the next one.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    apart: Duration,
    last: Mutex<Option<(Instant, Arc<T>)>>,
}

impl<T> Shared<T> {
    /// Nothing was asked yet.
    pub(crate) fn new(apart: Duration) -> Self {
        Self { apart, last: Mutex::new(None) }
    }

    /// Asks, or waits for who asks.
    pub(crate) async fn ask(&self, ask: impl Future<Output = Result<T, CloudError>>) -> Result<Arc<T>, CloudError> {
        let came_at = Instant::now();
        let mut last = self.last.lock().await;
        if let Some((began_at, answer)) = &*last
            && *began_at > came_at
        {
            return Ok(answer.clone());
        }
        if let Some((began_at, _)) = &*last {
            tokio::time::sleep_until(*began_at + self.apart).await;
        }
        let began_at = Instant::now();
        let answer = Arc::new(ask.await?);
        *last = Some((began_at, answer.clone()));
        Ok(answer)
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
}
