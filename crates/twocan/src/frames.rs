//! Which sites may show the page in a frame of theirs, and what the others are told.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Response, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERER,
    },
};
use twocan_socketio::Origin;

/// [What a request is for](https://www.w3.org/TR/fetch-metadata/#sec-fetch-dest-header), as browsers say it.
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The sites that may show the page in a frame.
#[derive(Debug)]
pub(crate) struct Frames {
    allowed: Vec<Origin>,
}

impl Frames {
    /// `allowed`: the origins of the sites; their pages must not be in the frames of others in turn.
    pub(crate) fn new(allowed: Vec<Origin>) -> Frames {
        Frames { allowed }
    }

    /// The sites as [sources](https://www.w3.org/TR/CSP3/#directive-frame-ancestors) of the page's policy: browsers
    /// see to it, whatever else is said here.
    pub(crate) fn ancestors(&self) -> String {
        let names: Vec<String> = self.allowed.iter().map(Origin::to_string).collect();
        if names.is_empty() { "'none'".to_owned() } else { names.join(" ") }
    }

    /// What stands in a frame of a site that may not have the page there; `None` for all that the
    /// browser is left to judge. A browser would leave the frame empty, and nobody would know why.
    pub(crate) fn refusal(&self, request: &HeaderMap) -> Option<Response<Full<Bytes>>> {
        let value = |name| request.get(name)?.to_str().ok();
        if !["iframe", "frame"].contains(&value(SEC_FETCH_DEST)?) {
            return None;
        }
        let (scheme, rest) = value(REFERER)?.split_once("://")?;
        let authority = rest.split('/').next()?;
        let site: Origin = format!("{scheme}://{authority}").parse().ok()?;
        if self.allowed.contains(&site) {
            return None;
        }
        let text = format!(
            "This site may not show a call here. Open the call in a tab of its own.\n\
             Whoever runs this server can allow the site: --frame-ancestor {site}\n\n\
             此网站不能在这里显示通话，请在新标签页中打开通话。\n\
             服务器的管理者可以允许此网站：--frame-ancestor {site}\n"
        );
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = StatusCode::FORBIDDEN;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // It can do nothing, and has to be seen in the frame.
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
        Some(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_sites_or_none() {
        let ancestors = |origins: &[&str]| {
            Frames::new(origins.iter().map(|one| one.parse().unwrap()).collect()).ancestors()
        };
        assert_eq!(ancestors(&[]), "'none'");
        let two = ancestors(&["https://a.example", "HTTP://B.example:8080"]);
        assert_eq!(two, "https://a.example http://b.example:8080");
    }

    #[test]
    fn only_a_frame_of_a_site_that_is_not_allowed_is_told_so() {
        let frames = Frames::new(vec!["https://site.example".parse().unwrap()]);
        let is_refused = |dest: Option<&'static str>, referer: Option<&'static str>| {
            let mut request = HeaderMap::new();
            for (name, value) in [(SEC_FETCH_DEST, dest), (REFERER, referer)] {
                if let Some(value) = value {
                    request.insert(name, HeaderValue::from_static(value));
                }
            }
            frames.refusal(&request).is_some()
        };
        assert!(is_refused(Some("iframe"), Some("https://other.example/")));
        assert!(is_refused(Some("iframe"), Some("http://site.example/")));
        assert!(!is_refused(Some("iframe"), Some("https://site.example/a/page")));
        assert!(!is_refused(Some("document"), Some("https://other.example/")));
        assert!(!is_refused(Some("script"), Some("https://other.example/")));
        for unclear in [None, Some(""), Some("about:client"), Some("https://[")] {
            assert!(!is_refused(Some("iframe"), unclear), "{unclear:?}");
        }
        assert!(!is_refused(None, Some("https://other.example/")));
    }

    #[test]
    fn the_refusal_says_what_to_do_and_can_be_seen() {
        let mut request = HeaderMap::new();
        request.insert(SEC_FETCH_DEST, HeaderValue::from_static("iframe"));
        request.insert(REFERER, HeaderValue::from_static("https://other.example:8443/x?y"));
        let refusal = Frames::new(Vec::new()).refusal(&request).unwrap();
        assert_eq!(refusal.status(), 403);
        assert_eq!(refusal.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(refusal.headers()[CONTENT_SECURITY_POLICY], "default-src 'none'");
        let body = format!("{:?}", refusal.into_body());
        assert!(body.contains("--frame-ancestor https://other.example:8443"), "{body}");
    }
}
