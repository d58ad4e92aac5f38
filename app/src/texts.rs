//! The catalogue: every sentence that people read, in English and Japanese. A field per sentence, so that a missing one does not
//! compile; full sentences, never glued parts.
//!
//! How it speaks: what happened, what Koza did, what next (design.md, section 10).

#![cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "what plain pages say is read by the server only"))]

mod costs;
#[cfg(feature = "ssr")]
mod desk;
mod en;
mod ja;
#[cfg(feature = "ssr")]
mod members;
#[cfg(feature = "ssr")]
mod notices;
#[cfg(feature = "ssr")]
mod operate;
#[cfg(feature = "ssr")]
mod roster;
#[cfg(test)]
mod tests;

use crate::domain::backup::{BackupReason, BackupState, NoBackup};
use crate::domain::course::Role;
use crate::domain::environment::{Act, LedBy, NotYet};
use crate::domain::image::{ImageState, NoImage};
use crate::domain::incident::Fault;
use crate::domain::person::Locale;
use crate::domain::phase::Phase;
use crate::domain::reason::{Attention, Probe};
use crate::domain::saw::Saw;
use crate::domain::scaling::{Limit, Mode, NoHttps, NoScaling, Policy, Share};
use crate::domain::timeline::{StepState, What};
use crate::error::{AppError, Why};

pub(crate) use costs::Costs;

/// A sentence.
type Sentence = &'static str;
/// A sentence around a word.
type About = fn(&str) -> String;

/// `23, 3306`, in every language.
fn ports(ports: &[u16]) -> String {
    ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// `12.3 MB`, in every language: as file managers count.
fn amount(bytes: u64) -> String {
    let (unit, word) = match bytes {
        0..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    let tenths = bytes.div_ceil(unit / 10);
    format!("{}.{} {word}", tenths / 10, tenths % 10)
}

/// The texts in a language.
#[must_use]
pub(crate) fn texts(locale: Locale) -> &'static Texts {
    match locale {
        Locale::En => &en::TEXTS,
        Locale::Ja => &ja::TEXTS,
    }
}

/// Everything, by part of the site.
pub(crate) struct Texts {
    pub(crate) frame: Frame,
    pub(crate) sign_in: SignIn,
    pub(crate) home: Home,
    pub(crate) course: Course,
    pub(crate) environment: Environment,
    pub(crate) timeline: Timeline,
    pub(crate) connection: Connection,
    pub(crate) host_name: HostName,
    pub(crate) scaling: Scaling,
    pub(crate) backups: Backups,
    pub(crate) images: Images,
    pub(crate) costs: Costs,
    #[cfg(feature = "ssr")]
    pub(crate) notices: notices::Notices,
    #[cfg(feature = "ssr")]
    pub(crate) desk: desk::Desk,
    #[cfg(feature = "ssr")]
    pub(crate) members: members::Members,
    #[cfg(feature = "ssr")]
    pub(crate) roster: roster::Roster,
    #[cfg(feature = "ssr")]
    pub(crate) operate: operate::Operate,
    pub(crate) passwords: Passwords,
    pub(crate) delete: Delete,
    pub(crate) account: Account,
    pub(crate) not_found: NotFound,
    pub(crate) trouble: Trouble,
    pub(crate) styleguide: Styleguide,
}

/// What is around every page.
pub(crate) struct Frame {
    /// `SYS-101` → `SYS-101 · Koza`
    pub(crate) title: About,
    pub(crate) skip: Sentence,
    pub(crate) home: Sentence,
    pub(crate) navigation: Sentence,
    pub(crate) account: Sentence,
    pub(crate) sign_out: Sentence,
    pub(crate) language: Sentence,
    pub(crate) theme: Sentence,
    pub(crate) theme_system: Sentence,
    pub(crate) theme_light: Sentence,
    pub(crate) theme_dark: Sentence,
    pub(crate) trial: Sentence,
    pub(crate) simulated: Sentence,
    pub(crate) styleguide: Sentence,
    pub(crate) what_koza_is: Sentence,
    pub(crate) loading: Sentence,
    pub(crate) where_you_are: Sentence,
}

pub(crate) struct SignIn {
    pub(crate) title: Sentence,
    pub(crate) lead: Sentence,
    pub(crate) name: Sentence,
    pub(crate) password: Sentence,
    pub(crate) button: Sentence,
}

pub(crate) struct Home {
    pub(crate) title: Sentence,
    pub(crate) environments: Sentence,
    pub(crate) courses: Sentence,
    pub(crate) no_environments: Sentence,
    pub(crate) no_environments_how: [Sentence; 3],
    pub(crate) no_courses: Sentence,
    pub(crate) no_courses_how: Sentence,
    pub(crate) role: fn(Role) -> Sentence,
    pub(crate) course: Sentence,
    pub(crate) address: Sentence,
    pub(crate) no_address: Sentence,
    pub(crate) needs_attention: Sentence,
}

pub(crate) struct Course {
    pub(crate) desk: Sentence,
    pub(crate) people: Sentence,
    pub(crate) blueprints: Sentence,
    pub(crate) no_blueprints: Sentence,
    pub(crate) environments: Sentence,
    pub(crate) size: fn(cpus: u32, memory_mib: u32, disk_gib: u32) -> String,
    pub(crate) services: Sentence,
    /// What a service is called; a service without a word of its own keeps its name.
    pub(crate) service: fn(&str) -> Option<Sentence>,
    pub(crate) image_not_ready: Sentence,
    pub(crate) ask: Sentence,
    pub(crate) name: Sentence,
    pub(crate) name_hint: Sentence,
    /// The host name that becomes of it: what stands before and after.
    pub(crate) name_becomes: fn(&str, &str) -> String,
    /// So many certificates of so many a week are left for a domain.
    pub(crate) certificates_left: fn(u32, u32, &str) -> String,
    /// There is none now, of so many a week; before a moment.
    pub(crate) no_certificates: fn(u32, &str) -> String,
    pub(crate) public_key: Sentence,
    pub(crate) public_key_hint: Sentence,
    pub(crate) optional: Sentence,
    pub(crate) button: Sentence,
    pub(crate) button_busy: Sentence,
    /// Whether it is kept while stopped.
    pub(crate) lesson_address: fn(bool) -> Sentence,
    /// How machines are guarded: hardened, or as in the lesson's report.
    pub(crate) lesson_security: fn(bool) -> Sentence,
}

/// The box that says what is wrong.
pub(crate) struct AttentionText {
    pub(crate) title: String,
    pub(crate) happened: String,
    pub(crate) did: Sentence,
    pub(crate) next: Sentence,
}

pub(crate) struct Environment {
    pub(crate) phase: fn(Phase) -> Sentence,
    /// What the phase means, and how many are ahead.
    pub(crate) phase_means: fn(Phase, ahead: Option<u32>, keeps_address: bool) -> String,
    pub(crate) act: fn(Act) -> Sentence,
    pub(crate) acts: Sentence,
    pub(crate) attention: fn(&Attention) -> AttentionText,
    /// What broke; once it is mended, also that it is.
    pub(crate) incident: fn(Fault, is_mended: bool) -> Sentence,
    pub(crate) incidents: Sentence,
    pub(crate) happened: Sentence,
    pub(crate) did: Sentence,
    pub(crate) next: Sentence,
    pub(crate) said: Sentence,
    pub(crate) simulated: Sentence,
    pub(crate) lesson_building: Sentence,
    /// Whether the address is kept.
    pub(crate) lesson_stopped: fn(bool) -> Sentence,
    pub(crate) live: Sentence,
    pub(crate) not_live: Sentence,
    /// For screen readers: the phase changed.
    pub(crate) now_in_phase: fn(Phase) -> String,
    /// For screen readers: how far it is, now and then.
    pub(crate) progress: fn(done: usize, of: usize, now: &str) -> String,
}

pub(crate) struct Timeline {
    pub(crate) title: Sentence,
    pub(crate) step: fn(&What, StepState) -> String,
    /// For screen readers, after the step: the mark beside it says the same.
    pub(crate) state: fn(StepState) -> Sentence,
    pub(crate) log: Sentence,
    pub(crate) duration: fn(ms: u32) -> String,
    pub(crate) whole_seconds: fn(seconds: u32) -> String,
    pub(crate) probe: fn(Probe) -> Sentence,
    pub(crate) saw: fn(&Saw) -> String,
    pub(crate) nothing_yet: Sentence,
}

pub(crate) struct Connection {
    pub(crate) title: Sentence,
    pub(crate) copy: Sentence,
    /// What screen readers hear on the button.
    pub(crate) copy_this: About,
    pub(crate) open: Sentence,
    /// What screen readers hear on the link.
    pub(crate) open_this: About,
    pub(crate) copied: Sentence,
    pub(crate) selected: Sentence,
    pub(crate) web: Sentence,
    pub(crate) wordpress_admin: Sentence,
    pub(crate) user: Sentence,
    pub(crate) show_passwords: Sentence,
    pub(crate) protected_page: Sentence,
    pub(crate) container: Sentence,
    pub(crate) ftp: Sentence,
    pub(crate) ftp_host: Sentence,
    pub(crate) ssh: Sentence,
    pub(crate) ssh_command: Sentence,
    pub(crate) known_hosts: Sentence,
    pub(crate) known_hosts_why: Sentence,
    pub(crate) ssh_config: Sentence,
    pub(crate) private_key_waiting: Sentence,
    pub(crate) private_key_download: Sentence,
    pub(crate) private_key_erased: Sentence,
    pub(crate) own_key: Sentence,
    pub(crate) lesson_ftp: Sentence,
    /// Whether it is kept while stopped.
    pub(crate) lesson_address: fn(bool) -> Sentence,
    pub(crate) while_stopped: Sentence,
    pub(crate) page: Sentence,
}

pub(crate) struct HostName {
    pub(crate) name: Sentence,
    /// Why links do not go by it, if they do not.
    pub(crate) led_by: fn(LedBy) -> Option<Sentence>,
    /// Before a moment.
    pub(crate) works: Sentence,
    pub(crate) renewal_failed: Sentence,
    pub(crate) not_yet: fn(NotYet) -> Sentence,
    /// Before a moment.
    pub(crate) again_at: Sentence,
    /// Before a moment.
    pub(crate) turn_at: Sentence,
    pub(crate) said: Sentence,
    pub(crate) lesson: Sentence,
}

/// Several machines behind a balancer.
pub(crate) struct Scaling {
    pub(crate) title: About,
    pub(crate) lead: Sentence,
    pub(crate) steps_title: Sentence,
    pub(crate) steps: [Sentence; 5],
    /// Whether the first machine is off while its disk is frozen.
    pub(crate) meanwhile: fn(bool) -> Sentence,
    /// The environment's name, and the balancer's in the DNS if it has one.
    pub(crate) names: fn(&str, Option<&str>) -> String,
    pub(crate) no_https: fn(&NoHttps) -> String,
    pub(crate) mode: Sentence,
    pub(crate) mode_title: Sentence,
    pub(crate) mode_of: fn(Mode) -> Sentence,
    pub(crate) mode_about: fn(Mode) -> Sentence,
    pub(crate) mode_button: Sentence,
    pub(crate) mode_stays: Sentence,
    /// Where it was scaled out before.
    pub(crate) again: Sentence,
    pub(crate) balancer_is_machine: Sentence,
    pub(crate) machines: Sentence,
    pub(crate) machines_hint: Sentence,
    pub(crate) so_many: fn(u16) -> String,
    pub(crate) zone: Sentence,
    pub(crate) zone_head: Sentence,
    pub(crate) zone_hint: Sentence,
    pub(crate) any_zone: Sentence,
    pub(crate) same_zone: About,
    pub(crate) one_place: Sentence,
    pub(crate) button: Sentence,
    pub(crate) in_title: Sentence,
    pub(crate) in_lead: Sentence,
    pub(crate) in_machines_hint: Sentence,
    pub(crate) in_button: Sentence,
    pub(crate) in_machines: Sentence,
    pub(crate) rule_title: Sentence,
    pub(crate) rule_lead: Sentence,
    /// What holds now.
    pub(crate) rule_now: fn(Option<Policy>) -> String,
    pub(crate) rule_least: Sentence,
    pub(crate) rule_most: Sentence,
    pub(crate) rule_limit: Sentence,
    pub(crate) rule_limit_hint: Sentence,
    pub(crate) rule_of: fn(Limit) -> String,
    pub(crate) rule_cooldown: Sentence,
    pub(crate) rule_cooldown_hint: Sentence,
    pub(crate) rule_minutes: fn(u16) -> String,
    pub(crate) rule_button: Sentence,
    pub(crate) rule_off: Sentence,
    /// These are to leave.
    pub(crate) is_leaving: fn(&[u16]) -> String,
    pub(crate) keep_all: Sentence,
    pub(crate) lose_lead: Sentence,
    pub(crate) lose_button: fn(u16) -> String,
    pub(crate) refused: fn(NoScaling) -> Sentence,
    pub(crate) members: Sentence,
    pub(crate) machine: Sentence,
    pub(crate) address: Sentence,
    pub(crate) state: Sentence,
    pub(crate) share: fn(Share) -> Sentence,
    pub(crate) balancer: Sentence,
    pub(crate) balancer_name: Sentence,
    pub(crate) balancer_is_coming: Sentence,
    pub(crate) prover_link: Sentence,
    pub(crate) prover_title: About,
    pub(crate) prover_lead: Sentence,
    pub(crate) send: fn(u32) -> String,
    pub(crate) send_as_one: fn(u32) -> String,
    pub(crate) sending: Sentence,
    pub(crate) as_whom: Sentence,
    pub(crate) as_new: Sentence,
    pub(crate) as_same: Sentence,
    pub(crate) answered: Sentence,
    pub(crate) share_of: fn(u32, u32) -> String,
    pub(crate) nobody_said: Sentence,
    pub(crate) failed: fn(u32) -> String,
    pub(crate) take_out: Sentence,
    pub(crate) put_back: Sentence,
    pub(crate) take_out_this: About,
    pub(crate) put_back_this: About,
    pub(crate) sticky: fn(bool) -> Sentence,
    pub(crate) make_sticky: fn(bool) -> Sentence,
    pub(crate) lesson: Sentence,
    pub(crate) exercise: fn(Mode) -> Sentence,
}

/// What is kept of machines.
pub(crate) struct Backups {
    pub(crate) heading: Sentence,
    pub(crate) title: About,
    pub(crate) lead: Sentence,
    /// For how many days, and every how many hours by itself.
    pub(crate) rules: fn(u32, Option<u32>) -> String,
    pub(crate) back_up: Sentence,
    pub(crate) none: Sentence,
    pub(crate) look_again: Sentence,
    pub(crate) refused: fn(NoBackup) -> Sentence,
    pub(crate) lesson: Sentence,
    pub(crate) asked: Sentence,
    pub(crate) environment: Sentence,
    pub(crate) machine: Sentence,
    pub(crate) state_head: Sentence,
    pub(crate) kept_until: Sentence,
    pub(crate) what_to_do: Sentence,
    pub(crate) reason: fn(BackupReason) -> Sentence,
    pub(crate) state: fn(BackupState) -> Sentence,
    /// Bytes in the store, bytes of the files, how many files.
    pub(crate) how_large: fn(u64, u64, u64) -> String,
    pub(crate) download: Sentence,
    pub(crate) restore: Sentence,
    pub(crate) erase: Sentence,
    pub(crate) erase_title: Sentence,
    pub(crate) erase_lead: Sentence,
    pub(crate) restore_title: About,
    pub(crate) restore_lead: Sentence,
    pub(crate) restore_new: Sentence,
    pub(crate) restore_button: Sentence,
}

pub(crate) struct Images {
    pub(crate) heading: Sentence,
    pub(crate) title: About,
    pub(crate) lead: Sentence,
    /// Whether the machine is off for a while.
    pub(crate) meanwhile: fn(bool) -> Sentence,
    pub(crate) save: Sentence,
    pub(crate) none: Sentence,
    pub(crate) look_again: Sentence,
    pub(crate) refused: fn(NoImage) -> Sentence,
    pub(crate) lesson: Sentence,
    pub(crate) image: fn(u16) -> String,
    pub(crate) state_head: Sentence,
    pub(crate) made: Sentence,
    pub(crate) what_to_do: Sentence,
    pub(crate) state: fn(ImageState) -> Sentence,
    pub(crate) use_it: Sentence,
    pub(crate) start_title: fn(&str, u16) -> String,
    pub(crate) start_lead: Sentence,
    pub(crate) start_new: Sentence,
    pub(crate) start_button: Sentence,
    pub(crate) forget_title: Sentence,
    pub(crate) forget_lead: Sentence,
    pub(crate) forget: Sentence,
}

pub(crate) struct Passwords {
    pub(crate) title: About,
    pub(crate) heading: Sentence,
    pub(crate) lead: Sentence,
    pub(crate) wordpress: Sentence,
    pub(crate) protected: Sentence,
    pub(crate) ftp: Sentence,
    pub(crate) again: Sentence,
    pub(crate) again_why: Sentence,
    pub(crate) password: Sentence,
    pub(crate) show: Sentence,
    pub(crate) back: About,
}

pub(crate) struct Delete {
    pub(crate) title: About,
    pub(crate) what_happens: Sentence,
    pub(crate) for_ever: Sentence,
    pub(crate) type_name: About,
    pub(crate) button: Sentence,
    pub(crate) keep: Sentence,
    pub(crate) not_now: Sentence,
}

pub(crate) struct Account {
    pub(crate) title: Sentence,
    pub(crate) sessions: Sentence,
    pub(crate) sessions_lead: Sentence,
    pub(crate) browser: Sentence,
    pub(crate) signed_in: Sentence,
    pub(crate) last_seen: Sentence,
    pub(crate) this_one: Sentence,
    pub(crate) end: Sentence,
    pub(crate) end_this: About,
    pub(crate) end_others: Sentence,
    pub(crate) sign_out: Sentence,
    pub(crate) what_to_do: Sentence,
}

pub(crate) struct NotFound {
    pub(crate) title: Sentence,
    pub(crate) why: Sentence,
    pub(crate) home: Sentence,
}

/// Errors.
pub(crate) struct Trouble {
    pub(crate) title: fn(&AppError) -> Sentence,
    pub(crate) error: fn(&AppError) -> String,
    pub(crate) why: fn(Why) -> String,
    pub(crate) sign_in: Sentence,
}

pub(crate) struct Styleguide {
    pub(crate) title: Sentence,
    pub(crate) lead: Sentence,
    pub(crate) colours: Sentence,
    pub(crate) type_: Sentence,
    pub(crate) buttons: Sentence,
    pub(crate) fields: Sentence,
    pub(crate) notices: Sentence,
    pub(crate) phases: Sentence,
    pub(crate) cards: Sentence,
    pub(crate) names: Sentence,
    pub(crate) attention: Sentence,
    pub(crate) sample: Sentence,
    pub(crate) wait: Sentence,
}
