//! All cases, a file for each topic.

mod bytes;
mod request_line;
mod target;
mod fields;
mod host;
mod framing;
mod chunked;
mod trailers;
mod bodies;
mod limits;
mod persistence;
mod pipelining;
mod expect;
mod methods;
mod responses;
mod closing;
mod files;

use super::case::Case;

/// The suite.
pub fn all() -> Vec<Case> {
    request_line::cases()
        .chain(target::cases())
        .chain(fields::cases())
        .chain(host::cases())
        .chain(framing::cases())
        .chain(chunked::cases())
        .chain(trailers::cases())
        .chain(bodies::cases())
        .chain(limits::cases())
        .chain(persistence::cases())
        .chain(pipelining::cases())
        .chain(expect::cases())
        .chain(methods::cases())
        .chain(responses::cases())
        .chain(closing::cases())
        .chain(files::cases())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn there_are_enough_and_each_has_a_name_of_its_own() {
        let cases = all();
        assert!(cases.len() >= 250, "{}", cases.len());
        let mut names = HashSet::new();
        for Case { name, scripts, .. } in &cases {
            assert!(names.insert(name), "{name} twice");
            assert!(!scripts.is_empty(), "{name} sends nothing");
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-./".contains(&byte);
            assert!(name.bytes().all(is_plain) && name.matches('/').count() == 1, "{name}");
        }
    }

    #[test]
    fn each_names_its_section() {
        for Case { name, section, .. } in all() {
            let (rfc, number) = section.split_once(" §").unwrap_or_default();
            let rfc = rfc.strip_prefix("RFC ").unwrap_or_default();
            let is_number = |text: &str| text.parse::<u32>().is_ok();
            let numbers = number.split('.').all(is_number);
            assert!(is_number(rfc) && rfc.len() == 4 && numbers, "{name}: {section:?}");
        }
    }
}
