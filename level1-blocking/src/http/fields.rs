//! A section of field lines, of a head or a trailer, where it lies (RFC 9112 §5).
//!
//! The table holds offsets into the section's bytes: no field costs an allocation or a
//! copy. Parsing is incremental: a line is read once, when it is whole, and bytes of an
//! unfinished line are looked at once, when they come. A field that appears in several
//! lines is several entries; only lists may be joined (RFC 9110 §5.3).

use std::mem;

use super::{
    error::Refusal,
    grammar::{self, LineEnd, TCHAR},
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

    /// Those of a section that did not come.
    pub fn none() -> Self {
        static EMPTY: FieldTable = FieldTable {
            entries: Vec::new(),
            present: 0,
            repeated: 0,
            start: 0,
            line_start: 0,
            looked_at: 0,
        };
        Self { section: &[], table: &EMPTY }
    }

    /// How many field lines there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.table.entries.is_empty()
    }

    /// Whether there is a line with this name.
    #[inline]
    pub fn has(&self, name: &FieldName) -> bool {
        self.first(name).is_some()
    }

    /// The value of the first line with this name, without white space around it.
    #[inline]
    pub fn get(&self, name: &FieldName) -> Option<&'a [u8]> {
        Some(self.first(name)?.value(self.section))
    }

    /// What follows the colon of the first line with this name, the line's end included.
    #[inline]
    pub(crate) fn rest_of_line(&self, name: &FieldName) -> Option<&'a [u8]> {
        self.first(name)?.rest(self.section)
    }

    /// The first line with this name. To ask for one of the numbered names costs a bit test if
    /// it is absent.
    #[inline]
    fn first(&self, name: &FieldName) -> Option<&'a Entry> {
        match name.number() {
            UNNUMBERED => self.first_unnumbered(name),
            number if self.table.present & (1 << number) == 0 => None,
            number => self.table.entries.iter().find(|entry| entry.number == number),
        }
    }

    #[inline(never)]
    fn first_unnumbered(&self, name: &FieldName) -> Option<&'a Entry> {
        self.table.entries.iter().find(|entry| entry.is_named(self.section, name))
    }

    /// The values of all lines with this name.
    pub fn all(&self, name: &FieldName) -> impl Iterator<Item = &'a [u8]> {
        let section = self.section;
        let entries = self.table.entries.iter();
        entries
            .filter(move |entry| entry.is_named(section, name))
            .take(self.table.lines_max(name))
            .map(move |entry| entry.value(section))
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
    #[inline]
    pub fn has_token(&self, name: &FieldName, token: &[u8]) -> bool {
        self.table.lines_max(name) > 0 && self.lists(name, token)
    }

    /// Apart from `has_token`, so that to ask for a field that is absent costs one bit test.
    #[inline(never)]
    fn lists(&self, name: &FieldName, token: &[u8]) -> bool {
        self.list(name).any(|item| item.eq_ignore_ascii_case(token))
    }

    /// Whether more than one line has this name.
    #[inline]
    pub fn is_repeated(&self, name: &FieldName) -> bool {
        self.table.lines_max(name) > 1 && self.all(name).nth(1).is_some()
    }

    /// Every field as its name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let section = self.section;
        self.table
            .entries
            .iter()
            .map(move |entry| (grammar::ascii(entry.name(section)), entry.value(section)))
    }
}

/// Fields that outlast the connection's buffers: for whoever works on them elsewhere.
#[derive(Debug, Clone, Default)]
pub struct OwnedFields {
    section: Vec<u8>,
    table: FieldTable,
}

impl OwnedFields {
    /// The fields.
    pub fn fields(&self) -> Fields<'_> {
        Fields::new(&self.section, &self.table)
    }
}

impl From<Fields<'_>> for OwnedFields {
    fn from(fields: Fields<'_>) -> Self {
        Self { section: fields.section.to_vec(), table: fields.table.clone() }
    }
}

/// Where a section's fields lie, and how far it has been read.
#[derive(Debug, Clone, Default)]
pub(crate) struct FieldTable {
    entries: Vec<Entry>,
    /// A bit for each numbered name that occurs.
    present: u64,
    /// A bit for each of them that occurs more than once.
    repeated: u64,
    /// Where the section begins.
    start: usize,
    /// Where the first line that is not read yet begins.
    line_start: usize,
    /// How far the bytes of that line have been looked at.
    looked_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u32,
    /// Where its value begins, behind the colon.
    value: u32,
    /// Where the next line begins.
    next: u32,
    number: u8,
}

impl Entry {
    /// The line in `start..next` with its value there. A head is never near 4 GiB, see `Span`.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "bounded by head_len_max")]
    const fn new(start: usize, value: usize, next: usize, number: u8) -> Self {
        Self { start: start as u32, value: value as u32, next: next as u32, number }
    }

    /// What began at `old` begins at `new`.
    fn move_by(&mut self, old: usize, new: usize) {
        let moved = |at: u32| at as usize + new - old;
        *self = Self::new(moved(self.start), moved(self.value), moved(self.next), self.number);
    }

    fn name(self, section: &[u8]) -> &[u8] {
        section.get(self.start as usize..self.value as usize - 1).unwrap_or_default()
    }

    fn rest(self, section: &[u8]) -> Option<&[u8]> {
        section.get(self.value as usize..self.next as usize)
    }

    /// The white space around a value is only left out here: few fields are ever asked for.
    #[inline(never)]
    fn value(self, section: &[u8]) -> &[u8] {
        let value = section.get(self.value as usize..self.next as usize - 2).unwrap_or_default();
        // Nearly always it is one space before the value.
        grammar::trim(value.strip_prefix(b" ").unwrap_or(value))
    }

    fn is_named(self, section: &[u8], name: &FieldName) -> bool {
        self.number == name.number()
            && (self.number != UNNUMBERED
                || self.name(section).eq_ignore_ascii_case(name.as_str().as_bytes()))
    }
}

impl FieldTable {
    /// Forgets all entries; the section's first field line begins at `line_start`.
    pub(crate) fn restart(&mut self, line_start: usize) {
        self.entries.clear();
        (self.present, self.repeated) = (0, 0);
        self.start = line_start;
        self.line_start = line_start;
        self.looked_at = line_start;
    }

    /// The same section begins at `start` now.
    #[inline]
    pub(crate) fn move_to(&mut self, start: usize) {
        if start != self.start {
            let old = mem::replace(&mut self.start, start);
            self.entries.iter_mut().for_each(|entry| entry.move_by(old, start));
        }
    }

    /// How many field lines there are.
    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many lines of this name there can be, so that a look-up ends early: mostly at once.
    const fn lines_max(&self, name: &FieldName) -> usize {
        let bit = 1 << name.number();
        match name.number() {
            UNNUMBERED => usize::MAX,
            _ if self.present & bit == 0 => 0,
            _ if self.repeated & bit == 0 => 1,
            _ => usize::MAX,
        }
    }

    /// Reads the lines that have come; `Some(len)` of the whole section when its blank line
    /// was among them. `section` holds all bytes of the section that have come so far.
    ///
    /// What is found depends on the bytes alone, not on how they were cut in pieces.
    #[inline(never)]
    pub(crate) fn read(
        &mut self,
        section: &[u8],
        limits: &Limits,
    ) -> Result<Option<usize>, Refusal> {
        let section = &section[..section.len().min(limits.head_len_max)];
        // A line that was cut is not read again before its end has come.
        let was_cut = self.looked_at > self.line_start;
        if !(was_cut && self.is_open(section))
            && let Some(len) = self.read_lines(section, limits)?
        {
            return Ok(Some(len));
        }
        let has_room = section.len() < limits.head_len_max;
        if has_room { Ok(None) } else { Err(Refusal::HeadTooLarge) }
    }

    fn read_lines(&mut self, section: &[u8], limits: &Limits) -> Result<Option<usize>, Refusal> {
        let mut rest = &section[self.line_start..];
        while !rest.starts_with(b"\r\n") {
            match read_line(rest) {
                Ok(_) if self.entries.len() == limits.fields_max => {
                    return Err(Refusal::TooManyFields);
                }
                Ok(line) => {
                    self.push(&line, section.len());
                    rest = line.rest;
                }
                // What is wrong with a line is told when it is whole, however it was cut.
                Err(_) if self.is_open(section) => return Ok(None),
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(Some(self.line_start + 2))
    }

    /// Whether the line that is not read yet has no end so far.
    #[cold]
    fn is_open(&mut self, section: &[u8]) -> bool {
        self.looked_at = self.looked_at.max(self.line_start);
        grammar::line_end(section, &mut self.looked_at) == LineEnd::Open
    }

    #[inline]
    fn push(&mut self, line: &Line<'_>, section_len: usize) {
        let bit = 1 << line.number;
        self.repeated |= self.present & bit;
        self.present |= bit;
        let (value, next) = (section_len - line.value.len(), section_len - line.rest.len());
        self.entries.push(Entry::new(self.line_start, value, next, line.number));
        self.line_start = next;
    }
}

/// `field-name ":" OWS field-value OWS CRLF`.
struct Line<'a> {
    number: u8,
    /// What follows the colon.
    value: &'a [u8],
    /// What follows the line.
    rest: &'a [u8],
}

/// Reads a field line (RFC 9112 §5), or says what is wrong with it, should it be whole.
#[inline]
fn read_line(line: &[u8]) -> Result<Line<'_>, Refusal> {
    let Some((number, value)) = name::read(line) else { return Err(refuse_name(line)) };
    let rest = grammar::skip_plain(value);
    let rest = match rest.strip_prefix(b"\r\n") {
        Some(rest) => rest,
        None => end_of_value(rest)?,
    };
    Ok(Line { number, value, rest })
}

/// What follows the line of a value whose end is not plain to see: it holds tabs or bytes beyond
/// ASCII, or its last bytes fill no word, or it is refused.
#[inline(never)]
fn end_of_value(value: &[u8]) -> Result<&[u8], Refusal> {
    let rest = &value[grammar::field_value_len(value)..];
    rest.strip_prefix(b"\r\n").ok_or_else(|| refuse_value(rest))
}

/// Why a line is refused that does not begin with a name and a colon.
#[cold]
fn refuse_name(line: &[u8]) -> Refusal {
    let (name, rest) = line.split_at(grammar::run_len(line, TCHAR));
    match rest {
        [b' ' | b'\t', ..] if name.is_empty() => Refusal::LineFolding,
        [b' ' | b'\t', ..] => Refusal::SpaceBeforeColon,
        [b'\r', next, ..] if *next != b'\n' => Refusal::BareCr,
        [b'\n', ..] => Refusal::BareLf,
        _ => Refusal::FieldName,
    }
}

/// Why a line is refused that has `rest` where its end should be.
#[cold]
fn refuse_value(rest: &[u8]) -> Refusal {
    match rest {
        [b'\r', ..] => Refusal::BareCr,
        [b'\n', ..] => Refusal::BareLf,
        _ => Refusal::Control,
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
            // A line that has no end yet may still turn out to be broken in another way.
            (b"a: b\r\n c", Ok(None)),
            (b"a: b\r\nc d", Ok(None)),
            (b"a: b\r\nc(d\r", Ok(None)),
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
