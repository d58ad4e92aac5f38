//! An address: a forward with a listen address of the pool, our tags and no ports.
//!
//! Its cloud name is the intent's name and not the address: an address is used again, and a late "delete 203.0.113.7" would hit the
//! next one who got it. Found again by the intent tag; if two calls for one intent overlapped and made two, the lower one stays.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use cloud::{CloudError, Fate, Intent, Observed, Seen};

use crate::IncusCloud;
use crate::client::Deadline;
use crate::forward::Forward;
use crate::labels::{BINDING, OWN, made};

impl IncusCloud {
    pub(crate) async fn create_address(&self, intent: &Intent, by: Deadline) -> Result<Seen, CloudError> {
        let _turn = self.one_at_a_time().await;
        let mut refused = BTreeSet::new();
        loop {
            let all = self.forwards(by).await?;
            if let Some(address) = self.settle(intent, &all, by).await? {
                return Ok(made(intent, intent.name(), Observed::Address { address: address.to_string() }));
            }
            let taken: BTreeSet<_> =
                all.iter().filter_map(Forward::address).filter(|address| self.pool.has(*address)).chain(refused.iter().copied()).collect();
            let Some(free) = self.pool.from(intent.token).find(|address| !taken.contains(address)) else {
                return Err(self.exhausted(taken.len()));
            };
            match self.add_forward(free, OWN.of(intent), by).await {
                // Looked up once more at the top: whoever overlapped with us sees the same list and keeps the same one.
                Ok(()) => {}
                // Somebody else was quicker, or the host uses it for something that is no forward.
                Err(trouble) if trouble.is_taken() => {
                    refused.insert(free);
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
    }

    /// The one address that carries this intent's tag; more than one are reduced to the lowest.
    async fn settle(&self, intent: &Intent, all: &[Forward], by: Deadline) -> Result<Option<Ipv4Addr>, CloudError> {
        let mut ours: Vec<_> = all.iter().filter(|forward| OWN.is_by(&forward.config, intent)).collect();
        ours.sort_by_key(|forward| (BINDING.get(&forward.config, "intent").is_none(), forward.address()));
        for spare in ours.iter().skip(1) {
            self.remove_forward(&spare.listen_address, by).await?;
        }
        Ok(ours.first().and_then(|forward| forward.address()))
    }

    fn exhausted(&self, used: usize) -> CloudError {
        let (used, size) = (u32::try_from(used).unwrap_or(u32::MAX), self.pool.size());
        CloudError::new(Fate::OverQuota, "no_free_address", format!("{used} of {size} in use")).with_numbers(used, size)
    }

    pub(crate) async fn delete_address(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        let _turn = self.one_at_a_time().await;
        let Some(forward) = self.forward_named(name, by).await? else {
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
