//! A table with its heads, of plain pages: in the browser's program it would weigh more than the lines that it saves.

use leptos::prelude::*;

/// Rows under heads. Where the screen is narrow it scrolls by itself, and can be reached by keys for that.
#[component]
pub(crate) fn Table(
    label: &'static str,
    heads: Vec<&'static str>,
    /// From this column on there are figures; 0: there are none.
    #[prop(optional)]
    figures_from: usize,
    children: Children,
) -> impl IntoView {
    let head = |(place, head): (usize, &'static str)| {
        let is_figure = figures_from > 0 && place >= figures_from;
        view! { <th scope="col" class=is_figure.then_some("figure")>{head}</th> }
    };
    let heads = heads.into_iter().enumerate().map(head).collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=label>
            <table>
                <thead>
                    <tr>{heads}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
