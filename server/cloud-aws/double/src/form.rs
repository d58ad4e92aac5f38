//! The body of a query request: `Action=RunInstances&InstanceId.1=i-1&…`, in the order it came.

/// Names and values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

/// A `Filter.n` of EC2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) name: String,
    pub(crate) values: Vec<String>,
}

impl Form {
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(name, value)| (decoded(name), decoded(value))).collect())
    }

    pub(crate) fn encode(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&")
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, present)) => value.clone_into(present),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, value)| value.as_str())
    }

    pub(crate) fn has_any(&self, prefixes: &[&str]) -> bool {
        self.0.iter().any(|(name, _)| prefixes.iter().any(|prefix| name.starts_with(prefix)))
    }

    /// The values of `name.1`, `name.2` …
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let plain = self.members(name).into_values().filter_map(|member| member.0.into_iter().find(|(key, _)| key.is_empty()));
        plain.map(|(_, value)| value).collect()
    }

    /// What stands under `name.1.`, `name.2.` …
    pub(crate) fn groups(&self, name: &str) -> Vec<Self> {
        let owned = |members: Borrowed<'_>| Self(members.0.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect());
        self.members(name).into_values().map(owned).collect()
    }

    fn members(&self, name: &str) -> std::collections::BTreeMap<u32, Borrowed<'_>> {
        let mut members = std::collections::BTreeMap::<u32, Borrowed<'_>>::new();
        for (key, value) in &self.0 {
            let Some(rest) = key.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else { continue };
            let (number, rest) = rest.split_once('.').unwrap_or((rest, ""));
            if let Ok(number) = number.parse() {
                members.entry(number).or_default().0.push((rest, value));
            }
        }
        members
    }

    /// EC2's filters.
    pub(crate) fn filters(&self) -> Vec<Filter> {
        let groups = self.groups("Filter");
        groups
            .iter()
            .map(|group| Filter {
                name: group.get("Name").unwrap_or_default().to_owned(),
                values: group.list("Value").into_iter().map(str::to_owned).collect(),
            })
            .collect()
    }

    pub(crate) fn set_filters(&mut self, filters: &[Filter]) {
        self.0.retain(|(name, _)| !name.starts_with("Filter."));
        for (number, filter) in (1..).zip(filters) {
            self.0.push((format!("Filter.{number}.Name"), filter.name.clone()));
            for (nth, value) in (1..).zip(&filter.values) {
                self.0.push((format!("Filter.{number}.Value.{nth}"), value.clone()));
            }
        }
    }

    /// The same pairs, whatever their order.
    pub(crate) fn sorted(&self) -> Self {
        let mut pairs = self.0.clone();
        pairs.sort();
        Self(pairs)
    }
}

#[derive(Debug, Default)]
struct Borrowed<'a>(Vec<(&'a str, &'a str)>);

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten().and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => plain.push(byte),
            None if byte == b'+' => plain.push(b' '),
            None => plain.push(byte),
        }
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_comes_back_as_it_was() {
        let text = "Action=X&Tag.1.Key=koza%3Aintent&Name=a%20b%2A";
        let form = Form::parse(text);
        assert_eq!(form.get("Name"), Some("a b*"));
        assert_eq!(Form::parse(&form.encode()), form);
        assert_eq!(Form::parse("a=1+2").get("a"), Some("1 2"));
    }

    #[test]
    fn lists_and_groups_go_by_number() {
        let form = Form::parse("InstanceId.10=c&InstanceId.2=b&InstanceId.1=a&InstanceIdle.1=x&T.member.1.Id=i&T.member.1.Port=80");
        assert_eq!(form.list("InstanceId"), ["a", "b", "c"]);
        let groups = form.groups("T.member");
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].get("Id"), groups[0].get("Port")), (Some("i"), Some("80")));
    }

    #[test]
    fn a_filter_that_is_taken_away_leaves_the_others_numbered_from_one() {
        let mut form =
            Form::parse("Filter.1.Name=client-token&Filter.1.Value.1=t&Filter.2.Name=vpc-id&Filter.2.Value.1=v&Filter.2.Value.2=w");
        let kept: Vec<Filter> = form.filters().into_iter().filter(|filter| filter.name != "client-token").collect();
        form.set_filters(&kept);
        assert_eq!(form.encode(), "Filter.1.Name=vpc-id&Filter.1.Value.1=v&Filter.1.Value.2=w");
    }
}
