//! Access: one table, role × action. What a caller may not see is "not found"; what they may see but not do is "not allowed".

use app::domain::course::Role;
use app::error::AppError;

/// What somebody may want to do with an environment, with a course, or with the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// See its page.
    See,
    /// Start, stop, try again.
    Steer,
    /// See its passwords, download its key.
    UseSecrets,
    /// Remove it.
    Delete,
    /// See all environments of its course in one table.
    SeeDesk,
    /// Say who is in its course, and what they are there.
    Enrol,
    /// See what its course costs.
    SeeCosts,
    /// Say what its course, or somebody in it, may spend.
    SetBudgets,
    /// See and do what is in the operator's room. To everybody else there is no such room.
    Operate,
}

impl Action {
    /// All of them, as the table has them.
    pub const ALL: [Self; 9] = [
        Self::See,
        Self::Steer,
        Self::UseSecrets,
        Self::Delete,
        Self::SeeDesk,
        Self::Enrol,
        Self::SeeCosts,
        Self::SetBudgets,
        Self::Operate,
    ];

    /// Whether it is about a course, and not about an environment.
    fn is_of_course(self) -> bool {
        matches!(self, Self::SeeDesk | Self::Enrol | Self::SeeCosts | Self::SetBudgets)
    }
}

/// How a caller stands to an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Holds it.
    Holder,
    /// Teaches its course.
    Instructor,
    /// Helps in its course.
    Assistant,
    /// Runs the site.
    Operator,
    /// Learns in the same course, or is somebody else.
    Other,
}

impl Standing {
    /// The strongest of what somebody is.
    #[must_use]
    pub fn of(is_holder: bool, role: Option<Role>, is_operator: bool) -> Self {
        match (is_holder, role, is_operator) {
            (true, _, _) => Self::Holder,
            (_, Some(Role::Instructor), _) => Self::Instructor,
            (_, Some(Role::Assistant), _) => Self::Assistant,
            (_, _, true) => Self::Operator,
            _ => Self::Other,
        }
    }

    /// Whether this standing may do that.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for what may not even be seen, else [`AppError::NotAllowed`].
    pub fn may(self, action: Action) -> Result<(), AppError> {
        match (self, action) {
            (Self::Holder, Action::See | Action::Steer | Action::UseSecrets | Action::Delete)
            | (Self::Instructor, Action::See | Action::Steer | Action::SeeDesk | Action::Enrol | Action::SeeCosts | Action::SetBudgets)
            | (Self::Assistant, Action::See | Action::SeeDesk | Action::SeeCosts)
            | (Self::Operator, Action::See | Action::SeeDesk | Action::Enrol | Action::SeeCosts | Action::SetBudgets | Action::Operate) => {
                Ok(())
            }
            (Self::Other, _) | (_, Action::Operate) => Err(AppError::NotFound),
            (Self::Holder, action) if action.is_of_course() => Err(AppError::NotFound),
            _ => Err(AppError::NotAllowed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_as_agreed() {
        let mut table = String::from("            see      steer    secrets  delete   desk     enrol    costs    budgets  operate\n");
        for (name, standing) in [
            ("holder", Standing::Holder),
            ("instructor", Standing::Instructor),
            ("assistant", Standing::Assistant),
            ("operator", Standing::Operator),
            ("other", Standing::Other),
        ] {
            let cells: Vec<_> = Action::ALL
                .into_iter()
                .map(|action| match standing.may(action) {
                    Ok(()) => "yes      ",
                    Err(AppError::NotFound) => "hidden   ",
                    Err(_) => "no       ",
                })
                .collect();
            table.push_str(format!("{name:<12}{}", cells.concat()).trim_end());
            table.push('\n');
        }
        insta::assert_snapshot!(table);
    }
}
