//! A level's driver in a world of our own: a scripted network and a scripted clock, so that
//! thousands of schedules take seconds, and each can be had again by its number.
//!
//! What a kernel may do is drawn by lot: where bytes are cut, when they come, how much of an
//! answer fits, what is told and when. What the client receives may not depend on it. A level
//! brings its [`World`](world::World); the rest is the same for all.

pub mod lots;
pub mod wire;
pub mod world;
pub mod reference;
pub mod requests;
pub mod schedules;
pub mod deadlines;
