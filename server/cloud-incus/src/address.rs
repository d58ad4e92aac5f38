//! An address: a forward with a listen address of the pool, our tags and no ports.
//!
//! Its cloud name is the intent's name and not the address: an address is used again, and a late "delete 203.0.113.7" would hit the
//! next one who got it. Found again by the intent tag; if two calls for one intent overlapped and made two, the lower one stays.

use cloud::{CloudError, Fate, Intent, Observed, Seen};

use crate::IncusCloud;
use crate::client::Deadline;
use crate::forward::Forward;
use crate::labels::{BINDING, OWN, made};

impl IncusCloud {
    pub(crate) async fn create_address(&self, intent: &Intent, by: Deadline) -> Result<Seen, CloudError> {
        let _turn = self.one_at_a_time().await;
        let forward = self.take_forward(OWN, intent, by).await?;
        Ok(made(intent, intent.name(), Observed::Address { address: forward.listen_address }))
    }

    pub(crate) async fn delete_address(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        let _turn = self.one_at_a_time().await;
        let Some(forward) = self.forward_named(OWN, name, by).await? else {
            return Ok(());
        };
        if BINDING.get(&forward.config, "intent").is_some() {
            return Err(CloudError::new(Fate::InUse, "address_is_bound", format!("{} still leads to a machine", forward.listen_address)));
        }
        match self.remove_forward(&forward.listen_address, by).await {
            Err(trouble) if !trouble.is_missing() => Err(trouble.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn seen_address(&self, forward: &Forward) -> Option<Seen> {
        let observed = Observed::Address { address: forward.listen_address.clone() };
        OWN.seen(&forward.config, &self.installation, OWN.name(&forward.config)?, observed)
    }
}
