//! What a client accepts and what it has already: `Accept-Encoding` and `If-None-Match`.

/// The forms in which a file may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Brotli, the smallest.
    Brotli,
    /// Gzip, which every client knows.
    Gzip,
    /// As it is.
    Plain,
}

impl Encoding {
    /// The name in `Content-Encoding`, if there is to be one.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Encoding::Brotli => Some("br"),
            Encoding::Gzip => Some("gzip"),
            Encoding::Plain => None,
        }
    }
}

/// The encoding that a client likes best, the smallest among equals, of those that there are.
///
/// A client that accepts nothing that there is gets the plain form, as
/// [RFC 9110 §12.5.3](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3) allows.
pub(crate) fn best_encoding(accept: &str, brotli: bool, gzip: bool) -> Encoding {
    let accepted: Vec<(&str, u16)> = accept.split(',').filter_map(parse_coding).collect();
    let weight = |name: &str| {
        let named = |wanted: &str| {
            let found = accepted.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|&(_, weight)| weight)
        };
        named(name).or_else(|| named("*"))
    };
    let candidates = [
        (Encoding::Brotli, if brotli { weight("br").unwrap_or(0) } else { 0 }),
        (Encoding::Gzip, if gzip { weight("gzip").unwrap_or(0) } else { 0 }),
        // Accepted unless it is excluded, but nobody's first choice unless it is named.
        (Encoding::Plain, weight("identity").unwrap_or(0)),
    ];
    let mut best = (Encoding::Plain, 0);
    for candidate in candidates {
        if candidate.1 > best.1 {
            best = candidate;
        }
    }
    best.0
}

/// Reads `br;q=0.8` as a name and thousandths; what is malformed is passed over.
fn parse_coding(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weight = match parts.next() {
        None => 1000,
        Some(parameter) => {
            let (key, value) = parameter.split_once('=')?;
            let value: f32 = value.trim().parse().ok()?;
            if !key.trim().eq_ignore_ascii_case("q") || !(0.0..=1.0).contains(&value) {
                return None;
            }
            (value * 1000.0).round() as u16
        }
    };
    Some((name, weight))
}

/// Whether `If-None-Match` names the tag. The comparison is the weak one
/// ([RFC 9110 §13.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2)); our tags hold no
/// commas.
pub(crate) fn matches_etag(if_none_match: &str, etag: &[u8]) -> bool {
    if_none_match.split(',').map(str::trim).any(|tag| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || tag.as_bytes() == etag
    })
}

#[cfg(test)]
mod tests {
    use super::{Encoding::*, *};

    #[test]
    fn the_best_accepted_encoding_is_chosen() {
        for (accept, encoding) in [
            ("", Plain),
            ("gzip, deflate, br, zstd", Brotli),
            ("gzip, deflate", Gzip),
            ("GZIP", Gzip),
            ("br;q=0.5, gzip", Gzip),
            ("br;q=0.5,gzip;q=0.5", Brotli),
            ("br;q=0, gzip;q=0", Plain),
            ("*", Brotli),
            ("*;q=0.1, br;q=0", Gzip),
            ("br; q=0.2, *;q=0", Brotli),
            ("identity, gzip;q=0.5", Plain),
            ("identity;q=0", Plain),
            ("br;q=2, gzip;q=x", Plain),
            ("br;level=9", Plain),
            (",,;q=1", Plain),
        ] {
            assert_eq!(best_encoding(accept, true, true), encoding, "{accept:?}");
        }
    }

    #[test]
    fn what_there_is_not_is_not_chosen() {
        assert_eq!(best_encoding("br, gzip", false, true), Gzip);
        assert_eq!(best_encoding("br, gzip", true, false), Brotli);
        assert_eq!(best_encoding("br, gzip", false, false), Plain);
    }

    #[test]
    fn tags_are_found_in_lists() {
        for (header, found) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("", false),
        ] {
            assert_eq!(matches_etag(header, b"\"a\""), found, "{header:?}");
        }
    }
}
