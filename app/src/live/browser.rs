//! The browser's side: the event stream and the clock.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventSource, MessageEvent, VisibilityState, js_sys};

use super::Following;
use crate::domain::environment::EnvironmentView;
use crate::domain::phase::Phase;
use crate::pages::environments::counts;

/// A browser repeats a lost connection by itself, but gives up when the answer is an error (the portal restarts).
const AGAIN: Duration = Duration::from_secs(3);

/// Milliseconds since 1970, by the browser's clock; only differences are used.
pub(super) fn now() -> f64 {
    js_sys::Date::now()
}

/// An open stream and what listens to it. Dropping closes it.
struct Stream {
    source: EventSource,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}

type Slot = Rc<RefCell<Option<Stream>>>;

pub(super) fn follow(view: RwSignal<EnvironmentView>, following: WriteSignal<Following>) {
    let slot: Slot = Rc::default();
    if is_visible() {
        open(&slot, view, following);
    }
    let on_visibility = {
        let slot = Rc::clone(&slot);
        Closure::<dyn FnMut()>::new(move || {
            if is_visible() {
                open(&slot, view, following);
            } else {
                slot.borrow_mut().take();
            }
        })
    };
    // The page lives as long as its document, and so does the listener.
    let _ = document().add_event_listener_with_callback("visibilitychange", on_visibility.as_ref().unchecked_ref());
    on_visibility.forget();
}

fn is_visible() -> bool {
    document().visibility_state() != VisibilityState::Hidden
}

/// Nothing changes any more.
fn is_gone(view: RwSignal<EnvironmentView>) -> bool {
    view.try_with_untracked(|view| view.phase == Phase::Removed) != Some(false)
}

fn open(slot: &Slot, view: RwSignal<EnvironmentView>, following: WriteSignal<Following>) {
    if slot.borrow().is_some() || is_gone(view) {
        return;
    }
    let id = view.with_untracked(|view| view.id);
    let Ok(source) = EventSource::new(&format!("/environments/{id}/live")) else { return };
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let newer = event.data().as_string().and_then(|data| serde_json::from_str::<EnvironmentView>(&data).ok());
        if let Some(newer) = newer
            && view.try_with_untracked(|view| view.at <= newer.at) == Some(true)
        {
            following.set(Following::Live);
            view.set(newer);
        }
    });
    let on_error = {
        let slot = Rc::clone(slot);
        let source = source.clone();
        Closure::<dyn FnMut(Event)>::new(move |_: Event| {
            if is_gone(view) {
                source.close();
                return;
            }
            following.set(Following::Lost);
            if source.ready_state() == EventSource::CLOSED {
                let slot = Rc::clone(&slot);
                set_timeout(
                    move || {
                        slot.borrow_mut().take();
                        if is_visible() {
                            open(&slot, view, following);
                        }
                    },
                    AGAIN,
                );
            }
        })
    };
    source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    slot.borrow_mut().replace(Stream { source, _on_message: on_message, _on_error: on_error });
}

pub(super) fn tick(view: RwSignal<EnvironmentView>, since: WriteSignal<u32>) {
    let read_at = StoredValue::new(now());
    Effect::new(move |_| {
        view.track();
        read_at.set_value(now());
        since.set(0);
    });
    let handle = set_interval_with_handle(
        move || {
            if view.with_untracked(|view| view.phase.is_moving() || counts(view)) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a page is not open for 49 days, and a clock set back counts as nothing"
                )]
                since.set((now() - read_at.get_value()).max(0.0) as u32);
            }
        },
        Duration::from_secs(1),
    );
    if let Ok(handle) = handle {
        on_cleanup(move || handle.clear());
    }
}
