//! English.

mod backups;
#[cfg(feature = "ssr")]
mod desk;
mod environment;
mod host_name;
mod images;
mod incident;
#[cfg(feature = "ssr")]
mod members;
mod money;
#[cfg(feature = "ssr")]
mod notices;
#[cfg(feature = "ssr")]
mod operate;
#[cfg(feature = "ssr")]
mod roster;
mod saw;
mod scaling;
mod steps;
mod trouble;

use super::{Account, Course, Delete, Frame, Home, NotFound, Passwords, SignIn, Styleguide, Texts, Trouble};
use crate::domain::course::Role;

pub(super) static TEXTS: Texts = Texts {
    frame: Frame {
        title: |page| format!("{page} · Koza"),
        skip: "Skip to the content",
        home: "My environments",
        navigation: "Site",
        account: "Account",
        sign_out: "Sign out",
        language: "Language",
        theme: "Theme",
        theme_system: "As the system",
        theme_light: "Light",
        theme_dark: "Dark",
        trial: "Trial: demo accounts, no encryption. Keep nothing here that matters.",
        simulated: "Simulated: no real machine is started, and addresses lead nowhere.",
        styleguide: "Style guide",
        what_koza_is: "Koza gives every student a real machine.",
        loading: "Loading …",
        where_you_are: "Where you are",
    },
    sign_in: SignIn { title: "Sign in", lead: "Use the account of your course.", name: "Name", password: "Password", button: "Sign in" },
    home: Home {
        title: "My environments",
        environments: "Environments",
        courses: "Courses",
        no_environments: "You have no environment yet.",
        no_environments_how: [
            "Open one of your courses.",
            "Choose a blueprint and give it a name.",
            "Watch your own machine come up. It takes a few seconds.",
        ],
        no_courses: "You are in no course yet.",
        no_courses_how: "Ask your instructor to add you. The course then appears here.",
        role: |role| match role {
            Role::Student => "You are a student here.",
            Role::Assistant => "You are an assistant here.",
            Role::Instructor => "You are an instructor here.",
        },
        course: "Course",
        address: "Address",
        no_address: "None yet",
        needs_attention: "Needs attention",
    },
    course: Course {
        desk: "All environments",
        people: "People",
        blueprints: "Blueprints",
        no_blueprints: "This course offers no blueprint yet. Your instructor publishes them.",
        environments: "My environments in this course",
        size: |cpus, memory_mib, disk_gib| {
            let processors = if cpus == 1 { "1 processor".to_owned() } else { format!("{cpus} processors") };
            let memory = if memory_mib.is_multiple_of(1024) { format!("{} GiB", memory_mib / 1024) } else { format!("{memory_mib} MiB") };
            format!("{processors}, {memory} of memory, {disk_gib} GiB of disk")
        },
        services: "What is on it",
        service: |name| match name {
            "ssh" => Some("SSH"),
            "wordpress" => Some("WordPress"),
            "basic_auth" => Some("Page behind a password"),
            "container_web" => Some("Web container on 8080"),
            "ftp_tex" => Some("FTP drop: TeX to PDF"),
            "https" => Some("HTTPS"),
            _ => None,
        },
        image_not_ready: "Its image is not ready yet. The first environment waits a few minutes while Koza prepares it; later ones start in seconds.",
        ask: "Ask for an environment",
        name: "Name of your environment",
        name_hint: "At most 30 characters: a to z, 0 to 9, and hyphens inside. It becomes a host name.",
        name_becomes: |before, after| format!("In full it looks like {before}c5{after}."),
        certificates_left: |left, of, domain| {
            format!(
                "HTTPS: {left} of {of} new certificates a week are left for names of {domain}, and each new environment takes one. Those that find none come up with HTTP, and get HTTPS by themselves when their turn comes."
            )
        },
        no_certificates: |of, domain| {
            format!(
                "The authority gives out {of} new certificates a week for names of {domain}, and only some at a time. For now all are given out: new environments come up with HTTP, and get HTTPS by themselves when their turn comes. The next turn:"
            )
        },
        public_key: "Your own SSH public key",
        public_key_hint: "One line that begins with ssh-ed25519 or the like. Leave it empty, and Koza makes a key pair; you download the private key once.",
        optional: "optional",
        button: "Create environment",
        button_busy: "Asking …",
        lesson_address: |is_kept| match is_kept {
            true => {
                "Your environment gets a fixed address. It stays the same when the machine stops and starts again, so that links, bookmarks and DNS names stay true."
            }
            false => {
                "In this course an environment gives its address back when it stops, because addresses cost by the hour. Started again it has another one, and its name leads there within a minute: use the name."
            }
        },
        lesson_security: |is_hardened| match is_hardened {
            true => {
                "Guarded as “hardened”: disks are encrypted where the cloud can do it, and SSH is let in from the course's networks only, where the course names them and the cloud can tell where somebody comes from. The other profile, “as in the report”, lets SSH in from everywhere."
            }
            false => {
                "Guarded as in the lesson's report: SSH is let in from everywhere, and disks are as they come. The other profile, “hardened”, encrypts disks and lets SSH in from the course's networks only."
            }
        },
    },
    environment: environment::ENVIRONMENT,
    timeline: steps::TIMELINE,
    connection: environment::CONNECTION,
    host_name: host_name::HOST_NAME,
    scaling: scaling::SCALING,
    backups: backups::BACKUPS,
    images: images::IMAGES,
    costs: money::COSTS,
    #[cfg(feature = "ssr")]
    notices: notices::NOTICES,
    #[cfg(feature = "ssr")]
    desk: desk::DESK,
    #[cfg(feature = "ssr")]
    members: members::MEMBERS,
    #[cfg(feature = "ssr")]
    roster: roster::ROSTER,
    #[cfg(feature = "ssr")]
    operate: operate::OPERATE,
    passwords: Passwords {
        title: |name| format!("Passwords of {name}"),
        heading: "Passwords",
        lead: "Koza made these for this environment. They are shown only for a short while after you typed your own password.",
        wordpress: "WordPress",
        protected: "Protected page",
        ftp: "FTP",
        again: "Type your password again",
        again_why: "You signed in more than fifteen minutes ago. Somebody else may be sitting at this screen.",
        password: "Your password for Koza",
        show: "Show the passwords",
        back: |name| format!("Back to {name}"),
    },
    delete: Delete {
        title: |name| format!("Delete {name}?"),
        what_happens: "The machine, its disk and the images that were saved of it are deleted. The address and the name are given back, and somebody else may get them.",
        for_ever: "Nothing of it can be brought back. Copy first what you want to keep.",
        type_name: |name| format!("Type {name} to confirm"),
        button: "Delete for ever",
        keep: "Keep it",
        not_now: "It is being removed already, or cannot be deleted now.",
    },
    account: Account {
        title: "Account",
        sessions: "Signed-in browsers",
        sessions_lead: "Every browser that is signed in to your account. End those that you don't know.",
        browser: "Browser",
        signed_in: "Signed in",
        last_seen: "Last seen",
        this_one: "This browser",
        end: "End",
        end_this: |browser| format!("End the session of {browser}"),
        end_others: "End all others",
        sign_out: "Sign out here",
        what_to_do: "Actions",
    },
    not_found: NotFound {
        title: "Not found",
        why: "There is nothing at this address, or it is not yours to see.",
        home: "Go to my environments",
    },
    trouble: Trouble { title: trouble::title, error: trouble::error, why: trouble::why, sign_in: "Sign in" },
    styleguide: Styleguide {
        title: "Style guide",
        lead: "Every piece that pages are made of. It exists in trial mode only.",
        colours: "Colours",
        type_: "Type",
        buttons: "Buttons",
        fields: "Fields",
        notices: "Notices",
        phases: "Phases",
        cards: "Cards",
        names: "Names and HTTPS",
        attention: "Attention",
        sample: "A student asks for a course environment and gets a real machine.",
        wait: "While something loads",
    },
};
