//! The site map.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::SsrMode::Async;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use crate::components::frame::Frame;
use crate::pages::account::AccountPage;
use crate::pages::courses::CoursePage;
use crate::pages::environments::{DeletePage, EnvironmentPage, PasswordsPage, ProverPage, ScalePage};
use crate::pages::home::HomePage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::sign_in::SignInPage;
use crate::pages::styleguide::StyleguidePage;
use crate::visit::provide_visit;

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
                    <Route path=path!("/environments/:id") view=EnvironmentPage ssr=Async/>
                    <Route path=path!("/environments/:id/passwords") view=PasswordsPage ssr=Async/>
                    <Route path=path!("/environments/:id/scale") view=ScalePage ssr=Async/>
                    <Route path=path!("/environments/:id/prover") view=ProverPage ssr=Async/>
                    <Route path=path!("/environments/:id/delete") view=DeletePage ssr=Async/>
                    <Route path=path!("/account") view=AccountPage ssr=Async/>
                    <Route path=path!("/styleguide") view=StyleguidePage ssr=Async/>
                </FlatRoutes>
            </Frame>
        </Router>
    }
}
