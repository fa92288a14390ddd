use std::{collections::BTreeMap, fs};

use super::*;
use crate::race::{
    conditions::Conditions,
    contender::CONTENDERS,
    cores::Placement,
    record::Problem,
    row::{Run, Verdict},
    scenario::SCENARIOS,
};

/// A race in which, of every scenario, the first row is absent and the second invalid.
fn report() -> Report {
    let machine = Machine::this(Placement::Apart { server: 0, client: 1 });
    let chapter = |scenario: &'static Scenario| {
        let places = CONTENDERS
            .iter()
            .flat_map(|contender| scenario.steps.iter().map(move |step| (contender.name, *step)));
        let row = |(index, (contender, step))| row(scenario, index, contender, step);
        Chapter { scenario, rows: places.enumerate().map(row).collect() }
    };
    let chapters = SCENARIOS.into_iter().map(chapter).collect();
    Report { machine, setting: "1 < 2 & 3 \"rounds\"".to_owned(), chapters }
}

fn row(scenario: &Scenario, index: usize, contender: &'static str, step: &'static str) -> Row {
    let keys = scenario.measures.iter().map(|measure| measure.key);
    let run = |round: usize, figure: f64| Run {
        round,
        figures: keys.clone().map(|key| (key, figure)).collect::<BTreeMap<_, _>>(),
        records: Vec::new(),
        problems: if index == 1 { vec![Problem::Errors(7, 9)] } else { Vec::new() },
        conditions: Conditions { distance: Some(100.0), foreign: 0.0 },
        is_clean: true,
    };
    let runs = vec![run(0, 12.0), run(1, 15.0), run(2, 1234.0)];
    let verdict = if index == 0 { Verdict::Absent("it <cannot>") } else { Verdict::of(&runs) };
    Row { contender, step, verdict, runs }
}

#[test]
fn the_page_is_well_formed_and_stands_alone() {
    let page = html::page(&report());
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(&page, options).expect("well-formed");
    let count = |name: &str| document.descendants().filter(|node| node.has_tag_name(name)).count();
    let svg = ("http://www.w3.org/2000/svg", "svg");
    let pictures = document.descendants().filter(|node| node.has_tag_name(svg)).count();
    assert_eq!((pictures, count("table")), (SCENARIOS.len(), SCENARIOS.len()));
    assert_eq!((count("script"), count("link"), count("img")), (0, 0, 0));
    let references = document.descendants().flat_map(|node| node.attributes());
    assert!(references.into_iter().all(|one| !["src", "href", "style"].contains(&one.name())));
}

#[test]
fn every_coordinate_is_a_number() {
    let page = html::page(&report());
    assert!(!page.contains("NaN") && !page.contains("inf\""));
}

#[test]
fn predictions_and_reasons_stand_where_figures_are_not() {
    let page = html::page(&report());
    assert!(page.contains("invalid: 7 of 9 requests failed"));
    assert!(page.contains("does not take part: it &lt;cannot>"));
    for scenario in SCENARIOS {
        let predicted = page.find(&scenario.prediction[..40]).expect("the prediction");
        let title = page.find(scenario.title).expect("the title");
        let table = title + page[title..].find("<table").expect("a table");
        assert!(title < predicted && predicted < table, "{}", scenario.name);
    }
}

#[test]
fn a_race_that_was_disturbed_says_so() {
    let mut report = report();
    assert!(!report.conditions().contains("repeat"), "{}", report.conditions());
    for run in
        report.chapters.iter_mut().flat_map(|one| &mut one.rows).flat_map(|row| &mut row.runs)
    {
        run.is_clean = run.round == 0;
    }
    assert!(report.conditions().contains("repeat the race"), "{}", report.conditions());
}

#[test]
fn servers_that_failed_are_named() {
    let failures = report().failures();
    assert_eq!(failures[0], "hello level1-one");
    assert_eq!(failures.len(), SCENARIOS.len());
}

#[test]
fn the_terminals_table_has_a_line_for_each_row() {
    let report = report();
    let chapter = &report.chapters[0];
    let text = table::table(chapter.scenario, &chapter.rows);
    let lines: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with("level"))
        .map(|line| line.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect())
        .collect();
    assert_eq!(lines[0], ["level1", "does not take part: it <cannot>"]);
    assert_eq!(lines[1], ["level1-one", "invalid: 7 of 9 requests failed"]);
    assert_eq!(lines[2][..2], ["level2-thread", "15.00 (12.00–1\u{202f}234.00)"]);
    assert_eq!(lines[2].last(), Some(&"3/3, 3 clean"));
    assert_eq!(lines.len(), CONTENDERS.len());
}

#[test]
fn absences_for_one_reason_are_one_line() {
    let scenario = SCENARIOS.into_iter().find(|scenario| scenario.steps.len() > 1).expect("one");
    let rows: Vec<Row> =
        scenario.steps.iter().map(|step| row(scenario, 0, "level1", step)).collect();
    let lines = lines(&rows);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].steps, "10–10\u{202f}000");
}

#[test]
fn both_files_are_written_and_the_json_keeps_every_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path().join("new/folder");
    report().write(&place).expect("written");
    assert!(fs::read_to_string(place.join("report.html")).expect("a page").contains("<svg"));
    let json = fs::read_to_string(place.join("report.json")).expect("a file");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let row = &json["chapters"][0]["rows"][2];
    assert_eq!(row["runs"].as_array().map(Vec::len), Some(3));
    assert_eq!(row["verdict"]["result"]["summaries"]["cpu"]["median"], 15.0);
    assert_eq!(json["chapters"][0]["scenario"]["name"], "hello");
}
