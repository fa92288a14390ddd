//! The page: what was predicted, the picture, the table; for each scenario in turn. It needs no
//! script and nothing from elsewhere.

use super::{
    Chapter, Line, Report, SATURATED,
    chart::{class, picture},
    lines,
    markup::{Element, element},
    number::{interval, median},
};
use crate::race::{
    contender::CONTENDERS,
    row::{Row, Verdict},
    scenario::Scenario,
};

/// How it is measured, and when a row is invalid.
const METHOD: &str = "Each turn has a server of its own, on one core; the generator polls on \
    another. Contenders take turns, round after round, each round begun by another. Every byte \
    of every answer is compared, except for the date. A figure is the median of the rounds, with \
    the lowest and the highest beside it. Closed loop: a client asks again when it is answered, \
    which shows how much a server can do. Open loop: requests arrive as planned, whatever the \
    server does, and a latency counts from the planned arrival, which shows how long clients \
    wait. The two are never mixed. A row is invalid if more than 0.1 % of its requests fail, and \
    if in most of its rounds an open loop’s generator was saturated or late itself, or the \
    requests under way were not rate times latency (Little’s law). A closed loop whose \
    generator was saturated before the server shows no capacity. Runs are clean if the two cores were near \
    and nobody else worked on them.";

/// The whole page.
pub fn page(report: &Report) -> String {
    let head = element("head")
        .child(element("meta").with("charset", "utf-8"))
        .child(
            element("meta")
                .with("name", "viewport")
                .with("content", "width=device-width, initial-scale=1"),
        )
        .child(element("title").text("The race"))
        .child(element("style").text(include_str!("style.css")));
    let body = element("body")
        .child(header(report))
        .children(report.chapters.iter().map(section))
        .child(contenders());
    format!("<!DOCTYPE html>\n{}\n", element("html").with("lang", "en").child(head).child(body))
}

fn header(report: &Report) -> Element {
    let machine = &report.machine;
    let cores = format!("{}, {} cores", machine.processor, machine.cores);
    let facts = [&cores, &machine.kernel, &machine.placement.to_string(), &machine.date];
    element("header")
        .child(element("h1").text("The race"))
        .child(paragraph("lead", "The same work for every level, on the same machine, in turns."))
        .child(element("ul").children(facts.map(|fact| element("li").text(fact))))
        .child(paragraph("", &format!("{} {}", report.setting, report.conditions())))
        .child(
            element("details")
                .child(element("summary").text("How it is measured"))
                .child(paragraph("", METHOD)),
        )
}

fn section(chapter: &Chapter) -> Element {
    let Chapter { scenario, rows } = chapter;
    element("section")
        .with("id", scenario.name)
        .child(element("h2").text(scenario.title))
        .child(paragraph("", scenario.method))
        .child(
            element("p")
                .class("prediction")
                .child(element("strong").text("Predicted. "))
                .text(scenario.prediction),
        )
        .child(element("figure").child(picture(scenario, rows)).child(legend()))
        .child(element("div").class("scroll").child(table(scenario, rows)))
}

fn legend() -> Element {
    let entry = |class, text| element("span").class(class).text(text);
    element("figcaption")
        .child(entry("lose", "predicted to lose"))
        .child(entry("cure", "cures it"))
        .child(entry("other", "no prediction"))
}

fn table(scenario: &Scenario, rows: &[Row]) -> Element {
    let has_steps = !scenario.step_title.is_empty();
    let titles = ["contender"].into_iter().chain(has_steps.then_some(scenario.step_title));
    let titles = titles.chain(scenario.measures.iter().map(|measure| measure.title));
    let header = titles.chain(["runs"]).map(|title| element("th").text(title));
    element("table")
        .child(element("thead").child(element("tr").children(header)))
        .child(element("tbody").children(lines(rows).iter().map(|line| table_row(scenario, line))))
}

fn table_row(scenario: &Scenario, Line { row, steps }: &Line<'_>) -> Element {
    let class = class(scenario, row.contender);
    let step = (!steps.is_empty()).then(|| element("td").text(steps));
    let name = element("th").class(class).text(row.contender);
    let line = element("tr").child(name).children(step);
    if let Some(reason) = row.verdict.reason() {
        let columns = scenario.measures.len() + 1;
        let reason = element("span").text(reason);
        return line.child(element("td").class("none").with("colspan", columns).child(reason));
    }
    line.children(scenario.measures.iter().map(|measure| {
        let Some(summary) = row.verdict.summary(measure.key) else {
            return element("td").text(SATURATED);
        };
        let interval = interval(&summary, measure.decimals);
        element("td")
            .text(median(&summary, measure.decimals))
            .child(element("small").text(interval))
    }))
    .child(runs(row))
}

fn runs(row: &Row) -> Element {
    let cell = element("td");
    let Verdict::Result { counted, clean, .. } = row.verdict else { return cell };
    cell.text(format!("{counted} of {}", row.runs.len()))
        .child(element("small").text(format!("{clean} clean")))
}

fn contenders() -> Element {
    let entries = CONTENDERS.iter().flat_map(|contender| {
        let flags = contender.flags.join(" ");
        let command = format!("{} {flags}", contender.package);
        [
            element("dt").text(contender.name),
            element("dd")
                .child(element("code").text(command.trim_end()))
                .text(format!(": {}", contender.note)),
        ]
    });
    element("section")
        .with("id", "contenders")
        .child(element("h2").text("Who runs"))
        .child(element("dl").children(entries))
}

fn paragraph(class: &str, text: &str) -> Element {
    let paragraph = element("p").text(text);
    if class.is_empty() { paragraph } else { paragraph.class(class) }
}
