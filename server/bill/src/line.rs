//! One line of a report.

use rust_decimal::Decimal;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::column::{COUNT, Column};
use crate::error::Trouble;
use crate::{amount, moment};

/// Nothing that is read is longer, in bytes.
const LONGEST: usize = 64 * 1024;

/// What a line charges for.
/// Source: `lineItem/LineItemType` in <https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html>.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineType {
    /// Use at a price per unit.
    Usage,
    /// Use that a reserved instance pays for.
    DiscountedUsage,
    /// Use that a savings plan pays for. It costs as on demand here; another line, `SavingsPlanNegation`, takes that back.
    SavingsPlanCoveredUsage,
    /// A credit.
    Credit,
    /// Money given back.
    Refund,
    /// A tax.
    Tax,
    /// Fees and discounts of agreements, and whatever AWS adds to the list.
    Other(String),
}

impl LineType {
    fn of(text: &str) -> Self {
        match text {
            "Usage" => Self::Usage,
            "DiscountedUsage" => Self::DiscountedUsage,
            "SavingsPlanCoveredUsage" => Self::SavingsPlanCoveredUsage,
            "Credit" => Self::Credit,
            "Refund" => Self::Refund,
            "Tax" => Self::Tax,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether something was used, so that the quantity means something.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Usage | Self::DiscountedUsage | Self::SavingsPlanCoveredUsage)
    }
}

/// One line of a report, the same from every layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// AWS's name of the line; unique in one delivery of a report, and another in the next.
    pub id: String,
    /// What it charges for.
    pub line_type: LineType,
    /// When the use began; an hour or a day before `to`, as the report was ordered.
    pub from: OffsetDateTime,
    /// When it ended.
    pub to: OffsetDateTime,
    /// The account that used it, twelve digits.
    pub account: String,
    /// `AmazonEC2`, `AWSELB`, `AmazonVPC`.
    pub product: String,
    /// `APN1-BoxUsage:t3.micro`. Empty for taxes and the like.
    pub usage_type: String,
    /// `RunInstances`, `LoadBalancing:Application`.
    pub operation: String,
    /// The id by which Koza knows the resource: `vol-1` for `arn:aws:ec2:…:volume/vol-1`, and a balancer's ARN whole.
    pub resource: Option<String>,
    /// The tag `koza:environment`, if it is an id.
    pub environment: Option<Uuid>,
    /// The tag `koza:installation`.
    pub installation: Option<String>,
    /// How much was used, in `unit`. Zero if the report leaves it empty, which it may for what is not usage.
    pub quantity: Decimal,
    /// `Hrs`, `GB-Mo`, `LCU-Hrs`, `GB`.
    pub unit: String,
    /// The unblended cost in US dollars.
    pub cost: Decimal,
    /// Whether it is on an invoice. Until then it may change.
    pub is_final: bool,
}

/// A value of a row, as its layout has it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'a> {
    Empty,
    Text(&'a [u8]),
    Number(f64),
    Moment(OffsetDateTime),
}

/// A row, by [`Column::place`].
pub(crate) type Cells<'a> = [Cell<'a>; COUNT];

/// A row's line.
pub(crate) fn of(cells: &Cells<'_>) -> Result<Line, Trouble> {
    let text = |column| text(cells, column);
    let line_type = LineType::of(text(Column::LineType)?);
    let (from, to) = (at(cells, Column::From)?, at(cells, Column::To)?);
    if to < from {
        return Err(Trouble::Cell(Column::To, format!("{to} is before the line's beginning, {from}")));
    }
    match text(Column::Currency)? {
        "USD" => {}
        other => return Err(Trouble::Cell(Column::Currency, format!("{other:?} is not USD, and nothing is converted"))),
    }
    let is_without = !line_type.is_usage() && is_empty(cells, Column::Quantity);
    Ok(Line {
        id: text(Column::LineId)?.to_owned(),
        from,
        to,
        account: text(Column::Account)?.to_owned(),
        product: text(Column::Product)?.to_owned(),
        usage_type: text(Column::UsageType)?.to_owned(),
        operation: text(Column::Operation)?.to_owned(),
        resource: filled(text(Column::Resource)?).map(|resource| known_as(resource).to_owned()),
        environment: Uuid::try_parse(text(Column::Environment)?).ok(),
        installation: filled(text(Column::Installation)?).map(str::to_owned),
        quantity: if is_without { Decimal::ZERO } else { number(cells, Column::Quantity)? },
        unit: text(Column::Unit)?.to_owned(),
        cost: number(cells, Column::Cost)?,
        is_final: !text(Column::InvoiceId)?.is_empty(),
        line_type,
    })
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn is_empty(cells: &Cells<'_>, column: Column) -> bool {
    matches!(cells[column.place()], Cell::Empty | Cell::Text([]))
}

fn text<'a>(cells: &Cells<'a>, column: Column) -> Result<&'a str, Trouble> {
    match cells[column.place()] {
        Cell::Empty => Ok(""),
        Cell::Text(bytes) if bytes.len() > LONGEST => Err(Trouble::Cell(column, format!("is longer than {LONGEST} bytes"))),
        Cell::Text(bytes) => str::from_utf8(bytes).map_err(|_| Trouble::Cell(column, "is no UTF-8".to_owned())),
        Cell::Number(_) | Cell::Moment(_) => Err(Trouble::Cell(column, "is no text".to_owned())),
    }
}

fn number(cells: &Cells<'_>, column: Column) -> Result<Decimal, Trouble> {
    let number = match cells[column.place()] {
        Cell::Number(double) => amount::of_double(double),
        _ => amount::parse(text(cells, column)?),
    };
    number.map_err(|why| Trouble::Cell(column, why))
}

fn at(cells: &Cells<'_>, column: Column) -> Result<OffsetDateTime, Trouble> {
    match cells[column.place()] {
        Cell::Moment(moment) => Ok(moment),
        _ => moment::parse(text(cells, column)?).map_err(|why| Trouble::Cell(column, why)),
    }
}

/// The id by which EC2's own calls know it. ARNs of other services are their ids.
fn known_as(resource: &str) -> &str {
    let mut parts = resource.splitn(6, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("arn"), Some(_), Some("ec2"), Some(_), Some(_), Some(kind_and_id)) => {
            kind_and_id.split_once('/').map_or(resource, |(_, id)| id)
        }
        _ => resource,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_called_as_koza_knows_it() {
        let balancer = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/koza-1/50dc6c495c0c9188";
        for (reported, known) in [
            ("i-0abc", "i-0abc"),
            ("vol-1", "vol-1"),
            ("arn:aws:ec2:ap-northeast-1:123456789012:volume/vol-1", "vol-1"),
            ("arn:aws:ec2:ap-northeast-1::snapshot/snap-1", "snap-1"),
            ("arn:aws-cn:ec2:cn-north-1:123456789012:elastic-ip/eipalloc-1", "eipalloc-1"),
            (balancer, balancer),
            ("arn:aws:s3:::bucket", "arn:aws:s3:::bucket"),
            ("arn:aws:ec2", "arn:aws:ec2"),
        ] {
            assert_eq!(known_as(reported), known);
        }
    }
}
