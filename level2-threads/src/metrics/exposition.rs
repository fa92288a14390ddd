//! The figures as Prometheus reads them: the text format of `OpenMetrics` 1.0.
//!
//! Nothing is registered and updated: the counters are read when somebody asks for the text.
//! Names say what is measured and in which unit, and units are the base ones.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, MetricEncoder, NoLabelSet, text,
    },
    metrics::MetricType,
    registry::{Registry, Unit},
};

use super::{Metrics, counter::Counter, histogram::Histogram, process::Process, shard::Shard};

/// A line of the tables below: a figure's name, unit and meaning, and where it is.
type Row<T> = (&'static str, Option<Unit>, &'static str, T);

/// A part of every shard.
type Part<T> = fn(&Shard) -> &T;

/// A figure that is formed when it is asked for.
type Derived = fn(&Metrics) -> u64;

const COUNTERS: [Row<Part<Counter>>; 6] = [
    ("levels_connections_opened", None, "Connections accepted.", |shard| &shard.opened),
    ("levels_connections_closed", None, "Connections ended.", |shard| &shard.closed),
    ("levels_received", Some(Unit::Bytes), "Bytes received from clients.", |shard| &shard.received),
    ("levels_sent", Some(Unit::Bytes), "Bytes sent to clients.", |shard| &shard.sent),
    (
        "levels_rejected",
        None,
        "Connections or requests turned away with 503 because the queue was full.",
        |shard| &shard.rejected,
    ),
    (
        "levels_accept_failures",
        None,
        "Times that no connection could be accepted, and accepting paused.",
        |shard| &shard.accept_failures,
    ),
];

const GAUGES: [Row<Derived>; 4] = [
    ("levels_connections_open", None, "Connections at the moment.", Metrics::open_connections),
    ("levels_pool_threads", None, "Threads of the pool.", Metrics::pool_threads),
    (
        "levels_queue_length",
        None,
        "What waits for a thread of the pool: connections, or from level 4 on blocking work.",
        Metrics::queue_len,
    ),
    (
        "levels_ready",
        None,
        "1 if the server is ready for clients, 0 if it starts or stops.",
        |metrics| metrics.is_ready().into(),
    ),
];

const HISTOGRAMS: [Row<Part<Histogram>>; 2] = [
    (
        "levels_handler_time",
        Some(Unit::Seconds),
        "How long the handler worked on a request.",
        |shard| &shard.handler_time,
    ),
    (
        "levels_queue_wait",
        Some(Unit::Seconds),
        "How long it waited for a thread of the pool.",
        |shard| &shard.queue_wait,
    ),
];

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// All figures.
pub(super) fn text(metrics: &'static Metrics) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Reading(metrics)));
    let mut text = String::new();
    text::encode(&mut text, &registry).expect("a string takes all that is written");
    text
}

#[derive(Debug)]
struct Reading(&'static Metrics);

impl Collector for Reading {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Self(metrics) = self;
        let mut page = Page(encoder);
        page.responses(metrics)?;
        for (name, unit, help, counter) in COUNTERS {
            page.counter((name, unit, help, metrics.total(counter)))?;
        }
        for (name, unit, help, gauge) in GAUGES {
            page.gauge((name, unit, help, gauge(metrics)))?;
        }
        for (name, unit, help, histogram) in HISTOGRAMS {
            page.histogram((name, unit, help, histogram), metrics)?;
        }
        page.process(metrics)
    }
}

/// The text as far as it is written.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn responses(&mut self, metrics: &Metrics) -> fmt::Result {
        let mut requests = 0;
        let help = "Responses, by the first digit of their status.";
        let mut encoder = self.begin("levels_responses", None, help, MetricType::Counter)?;
        for (class, name) in CLASSES.into_iter().enumerate() {
            let responses = metrics.total(|shard| &shard.answered[class]);
            encode_counter(&mut encoder.encode_family(&[("class", name)])?, &responses)?;
            requests += responses;
        }
        // The same figures, so that the two never disagree.
        self.counter(("levels_requests", None, "Requests answered, or refused.", requests))
    }

    /// The names are those that Prometheus' own clients use.
    fn process(&mut self, metrics: &Metrics) -> fmt::Result {
        let (seconds, bytes) = (Some(Unit::Seconds), Some(Unit::Bytes));
        let started = metrics.started().as_secs_f64();
        self.gauge(("process_start_time", seconds, "When the server began, since 1970.", started))?;
        // Where the kernel does not show processes, there are no such figures.
        let Ok(process) = Process::read(metrics.process_id()) else { return Ok(()) };
        let memory = process.resident_memory_len;
        self.gauge(("process_resident_memory", bytes, "Memory in use.", memory))?;
        self.gauge(("process_threads", None, "Threads.", process.threads))?;
        self.gauge(("process_open_fds", None, "Open descriptors.", process.open_descriptors))
    }

    fn counter(&mut self, (name, unit, help, value): Row<impl EncodeCounterValue>) -> fmt::Result {
        let mut encoder = self.begin(name, unit.as_ref(), help, MetricType::Counter)?;
        encode_counter(&mut encoder, &value)
    }

    fn gauge(&mut self, (name, unit, help, value): Row<impl EncodeGaugeValue>) -> fmt::Result {
        self.begin(name, unit.as_ref(), help, MetricType::Gauge)?.encode_gauge(&value)
    }

    fn histogram(
        &mut self,
        (name, unit, help, histogram): Row<Part<Histogram>>,
        metrics: &Metrics,
    ) -> fmt::Result {
        let observed = metrics.distribution(histogram);
        let (sum, count) = (observed.sum().as_secs_f64(), observed.count());
        let mut encoder = self.begin(name, unit.as_ref(), help, MetricType::Histogram)?;
        encoder.encode_histogram::<NoLabelSet>(sum, count, &observed.buckets(), None)
    }

    fn begin<'s>(
        &'s mut self,
        name: &'s str,
        unit: Option<&'s Unit>,
        help: &str,
        metric_type: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0.encode_descriptor(name, help, unit, metric_type)
    }
}

fn encode_counter(encoder: &mut MetricEncoder<'_>, value: &impl EncodeCounterValue) -> fmt::Result {
    encoder.encode_counter::<NoLabelSet, _, u64>(value, None)
}
