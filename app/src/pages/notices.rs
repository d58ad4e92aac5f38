//! Notices: what was told, and what became of the mails.

use leptos::either::Either;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::api::notices::{ReadNotices, notices};
use crate::components::cards::Empty;
use crate::components::loaded::Loaded;
use crate::components::moment::Moment;
use crate::components::notice::{Notice, Problem, Tone};
use crate::components::title::PageTitle;
use crate::domain::news::NoticeCard;
use crate::visit::{refused, use_texts};

/// All of them.
#[component]
pub(crate) fn NoticesPage() -> impl IntoView {
    let texts = &use_texts().notices;
    let mine = OnceResource::new(notices());
    view! {
        <Loaded of=mine let:mine>
            <PageTitle text=texts.heading.to_owned()/>
            <h1>{texts.heading}</h1>
            <p class="lead">{texts.lead}</p>
            {if mine.is_empty() {
                Either::Left(view! { <Empty title=texts.none/> })
            } else {
                Either::Right(view! {
                    <Unread notices=mine.iter().filter(|notice| !notice.is_read).cloned().collect()/>
                    <List notices=mine.into_iter().filter(|notice| notice.is_read).collect()/>
                })
            }}
        </Loaded>
    }
}

/// Those that nobody has read yet, with the button that says so; nothing if there are none.
#[component]
pub(crate) fn Unread(notices: Vec<NoticeCard>) -> impl IntoView {
    let texts = &use_texts().notices;
    let ids = notices.iter().map(|notice| notice.id.to_string()).collect::<Vec<_>>().join(" ");
    (!notices.is_empty()).then(|| {
        view! {
            <section aria-label=texts.unread class="stack">
                <Problem error=Signal::stored(refused::<ReadNotices>())/>
                <List notices/>
                <form method="post" action=ReadNotices::url()>
                    <input type="hidden" name="ids" value=ids/>
                    <button type="submit" class="button button-small">{texts.read}</button>
                </form>
            </section>
        }
    })
}

#[component]
fn List(notices: Vec<NoticeCard>) -> impl IntoView {
    let texts = &use_texts().notices;
    let row = |notice: NoticeCard| {
        let told = (texts.told)(&notice);
        let tone = if notice.is_read { Tone::Info } else { Tone::Problem };
        let path = notice.path();
        view! {
            <li>
                <Notice tone>
                    <p class="notice-title">{told.title}</p>
                    <p>{told.text}</p>
                    {(path != "/notices").then(|| view! { <p><a href=path rel="external">{texts.look}</a></p> })}
                    <p class="hint"><Moment at=notice.at/>" "{(texts.mailed)(&notice.mailed)}</p>
                </Notice>
            </li>
        }
    };
    view! { <ul class="notices">{notices.into_iter().map(row).collect_view()}</ul> }
}
