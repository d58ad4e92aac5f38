//! What happens behind our back: tests and demonstrations do it by name.

use crate::error::CloudError;

use super::inside::Damage;
use super::world::{Thing, missing};
use super::{Call, Mishap, SimCloud};

impl SimCloud {
    /// The nth call of this kind from now on (1: the next) meets this mishap.
    pub fn script(&self, call: Call, nth: u32, mishap: Mishap) {
        self.open().script.add(call, nth, mishap);
    }

    /// The cloud answers nothing at all, until it is told otherwise.
    pub fn fall_silent(&self, silent: bool) {
        self.open().script.set_silent(silent);
    }

    /// Other limits from now on (what exists stays).
    pub fn change_settings(&self, change: impl FnOnce(&mut super::SimSettings)) {
        change(&mut self.open().settings);
    }

    /// Something disappears; a machine takes its disk with it.
    ///
    /// # Errors
    /// There is nothing of that name.
    pub fn vanish(&self, cloud_id: &str) -> Result<(), CloudError> {
        self.change(|world, _, now| {
            if !world.entries.contains_key(cloud_id) {
                return Err(missing("not_found", cloud_id));
            }
            world.remove(cloud_id, now);
            Ok(())
        })
    }

    /// Somebody closes every port of a firewall.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn close_ports(&self, firewall: &str) -> Result<(), CloudError> {
        self.change(|world, _, _| match world.entries.get_mut(firewall).map(|entry| &mut entry.thing) {
            Some(Thing::Firewall { tcp }) => {
                tcp.clear();
                Ok(())
            }
            _ => Err(missing("firewall_not_found", firewall)),
        })
    }

    /// Somebody makes a record lead elsewhere.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn change_record(&self, record: &str, leads_to: &str) -> Result<(), CloudError> {
        self.change(|world, _, _| match world.entries.get_mut(record).map(|entry| &mut entry.thing) {
            Some(Thing::Record { record, .. }) => {
                leads_to.clone_into(&mut record.value);
                Ok(())
            }
            _ => Err(missing("record_not_found", record)),
        })
    }

    /// Somebody pulls the plug: the machine is stopped, its disk stays.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn kill(&self, machine: &str) -> Result<(), CloudError> {
        self.change(|world, settings, now| {
            world.machine(machine)?;
            world.power_off(machine, now, settings);
            Ok(())
        })
    }

    /// An address leads nowhere any more, though its binding is still listed.
    ///
    /// # Errors
    /// Nothing leads to that machine.
    pub fn cut_binding(&self, machine: &str) -> Result<(), CloudError> {
        self.change(|world, _, _| {
            let cut = world.entries.values_mut().find_map(|entry| match &mut entry.thing {
                Thing::Binding { machine: leads_to, is_cut, .. } if leads_to == machine => Some(is_cut),
                _ => None,
            });
            *cut.ok_or_else(|| missing("binding_not_found", machine))? = true;
            Ok(())
        })
    }

    /// A service goes down; a restart of it, or of the machine, brings it back. While `agent` is down, it carries out no orders.
    ///
    /// # Errors
    /// There is no machine of that name.
    pub fn break_service(&self, machine: &str, service: &str) -> Result<(), CloudError> {
        self.hurt(machine, service, Some(Damage::Down))
    }

    /// A service goes down and stays down, until it is mended.
    ///
    /// # Errors
    /// There is no machine of that name.
    pub fn wreck_service(&self, machine: &str, service: &str) -> Result<(), CloudError> {
        self.hurt(machine, service, Some(Damage::Wrecked))
    }

    /// A service works again.
    ///
    /// # Errors
    /// There is no machine of that name.
    pub fn mend_service(&self, machine: &str, service: &str) -> Result<(), CloudError> {
        self.hurt(machine, service, None)
    }

    /// What the order `restart` does to a real machine.
    ///
    /// # Errors
    /// There is no machine of that name.
    pub fn restart_service(&self, machine: &str, service: &str) -> Result<(), CloudError> {
        self.change(|world, _, _| {
            world.machine_mut(machine)?.inside.damage.retain(|name, damage| name != service || *damage == Damage::Wrecked);
            Ok(())
        })
    }

    /// A boot step of a machine fails from now on, having written these lines; `None`: it works again.
    ///
    /// # Errors
    /// There is no machine of that name.
    pub fn break_step(&self, machine: &str, step: &str, log: Option<&[&str]>) -> Result<(), CloudError> {
        self.change(|world, _, _| {
            let bad_steps = &mut world.machine_mut(machine)?.inside.bad_steps;
            match log {
                Some(lines) => bad_steps.insert(step.to_owned(), lines.iter().map(|&line| line.to_owned()).collect()),
                None => bad_steps.remove(step),
            };
            Ok(())
        })
    }

    fn hurt(&self, machine: &str, service: &str, damage: Option<Damage>) -> Result<(), CloudError> {
        self.change(|world, _, _| {
            let all = &mut world.machine_mut(machine)?.inside.damage;
            match damage {
                Some(damage) => all.insert(service.to_owned(), damage),
                None => all.remove(service),
            };
            Ok(())
        })
    }
}
