//! What nobody knows the price of: whoever asks for it is refused, so operators hear of it beforehand.

use std::collections::BTreeSet;

use app::domain::ids::CourseId;

use super::accounts::Accounts;
use crate::db::{Db, courses};
use crate::pricing::Shape;
use crate::wish::Options;

/// What courses offer and have no price for, with the course's code.
///
/// # Errors
/// As the database.
pub async fn everywhere(db: &mut Db) -> sqlx::Result<BTreeSet<(String, String)>> {
    let mut found = BTreeSet::new();
    for (course, code) in courses::all(db).await? {
        let said = of_course(db, course).await?;
        found.extend(said.into_iter().map(|said| (code.clone(), said)));
    }
    Ok(found)
}

async fn of_course(db: &mut Db, course: CourseId) -> sqlx::Result<BTreeSet<String>> {
    let accounts = match Accounts::of(db, course).await {
        Ok(accounts) => accounts,
        Err(super::accounts::Unreckoned::Db(error)) => return Err(error),
        Err(error) => return Ok(BTreeSet::from([error.to_string()])),
    };
    let mut found = accounts.unpriced.clone();
    found.extend(accounts.per_usd().err().map(|error| error.to_string()));
    for offer in courses::offers(db, course).await? {
        let cloud = courses::cloud(db, offer.cloud).await?;
        let book = accounts.book(&cloud.kind, &cloud.region);
        for size in offer.spec.sizes() {
            // As many machines as there may be, so that the balancer is among them.
            let shape =
                Shape { size, machines: offer.spec.most_machines, ..Shape::of(cloud.kind.clone(), &offer.spec, &Options::default()) };
            found.extend(shape.lines(&book, accounts.now).err().map(|error| error.to_string()));
        }
    }
    Ok(found)
}
