//! An environment's page that follows by itself.
//!
//! The server sends the whole view on every change, and at once when the browser connects; so a reload, a second tab and a page that lost
//! its connection agree. While the tab is hidden the connection is closed (browsers allow six per host).

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(test)]
mod tests;

use leptos::prelude::*;

use crate::domain::environment::EnvironmentView;
use crate::domain::timeline::StepState;
use crate::texts::Texts;

/// How the page follows.
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser follows"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Following {
    /// Without scripts, and until they run.
    No,
    /// Connected.
    Live,
    /// The connection was lost; it is tried again.
    Lost,
}

/// Keeps a view up to date in the browser; on the server it does nothing.
pub(crate) fn follow(view: RwSignal<EnvironmentView>) -> ReadSignal<Following> {
    let (following, set_following) = signal(Following::No);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| browser::follow(view, set_following));
    #[cfg(not(feature = "hydrate"))]
    let _ = (view, set_following);
    following
}

/// Milliseconds since the view was read, second by second.
pub(crate) fn since_read(view: RwSignal<EnvironmentView>) -> Signal<u32> {
    let (since, set_since) = signal(0);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| browser::tick(view, set_since));
    #[cfg(not(feature = "hydrate"))]
    let _ = (view, set_since);
    since.into()
}

/// What screen readers are told after a change: a new phase or a new reason always, progress only if nothing was said for a while.
#[cfg_attr(not(any(feature = "hydrate", test)), expect(dead_code, reason = "only a browser announces"))]
pub(crate) fn announcement(texts: &Texts, before: &EnvironmentView, after: &EnvironmentView, is_quiet: bool) -> Option<String> {
    if after.attention != before.attention
        && let Some(attention) = &after.attention
    {
        let said = (texts.environment.attention)(attention);
        return Some(format!("{} {}", said.happened, said.next));
    }
    if after.phase != before.phase {
        return Some((texts.environment.now_in_phase)(after.phase));
    }
    let done = |view: &EnvironmentView| view.steps.iter().filter(|step| step.state == StepState::Done).count();
    let now = after.steps.iter().find(|step| step.state == StepState::Now)?;
    (is_quiet && done(after) != done(before)).then(|| {
        let now = (texts.timeline.step)(&now.what, now.state);
        (texts.environment.progress)(done(after), after.steps.len(), &now)
    })
}

/// The polite live region's text.
pub(crate) fn announcements(texts: &'static Texts, view: RwSignal<EnvironmentView>) -> ReadSignal<String> {
    let (said, say) = signal(String::new());
    #[cfg(feature = "hydrate")]
    {
        /// Between two remarks on progress.
        const QUIET_MS: f64 = 15_000.0;
        let said_at = StoredValue::new(browser::now());
        Effect::new(move |before: Option<EnvironmentView>| {
            let after = view.get();
            if let Some(before) = before {
                let is_quiet = browser::now() - said_at.get_value() > QUIET_MS;
                if let Some(sentence) = announcement(texts, &before, &after, is_quiet) {
                    say.set(sentence);
                    said_at.set_value(browser::now());
                }
            }
            after
        });
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (texts, view, say);
    said
}
