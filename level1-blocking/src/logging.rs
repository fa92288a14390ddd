//! Where the logs go: the access log to standard output, everything else to standard error.
//!
//! A log that cannot be written (a full disk, a closed pipe) never stops the server.

use std::{cell::Cell, fmt::Debug, io, time::SystemTime};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    Layer,
    filter::filter_fn,
    fmt::{self, FmtContext, FormatEvent, FormatFields, format::Writer},
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{
    access_log::{self, Client},
    options::flags::LogFormat,
};

/// Sets up logging for the whole process.
pub fn start(format: LogFormat) {
    let is_on = format != LogFormat::Off;
    let is_access = filter_fn(move |metadata| is_on && metadata.target() == access_log::TARGET);
    let is_other = filter_fn(|metadata| metadata.target() != access_log::TARGET);
    let access = fmt::layer().with_writer(io::stdout).log_internal_errors(false);
    let other = fmt::layer().with_writer(io::stderr).log_internal_errors(false);
    let (access, other) = match format {
        LogFormat::Json => (
            access.json().flatten_event(true).with_target(false).with_span_list(false).boxed(),
            other
                .json()
                .flatten_event(true)
                .with_span_list(false)
                .map_event_format(|format| Attributed { format, is_json: true })
                .boxed(),
        ),
        LogFormat::Combined | LogFormat::Off => {
            let other = other.with_target(false).with_ansi(false);
            let other = other.map_event_format(|format| Attributed { format, is_json: false });
            (access.event_format(Combined).boxed(), other.boxed())
        }
    };
    let _ = tracing_subscriber::registry()
        .with(access.with_filter(is_access))
        .with(other.with_filter(LevelFilter::INFO).with_filter(is_other))
        .try_init();
}

thread_local! {
    static CLIENT: Cell<Option<Client>> = const { Cell::new(None) };
}

/// Works on behalf of a client: what this thread logs meanwhile names the client. It costs two
/// stores, so that a driver can afford it wherever it could not afford a span.
pub fn on_behalf_of<T>(client: Client, work: impl FnOnce() -> T) -> T {
    CLIENT.set(Some(client));
    let done = work();
    CLIENT.set(None);
    done
}

/// A format that names the client at the end.
struct Attributed<F> {
    format: F,
    is_json: bool,
}

impl<S, N, F> FormatEvent<S, N> for Attributed<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let Some(client) = CLIENT.get() else {
            return self.format.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        let line = line.trim_end();
        match line.strip_suffix('}').filter(|_| self.is_json) {
            Some(object) => writeln!(writer, "{object},\"client\":\"{client}\"}}"),
            None => writeln!(writer, "{line} client={client}"),
        }
    }
}

/// The combined log format, in UTC.
struct Combined;

impl<S, N> FormatEvent<S, N> for Combined
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let [client, method, target, version, status, body_len, referer, user_agent] = [
            "client",
            "method",
            "request_target",
            "version",
            "status",
            "body_len",
            "referer",
            "user_agent",
        ]
        .map(|name| fields.get(name));
        let time = common_log_time(SystemTime::now());
        writeln!(
            writer,
            "{client} - - [{time}] \"{method} {target} {version}\" {status} {body_len} \
             \"{referer}\" \"{user_agent}\""
        )
    }
}

/// `21/Nov/2026:09:30:00 +0000`, out of `Sat, 21 Nov 2026 09:30:00 GMT`.
fn common_log_time(time: SystemTime) -> String {
    let date = httpdate::fmt_http_date(time.max(SystemTime::UNIX_EPOCH));
    let parts: Vec<&str> = date.split(' ').collect();
    match parts[..] {
        [_, day, month, year, time, _] => format!("{day}/{month}/{year}:{time} +0000"),
        _ => date,
    }
}

/// An event's fields as text.
#[derive(Default)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| *known == name).map_or("-", |(_, value)| value)
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_time_is_that_of_the_common_log_format() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(common_log_time(time), "06/Nov/1994:08:49:37 +0000");
    }
}
