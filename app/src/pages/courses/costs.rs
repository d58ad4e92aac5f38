//! The page of a course's costs, for its staff: budgets, who spent what, and who set what.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::api::costs::{Grant, SetBudgets, TellAt, course_costs};
use crate::components::choice::{Choice, Item};
use crate::components::field::{Field, problem_at, problem_elsewhere};
use crate::components::loaded::Loaded;
use crate::components::moment::Moment;
use crate::components::notice::{Notice, Problem, Tone};
use crate::components::spending::{ByCost, ByDay};
use crate::components::table::Table;
use crate::components::title::PageTitle;
use crate::domain::ids::AllowanceId;
use crate::domain::money::{Currency, Money};
use crate::domain::price::{Account, AllowanceOf, AllowanceRow, CourseSpending, EnvironmentName, Member, Spent};
use crate::error::Field as Place;
use crate::visit::{refused, use_texts, use_typed};

/// The page.
#[component]
pub(crate) fn CourseCostsPage() -> impl IntoView {
    let code = use_params_map().with_untracked(|params| params.get("code")).unwrap_or_default();
    let page = use_query_map().with_untracked(|query| query.get("page")).and_then(|page| page.parse().ok()).unwrap_or(1);
    let of = OnceResource::new(course_costs(code, page));
    view! {
        <Loaded of=of let:of>
            <Costs of/>
        </Loaded>
    }
}

#[component]
fn Costs(of: CourseSpending) -> impl IntoView {
    let texts = &use_texts().costs;
    let CourseSpending { code, title, currency, course, each, people, environments, page, by_cost, days, history, .. } = of;
    let heading = (texts.course_title)(&code);
    let course = Account { of: texts.whole_course.to_owned(), allowed: course.allowed, spent: course.spent, held: course.held };
    let members: Vec<Member> = people.iter().map(|person| person.of.clone()).collect();
    let people: Vec<_> =
        people.into_iter().map(|Account { of, allowed, spent, held }| Account { of: of.name, allowed, spent, held }).collect();
    view! {
        <PageTitle text=heading.clone()/>
        <p class="kicker"><a href=format!("/courses/{code}") rel="external"><code>{code.clone()}</code></a> <span>{title}</span></p>
        <h1>{heading}</h1>
        {of.unpriced.map(|why| view! { <Notice tone=Tone::Problem><p>{(texts.not_all)(&why)}</p></Notice> })}
        <h2>{texts.budget}</h2>
        <Accounts label=texts.budget head=texts.what accounts=vec![course] currency/>
        <p class="hint">{texts.at_the_limit}</p>
        {of.credits.map(|credits| view! { <Notice tone=Tone::Info><p>{(texts.credits)(&credits)}</p></Notice> })}
        <h2>{texts.by_day}</h2>
        <ByDay days currency/>
        {(!by_cost.is_empty()).then(|| view! { <h2>{texts.by_kind}</h2> <ByCost costs=by_cost currency/> })}
        {(!people.is_empty()).then(|| view! {
            <h2>{texts.by_student}</h2>
            <Accounts label=texts.by_student head=texts.student accounts=people currency/>
        })}
        {(!environments.is_empty()).then(|| view! { <h2>{texts.by_environment}</h2> <ByEnvironment environments currency/> })}
        <Pages code=code.clone() page/>
        <p><a class="button" href=format!("/courses/{code}/costs.csv") rel="external" download="">{texts.csv}</a></p>
        {of.may_set.then(|| view! {
            <SetForms code=code.clone() currency each members/>
            <TellAtForm code=code.clone() tell_at=of.tell_at/>
        })}
        {(!history.is_empty()).then(|| view! { <h2>{texts.history}</h2> <History history currency/> })}
    }
}

#[component]
fn Accounts(label: &'static str, head: &'static str, accounts: Vec<Account<String>>, currency: Currency) -> impl IntoView {
    let texts = &use_texts().costs;
    let money = move |micros| (texts.money)(Money::new(currency, micros));
    let or_none = move |micros: Option<i64>| micros.map_or(texts.no_budget.to_owned(), money);
    let row = move |account: Account<String>| {
        let left = account.left();
        view! {
            <tr>
                <th scope="row">{account.of}</th>
                <td class="figure">{or_none(account.allowed)}</td>
                <td class="figure">{money(account.spent)}</td>
                <td class="figure">{money(account.held)}</td>
                <td class="figure">{left.map(money)}</td>
            </tr>
        }
    };
    let rows = accounts.into_iter().map(row).collect_view();
    view! { <Table label heads=vec![head, texts.allowed, texts.spent, texts.held, texts.left] figures_from=1>{rows}</Table> }
}

#[component]
fn ByEnvironment(environments: Vec<Spent<EnvironmentName>>, currency: Currency) -> impl IntoView {
    let texts = &use_texts().costs;
    let row = move |Spent { of, amount }: Spent<EnvironmentName>| {
        view! {
            <tr>
                <th scope="row">{match of.holder.is_some() {
                    true => view! { <a href=format!("/environments/{}/costs", of.id) rel="external">{of.name}</a> }.into_any(),
                    false => texts.bake.into_any(),
                }}</th>
                <td>{of.holder}</td>
                <td class="figure">{(texts.money)(Money::new(currency, amount))}</td>
            </tr>
        }
    };
    let rows = environments.into_iter().map(row).collect_view();
    view! { <Table label=texts.by_environment heads=vec![texts.environment, texts.student, texts.spent] figures_from=2>{rows}</Table> }
}

/// The pages of the list before; nothing if there is one only.
#[component]
fn Pages(code: String, page: (u32, u32)) -> impl IntoView {
    let texts = &use_texts().costs;
    let (page, of) = page;
    (of > 1).then(|| {
        let link = |to: u32| format!("/courses/{code}/costs?page={to}");
        view! {
            <nav class="acts" aria-label=texts.by_environment>
                {(page > 1).then(|| view! { <a class="button button-small" href=link(page - 1) rel="external">{texts.page_before}</a> })}
                <span>{(texts.page_of)(page, of)}</span>
                {(page < of).then(|| view! { <a class="button button-small" href=link(page + 1) rel="external">{texts.page_after}</a> })}
            </nav>
        }
    })
}

/// At how many percent people are told.
#[component]
fn TellAtForm(code: String, tell_at: Vec<u8>) -> impl IntoView {
    let texts = &use_texts().notices;
    let refused = refused::<TellAt>();
    let problem = Signal::stored(problem_at(Place::Percents, refused.clone()));
    let typed = use_typed("percents");
    let known = tell_at.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let value = if refused.is_some() { typed } else { known };
    view! {
        <h2>{texts.tell_at_title}</h2>
        <form method="post" action=TellAt::url() class="form sheet">
            <Problem error=Signal::stored(problem_elsewhere(&[Place::Percents], refused))/>
            <input type="hidden" name="code" value=code/>
            <Field id="percents" name="percents" label=texts.tell_at hint=texts.tell_at_hint problem value/>
            <button type="submit" class="button">{texts.tell_at_set}</button>
        </form>
    }
}

/// One form for everybody's budgets, one for a grant to one.
#[component]
fn SetForms(code: String, currency: Currency, each: Option<i64>, members: Vec<Member>) -> impl IntoView {
    let texts = &use_texts().costs;
    let hint = (texts.set_hint)(currency.code());
    let (set, granted) = (refused::<SetBudgets>(), refused::<Grant>());
    let at = |error: &Option<_>, place| Signal::stored(problem_at(place, error.clone()));
    let elsewhere =
        |error: &Option<_>| Signal::stored(problem_elsewhere(&[Place::Amount, Place::AmountEach, Place::Reason], error.clone()));
    let each = each.map_or(texts.no_budget.to_owned(), |each| (texts.money)(Money::new(currency, each)));
    let items = members.into_iter().map(|member| Item { value: member.id.to_string(), text: member.name, is_disabled: false });
    let items: Vec<_> = items.collect();
    view! {
        <h2>{texts.set_title}</h2>
        <p>{texts.set_lead}</p>
        <p>{texts.each_person}": "{each}</p>
        <form method="post" action=SetBudgets::url() class="form sheet">
            <Problem error=elsewhere(&set)/>
            <input type="hidden" name="code" value=code.clone()/>
            <p class="hint">{hint}</p>
            <Field id="course" name="course" label=texts.set_course problem=at(&set, Place::Amount) value=use_typed("course")/>
            <Field id="each" name="each" label=texts.set_each problem=at(&set, Place::AmountEach) value=use_typed("each")/>
            <Field id="reason" name="reason" label=texts.reason hint=texts.reason_hint problem=at(&set, Place::Reason) value=use_typed("reason")/>
            <button type="submit" class="button button-main">{texts.set}</button>
        </form>
        {(!items.is_empty()).then(|| view! {
            <h2>{texts.grant_title}</h2>
            <form method="post" action=Grant::url() class="form sheet">
                <Problem error=elsewhere(&granted)/>
                <input type="hidden" name="code" value=code/>
                <input type="hidden" name="id" value=AllowanceId::new().to_string()/>
                <Choice name="person" label=texts.grant_to items chosen=use_typed("person") problem=None/>
                <Field id="amount" name="amount" label=texts.grant_amount problem=at(&granted, Place::Amount) value=use_typed("amount")/>
                <Field id="grant_reason" name="reason" label=texts.reason hint=texts.reason_hint problem=at(&granted, Place::Reason) value=use_typed("grant_reason")/>
                <div class="acts">
                    <button type="submit" class="button">{texts.grant}</button>
                    <button type="submit" class="button" name="is_taken_back" value="true">{texts.take_back}</button>
                </div>
            </form>
        })}
    }
}

#[component]
fn History(history: Vec<AllowanceRow>, currency: Currency) -> impl IntoView {
    let texts = &use_texts().costs;
    let row = move |AllowanceRow { of, amount, reason, by, at }: AllowanceRow| {
        view! {
            <tr>
                <td><Moment at/></td>
                <th scope="row">{match of {
                    AllowanceOf::Course => texts.whole_course.to_owned(),
                    AllowanceOf::Each => texts.each_person.to_owned(),
                    AllowanceOf::Person(name) => name,
                }}</th>
                <td>{if amount > 0 { "+" } else { "" }}{(texts.money)(Money::new(currency, amount))}</td>
                <td>{by.unwrap_or_else(|| texts.operator.to_owned())}</td>
                <td class="reason">{reason}</td>
            </tr>
        }
    };
    let rows = history.into_iter().map(row).collect_view();
    view! { <Table label=texts.history heads=vec![texts.when, texts.budget, texts.amount, texts.who, texts.reason]>{rows}</Table> }
}
