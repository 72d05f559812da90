//! The page inside the program: each file with its compressed forms, made when the page was built.

use std::{borrow::Cow, collections::HashMap};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Response, StatusCode,
    header::{
        ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING,
        CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_NONE_MATCH, VARY,
    },
};
use rust_embed::RustEmbed;

use crate::negotiate::{Encoding, best_encoding, matches_etag};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// The file that every call's address shows.
const INDEX: &str = "index.html";

/// The file that pages of other sites load: it brings them the element of a call.
const EMBED: &str = "embed.js";

/// Names below this carry a hash of their content, so what they name never changes.
const HASHED: &str = "assets/";

/// [Who may load a file](https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header) into pages that
/// are isolated from others.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The files of the page.
#[derive(Debug)]
pub(crate) struct Assets {
    files: HashMap<String, Asset>,
}

#[derive(Debug)]
struct Asset {
    content_type: HeaderValue,
    cache_control: HeaderValue,
    plain: Form,
    brotli: Option<Form>,
    gzip: Option<Form>,
}

/// A file in one encoding.
#[derive(Debug, Clone)]
struct Form {
    bytes: Bytes,
    etag: HeaderValue,
}

impl Assets {
    /// The page that is inside the program.
    pub(crate) fn embedded() -> Assets {
        let file = |name: &str| {
            let file = Dist::get(name)?;
            let bytes = match file.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            };
            Form::new(bytes, &file.metadata.sha256_hash())
        };
        let asset = |name: &str| {
            let hashed = name.starts_with(HASHED);
            let cache = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
            Some(Asset {
                content_type: HeaderValue::from_static(content_type(name)),
                cache_control: HeaderValue::from_static(cache),
                plain: file(name)?,
                brotli: file(&format!("{name}.br")),
                gzip: file(&format!("{name}.gz")),
            })
        };
        let compressed = |name: &str| name.ends_with(".br") || name.ends_with(".gz");
        let files = Dist::iter()
            .filter(|name| !compressed(name))
            .filter_map(|name| Some((name.to_string(), asset(&name)?)))
            .collect();
        Assets { files }
    }

    /// The answer to a GET or HEAD of `path`, if there is a file for it.
    pub(crate) fn answer(&self, path: &str, headers: &HeaderMap) -> Option<Response<Full<Bytes>>> {
        let name = match path.strip_prefix('/')? {
            "" => INDEX,
            // The page has one address only for each of its states.
            INDEX => return None,
            name if is_room(name) => INDEX,
            name => name,
        };
        let mut response = self.files.get(name)?.answer(headers);
        if name == EMBED {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        }
        Some(response)
    }

    /// The page's HTML; empty if it is missing.
    pub(crate) fn index(&self) -> &str {
        let page = self.files.get(INDEX);
        page.and_then(|page| std::str::from_utf8(&page.plain.bytes).ok()).unwrap_or_default()
    }

    #[cfg(test)]
    fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

impl Asset {
    fn answer(&self, headers: &HeaderMap) -> Response<Full<Bytes>> {
        let encoding = best_encoding(
            &list(headers, ACCEPT_ENCODING),
            self.brotli.is_some(),
            self.gzip.is_some(),
        );
        let form = match encoding {
            Encoding::Brotli => self.brotli.as_ref(),
            Encoding::Gzip => self.gzip.as_ref(),
            Encoding::Plain => None,
        };
        let Form { bytes, etag } = form.unwrap_or(&self.plain).clone();
        let known = matches_etag(&list(headers, IF_NONE_MATCH), etag.as_bytes());

        let mut response = Response::new(Full::default());
        let answer = response.headers_mut();
        answer.insert(ETAG, etag);
        answer.insert(CACHE_CONTROL, self.cache_control.clone());
        if self.brotli.is_some() || self.gzip.is_some() {
            answer.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        answer.insert(CONTENT_TYPE, self.content_type.clone());
        if let Some(name) = encoding.name() {
            answer.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        *response.body_mut() = Full::new(bytes);
        response
    }
}

impl Form {
    /// `None` cannot be: hexadecimal digits in quotation marks are a header value.
    fn new(bytes: Bytes, hash: &[u8; 32]) -> Option<Form> {
        // The compressed forms are files of their own, so their tags differ, as they must.
        let hex: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let etag = HeaderValue::try_from(format!("\"{hex}\"")).ok()?;
        Some(Form { bytes, etag })
    }
}

/// Whether a path (without its first slash) is the address of a room: `r/` and one name.
fn is_room(path: &str) -> bool {
    path.strip_prefix("r/").is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

/// The values of a header that holds a list, in one line.
fn list(headers: &HeaderMap, name: HeaderName) -> String {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(",")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_at_its_addresses_and_nowhere_else() {
        let assets = Assets::embedded();
        let is_page = |path| {
            let answer = assets.answer(path, &HeaderMap::new());
            answer
                .is_some_and(|answer| answer.headers()[CONTENT_TYPE] == "text/html; charset=utf-8")
        };
        for path in ["/", "/r/tea", "/r/%E8%8C%B6", "/r/a.b"] {
            assert!(is_page(path), "{path}");
        }
        for path in ["", "/r", "/r/", "/r/a/b", "/index.html", "/index.html.br", "/../Cargo.toml"] {
            assert!(assets.answer(path, &HeaderMap::new()).is_none(), "{path}");
        }
    }

    #[test]
    fn the_page_is_asked_for_each_time_and_hashed_files_once() {
        let assets = Assets::embedded();
        let page = assets.answer("/", &HeaderMap::new()).unwrap();
        assert_eq!(page.headers()[CACHE_CONTROL], "no-cache");
        let hashed = |name: &&str| name.starts_with(HASHED) && name.ends_with(".js");
        let script = assets.names().find(hashed).unwrap();
        let script = assets.answer(&format!("/{script}"), &HeaderMap::new()).unwrap();
        assert_eq!(script.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(script.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
    }

    #[test]
    fn other_sites_may_load_the_element_and_nothing_else() {
        let assets = Assets::embedded();
        let element = assets.answer("/embed.js", &HeaderMap::new()).unwrap();
        assert_eq!(element.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert_eq!(element.headers()[RESOURCE_POLICY], "cross-origin");
        assert_eq!(element.headers()[CACHE_CONTROL], "no-cache");
        for name in assets.names().filter(|&name| name != EMBED && name != INDEX) {
            let other = assets.answer(&format!("/{name}"), &HeaderMap::new()).unwrap();
            assert!(!other.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), "{name}");
        }
    }

    #[test]
    fn each_form_has_a_tag_of_its_own_and_304_is_answered_to_it_alone() {
        let assets = Assets::embedded();
        let name = assets.names().find(|name| name.ends_with(".js")).unwrap();
        let path = format!("/{name}");
        let mut tags = Vec::new();
        for (accept, encoding) in [("br, gzip", Some("br")), ("gzip", Some("gzip")), ("", None)] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(accept));
            let answer = assets.answer(&path, &headers).unwrap();
            assert_eq!(answer.status(), 200);
            assert_eq!(answer.headers()[VARY], "accept-encoding");
            let named = answer.headers().get(CONTENT_ENCODING).map(|name| name.to_str().unwrap());
            assert_eq!(named, encoding);
            let tag = answer.headers()[ETAG].clone();
            assert!(!tags.contains(&tag));

            headers.insert(IF_NONE_MATCH, tag.clone());
            let again = assets.answer(&path, &headers).unwrap();
            assert_eq!(again.status(), 304);
            assert_eq!(again.headers()[ETAG], tag);
            if let Some(other) = tags.last() {
                headers.insert(IF_NONE_MATCH, HeaderValue::clone(other));
                assert_eq!(assets.answer(&path, &headers).unwrap().status(), 200);
            }
            tags.push(tag);
        }
    }
}
