//! A case: what a client does, and what must come of it, as data.
//!
//! An expectation is exact. Where the RFCs leave a choice the case is marked so, and says
//! what a strict server does: it refuses what two servers could understand in two ways.
//!
//! Every case ends with a probe, a GET of `/hello` on the same connection (`play.rs`). It is
//! answered if the connection must be open, and must not be if it must be closed.

use super::answer::{Answer, status};

/// One statement about a server.
#[derive(Debug, Clone)]
#[must_use]
pub struct Case {
    /// Topic and statement, as in `framing/both-lengths`.
    pub name: String,
    /// Where it is written, as in `RFC 9112 §6.3`.
    pub section: &'static str,
    /// How binding that is.
    pub requirement: Requirement,
    /// What the client does. Several scripts are a sweep, as over all control bytes: each
    /// has a connection of its own, and the same must come of it.
    pub scripts: Vec<Script>,
    /// The final answers, in this order and no others.
    pub answers: Vec<Answer>,
    /// What becomes of the connection.
    pub after: After,
    /// Whether a `100 (Continue)` may come though no step waits for it, when the bytes are
    /// cut. A server sends it only to a client that holds its body back, and where the cut
    /// falls behind the head this client does, for a moment.
    pub may_continue_if_cut: bool,
}

/// How binding a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// A MUST leaves exactly this.
    Must,
    /// A SHOULD asks for this.
    Should,
    /// There is a choice, and this is what a strict server does.
    Choice,
}

impl Requirement {
    /// As a word in a test's title.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::Choice => "choice",
        }
    }
}

/// What becomes of the connection after the last answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// It stays open: the probe is answered.
    Open,
    /// It ends in order, and whatever else was sent is not answered.
    Closed,
}

/// What a client does on one connection.
#[derive(Debug, Clone)]
pub struct Script(pub Vec<Step>);

/// One thing that a client does.
#[derive(Debug, Clone)]
pub enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Reads until a `100 (Continue)` has come.
    AwaitContinue,
    /// Reads until one more final answer has come.
    AwaitAnswer,
    /// Closes the sending half.
    Finish,
    /// Closes both halves without reading on, and goes on with a new connection.
    Vanish,
}

/// Sends these bytes.
pub fn send(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Send(bytes.into())
}

/// A client that does one thing after the other.
pub fn steps<const LEN: usize>(steps: [Step; LEN]) -> Script {
    Script(steps.into())
}

/// A client that sends these bytes and then closes the sending half.
pub fn sent_and_finished(bytes: impl Into<Vec<u8>>) -> Script {
    steps([send(bytes), Step::Finish])
}

/// The scripts of one case.
#[derive(Debug)]
#[must_use]
pub struct Scripts(Vec<Script>);

/// A sweep: one script for each item.
pub fn each<T, S: Into<Script>>(
    items: impl IntoIterator<Item = T>,
    script: impl Fn(T) -> S,
) -> Scripts {
    Scripts(items.into_iter().map(|item| script(item).into()).collect())
}

/// A sweep over words, which white space sets apart.
pub fn each_word<'w, S: Into<Script>>(words: &'w str, script: impl Fn(&'w str) -> S) -> Scripts {
    each(words.split_ascii_whitespace(), script)
}

impl<S: Into<Script>> From<S> for Scripts {
    fn from(script: S) -> Self {
        Self(vec![script.into()])
    }
}

impl<B: Into<Vec<u8>>> From<B> for Script {
    fn from(bytes: B) -> Self {
        Self(vec![send(bytes)])
    }
}

/// What a MUST demands.
pub fn must(name: &str, scripts: impl Into<Scripts>) -> Case {
    case(Requirement::Must, name, scripts.into())
}

/// What a SHOULD asks for.
pub fn should(name: &str, scripts: impl Into<Scripts>) -> Case {
    case(Requirement::Should, name, scripts.into())
}

/// What a strict server does where there is a choice.
pub fn choice(name: &str, scripts: impl Into<Scripts>) -> Case {
    case(Requirement::Choice, name, scripts.into())
}

fn case(requirement: Requirement, name: &str, Scripts(scripts): Scripts) -> Case {
    Case {
        name: name.to_owned(),
        section: "",
        requirement,
        scripts,
        answers: Vec::new(),
        after: After::Closed,
        may_continue_if_cut: false,
    }
}

impl Case {
    /// These answers, and the connection stays open.
    pub fn open_after(self, answers: impl Into<Vec<Answer>>) -> Self {
        Self { answers: answers.into(), after: After::Open, ..self }
    }

    /// These answers, and the connection is closed.
    pub fn closed_after(self, answers: impl Into<Vec<Answer>>) -> Self {
        Self { answers: answers.into(), after: After::Closed, ..self }
    }

    /// This error, and the connection is closed: nobody can say where a next request begins.
    pub fn refused(self, code: u16) -> Self {
        self.closed_after(status(code))
    }

    /// No answer, and the connection is closed.
    pub fn closed_silently(self) -> Self {
        self.closed_after([])
    }

    /// A `100 (Continue)` may come when the bytes are cut.
    pub fn may_continue_if_cut(self) -> Self {
        Self { may_continue_if_cut: true, ..self }
    }
}

/// A topic, and the section that says something about it.
#[derive(Debug)]
pub struct Section {
    topic: &'static str,
    number: &'static str,
}

/// The section with this number, as a part of `topic`.
pub const fn under(topic: &'static str, number: &'static str) -> Section {
    Section { topic, number }
}

impl Section {
    /// What it says.
    pub fn cases<const LEN: usize>(self, cases: [Case; LEN]) -> impl Iterator<Item = Case> {
        cases.into_iter().map(move |case| {
            let name = format!("{}/{}", self.topic, case.name);
            Case { name, section: self.number, ..case }
        })
    }
}
