//! The site map.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::SsrMode::Async;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use crate::components::frame::Frame;
use crate::pages::account::AccountPage;
#[cfg(feature = "ssr")]
use crate::pages::backups::{BackupsPage, MyBackupsPage, RestorePage};
use crate::pages::courses::CoursePage;
#[cfg(feature = "ssr")]
use crate::pages::courses::costs::CourseCostsPage;
#[cfg(feature = "ssr")]
use crate::pages::courses::members::MembersPage;
#[cfg(feature = "ssr")]
use crate::pages::courses::roster::RosterPage;
#[cfg(feature = "ssr")]
use crate::pages::desk::{ActPage, ActsPage, DeskPage, DesksPage};
#[cfg(feature = "ssr")]
use crate::pages::environments::{CostsPage, DeletePage, ScalePage};
use crate::pages::environments::{EnvironmentPage, PasswordsPage, ProverPage};
#[cfg(feature = "ssr")]
use crate::pages::home::HomePage;
#[cfg(feature = "ssr")]
use crate::pages::images::{ImagePage, ImagesPage};
#[cfg(feature = "ssr")]
use crate::pages::join::JoinPage;
#[cfg(feature = "ssr")]
use crate::pages::not_found::NotFoundPage;
#[cfg(feature = "ssr")]
use crate::pages::notices::NoticesPage;
#[cfg(feature = "ssr")]
use crate::pages::operate::OperatePage;
#[cfg(not(feature = "ssr"))]
use crate::pages::plain::{
    Plain as ActPage, Plain as ActsPage, Plain as BackupsPage, Plain as CostsPage, Plain as CourseCostsPage, Plain as DeletePage,
    Plain as DeskPage, Plain as DesksPage, Plain as HomePage, Plain as ImagePage, Plain as ImagesPage, Plain as JoinPage,
    Plain as MembersPage, Plain as MyBackupsPage, Plain as RestorePage, Plain as NotFoundPage, Plain as NoticesPage, Plain as OperatePage,
    Plain as ScalePage, Plain as RosterPage, Plain as SignInPage, Plain as StyleguidePage, Plain as WelcomePage,
};
#[cfg(feature = "ssr")]
use crate::pages::sign_in::SignInPage;
#[cfg(feature = "ssr")]
use crate::pages::styleguide::StyleguidePage;
#[cfg(feature = "ssr")]
use crate::pages::welcome::WelcomePage;
use crate::visit::provide_visit;

/// Whether the page at this path loads the browser's program: where something happens before one's eyes, is copied, or is told in one's own
/// time. The others are plain: HTML and forms, and not a byte of the program is theirs (decision 38).
#[cfg(feature = "ssr")]
pub(crate) fn is_alive(path: &str) -> bool {
    let parts: Vec<_> = path.trim_matches('/').split('/').collect();
    matches!(parts[..], ["courses", _] | ["environments", _] | ["environments", _, "passwords" | "prover"] | ["account"])
}

/// The site. Every page is rendered whole ([`Async`]), so that it needs no script to appear and its status is true.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let visit = provide_visit();
    view! {
        <Router>
            <Frame visit>
                <FlatRoutes fallback=NotFoundPage>
                    <Route path=path!("/") view=HomePage ssr=Async/>
                    <Route path=path!("/sign-in") view=SignInPage ssr=Async/>
                    <Route path=path!("/courses/:code") view=CoursePage ssr=Async/>
                    <Route path=path!("/courses/:code/costs") view=CourseCostsPage ssr=Async/>
                    <Route path=path!("/environments/:id") view=EnvironmentPage ssr=Async/>
                    <Route path=path!("/environments/:id/passwords") view=PasswordsPage ssr=Async/>
                    <Route path=path!("/environments/:id/scale") view=ScalePage ssr=Async/>
                    <Route path=path!("/environments/:id/prover") view=ProverPage ssr=Async/>
                    <Route path=path!("/environments/:id/backups") view=BackupsPage ssr=Async/>
                    <Route path=path!("/environments/:id/backups/:backup") view=RestorePage ssr=Async/>
                    <Route path=path!("/environments/:id/images") view=ImagesPage ssr=Async/>
                    <Route path=path!("/environments/:id/images/:number") view=ImagePage ssr=Async/>
                    <Route path=path!("/environments/:id/costs") view=CostsPage ssr=Async/>
                    <Route path=path!("/environments/:id/delete") view=DeletePage ssr=Async/>
                    <Route path=path!("/courses/:code/members") view=MembersPage ssr=Async/>
                    <Route path=path!("/courses/:code/rosters/:roster") view=RosterPage ssr=Async/>
                    <Route path=path!("/welcome/:token") view=WelcomePage ssr=Async/>
                    <Route path=path!("/join/:token") view=JoinPage ssr=Async/>
                    <Route path=path!("/desk") view=DesksPage ssr=Async/>
                    <Route path=path!("/desk/:code") view=DeskPage ssr=Async/>
                    <Route path=path!("/desk/:code/act") view=ActPage ssr=Async/>
                    <Route path=path!("/desk/:code/acts/:act") view=ActsPage ssr=Async/>
                    <Route path=path!("/backups") view=MyBackupsPage ssr=Async/>
                    <Route path=path!("/notices") view=NoticesPage ssr=Async/>
                    <Route path=path!("/operate") view=OperatePage ssr=Async/>
                    <Route path=path!("/account") view=AccountPage ssr=Async/>
                    <Route path=path!("/styleguide") view=StyleguidePage ssr=Async/>
                </FlatRoutes>
            </Frame>
        </Router>
    }
}
