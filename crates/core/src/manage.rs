//! What may be done with the sessions of a store while a system runs, decided without touching any (contract §4).
//!
//! [`permission`] says what is refused for which session, [`place`] what a file system can hold, [`create`] how
//! large a new session becomes, [`fill`] one for files that there are, [`resize`] an old one and [`convert`] one in
//! another form, for which [`room`] reckons. [`age`] says which ones are cleaned up, [`label`] how one may be called,
//! [`check`] how one is that was looked over. [`step`] has the words for what is then done.

pub mod age;
pub mod check;
pub mod convert;
pub mod create;
pub mod fill;
pub mod label;
pub mod permission;
pub mod place;
pub mod resize;
pub mod room;
pub mod step;
pub mod swap;
