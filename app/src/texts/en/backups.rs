//! Backups, in English.

use crate::domain::backup::{BackupReason, BackupState, NoBackup};
use crate::texts::{Backups, amount};

pub(super) const BACKUPS: Backups = Backups {
    heading: "Backups",
    title: |name| format!("Backups of {name}"),
    lead: "A backup holds what is different from the image: your files, your settings, your databases. It is taken while the machine runs.",
    rules: |days, every| match every {
        Some(hours) => format!("Koza takes one every {hours} hours while the environment runs, and keeps each for {days} days."),
        None => format!("Koza keeps each for {days} days."),
    },
    back_up: "Back up now",
    none: "There are no backups yet.",
    look_again: "Look how far it is",
    refused: |why| match why {
        NoBackup::NotRunning => "A backup is taken by the machine itself: start the environment first.",
        NoBackup::OldMachine => {
            "This machine was made by an older release of Koza and does not know what its image was like. Make a new environment to have backups."
        }
        NoBackup::UnderWay => "A backup is under way.",
        NoBackup::TooMany => "As many backups are kept as one environment may have. Erase one that you no longer need.",
        NoBackup::Removed => "The environment is removed; its backups are kept until their time has passed.",
    },
    lesson: "Only what differs is kept, so a backup is small and quickly made. Right after it was taken the machine restores it into a throw-away place and compares every file and every table: a backup that nobody has ever restored is a hope.",
    asked: "Asked for",
    environment: "Environment",
    machine: "Machine",
    state_head: "State",
    kept_until: "Kept until",
    what_to_do: "What to do",
    reason: |reason| match reason {
        BackupReason::Asked => "by hand",
        BackupReason::Schedule => "by schedule",
        BackupReason::ScaleIn => "before the machine left",
    },
    state: |state| match state {
        BackupState::Asked => "Waiting",
        BackupState::Taking => "Is being taken",
        BackupState::Taken | BackupState::Rehearsing => "Is being compared",
        BackupState::Proven => "Restored in rehearsal, equal",
        BackupState::Failed => "Not taken",
        BackupState::Unproven => "Taken, not proven",
        BackupState::Erased => "Erased",
    },
    how_large: |bytes, size, files| match files {
        1 => format!("{} (1 file of {})", amount(bytes), amount(size)),
        files => format!("{} ({files} files of {})", amount(bytes), amount(size)),
    },
    download: "Download",
    restore: "Restore or erase …",
    erase: "Erase for ever",
    erase_title: "Erase this backup",
    erase_lead: "Koza erases it by itself when its time has passed. Erased now, nobody can bring back what only it holds.",
    restore_title: |name| format!("A new environment from a backup of {name}"),
    restore_lead: "Koza builds a new machine from the same blueprint and puts everything from the backup on it.",
    restore_new: "Its address, name, keys and passwords are its own: you find the new ones on its page. The old environment and the backup stay as they are.",
    restore_button: "Restore into a new environment",
};
