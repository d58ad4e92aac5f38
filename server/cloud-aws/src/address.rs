//! Addresses and where they lead.
//!
//! An order for an address is not made once by itself: what carries its intent is looked up before it is repeated, and the extra one of two is
//! given back. An address leads to one machine; its association carries no tags of its own.

use aws_sdk_ec2::types::{Address, DomainType, Filter, ResourceType};
use cloud::{CloudError, Deletion, Fate, Intent, Observed, Seen};

use crate::AwsCloud;
use crate::balancer::unreadable;
use crate::labels::{Label, by, made, of};
use crate::trouble::{code, is_missing, trouble};

impl AwsCloud {
    pub(crate) async fn create_address(&self, intent: &Intent) -> Result<Seen, CloudError> {
        if intent.is_repeat {
            let mut known = self.addresses(vec![by(intent)]).await?;
            known.sort_by(|one, other| one.allocation_id().cmp(&other.allocation_id()));
            let mut known = known.iter().filter_map(listed);
            if let Some(first) = known.next() {
                for extra in known {
                    self.delete_address(&extra.cloud_id).await?;
                }
                return Ok(first);
            }
        }
        let answer = self
            .clients
            .ec2
            .allocate_address()
            .domain(DomainType::Vpc)
            .tag_specifications(of(intent, ResourceType::ElasticIp))
            .send()
            .await;
        let answer = answer.map_err(|error| trouble("ec2:AllocateAddress", error))?;
        let address = answer.public_ip.unwrap_or_default();
        let allocation = answer.allocation_id.ok_or_else(|| unreadable("AllocateAddress"))?;
        Ok(made(intent, allocation, Observed::Address { address }, None))
    }

    pub(crate) async fn delete_address(&self, allocation: &str) -> Result<Deletion, CloudError> {
        match self.clients.ec2.release_address().allocation_id(allocation).send().await {
            Err(error) if !is_missing(&error) => Err(trouble("ec2:ReleaseAddress", error)),
            _ => Ok(Deletion::Done(None)),
        }
    }

    pub(crate) async fn create_binding(&self, intent: &Intent, address: &str, machine: &str) -> Result<Seen, CloudError> {
        let answer =
            self.clients.ec2.associate_address().allocation_id(address).instance_id(machine).allow_reassociation(false).send().await;
        let leads_there = || Observed::Binding { address: address.to_owned(), machine: machine.to_owned() };
        match answer {
            Ok(_) => Ok(made(intent, address, leads_there(), None)),
            Err(error) if code(&error) == "Resource.AlreadyAssociated" => {
                match self.address(address).await?.as_ref().and_then(Address::instance_id) {
                    Some(other) if other == machine => Ok(made(intent, address, leads_there(), None)),
                    _ => Err(CloudError::new(Fate::InUse, "address_is_bound", format!("{address} leads to another machine"))),
                }
            }
            Err(error) => Err(trouble("ec2:AssociateAddress", error)),
        }
    }

    /// A binding is called as its address is: the name of an association changes with every order, even with one that changes nothing.
    pub(crate) async fn delete_binding(&self, address: &str) -> Result<Deletion, CloudError> {
        let known = self.address(address).await?;
        let Some(association) = known.as_ref().and_then(Address::association_id) else { return Ok(Deletion::Done(None)) };
        match self.clients.ec2.disassociate_address().association_id(association).send().await {
            Err(error) if !is_missing(&error) => Err(trouble("ec2:DisassociateAddress", error)),
            _ => Ok(Deletion::Done(None)),
        }
    }

    async fn address(&self, allocation: &str) -> Result<Option<Address>, CloudError> {
        let it = Filter::builder().name("allocation-id").values(allocation).build();
        Ok(self.addresses(vec![it]).await?.pop())
    }

    /// It comes in one page, however many there are.
    pub(crate) async fn addresses(&self, filters: Vec<Filter>) -> Result<Vec<Address>, CloudError> {
        let answer = self.clients.ec2.describe_addresses().set_filters(Some(filters)).send().await;
        Ok(answer.map_err(|error| trouble("ec2:DescribeAddresses", error))?.addresses.unwrap_or_default())
    }
}

/// As the loop sees it.
pub(crate) fn listed(address: &Address) -> Option<Seen> {
    let observed = Observed::Address { address: address.public_ip()?.to_owned() };
    Some(Label::of(address.tags())?.seen(address.allocation_id()?, observed, None))
}

/// Where it leads, as the loop sees it.
pub(crate) fn binding(address: &Address) -> Option<Seen> {
    let observed =
        Observed::Binding { address: address.allocation_id()?.to_owned(), machine: address.instance_id().unwrap_or_default().to_owned() };
    address.association_id()?;
    Some(Seen { intent: None, ..Label::of(address.tags())?.seen(address.allocation_id()?, observed, None) })
}
