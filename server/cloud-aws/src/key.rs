//! Keys: key pairs of which EC2 knows the public half only.

use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::{Filter, KeyPairInfo, ResourceType};
use cloud::{CloudError, Deletion, Fate, Intent, Observed, Seen};

use crate::AwsCloud;
use crate::labels::{Label, made, of, time};
use crate::trouble::{code, is_missing, trouble};

impl AwsCloud {
    pub(crate) async fn create_key(&self, intent: &Intent, public_key: &str) -> Result<Seen, CloudError> {
        let name = intent.name();
        let answer = self
            .clients
            .ec2
            .import_key_pair()
            .key_name(&name)
            .public_key_material(Blob::new(public_key))
            .tag_specifications(of(intent, ResourceType::KeyPair))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(made(intent, name, Observed::Key, None)),
            Err(error) if code(&error) == "InvalidKeyPair.Duplicate" => {
                let named = Filter::builder().name("key-name").values(&name).build();
                let known = self.keys(vec![named]).await?;
                if known.is_empty() {
                    return Err(CloudError::new(Fate::NotVisibleYet, "not_found", format!("{name} is there, and not listed yet")));
                }
                match known.iter().any(|key| Label::of(key.tags()).is_some_and(|label| label.is_by(intent))) {
                    true => Ok(made(intent, name, Observed::Key, None)),
                    false => Err(CloudError::new(Fate::Final, "name_taken", format!("key pair {name} is somebody else's"))),
                }
            }
            Err(error) => Err(trouble("ec2:ImportKeyPair", error)),
        }
    }

    pub(crate) async fn delete_key(&self, name: &str) -> Result<Deletion, CloudError> {
        match self.clients.ec2.delete_key_pair().key_name(name).send().await {
            Err(error) if !is_missing(&error) => Err(trouble("ec2:DeleteKeyPair", error)),
            _ => Ok(Deletion::Done(None)),
        }
    }

    /// They come in one page, however many there are.
    pub(crate) async fn keys(&self, filters: Vec<Filter>) -> Result<Vec<KeyPairInfo>, CloudError> {
        let answer = self.clients.ec2.describe_key_pairs().set_filters(Some(filters)).send().await;
        Ok(answer.map_err(|error| trouble("ec2:DescribeKeyPairs", error))?.key_pairs.unwrap_or_default())
    }
}

/// As the loop sees it.
pub(crate) fn listed(key: &KeyPairInfo) -> Option<Seen> {
    Some(Label::of(key.tags())?.seen(key.key_name()?, Observed::Key, time(key.create_time())))
}
