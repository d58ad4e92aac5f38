//! The box that says what is wrong: what happened, what Koza did, what next.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use crate::domain::reason::Attention;
use crate::domain::saw::Saw;
use crate::visit::use_texts;

/// Why an environment needs attention. The buttons that help come as children.
#[component]
pub(crate) fn AttentionBox(
    attention: Attention,
    /// Of the title; unique on the page.
    #[prop(default = "attention-title".to_owned())]
    id: String,
    children: Children,
) -> impl IntoView {
    let texts = &use_texts().environment;
    let said = (texts.attention)(&attention);
    let words = exact_words(attention);
    let title_id = id.clone();
    view! {
        <section class="attention" aria-labelledby=title_id>
            <h2 id=id>
                <Icon of=Glyph::Attention/>
                {said.title}
            </h2>
            <dl>
                <dt>{texts.happened}</dt>
                <dd>{said.happened}</dd>
                <dt>{texts.did}</dt>
                <dd>{said.did}</dd>
                <dt>{texts.next}</dt>
                <dd>{said.next}</dd>
            </dl>
            {(!words.is_empty()).then(|| view! {
                <details>
                    <summary>{texts.said}</summary>
                    <pre class="log" tabindex="0">{words}</pre>
                </details>
            })}
            <div class="attention-acts">{children()}</div>
        </section>
    }
}

/// What the cloud, the machine or the probe said, as it said it.
fn exact_words(attention: Attention) -> String {
    match attention {
        Attention::NoCapacity { said } | Attention::OverQuota { said } | Attention::BackupFailed { said, .. } => said,
        Attention::ProbeFails { saw: Saw::NoPdf { log, .. }, .. } => log.join("\n"),
        Attention::Refused { action, said } => format!("{action}\n{said}"),
        Attention::BootStepFailed { log, .. } | Attention::CopyFailed { log, .. } | Attention::ImageNotBaked { log, .. } => log.join("\n"),
        Attention::NoFreeAddress { .. }
        | Attention::CloudSilent
        | Attention::NamesSilent
        | Attention::ProbeFails { .. }
        | Attention::MachineSilent
        | Attention::CopySilent { .. }
        | Attention::BalancerSilent
        | Attention::MachineVanished
        | Attention::Parked => String::new(),
    }
}
