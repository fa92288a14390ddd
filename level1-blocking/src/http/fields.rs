//! A section of field lines, of a head or a trailer, where it lies (RFC 9112 §5).
//!
//! The table holds offsets into the section's bytes: no field costs an allocation or a
//! copy. Parsing is incremental: a line is read once, when it is whole, and bytes of an
//! unfinished line are looked at once, when they come. A field that appears in several
//! lines is several entries; only lists may be joined (RFC 9110 §5.3).

use super::{
    error::Refusal,
    grammar::{self, LineEnd, Span, TCHAR},
    limits::Limits,
    name::{self, FieldName, UNNUMBERED},
};

/// The fields of one section, in the order they came.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    section: &'a [u8],
    table: &'a FieldTable,
}

impl<'a> Fields<'a> {
    pub(crate) const fn new(section: &'a [u8], table: &'a FieldTable) -> Self {
        Self { section, table }
    }

    /// How many field lines there are.
    pub fn len(&self) -> usize {
        self.table.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.table.entries.is_empty()
    }

    /// The value of the first line with this name, without white space around it.
    pub fn get(&self, name: &FieldName) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The values of all lines with this name.
    pub fn all(&self, name: &FieldName) -> impl Iterator<Item = &'a [u8]> {
        let section = self.section;
        let entries = if self.table.may_hold(name) { &self.table.entries[..] } else { &[] };
        entries
            .iter()
            .filter(move |entry| entry.is_named(section, name))
            .map(move |entry| entry.value.of(section))
    }

    /// The elements of a comma-separated list, over all lines with this name, empty elements
    /// left out (RFC 9110 §5.6.1.2). Not for lists whose elements hold quoted commas.
    pub fn list(&self, name: &FieldName) -> impl Iterator<Item = &'a [u8]> {
        self.all(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(grammar::trim)
            .filter(|element| !element.is_empty())
    }

    /// Whether the list of this name has this token, in any case.
    pub fn has_token(&self, name: &FieldName, token: &[u8]) -> bool {
        self.list(name).any(|item| item.eq_ignore_ascii_case(token))
    }

    /// Whether more than one line has this name.
    pub fn is_repeated(&self, name: &FieldName) -> bool {
        self.all(name).nth(1).is_some()
    }

    /// Every field as its name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let section = self.section;
        self.table
            .entries
            .iter()
            .map(move |entry| (grammar::ascii(entry.name.of(section)), entry.value.of(section)))
    }
}

/// Where a section's fields lie, and how far it has been read.
#[derive(Debug, Default)]
pub(crate) struct FieldTable {
    entries: Vec<Entry>,
    /// A bit for each numbered name that occurs.
    present: u64,
    /// Where the first line that is not read yet begins.
    line_start: usize,
    /// How far the bytes of that line have been looked at.
    looked_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    name: Span,
    value: Span,
    number: u8,
}

impl Entry {
    fn is_named(&self, section: &[u8], name: &FieldName) -> bool {
        self.number == name.number()
            && (self.number != UNNUMBERED
                || self.name.of(section).eq_ignore_ascii_case(name.as_str().as_bytes()))
    }
}

impl FieldTable {
    /// Forgets all entries; the section's first field line begins at `line_start`.
    pub(crate) fn restart(&mut self, line_start: usize) {
        self.entries.clear();
        self.present = 0;
        self.line_start = line_start;
        self.looked_at = line_start;
    }

    /// Whether a field of this name can be there, by one bit.
    const fn may_hold(&self, name: &FieldName) -> bool {
        name.number() == UNNUMBERED || self.present & (1 << name.number()) != 0
    }

    /// Reads the lines that have come; `Some(len)` of the whole section when its blank line
    /// was among them. `section` holds all bytes of the section that have come so far.
    ///
    /// What is found depends on the bytes alone, not on how they were cut in pieces.
    pub(crate) fn read(
        &mut self,
        section: &[u8],
        limits: &Limits,
    ) -> Result<Option<usize>, Refusal> {
        let section = &section[..section.len().min(limits.head_len_max)];
        let mut is_open = grammar::line_end(section, &mut self.looked_at) == LineEnd::Open;
        while !is_open {
            let line = &section[self.line_start..];
            match read_line(line)? {
                Line::Partial => {
                    self.looked_at = self.line_start;
                    is_open = grammar::line_end(section, &mut self.looked_at) == LineEnd::Open;
                }
                Line::Blank => return Ok(Some(self.line_start + 2)),
                Line::Field { name_len, value, len } => {
                    if self.entries.len() == limits.fields_max {
                        return Err(Refusal::TooManyFields);
                    }
                    self.push(line, name_len, value);
                    self.line_start += len;
                }
            }
        }
        let has_room = section.len() < limits.head_len_max;
        if has_room { Ok(None) } else { Err(Refusal::HeadTooLarge) }
    }

    fn push(&mut self, line: &[u8], name_len: usize, (value_start, value_end): (usize, usize)) {
        let start = self.line_start;
        let number = name::number(&line[..name_len]);
        self.present |= 1 << number;
        self.entries.push(Entry {
            name: Span::new(start, start + name_len),
            value: Span::new(start + value_start, start + value_end),
            number,
        });
    }
}

enum Line {
    /// The line's end has not come yet.
    Partial,
    /// The section ends here.
    Blank,
    /// `field-name ":" OWS field-value OWS`, its CRLF counted in `len`.
    Field { name_len: usize, value: (usize, usize), len: usize },
}

/// Reads one field line (RFC 9112 §5).
fn read_line(line: &[u8]) -> Result<Line, Refusal> {
    let name_len = grammar::run_len(line, TCHAR);
    match &line[name_len..] {
        [b':', ..] if name_len > 0 => {}
        [] | [b'\r'] => return Ok(Line::Partial),
        [b'\r', b'\n', ..] if name_len == 0 => return Ok(Line::Blank),
        [b' ' | b'\t', ..] if name_len == 0 => return Err(Refusal::LineFolding),
        [b' ' | b'\t', ..] => return Err(Refusal::SpaceBeforeColon),
        [b'\r', next, ..] if *next != b'\n' => return Err(Refusal::BareCr),
        [b'\n', ..] => return Err(Refusal::BareLf),
        _ => return Err(Refusal::FieldName),
    }
    let mut start = name_len + 1;
    while line.get(start).is_some_and(|&byte| grammar::is_space(byte)) {
        start += 1;
    }
    let end = start + grammar::field_value_len(&line[start..]);
    match &line[end..] {
        [b'\r', b'\n', ..] => {
            let value_end = start + grammar::trim_end(&line[start..end]).len();
            Ok(Line::Field { name_len, value: (start, value_end), len: end + 2 })
        }
        [] | [b'\r'] => Ok(Line::Partial),
        [b'\r', ..] => Err(Refusal::BareCr),
        [b'\n', ..] => Err(Refusal::BareLf),
        _ => Err(Refusal::Control),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = Result<Option<Vec<(String, String)>>, Refusal>;

    fn read_in_two(section: &[u8], cut: usize, limits: &Limits) -> Found {
        let mut table = FieldTable::default();
        table.restart(0);
        let mut len = table.read(&section[..cut], limits)?;
        if len.is_none() {
            len = table.read(section, limits)?;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = Fields::new(section, &table);
        Ok(len.map(|_| fields.iter().map(|(name, value)| (name.to_owned(), text(value))).collect()))
    }

    fn check(section: &[u8], expected: &Found) {
        let limits = Limits::default();
        for cut in 0..=section.len() {
            let found = read_in_two(section, cut, &limits);
            assert_eq!(&found, expected, "{:?} cut at {cut}", String::from_utf8_lossy(section));
        }
    }

    #[test]
    fn sections() {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        for (section, expected) in [
            (&b"\r\n"[..], Ok(Some(vec![]))),
            (b"", Ok(None)),
            (b"\r", Ok(None)),
            (b"a", Ok(None)),
            (b"a: b", Ok(None)),
            (b"a: b\r\n", Ok(None)),
            (b"a: b\r\n\r", Ok(None)),
            (b"a:b\r\n\r\n", Ok(Some(vec![field("a", "b")]))),
            (b"a: \t b \t c \t\r\n\r\n", Ok(Some(vec![field("a", "b \t c")]))),
            (b"a:\r\nB: \r\n\r\n", Ok(Some(vec![field("a", ""), field("B", "")]))),
            (b"a: :b:\r\n\r\n", Ok(Some(vec![field("a", ":b:")]))),
            (
                b"!#$%&'*+-.^_`|~09: \xff\r\n\r\n",
                Ok(Some(vec![field("!#$%&'*+-.^_`|~09", "\u{fffd}")])),
            ),
            (b"a : b\r\n\r\n", Err(Refusal::SpaceBeforeColon)),
            (b"a\t: b\r\n\r\n", Err(Refusal::SpaceBeforeColon)),
            (b" a: b\r\n\r\n", Err(Refusal::LineFolding)),
            (b"a: b\r\n c\r\n\r\n", Err(Refusal::LineFolding)),
            (b"a: b\r\n\tc\r\n\r\n", Err(Refusal::LineFolding)),
            (b": b\r\n\r\n", Err(Refusal::FieldName)),
            (b"a\r\n\r\n", Err(Refusal::FieldName)),
            (b"a(b: c\r\n\r\n", Err(Refusal::FieldName)),
            (b"\xe4: c\r\n\r\n", Err(Refusal::FieldName)),
            (b"a\0b: c\r\n\r\n", Err(Refusal::FieldName)),
            (b"a: b\0c\r\n\r\n", Err(Refusal::Control)),
            (b"a: b\x7f\r\n\r\n", Err(Refusal::Control)),
            (b"a: b\rc\r\n\r\n", Err(Refusal::BareCr)),
            (b"a: b\n\r\n", Err(Refusal::BareLf)),
            (b"a: b\r\n\n", Err(Refusal::BareLf)),
            (b"a\n", Err(Refusal::BareLf)),
        ] {
            check(section, &expected);
        }
    }

    #[test]
    fn limits_hold_exactly() {
        let limits = Limits { head_len_max: 20, fields_max: 2, ..Limits::default() };
        for (section, expected) in [
            (&b"a: 1234567890123\r\n\r\n"[..], Ok(Some(1))),
            (b"a: 12345678901234\r\n\r\n", Err(Refusal::HeadTooLarge)),
            (b"a: 12345678901234567", Err(Refusal::HeadTooLarge)),
            (b"a:\r\nb:\r\n\r\n", Ok(Some(2))),
            (b"a:\r\nb:\r\nc:\r\n\r\n", Err(Refusal::TooManyFields)),
        ] {
            let found = read_in_two(section, 0, &limits).map(|found| found.map(|list| list.len()));
            assert_eq!(found, expected, "{:?}", String::from_utf8_lossy(section));
        }
    }

    #[test]
    fn lists_join_lines_and_skip_empty_elements() {
        let section = b"Connection: close, ,\tx\r\nhost: a\r\nCONNECTION: Keep-Alive,\r\n\r\n";
        let mut table = FieldTable::default();
        table.restart(0);
        table.read(section, &Limits::default()).expect("valid").expect("whole");
        let fields = Fields::new(section, &table);
        let list: Vec<_> = fields.list(&FieldName::CONNECTION).collect();
        assert_eq!(list, [&b"close"[..], b"x", b"Keep-Alive"]);
        assert!(fields.has_token(&FieldName::CONNECTION, b"keep-alive"));
        assert!(!fields.has_token(&FieldName::CONNECTION, b"keep"));
        assert!(fields.is_repeated(&FieldName::CONNECTION));
        assert!(!fields.is_repeated(&FieldName::HOST));
        assert_eq!(fields.get(&FieldName::from_static("HOST")), Some(&b"a"[..]));
        assert_eq!(fields.get(&FieldName::COOKIE), None);
    }
}
