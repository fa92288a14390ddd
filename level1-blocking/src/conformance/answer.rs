//! What a case expects of one answer.

/// What one final answer must be.
#[derive(Debug, Clone)]
#[must_use]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body, if that matters.
    pub body: Option<Vec<u8>>,
    /// Whether it answers HEAD: its fields speak of a body, but none follows.
    pub is_to_head: bool,
    /// Whether its fields must be those of the answer before it.
    pub repeats_fields: bool,
    /// Fields with the one value each must have; `None` for a field that must not be there.
    pub fields: Vec<(&'static str, Option<String>)>,
    /// The methods that Allow must name, no others.
    pub allow: Option<&'static [&'static str]>,
}

/// The body of `/hello`.
pub const HELLO: &str = "Hello, World!\n";

/// The answer of `/hello`.
pub fn hello() -> Answer {
    status(200).body(HELLO).with("Content-Type", "text/plain; charset=utf-8")
}

/// The answer of `/hello` to HEAD.
pub fn hello_head() -> Answer {
    status(200).to_head().with("Content-Length", "14")
}

/// The answer of `/echo`.
pub fn echoed(body: impl AsRef<[u8]>) -> Answer {
    status(200).body(body)
}

/// An answer of which only the status matters.
pub fn status(status: u16) -> Answer {
    Answer {
        status,
        body: None,
        is_to_head: false,
        repeats_fields: false,
        fields: Vec::new(),
        allow: None,
    }
}

/// A 405 that names these methods.
pub fn not_allowed(methods: &'static [&'static str]) -> Answer {
    status(405).allowing(methods)
}

impl Answer {
    /// With exactly this body.
    pub fn body(self, body: impl AsRef<[u8]>) -> Self {
        Self { body: Some(body.as_ref().to_vec()), ..self }
    }

    /// To HEAD.
    pub fn to_head(self) -> Self {
        Self { is_to_head: true, ..self }
    }

    /// With the fields of the answer before it, Date and Connection aside.
    pub fn with_the_same_fields(self) -> Self {
        Self { repeats_fields: true, ..self }
    }

    /// With this field, once.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, Some(value.to_owned())));
        self
    }

    /// Without this field.
    pub fn without(mut self, name: &'static str) -> Self {
        self.fields.push((name, None));
        self
    }

    /// With an Allow that names these methods.
    pub fn allowing(self, methods: &'static [&'static str]) -> Self {
        Self { allow: Some(methods), ..self }
    }
}

impl From<Answer> for Vec<Answer> {
    fn from(answer: Answer) -> Self {
        vec![answer]
    }
}
