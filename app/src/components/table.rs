//! A table with its heads, of plain pages: in the browser's program it would weigh more than the lines that it saves.

use leptos::prelude::*;

/// Rows under heads. Where the screen is narrow it scrolls by itself, and can be reached by keys for that.
#[component]
pub(crate) fn Table(label: &'static str, heads: Vec<&'static str>, children: Children) -> impl IntoView {
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=label>
            <table>
                <thead>
                    <tr>{heads.into_iter().map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
