//! Counting, and the text it is shown as.

use std::{collections::BTreeSet, thread};

use level1_blocking::{
    http::{status::Status, step::Exchange},
    observer::Observer,
};

use super::*;

fn exchange(status: Status) -> Exchange<'static> {
    Exchange { head: None, status, body_len: 0, began: std::time::Instant::now(), refusal: None }
}

/// The value of a sample in the exposition.
fn sample<'a>(text: &'a str, name: &str) -> &'a str {
    let mut samples = text.lines().filter_map(|line| line.rsplit_once(' '));
    samples.find(|(sample, _)| *sample == name).unwrap_or_else(|| panic!("no {name} in {text}")).1
}

#[test]
fn shows_what_was_counted() {
    let metrics = Metrics::new().expect("memory");
    for _ in 0..20 {
        metrics.shard().connection_opened();
    }
    metrics.shard().connection_closed();
    metrics.shard().received(100);
    metrics.shard().sent(2000);
    metrics.shard().queued(3);
    metrics.shard().taken(Duration::from_millis(3));
    metrics.shard().rejected();
    metrics.shard().accept_failed();
    metrics.shard().handled(Duration::from_micros(100));
    metrics.shard().handled(Duration::from_micros(101));
    metrics.shard().handled(Duration::from_mins(1));
    for status in [Status::OK, Status::NOT_FOUND, Status::CREATED, Status::SWITCHING_PROTOCOLS] {
        metrics.shard().answered(&exchange(status));
    }
    metrics.set_ready(true);

    let text = metrics.exposition();
    for (name, value) in [
        ("levels_requests_total", "4"),
        ("levels_responses_total{class=\"1xx\"}", "1"),
        ("levels_responses_total{class=\"2xx\"}", "2"),
        ("levels_responses_total{class=\"3xx\"}", "0"),
        ("levels_responses_total{class=\"4xx\"}", "1"),
        ("levels_connections_opened_total", "20"),
        ("levels_connections_closed_total", "1"),
        ("levels_connections_open", "19"),
        ("levels_received_bytes_total", "100"),
        ("levels_sent_bytes_total", "2000"),
        ("levels_pool_threads", "0"),
        ("levels_queue_length", "2"),
        ("levels_queue_wait_seconds_bucket{le=\"0.0025\"}", "0"),
        ("levels_queue_wait_seconds_bucket{le=\"0.005\"}", "1"),
        ("levels_queue_wait_seconds_sum", "0.003"),
        ("levels_rejected_total", "1"),
        ("levels_accept_failures_total", "1"),
        ("levels_handler_time_seconds_bucket{le=\"0.0001\"}", "1"),
        ("levels_handler_time_seconds_bucket{le=\"0.00025\"}", "2"),
        ("levels_handler_time_seconds_bucket{le=\"10.0\"}", "2"),
        ("levels_handler_time_seconds_bucket{le=\"+Inf\"}", "3"),
        ("levels_handler_time_seconds_count", "3"),
        ("levels_handler_time_seconds_sum", "60.000201"),
        ("levels_ready", "1"),
    ] {
        assert_eq!(sample(&text, name), value, "{name}");
    }
    for name in ["process_resident_memory_bytes", "process_threads", "process_open_fds"] {
        assert_ne!(sample(&text, name), "0", "{name}");
    }
    let started: f64 = sample(&text, "process_start_time_seconds").parse().expect("a number");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    assert!((0.0..60.0).contains(&(now.as_secs_f64() - started)), "{started}");
}

#[test]
fn what_is_left_never_exceeds_what_came() {
    let metrics = Metrics::new().expect("memory");
    metrics.shard().connection_closed();
    metrics.shard().taken(Duration::ZERO);
    let text = metrics.exposition();
    assert_eq!(sample(&text, "levels_connections_open"), "0");
    assert_eq!(sample(&text, "levels_queue_length"), "0");
    assert_eq!(sample(&text, "levels_ready"), "0");
}

#[test]
fn eight_threads_are_counted_exactly_while_somebody_reads() {
    const ROUNDS: u64 = 100_000;
    let metrics = Metrics::new().expect("memory");
    // Fewer shards than threads, so that some are shared.
    let shards = [metrics.shard(), metrics.shard(), metrics.shard()];
    thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || count(shards[thread % shards.len()], ROUNDS));
        }
        for _ in 0..20 {
            check(&metrics.exposition());
        }
    });
    let text = metrics.exposition();
    for (name, value) in [
        ("levels_requests_total", 8 * ROUNDS),
        ("levels_responses_total{class=\"2xx\"}", 8 * ROUNDS),
        ("levels_received_bytes_total", 8 * ROUNDS * 50),
        ("levels_sent_bytes_total", 8 * ROUNDS * 200),
        ("levels_handler_time_seconds_count", 8 * ROUNDS),
        ("levels_handler_time_seconds_bucket{le=\"0.0001\"}", 8 * ROUNDS / 2),
    ] {
        assert_eq!(sample(&text, name), value.to_string(), "{name}");
    }
    let observed = metrics.distribution(|shard| &shard.handler_time);
    assert_eq!(observed.sum(), Duration::from_micros(8 * ROUNDS / 2 * (10 + 1000)));
}

fn count(shard: &Shard, rounds: u64) {
    for round in 0..rounds {
        shard.received(50);
        shard.handled(Duration::from_micros(if round % 2 == 0 { 10 } else { 1000 }));
        shard.answered(&exchange(Status::OK));
        shard.sent(200);
    }
}

#[test]
fn the_exposition_obeys_the_rules_of_open_metrics() {
    let metrics = Metrics::new().expect("memory");
    check(&metrics.exposition());
    count(metrics.shard(), 10);
    check(&metrics.exposition());
}

/// The rules of `OpenMetrics` 1.0 that a text can break: one block a family, which begins with
/// HELP, TYPE and perhaps UNIT; samples named after their family; cumulative buckets; the end
/// marked.
fn check(text: &str) {
    let body = text.strip_suffix("# EOF\n").expect("the end is marked");
    let mut blocks = body.split("# HELP ");
    assert_eq!(blocks.next(), Some(""), "nothing stands before the first family");
    let mut names = BTreeSet::new();
    for block in blocks {
        let (name, help) = block.split_once(' ').expect("a name and a help text");
        assert!(names.insert(name), "{name} has one block");
        assert!(is_name(name), "{name}");
        let (help, rest) = help.split_once('\n').expect("a line");
        assert!(help.ends_with('.') && !help.contains(['\\', '"']), "{help}");
        check_family(name, rest);
    }
}

fn check_family(name: &str, block: &str) {
    let (type_line, rest) = block.split_once('\n').expect("a line");
    let kind = type_line.strip_prefix(&format!("# TYPE {name} ")).expect("the type follows");
    let samples = match name.rsplit_once('_') {
        Some((_, unit @ ("seconds" | "bytes"))) => {
            rest.strip_prefix(&format!("# UNIT {name} {unit}\n")).expect("the unit follows")
        }
        _ => rest,
    };
    let samples: Vec<_> = samples.lines().map(|line| split_sample(name, line)).collect();
    assert!(!samples.is_empty(), "{name} has samples");
    match kind {
        "counter" => assert!(samples.iter().all(|sample| sample.0 == "_total"), "{samples:?}"),
        "gauge" => assert!(samples.iter().all(|sample| sample.0.is_empty()), "{samples:?}"),
        "histogram" => check_histogram(&samples),
        _ => panic!("{name} is of type {kind}"),
    }
    let labels: BTreeSet<_> = samples.iter().map(|sample| (sample.0, sample.1)).collect();
    assert_eq!(labels.len(), samples.len(), "{name} has each sample once");
}

/// A sample's suffix, its label's value, and its own value.
fn split_sample<'a>(family: &str, line: &'a str) -> (&'a str, &'a str, f64) {
    let (sample, value) = line.split_once(' ').expect("a value");
    let value: f64 = value.parse().unwrap_or_else(|_| panic!("a number: {line}"));
    assert!(value.is_finite() && value >= 0.0, "{line}");
    let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
    let suffix = name.strip_prefix(family).expect("a sample is named after its family");
    if labels.is_empty() {
        return (suffix, "", value);
    }
    let (label, text) = labels.split_once("=\"").expect("a label and its value");
    let text = text.strip_suffix("\"}").expect("one label");
    assert!(is_name(label) && !text.contains(['"', '\\', ',']), "{line}");
    (suffix, text, value)
}

fn check_histogram(samples: &[(&str, &str, f64)]) {
    let value = |suffix| samples.iter().find(|sample| sample.0 == suffix).expect(suffix).2;
    let buckets: Vec<_> = samples
        .iter()
        .filter(|sample| sample.0 == "_bucket")
        .map(|(_, end, count)| (end.parse().expect("a number"), *count))
        .collect();
    assert_eq!(samples.len(), buckets.len() + 2, "buckets, a sum and a count");
    let is_rising = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
    assert!(buckets.windows(2).all(is_rising), "{buckets:?}");
    assert_eq!(buckets.last(), Some(&(f64::INFINITY, value("_count"))));
    assert!(value("_sum") >= 0.0);
}

fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    name.bytes().enumerate().all(|(at, byte)| is_letter(byte) || at > 0 && byte.is_ascii_digit())
}
