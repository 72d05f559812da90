//! What a page of this server may do, as it is told to browsers.

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use sha2::{Digest, Sha256};

/// The headers of every answer: a page runs its own scripts, talks to its own server, shows what the
/// camera gives it, and nothing else. `page` is its HTML, whose own scripts are allowed by their hashes;
/// `ancestors` are the [sources](https://www.w3.org/TR/CSP3/#directive-frame-ancestors) that may frame it.
pub(crate) fn policies(page: &str, ancestors: &str) -> Vec<(HeaderName, HeaderValue)> {
    let fixed = HeaderValue::from_static;
    let content = format!(
        "default-src 'none'; script-src 'self'{hashes}; style-src 'self'; img-src 'self' data: blob:; \
         media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors {ancestors}",
        hashes = inline_scripts(page).map(source_of).collect::<String>()
    );
    vec![
        // All of it are characters of a header; were it not so, nothing would be allowed.
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::try_from(content).unwrap_or(fixed("default-src 'none'")),
        ),
        (X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        // The address of a room is what lets people in.
        (REFERRER_POLICY, fixed("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), fixed("same-origin")),
        (
            HeaderName::from_static("permissions-policy"),
            fixed(
                "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), \
                 autoplay=(self), fullscreen=(self), picture-in-picture=(self), \
                 screen-wake-lock=(self), clipboard-write=(self), geolocation=(), usb=(), serial=(), \
                 payment=()",
            ),
        ),
    ]
}

/// The scripts that stand in the page itself; those with a `src` have attributes.
fn inline_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script>").skip(1).filter_map(|rest| Some(rest.split_once("</script>")?.0))
}

/// A script as a source by its hash ([CSP 3](https://www.w3.org/TR/CSP3/#grammardef-hash-source)).
fn source_of(script: &str) -> String {
    format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_in_the_page_is_allowed_by_its_hash_and_no_other() {
        let page = "<script>alert('Hello, world.');</script><script src=\"/a.js\"></script>";
        let (name, policy) = policies(page, "'none'").remove(0);
        assert_eq!(name, CONTENT_SECURITY_POLICY);
        // The example of the specification, §8.3.
        let hash = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='";
        assert!(policy.to_str().unwrap().contains(&format!("script-src 'self' {hash}; style-src")));
        assert_eq!(policy.to_str().unwrap().matches("sha256").count(), 1);
    }

    #[test]
    fn a_page_without_scripts_of_its_own_allows_none() {
        let (_, policy) = policies("<p>", "'self'").remove(0);
        let policy = policy.to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
        assert!(policy.ends_with("; frame-ancestors 'self'"));
    }
}
