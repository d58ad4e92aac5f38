//! Which columns are read, and how the layouts call them.
//!
//! The legacy CSV has `lineItem/UsageAmount`; everything else has `line_item_usage_amount`, which AWS makes of the former by a rule of
//! its own. A header is brought to that form first, so there is one table.
//!
//! Source of the rule: "Column Names" in <https://docs.aws.amazon.com/cur/latest/userguide/cur-ate-run.html>. Sources of the names:
//! <https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html> and
//! <https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2-line-item.html>.

/// A column that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    LineId,
    InvoiceId,
    Account,
    LineType,
    From,
    To,
    Product,
    UsageType,
    Operation,
    Resource,
    Quantity,
    Unit,
    Cost,
    Currency,
    Installation,
    Environment,
}

/// How many columns are read.
pub(crate) const COUNT: usize = 16;

/// Without one of these there is no line. The rest are tags, which a report has once they are activated.
const NEEDED: usize = 14;

/// In snake case, and in the legacy CSV.
const NAMES: [(&str, &str); COUNT] = [
    ("identity_line_item_id", "identity/LineItemId"),
    ("bill_invoice_id", "bill/InvoiceId"),
    ("line_item_usage_account_id", "lineItem/UsageAccountId"),
    ("line_item_line_item_type", "lineItem/LineItemType"),
    ("line_item_usage_start_date", "lineItem/UsageStartDate"),
    ("line_item_usage_end_date", "lineItem/UsageEndDate"),
    ("line_item_product_code", "lineItem/ProductCode"),
    ("line_item_usage_type", "lineItem/UsageType"),
    ("line_item_operation", "lineItem/Operation"),
    ("line_item_resource_id", "lineItem/ResourceId"),
    ("line_item_usage_amount", "lineItem/UsageAmount"),
    ("pricing_unit", "pricing/unit"),
    ("line_item_unblended_cost", "lineItem/UnblendedCost"),
    ("line_item_currency_code", "lineItem/CurrencyCode"),
    ("resource_tags_user_koza_installation", "resourceTags/user:koza:installation"),
    ("resource_tags_user_koza_environment", "resourceTags/user:koza:environment"),
];

impl Column {
    pub(crate) const ALL: [Self; COUNT] = [
        Self::LineId,
        Self::InvoiceId,
        Self::Account,
        Self::LineType,
        Self::From,
        Self::To,
        Self::Product,
        Self::UsageType,
        Self::Operation,
        Self::Resource,
        Self::Quantity,
        Self::Unit,
        Self::Cost,
        Self::Currency,
        Self::Installation,
        Self::Environment,
    ];

    /// Its place in a row.
    pub(crate) fn place(self) -> usize {
        self as usize
    }

    /// Its name for people who look at the file.
    pub(crate) fn in_file(self, is_legacy: bool) -> &'static str {
        let (snake, legacy) = NAMES[self.place()];
        if is_legacy { legacy } else { snake }
    }

    /// The column of a name in snake case.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.in_file(false) == name)
    }

    /// The first column that a report must have and this one has not.
    pub(crate) fn missing(has: impl Fn(Self) -> bool) -> Option<Self> {
        Self::ALL.into_iter().take(NEEDED).find(|column| !has(*column))
    }
}

/// A column or tag key as AWS writes it for Athena: an underscore before each capital and for everything that is neither letter nor
/// digit, never two of them, none at the ends, all in lower case.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 8);
    for letter in name.chars() {
        let starts_word = !letter.is_ascii_alphanumeric() || letter.is_ascii_uppercase();
        if starts_word && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        if letter.is_ascii_alphanumeric() {
            snake.push(letter.to_ascii_lowercase());
        }
    }
    snake.truncate(snake.trim_end_matches('_').len());
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_legacy_name_becomes_the_name_that_athena_knows() {
        for (name, legacy) in NAMES {
            assert_eq!(snake(legacy), name);
            assert_eq!(snake(name), name);
        }
        assert_eq!(snake("resourceTags/user:koza:environment"), "resource_tags_user_koza_environment");
        assert_eq!(snake("  Example--Column Name_"), "example_column_name");
    }

    #[test]
    fn a_report_without_costs_is_told_apart_from_one_without_tags() {
        assert_eq!(Column::missing(|column| column != Column::Cost), Some(Column::Cost));
        assert_eq!(Column::missing(|column| !matches!(column, Column::Installation | Column::Environment)), None);
    }
}
