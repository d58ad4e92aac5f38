//! A report's rows as text, and the CSV layouts made of them.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

/// Of the installation whose report it is.
pub const INSTALLATION: &str = "koza-tokyo";

/// A row, all as text.
#[derive(Debug, Clone)]
pub struct Row {
    pub id: String,
    pub invoice: String,
    pub line_type: String,
    pub from: String,
    pub to: String,
    pub product: String,
    pub usage_type: String,
    pub resource: String,
    pub quantity: String,
    pub unit: String,
    pub cost: String,
    pub currency: String,
    /// As they were put on: `koza:environment`.
    pub tags: Vec<(String, String)>,
}

/// Text columns, in snake case and in the legacy CSV. One is not needed and stands in between.
pub const TEXTS: [(&str, &str); 13] = [
    ("identity_line_item_id", "identity/LineItemId"),
    ("bill_invoice_id", "bill/InvoiceId"),
    ("bill_payer_account_id", "bill/PayerAccountId"),
    ("line_item_usage_account_id", "lineItem/UsageAccountId"),
    ("line_item_line_item_type", "lineItem/LineItemType"),
    ("line_item_product_code", "lineItem/ProductCode"),
    ("line_item_usage_type", "lineItem/UsageType"),
    ("line_item_operation", "lineItem/Operation"),
    ("line_item_resource_id", "lineItem/ResourceId"),
    ("line_item_unblended_rate", "lineItem/UnblendedRate"),
    ("line_item_currency_code", "lineItem/CurrencyCode"),
    ("pricing_unit", "pricing/unit"),
    ("line_item_line_item_description", "lineItem/LineItemDescription"),
];
pub const TIMES: [(&str, &str); 3] = [
    ("bill_billing_period_start_date", "bill/BillingPeriodStartDate"),
    ("line_item_usage_start_date", "lineItem/UsageStartDate"),
    ("line_item_usage_end_date", "lineItem/UsageEndDate"),
];
pub const NUMBERS: [(&str, &str); 2] =
    [("line_item_usage_amount", "lineItem/UsageAmount"), ("line_item_unblended_cost", "lineItem/UnblendedCost")];
pub const TAGS: [&str; 4] = ["koza:installation", "koza:environment", "koza:course", "koza:intent"];

impl Row {
    /// An hour's use of something of ours.
    pub fn new(usage_type: &str, resource: &str, from: &str, to: &str, quantity: &str, cost: &str) -> Self {
        let text = str::to_owned;
        Self {
            id: format!("{resource}-{}-{usage_type}", from.get(..13).unwrap_or_default()),
            invoice: String::new(),
            line_type: text("Usage"),
            from: text(from),
            to: text(to),
            product: text("AmazonEC2"),
            usage_type: text(usage_type),
            resource: text(resource),
            quantity: text(quantity),
            unit: text("Hrs"),
            cost: text(cost),
            currency: text("USD"),
            tags: Vec::new(),
        }
    }

    /// With our tags.
    pub fn tagged(mut self, environment: &str) -> Self {
        self.tags = vec![(TAGS[0].to_owned(), INSTALLATION.to_owned()), (TAGS[1].to_owned(), environment.to_owned())];
        self
    }

    pub fn text(&self, place: usize) -> &str {
        match place {
            0 => &self.id,
            1 => &self.invoice,
            2 | 3 => "123456789012",
            4 => &self.line_type,
            5 => &self.product,
            6 => &self.usage_type,
            7 => "RunInstances",
            8 => &self.resource,
            9 => "0.0136",
            10 => &self.currency,
            11 => &self.unit,
            _ => "$0.0136 per \"On Demand\" hour,\nTokyo",
        }
    }

    pub fn time(&self, place: usize) -> &str {
        ["2026-10-01T00:00:00Z", &self.from, &self.to][place]
    }

    pub fn number(&self, place: usize) -> &str {
        [&self.quantity, &self.cost][place]
    }

    pub fn tag(&self, key: &str) -> &str {
        self.tags.iter().find(|(other, _)| other == key).map_or("", |(_, value)| value)
    }
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}

fn csv<'a>(rows: impl IntoIterator<Item = Vec<String>> + 'a) -> String {
    let line = |row: Vec<String>| row.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(",") + "\n";
    rows.into_iter().map(line).collect()
}

fn plain(row: &Row) -> Vec<String> {
    let texts = (0..TEXTS.len()).map(|place| row.text(place));
    let times = (0..TIMES.len()).map(|place| row.time(place));
    texts.chain(times).chain((0..NUMBERS.len()).map(|place| row.number(place))).map(str::to_owned).collect()
}

fn names(is_legacy: bool) -> Vec<String> {
    let all = TEXTS.into_iter().chain(TIMES).chain(NUMBERS);
    all.map(|(snake, legacy)| if is_legacy { legacy } else { snake }.to_owned()).collect()
}

/// The legacy CSV.
pub fn legacy_csv(rows: &[Row]) -> String {
    let mut header = names(true);
    header.extend(TAGS.map(|key| format!("resourceTags/user:{key}")));
    let rows = rows.iter().map(|row| [plain(row), TAGS.map(|key| row.tag(key).to_owned()).to_vec()].concat());
    csv(std::iter::once(header).chain(rows))
}

/// The key in CUR 2.0's map.
pub fn map_key(tag: &str) -> String {
    format!("user_{}", tag.replace(':', "_"))
}

/// CUR 2.0 as CSV: times have milliseconds there, tags are JSON.
pub fn cur2_csv(rows: &[Row]) -> String {
    let mut header = names(false);
    header.push("resource_tags".to_owned());
    let rows = rows.iter().map(|row| {
        let mut fields: Vec<String> = plain(row).iter().map(|field| field.replace(":00Z", ":00.000Z")).collect();
        let mut tags = serde_json::Map::from_iter([("user_name".to_owned(), "a, \"b\"".into())]);
        tags.extend(row.tags.iter().map(|(key, value)| (map_key(key), value.as_str().into())));
        fields.push(serde_json::Value::Object(tags).to_string());
        fields
    });
    csv(std::iter::once(header).chain(rows))
}

/// Packed.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).expect("memory takes it");
    packer.finish().expect("memory takes it")
}

/// A folder for the files of a test. Their names say nothing of what is in them.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("there is room for a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("there is room for a file");
        path
    }
}

/// All lines of a file.
pub fn lines(path: &Path) -> Result<Vec<bill::Line>, bill::BillError> {
    bill::read(path)?.collect()
}
