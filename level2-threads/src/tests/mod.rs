//! Tests of modules that `tests/model.rs` compiles too: there, loom's threads take the
//! place of these.

mod queue;
mod capacity;
