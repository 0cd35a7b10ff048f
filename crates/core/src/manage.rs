//! What may be done with the sessions of a store while a system runs, decided without touching any (contract §4).
//!
//! [`permission`] says what is refused for which session, [`place`] what a file system can hold, [`create`] how
//! large a new session becomes and [`resize`] an old one, [`age`] which ones are cleaned up, [`label`] how one may
//! be called. [`step`] has the words for what is then done.

pub mod age;
pub mod create;
pub mod label;
pub mod permission;
pub mod place;
pub mod resize;
pub mod step;
