//! One look at the zone for all who ask at once.

use std::sync::Arc;

use cloud::{CloudError, Fate, Seen};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// What a look has shown; a failure is everybody's, too.
type Shown = Result<Arc<Vec<Seen>>, (Fate, &'static str, String)>;

/// The last look. Whoever asks gets one that began after they asked: their own, or that of somebody who waited beside them.
#[derive(Default)]
pub(crate) struct Look {
    last: Mutex<Option<(Instant, Shown)>>,
}

impl Look {
    /// Looks, or waits for who looks.
    pub(crate) async fn ask(&self, look: impl Future<Output = Result<Vec<Seen>, CloudError>>) -> Result<Vec<Seen>, CloudError> {
        let asked_at = Instant::now();
        let mut last = self.last.lock().await;
        if last.as_ref().is_none_or(|(began_at, _)| *began_at <= asked_at) {
            let began_at = Instant::now();
            let shown = look.await.map(Arc::new).map_err(|error| (error.fate, error.code, error.said));
            *last = Some((began_at, shown));
        }
        let shown = last.as_ref().map(|(_, shown)| shown.clone());
        drop(last);
        match shown {
            Some(Ok(seen)) => Ok(seen.to_vec()),
            Some(Err((fate, code, said))) => Err(CloudError::new(fate, code, said)),
            None => unreachable!("it was set above"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::future::join_all;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn a_class_that_asks_at_once_takes_two_looks_and_nobody_gets_an_old_one() {
        let (look, looks) = (Look::default(), AtomicU32::new(0));
        let ask = || {
            look.ask(async {
                looks.fetch_add(1, Ordering::SeqCst);
                yield_now().await;
                Err(CloudError::new(Fate::TryAgain, "unreachable", "no"))
            })
        };
        let answers = join_all((0..50).map(|_| ask())).await;
        assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|error| error.code == "unreachable")));
        assert_eq!(looks.load(Ordering::SeqCst), 2, "the first, and one for all others");
        ask().await.expect_err("as before");
        assert_eq!(looks.load(Ordering::SeqCst), 3, "who comes later asks anew");
    }
}
