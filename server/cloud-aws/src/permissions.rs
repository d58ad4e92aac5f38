//! What Koza has to be allowed: the policy that comes with it (deploy/aws/policy.json) is the list, and a refusal names its line.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

const TEXT: &str = include_str!("../../../deploy/aws/policy.json");

/// The policy as it is kept, with places for account, region and so on.
static POLICY: LazyLock<Vec<Statement>> = LazyLock::new(|| read(TEXT));

/// One concern of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name, which says what it is for.
    pub sid: String,
    /// What it allows.
    pub actions: Vec<String>,
    /// On what.
    pub resources: Vec<String>,
    /// A context that meets its conditions, by key.
    pub context: BTreeMap<String, Vec<String>>,
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn read(text: &str) -> Vec<Statement> {
    let policy: Value = serde_json::from_str(text).expect("a test reads it");
    let allows = policy["Statement"].as_array().into_iter().flatten().filter(|statement| statement["Effect"] == "Allow");
    let statement = |statement: &Value| Statement {
        sid: statement["Sid"].as_str().unwrap_or_default().to_owned(),
        actions: texts(&statement["Action"]),
        resources: texts(&statement["Resource"]),
        context: context(&statement["Condition"]),
    };
    allows.map(statement).collect()
}

/// What a condition compares with, meets it; a pattern is met by what it says without its stars.
fn context(conditions: &Value) -> BTreeMap<String, Vec<String>> {
    let keys = conditions.as_object().into_iter().flatten().filter_map(|(_, keys)| keys.as_object()).flatten();
    keys.map(|(key, values)| {
        let mut values: Vec<String> = texts(values).into_iter().map(|value| value.replace('*', "micro")).collect();
        // One instance has one type, one tag one value.
        if key != "aws:TagKeys" {
            values.truncate(1);
        }
        (key.clone(), values)
    })
    .collect()
}

/// The statements with these values in their places.
pub(crate) fn rendered(places: &BTreeMap<&str, &str>) -> Vec<Statement> {
    read(&places.iter().fold(TEXT.to_owned(), |text, (place, value)| text.replace(&format!("${{{place}}}"), value)))
}

/// The names of the statements that allow an action.
#[must_use]
pub fn statements_for(action: &str) -> Vec<&'static str> {
    POLICY.iter().filter(|statement| statement.actions.iter().any(|one| one == action)).map(|statement| statement.sid.as_str()).collect()
}

/// What an operator is told of an action that was refused.
#[must_use]
pub(crate) fn missing(action: &str) -> String {
    match statements_for(action)[..] {
        [] => format!("{action} is not allowed, and the policy that comes with Koza does not ask for it."),
        [one] => format!("{action} is not allowed: statement {one} of deploy/aws/policy.json is missing, or its conditions are not met."),
        ref several => {
            let several = several.join(", ");
            format!(
                "{action} is not allowed: one of the statements {several} of deploy/aws/policy.json is missing, or its conditions are not met."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Every action that this crate names in a call.
    fn called() -> Vec<String> {
        fn texts(folder: &Path, all: &mut String) {
            for entry in std::fs::read_dir(folder).expect("our own sources").filter_map(Result::ok) {
                if entry.path().is_dir() {
                    texts(&entry.path(), all)
                } else {
                    all.push_str(&std::fs::read_to_string(entry.path()).expect("text"))
                }
            }
        }
        let mut sources = String::new();
        texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
        let mut called: Vec<String> =
            sources.split("trouble(\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect();
        called.sort_unstable();
        called.dedup();
        called
    }

    #[test]
    fn every_call_that_we_make_is_allowed_by_a_statement_of_the_policy() {
        let called = called();
        assert!(called.len() > 40, "{called:?}");
        // Nobody needs to be allowed to ask who they are.
        for action in called.iter().filter(|action| *action != "sts:GetCallerIdentity") {
            assert_ne!(statements_for(action), [""; 0], "{action}");
        }
    }

    #[test]
    fn a_refused_action_names_its_statement() {
        assert!(missing("ec2:AllocateAddress").contains("statement "), "{}", missing("ec2:AllocateAddress"));
        assert!(missing("ec2:CreateVpc").contains("does not ask for it"));
    }

    #[test]
    fn a_statement_is_asked_about_under_its_own_conditions() {
        let places =
            BTreeMap::from([("installation", "abc"), ("region", "eu-west-1"), ("account", "1"), ("zone_id", "Z"), ("domain", "exp.test")]);
        let launch = rendered(&places).into_iter().find(|statement| statement.sid == "LaunchMachines").expect("it is there");
        assert_eq!(launch.context["aws:RequestTag/koza:installation"], ["abc"]);
        assert_eq!(launch.context["ec2:InstanceType"], ["t3.micro"]);
        assert_eq!(launch.resources, ["arn:aws:ec2:eu-west-1:1:instance/*"]);
    }
}
