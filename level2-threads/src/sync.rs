//! The primitives that the modules below share state by.
//!
//! They take them from here, and `tests/model.rs` compiles the very same text with another
//! `sync`, that of loom, which tries every order in which threads can meet. Nothing else
//! tells the two apart: no `cfg`, and no second build of everything beneath.
//!
//! `Arc` is not among them: a method cannot take `self` by loom's, and what is modelled is
//! who sees what when, not who frees it.

pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic};
