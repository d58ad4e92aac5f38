//! Pages as they leave the server: status, HTML, what was typed, and hostile text.

mod forms;
mod hostile;
mod portal;
mod reading;
mod site;
