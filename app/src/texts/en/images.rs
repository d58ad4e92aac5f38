//! Images of an environment's disk, in English.

use crate::domain::image::{ImageState, NoImage};
use crate::texts::Images;

pub(super) const IMAGES: Images = Images {
    heading: "Images",
    title: |name| format!("Images of {name}"),
    lead: "An image holds the whole disk as it is now: system, programs, settings, files. New machines start from it, each on its own from then on.",
    meanwhile: |rests| match rests {
        true => "Your machine is off for a minute or two while its disk is copied, so that every file is as its program left it.",
        false => {
            "Your machine goes on working meanwhile. What starts from the image wakes as after a power cut: databases are made for that."
        }
    },
    save: "Save as image",
    none: "No image was saved yet.",
    look_again: "Look how far it is",
    refused: |why| match why {
        NoImage::NotReady => "An image can be saved while the environment is ready.",
        NoImage::OldMachine => {
            "This machine was made by an older release of Koza: a copy of its disk would take itself for the original. Make a new environment to save images."
        }
        NoImage::UnderWay => "An image is being made.",
        NoImage::TooMany => "The environment has as many images as one may have. Delete one that you no longer need.",
    },
    lesson: "An image is larger than a backup and starts faster; it lies in the cloud beside the machines, costs as long as it is kept, and goes with its environment. A backup is small, outlives its environment, and fits wherever Koza builds machines.",
    image: |number| format!("Image {number}"),
    state_head: "State",
    made: "Made",
    what_to_do: "What to do",
    state: |state| match state {
        ImageState::Coming => "Is being made",
        ImageState::Whole => "Kept",
        ImageState::Going => "Is being deleted, or waits for what is made of it",
    },
    use_it: "Use or delete …",
    start_title: |name, number| format!("A new environment from image {number} of {name}"),
    start_lead: "Koza makes a machine whose disk is as the image holds it.",
    start_new: "Its address, name, keys and passwords are its own: you find the new ones on its page. Everything else is as the old machine had it, and that stays as it is.",
    start_button: "Start a new environment from it",
    forget_title: "Delete this image",
    forget_lead: "Machines that were made of it stay as they are. What only it holds is lost.",
    forget: "Delete for ever",
};
