//! Offer files written small, in the layout of the real ones.

use price_list::{ListError, Offer, read_offer};
use time::Date;
use time::macros::date;

pub const READ_ON: Date = date!(2026 - 11 - 22);
pub const TOKYO: &str = "ap-northeast-1";

/// The attributes of a product.
pub type Attributes = Vec<(String, String)>;

/// Attributes of a product in Tokyo.
pub fn in_tokyo(attributes: &[(&str, &str)]) -> Attributes {
    let here = [("location", "Asia Pacific (Tokyo)"), ("locationType", "AWS Region"), ("regionCode", TOKYO)];
    here.iter().chain(attributes).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The same with some of them otherwise.
pub fn but(mut attributes: Attributes, others: &[(&str, &str)]) -> Attributes {
    for (name, value) in others {
        attributes.retain(|(known, _)| known != name);
        attributes.push(((*name).to_owned(), (*value).to_owned()));
    }
    attributes
}

/// A machine as Koza rents it.
pub fn machine(name: &str) -> Attributes {
    in_tokyo(&[
        ("servicecode", "AmazonEC2"),
        ("instanceType", name),
        ("currentGeneration", "Yes"),
        ("vcpu", "2"),
        ("tenancy", "Shared"),
        ("operatingSystem", "Linux"),
        ("licenseModel", "No License required"),
        ("usagetype", &format!("APN1-BoxUsage:{name}")),
        ("operation", "RunInstances"),
        ("capacitystatus", "Used"),
        ("marketoption", "OnDemand"),
        ("preInstalledSw", "NA"),
    ])
}

/// An offer file in the making.
pub struct File {
    code: &'static str,
    products: Vec<String>,
    on_demand: Vec<String>,
    reserved: Vec<String>,
}

impl File {
    pub fn of(code: &'static str) -> Self {
        Self { code, products: vec![], on_demand: vec![], reserved: vec![] }
    }

    /// A product whose one price holds since 2026-09-01.
    pub fn sells(self, sku: &str, family: &str, attributes: &Attributes, unit: &str, usd: &str) -> Self {
        self.sells_in_tiers(sku, family, attributes, unit, &[("0", usd)])
    }

    /// A product whose price depends on how much of it is used in a month.
    pub fn sells_in_tiers(self, sku: &str, family: &str, attributes: &Attributes, unit: &str, tiers: &[(&str, &str)]) -> Self {
        let tier = |(at, (begins, usd)): (usize, &(&str, &str))| {
            format!(
                r#""{sku}.JRTCKXETXF.6YS6EN2CT{at}" : {{ "rateCode" : "{sku}.JRTCKXETXF.6YS6EN2CT{at}", "unit" : "{unit}",
                    "endRange" : "Inf", "description" : "${usd} per {unit}", "appliesTo" : [ ], "beginRange" : "{begins}",
                    "pricePerUnit" : {{ "USD" : "{usd}" }} }}"#
            )
        };
        let tiers: Vec<String> = tiers.iter().enumerate().map(tier).collect();
        self.has(sku, family, attributes).on_demand(sku, &tiers.join(",\n"))
    }

    /// A product, without what it costs.
    pub fn has(mut self, sku: &str, family: &str, attributes: &Attributes) -> Self {
        let attributes: Vec<String> = attributes.iter().map(|(name, value)| format!(r#""{name}" : "{value}""#)).collect();
        let family = if family.is_empty() { String::new() } else { format!(r#""productFamily" : "{family}","#) };
        let attributes = attributes.join(", ");
        self.products.push(format!(r#""{sku}" : {{ "sku" : "{sku}", {family} "attributes" : {{ {attributes} }} }}"#));
        self
    }

    pub fn on_demand(mut self, sku: &str, tiers: &str) -> Self {
        self.on_demand.push(format!(
            r#""{sku}" : {{ "{sku}.JRTCKXETXF" : {{ "offerTermCode" : "JRTCKXETXF", "sku" : "{sku}",
                "effectiveDate" : "2026-09-01T00:00:00Z", "priceDimensions" : {{ {tiers} }}, "termAttributes" : {{ }} }} }}"#
        ));
        self
    }

    /// What the product costs who rents it for years.
    pub fn reserves(mut self, sku: &str, usd: &str) -> Self {
        self.reserved.push(format!(
            r#""{sku}" : {{ "{sku}.38NPMPTW36" : {{ "offerTermCode" : "38NPMPTW36", "sku" : "{sku}",
                "effectiveDate" : "2020-01-01T00:00:00Z", "priceDimensions" : {{ "{sku}.38NPMPTW36.6YS6EN2CT7" : {{
                "rateCode" : "{sku}.38NPMPTW36.6YS6EN2CT7", "description" : "reserved", "beginRange" : "0", "endRange" : "Inf",
                "unit" : "Hrs", "pricePerUnit" : {{ "USD" : "{usd}" }}, "appliesTo" : [ ] }} }},
                "termAttributes" : {{ "LeaseContractLength" : "3yr", "PurchaseOption" : "Partial Upfront" }} }} }}"#
        ));
        self
    }

    pub fn text(&self) -> String {
        let (code, products) = (self.code, self.products.join(",\n"));
        let (on_demand, reserved) = (self.on_demand.join(",\n"), self.reserved.join(",\n"));
        format!(
            r#"{{
  "formatVersion" : "v1.0",
  "disclaimer" : "This pricing list is for informational purposes only.",
  "offerCode" : "{code}",
  "version" : "20260910191022",
  "publicationDate" : "2026-09-10T19:10:22Z",
  "products" : {{ {products} }},
  "terms" : {{ "OnDemand" : {{ {on_demand} }}, "Reserved" : {{ {reserved} }} }},
  "attributesList" : {{ }}
}}"#
        )
    }

    pub fn read(&self, wanted: &[&str]) -> Result<Offer, ListError> {
        read_offer(self.text().as_bytes(), TOKYO, wanted, READ_ON)
    }

    /// What the wanted items cost.
    pub fn costs(&self, wanted: &[&str]) -> Vec<(String, String)> {
        let offer = self.read(wanted).expect("a list");
        offer.list.prices.into_iter().map(|price| (price.item, price.usd.to_string())).collect()
    }

    /// Why it is not read.
    pub fn refusal(&self, wanted: &[&str]) -> String {
        self.read(wanted).expect_err("a refusal").to_string()
    }
}

pub fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(item, usd)| ((*item).to_owned(), (*usd).to_owned())).collect()
}
