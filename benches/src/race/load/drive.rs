//! The loop that joins plans to clients: who is due sends, what has come is taken, without rest.

use std::{
    io,
    time::{Duration, Instant},
};

use super::{client::Client, plan::Plan};

/// A plan, and the client that carries it out.
pub struct Load<'a> {
    /// The connections.
    pub client: &'a mut Client,
    /// When they send.
    pub plan: &'a mut dyn Plan,
}

/// Carries out all loads at once, until the last is over or `patience` ends. The share of the
/// time in which there was something to do: near 1, the generator could not do more.
///
/// # Errors
/// If the system does not say what has come.
pub fn drive(loads: &mut [Load<'_>], patience: Duration) -> io::Result<f64> {
    let start = Instant::now();
    let (mut now, mut busy) = (Duration::ZERO, Duration::ZERO);
    while now < patience && !loads.iter().all(|load| load.plan.is_over(now)) {
        let mut worked = false;
        for load in &mut *loads {
            worked |= load.turn(start)?;
        }
        let after = start.elapsed();
        if worked {
            busy += after.saturating_sub(now);
        }
        now = after;
    }
    Ok(busy.as_secs_f64() / now.as_secs_f64().max(f64::MIN_POSITIVE))
}

impl Load<'_> {
    /// Whether there was something to do.
    fn turn(&mut self, start: Instant) -> io::Result<bool> {
        let Self { client, plan } = self;
        let mut has_sent = false;
        while let Some(lane) = plan.due(start.elapsed()) {
            client.send(lane);
            has_sent = true;
        }
        let mut finished = |lane, outcome| plan.finished(lane, outcome, start.elapsed());
        Ok(client.poll(&mut finished)? || has_sent)
    }
}
