//! One contender's server, and the loads a scenario puts on it.

use std::time::Duration;

use anyhow::ensure;

use super::{
    contender::{Connections, Contender},
    effort::Effort,
    load::{
        client::Client,
        closed_loop::ClosedLoop,
        drive::{Load, drive},
        exchange::Exchange,
        once::Once,
        open_loop::OpenLoop,
        plan::Plan as _,
    },
    record::{Generator, Kind, Record, microseconds},
    server::Server,
};

/// How long answers may come later than planned before they count as failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take to open connections that then stay idle.
const OPENING_PATIENCE: Duration = Duration::from_secs(30);

/// A turn of one contender.
#[derive(Debug)]
pub struct Track<'a> {
    /// Whose turn it is.
    pub contender: &'a Contender,
    /// Its server, just started.
    pub server: &'a Server,
    /// How much time to take.
    pub effort: &'a Effort,
    /// What this round's timetable grows from.
    pub seed: u64,
}

impl Track<'_> {
    /// So many connections, or as many as the contender can have.
    pub fn lanes(&self, wanted: usize) -> usize {
        match self.contender.connections {
            Connections::OneKept => 1,
            Connections::Kept | Connections::New => wanted,
        }
    }

    /// GET for `path`, in the contender's way.
    ///
    /// # Errors
    /// If its server does not answer one with `body`.
    pub fn exchange(&self, path: &str, body: &[u8], batch: usize) -> anyhow::Result<Exchange> {
        let keeps_connection = self.contender.connections != Connections::New;
        Exchange::new(self.server.address, path, body, batch, keeps_connection)
    }

    /// A closed loop, after a warm-up that is not counted.
    ///
    /// # Errors
    /// If the system has no more descriptors.
    pub fn closed(&self, exchange: &Exchange, wanted: usize) -> anyhow::Result<Record> {
        let lanes = self.lanes(wanted);
        let mut client = Client::new(exchange.clone(), lanes)?;
        self.warm_up(&mut client, lanes)?;
        let mut plan = ClosedLoop::new(lanes, self.effort.slice);
        let load = Load { client: &mut client, plan: &mut plan };
        let generator = self.drive(&mut [load], lanes)?;
        let kind = Kind::Closed { clients: lanes };
        Ok(Record::new(kind, plan.tally(), exchange.batch, generator))
    }

    /// Has so many lanes connect and ask for a while.
    ///
    /// # Errors
    /// If the system does not say what has come.
    pub fn warm_up(&self, client: &mut Client, lanes: usize) -> anyhow::Result<()> {
        let mut plan = ClosedLoop::new(lanes, self.effort.warm_up);
        drive(&mut [Load { client, plan: &mut plan }], PATIENCE)?;
        Ok(())
    }

    /// An open loop on connections that exist already, beside a closed one.
    ///
    /// # Errors
    /// If the system does not say what has come.
    pub fn open(
        &self,
        client: &mut Client,
        lanes: usize,
        arrivals: f64,
        beside: Option<(&mut Client, &mut ClosedLoop)>,
    ) -> anyhow::Result<Record> {
        let Effort { slice, gaps, .. } = *self.effort;
        let mut plan = OpenLoop::new(gaps.times(arrivals, slice, self.seed), lanes);
        let mut loads = vec![Load { client, plan: &mut plan }];
        loads.extend(beside.map(|(client, plan)| Load { client, plan }));
        let mut generator = self.drive(&mut loads, lanes)?;
        generator.lateness = Some(microseconds(plan.lateness_at(0.99)));
        let kind = Kind::Open { arrivals, gaps };
        Ok(Record::new(kind, plan.tally(), 1, generator))
    }

    /// Connects each lane by one request, and leaves the connections idle.
    ///
    /// # Errors
    /// If not all of them are answered, or one that was idle has been closed.
    pub fn ask_once(&self, client: &mut Client, lanes: usize) -> anyhow::Result<()> {
        let mut plan = Once::new(lanes);
        drive(&mut [Load { client, plan: &mut plan }], OPENING_PATIENCE)?;
        let answered = plan.tally().answered;
        ensure!(answered == lanes as u64, "only {answered} of {lanes} clients were answered");
        ensure!(client.lost() == 0, "{} idle connections were closed", client.lost());
        Ok(())
    }

    fn drive(&self, loads: &mut [Load<'_>], lanes: usize) -> anyhow::Result<Generator> {
        let before = self.server.processes().processor_time();
        let busy = drive(loads, self.effort.slice + PATIENCE)?;
        let server_cpu = self.server.processes().processor_time().saturating_sub(before);
        Ok(Generator { lanes, busy, lateness: None, server_cpu: server_cpu.as_secs_f64() })
    }
}
