//! Very many connections: none panics, none goes on for ever, none keeps much memory.
//!
//! `LEVELS_TEST_CONNECTIONS` sets how many, `LEVELS_TEST_SEED` where they begin; a million
//! take about ten minutes:
//!
//! ```text
//! LEVELS_TEST_CONNECTIONS=1000000 cargo test --release --test properties many -- --nocapture
//! ```

use std::{env, fmt::Debug, fs, str::FromStr, sync::Arc};

use level1_blocking::http::{buffers::BufferPool, limits::Limits};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{demo::App, mutation::conversation, peer::converse};

#[test]
fn many_connections() {
    let count: u64 = setting("LEVELS_TEST_CONNECTIONS", 20_000);
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&setting("LEVELS_TEST_SEED", 1_u64).to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = (conversation(), 1..3000_usize);
    let limits = Arc::new(Limits::default());
    let mut pool = BufferPool::new(1);
    let mut app = App::new();
    let (mut answered, mut received) = (0, 0);
    for _ in 0..count {
        let (bytes, piece_len) = strategy.new_tree(&mut runner).expect("a value").current();
        let cuts: Vec<usize> = (piece_len..bytes.len()).step_by(piece_len).collect();
        let outcome = converse(&mut app, &limits, &bytes, &cuts, &mut pool);
        answered += outcome.log.len();
        received += outcome.output.len();
        assert_eq!(pool.len(), 1, "the buffers have not grown beyond what is kept");
    }
    let status = fs::read_to_string("/proc/self/status").expect("a process");
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("{count} connections, {answered} answers, {received} bytes of output, {peak}");
}

fn setting<T: FromStr<Err: Debug>>(name: &str, default: T) -> T {
    env::var(name).map_or(default, |text| text.parse().expect("a number"))
}
