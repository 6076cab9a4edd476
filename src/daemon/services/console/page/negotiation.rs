//! Which form of a file a client takes, and whether it has it already (RFC 9110 sections 12.5.3 and
//! 13.1.2).

use http::{HeaderMap, HeaderValue, header};

/// The first of these content codings that the client takes.
pub(super) fn encoding(asked: &HeaderMap, kept: &[&'static str]) -> Option<&'static str> {
    let values = asked.get_all(header::ACCEPT_ENCODING).iter();
    let values: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    let listed = || values.iter().flat_map(|value| value.split(','));
    let takes = |name: &str| {
        let mut named = listed().filter_map(|item| {
            let (coding, weight) = item.split_once(';').unwrap_or((item, ""));
            coding.trim().eq_ignore_ascii_case(name).then_some(weight)
        });
        named.next().map(|weight| !is_zero(weight))
    };
    let any = takes("*").unwrap_or(false);
    kept.iter().copied().find(|name| takes(name).unwrap_or(any))
}

/// Whether a weight says that something is not wanted: `q=0`, `q=0.000`.
fn is_zero(weight: &str) -> bool {
    let weight = weight.trim().to_ascii_lowercase();
    let number = weight.strip_prefix("q=").map(str::trim);
    number.is_some_and(|number| number.parse::<f32>().is_ok_and(|number| number <= 0.0))
}

/// Whether a client has what this tag stands for.
pub(super) fn is_known(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let values = asked.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"));
    tags.any(|known| known == "*" || tag.to_str().is_ok_and(|tag| tag == known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_best_coding_that_a_client_takes_is_chosen() {
        for (accepts, chosen) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip", Some("gzip")),
            ("GZIP;q=0.5", Some("gzip")),
            ("br;q=0, gzip;q=1.0", Some("gzip")),
            ("*", Some("br")),
            ("br; q=0.0, *", Some("gzip")),
            ("*;q=0", None),
            ("identity", None),
            ("brotli", None),
            ("", None),
        ] {
            let asked = headers(header::ACCEPT_ENCODING, accepts);
            assert_eq!(encoding(&asked, &["br", "gzip"]), chosen, "{accepts}");
        }
        assert_eq!(encoding(&HeaderMap::new(), &["br", "gzip"]), None);
    }

    #[test]
    fn who_has_it_is_known_by_its_tag() {
        let tag = HeaderValue::from_static("\"abc-br\"");
        for known in ["\"abc-br\"", "W/\"abc-br\"", "\"x\", \"abc-br\"", "*"] {
            assert!(
                is_known(&headers(header::IF_NONE_MATCH, known), &tag),
                "{known}"
            );
        }
        for other in ["\"abc\"", "abc-br", ""] {
            assert!(
                !is_known(&headers(header::IF_NONE_MATCH, other), &tag),
                "{other}"
            );
        }
        assert!(!is_known(&HeaderMap::new(), &tag));
    }
}
