//! Access: one table, role × action. What a caller may not see is "not found"; what they may see but not do is "not allowed".

use app::domain::course::Role;
use app::error::AppError;

/// What somebody may want to do with an environment.
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
            (Self::Holder, _) | (Self::Instructor, Action::See | Action::Steer) | (Self::Assistant | Self::Operator, Action::See) => Ok(()),
            (Self::Other, _) => Err(AppError::NotFound),
            _ => Err(AppError::NotAllowed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_as_agreed() {
        let mut table = String::from("            see      steer    secrets  delete\n");
        for (name, standing) in [
            ("holder", Standing::Holder),
            ("instructor", Standing::Instructor),
            ("assistant", Standing::Assistant),
            ("operator", Standing::Operator),
            ("other", Standing::Other),
        ] {
            let cells: Vec<_> = [Action::See, Action::Steer, Action::UseSecrets, Action::Delete]
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
