//! Holds what a client received against what its case expects.

use super::{
    answer::{Answer, hello},
    case::{After, Case, Script, Step},
    response::{self, Fault, Response},
};

/// Judges everything that came on one connection, up to its end. `is_cut` is whether the
/// bytes were sent otherwise than as the script has them.
///
/// # Errors
/// What is wrong.
pub fn judge(case: &Case, script: &Script, received: &[u8], is_cut: bool) -> Result<(), Fault> {
    let expected = expected(case);
    let (mut rest, mut before, mut interim_count) = (received, None, 0);
    for (at, answer) in expected.iter().enumerate() {
        let response = loop {
            let Some((response, len)) = response::read(rest, answer.is_to_head)? else {
                return Err(format!("answer {}: the connection ended before it", at + 1));
            };
            rest = &rest[len..];
            match response.status {
                100 => interim_count += 1,
                _ => break response,
            }
        };
        check_answer(answer, &response, before.as_ref())
            .and_then(|()| check_close(&response, is_last(script, &expected, at)))
            .map_err(|fault| format!("answer {}: {fault}", at + 1))?;
        before = Some(response);
    }
    if !rest.is_empty() {
        return Err(format!("more than was expected: {:?}", String::from_utf8_lossy(rest)));
    }
    check_interims(case, script, interim_count, is_cut)
}

/// How many final answers have come whole.
///
/// # Errors
/// If something that came is no response.
pub fn count_answers(case: &Case, received: &[u8]) -> Result<usize, Fault> {
    let (expected, mut rest, mut count) = (expected(case), received, 0);
    loop {
        let is_to_head = expected.get(count).is_some_and(|answer| answer.is_to_head);
        let Some((response, len)) = response::read(rest, is_to_head)? else { return Ok(count) };
        rest = &rest[len..];
        count += usize::from(!response.is_interim());
    }
}

/// The case's answers and, if the connection stays open, the probe's.
fn expected(case: &Case) -> Vec<Answer> {
    let mut expected = case.answers.clone();
    if case.after == After::Open {
        expected.push(hello());
    }
    expected
}

/// Whether this answer is to say `Connection: close`; `None` if it may or may not, because
/// the client has closed its half already.
fn is_last(script: &Script, expected: &[Answer], at: usize) -> Option<bool> {
    let is_last = at + 1 == expected.len();
    let has_finished = script.0.iter().any(|step| matches!(step, Step::Finish));
    if is_last && has_finished { None } else { Some(is_last) }
}

/// RFC 9112 §9.6: the last answer says so, and no other one does.
fn check_close(response: &Response, is_last: Option<bool>) -> Result<(), Fault> {
    match (is_last, response.says_close()) {
        (Some(true), false) => Err("the last one does not say Connection: close".to_owned()),
        (Some(false), true) => Err("it says Connection: close, but is not the last".to_owned()),
        _ => Ok(()),
    }
}

fn check_interims(
    case: &Case,
    script: &Script,
    interim_count: usize,
    is_cut: bool,
) -> Result<(), Fault> {
    let last_connection = script.0.rsplit(|step| matches!(step, Step::Vanish)).next();
    let steps = last_connection.unwrap_or_default().iter();
    let awaited = steps.filter(|step| matches!(step, Step::AwaitContinue)).count();
    let most = awaited + usize::from(is_cut && case.may_continue_if_cut);
    if (awaited..=most).contains(&interim_count) {
        Ok(())
    } else {
        Err(format!("{interim_count} interim answers, where {awaited} were awaited"))
    }
}

fn check_answer(
    answer: &Answer,
    response: &Response,
    before: Option<&Response>,
) -> Result<(), Fault> {
    if response.status != answer.status {
        return Err(format!("{} instead of {}", response.status, answer.status));
    }
    if let Some(body) = &answer.body
        && *body != response.body
    {
        return Err(format!("another body: {:?}", String::from_utf8_lossy(&response.body)));
    }
    for (name, value) in &answer.fields {
        if response.field(name) != value.as_deref() {
            return Err(format!("{name} is {:?}, not {value:?}", response.field(name)));
        }
    }
    if let Some(allow) = answer.allow
        && members(response.field("Allow").unwrap_or_default()) != sorted(allow.to_vec())
    {
        return Err(format!("Allow is {:?}, not {allow:?}", response.field("Allow")));
    }
    if answer.repeats_fields && before.map(lasting_fields) != Some(lasting_fields(response)) {
        return Err("other fields than the answer before it".to_owned());
    }
    Ok(())
}

/// The elements of a comma-separated list, in alphabetical order.
fn members(list: &str) -> Vec<&str> {
    sorted(list.split(',').map(str::trim).collect())
}

fn sorted(mut words: Vec<&str>) -> Vec<&str> {
    words.sort_unstable();
    words
}

/// Those that depend on the resource alone, not on the moment or the connection.
fn lasting_fields(response: &Response) -> Vec<&(String, String)> {
    let passing = ["Date", "Connection", "Keep-Alive"];
    let is_lasting = |name: &str| !passing.iter().any(|passing| passing.eq_ignore_ascii_case(name));
    response.fields.iter().filter(|(name, _)| is_lasting(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            answer::status,
            case::{must, send, steps},
            request::get,
            response::CONTINUE,
        },
        *,
    };

    const NEXT: &str = "HTTP/1.1 404 Not Found\r\nDATE\r\nContent-Length: 3\r\n\r\nabc";
    const LAST: &str =
        "HTTP/1.1 404 Not Found\r\nDATE\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc";
    const HELLO: &str = "HTTP/1.1 200 OK\r\nDATE\r\nConnection: close\r\nContent-Length: 14\r\n\
                         Content-Type: text/plain; charset=utf-8\r\n\r\nHello, World!\n";

    fn passes(case: &Case, received: &[&str], is_cut: bool) -> bool {
        let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
        let received = received.concat().replace("DATE\r\n", date);
        judge(case, &case.scripts[0], received.as_bytes(), is_cut).is_ok()
    }

    #[test]
    fn an_open_connection_answers_the_probe() {
        let case = must("", get("/nope")).open_after(status(404));
        assert!(passes(&case, &[NEXT, HELLO], false));
        assert!(!passes(&case, &[NEXT], false), "no probe");
        assert!(!passes(&case, &[LAST, HELLO], false), "close in between");
        assert!(!passes(&case, &[NEXT, NEXT], false), "another answer to the probe");
        assert!(!passes(&case, &[NEXT, HELLO, "x"], false), "something left over");
        assert!(!passes(&case, &[&NEXT[..NEXT.len() - 1], HELLO], false), "a short body");
    }

    #[test]
    fn a_closed_connection_does_not() {
        let case = must("", get("/nope")).refused(404);
        assert!(passes(&case, &[LAST], false));
        assert!(!passes(&case, &[NEXT], false), "close is not said");
        assert!(!passes(&case, &[LAST, HELLO], false), "the probe is answered");
        assert!(!passes(&case, &[], false), "nothing comes");
        let finished = must("", steps([send(get("/nope")), Step::Finish])).refused(404);
        assert!(passes(&finished, &[NEXT], false) && passes(&finished, &[LAST], false));
    }

    #[test]
    fn what_is_expected_of_an_answer_is_checked() {
        for (answer, expected) in [
            (status(404).body("abc"), true),
            (status(404).body("abd"), false),
            (status(403), false),
            (status(404).with("Content-Length", "3"), true),
            (status(404).with("Content-Length", "4"), false),
            (status(404).without("Content-Length"), false),
            (status(404).without("Allow"), true),
            (status(404).allowing(&["GET"]), false),
            (status(404).to_head(), false),
            (status(404).with_the_same_fields(), false),
        ] {
            let case = must("", get("/nope")).closed_after(answer.clone());
            assert_eq!(passes(&case, &[LAST], false), expected, "{answer:?}");
        }
    }

    #[test]
    fn interim_answers_are_counted() {
        let interim = str::from_utf8(CONTINUE).expect("text");
        let plain = must("", get("/nope")).refused(404);
        assert!(!passes(&plain, &[interim, LAST], true), "never asked for");
        let cut = plain.may_continue_if_cut();
        assert!(passes(&cut, &[interim, LAST], true) && passes(&cut, &[LAST], true));
        assert!(!passes(&cut, &[interim, LAST], false), "sent whole");
        assert!(!passes(&cut, &[interim, interim, LAST], true), "one too many");
        let awaited = must("", steps([send(get("/nope")), Step::AwaitContinue])).refused(404);
        assert!(passes(&awaited, &[interim, LAST], false) && !passes(&awaited, &[LAST], false));
    }
}
