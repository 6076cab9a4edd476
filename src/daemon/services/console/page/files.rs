//! The files that are in the program: what the build script made of `web/`, and what the native API
//! says of itself.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

use http::HeaderValue;

/// A file as it was put into the program.
struct File {
    /// Where it is, without the slash before it.
    name: &'static str,
    bytes: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// The page, as the build script left it.
static PAGE: &[File] = &include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// What the native API says of itself.
static API: File = File {
    name: "openapi.json",
    bytes: include_bytes!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../schemas/openapi.json"
    )),
    brotli: None,
    gzip: None,
};

/// A file as it is served.
#[derive(Debug)]
pub(super) struct Served {
    /// Its media type.
    pub(super) kind: &'static str,
    /// Whether its name changes with its content.
    pub(super) immutable: bool,
    /// The best form first, the plain one last.
    forms: Vec<Form>,
}

/// One of the forms that a file is kept in.
#[derive(Debug)]
pub(super) struct Form {
    /// The name of its content coding; `None` for the plain one.
    pub(super) encoding: Option<&'static str>,
    pub(super) bytes: &'static [u8],
    /// Its strong ETag: another coding is another representation (RFC 9110 section 8.8.3).
    pub(super) tag: HeaderValue,
}

static FILES: LazyLock<HashMap<&'static str, Served>> = LazyLock::new(|| {
    let all = PAGE.iter().chain([&API]);
    all.map(|file| (file.name, Served::of(file))).collect()
});

/// The file of this name.
pub(super) fn file(name: &str) -> Option<&'static Served> {
    FILES.get(name)
}

/// The names of all files.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILES.keys().copied()
}

impl Served {
    fn of(file: &File) -> Self {
        let mut hasher = DefaultHasher::new();
        file.bytes.hash(&mut hasher);
        let hash = hasher.finish();
        let form = |encoding: Option<&'static str>, bytes| {
            let more = encoding.map(|name| format!("-{name}")).unwrap_or_default();
            let tag = HeaderValue::from_str(&format!("\"{hash:016x}{more}\"")).ok()?;
            Some(Form {
                encoding,
                bytes,
                tag,
            })
        };
        let forms = [
            file.brotli.and_then(|bytes| form(Some("br"), bytes)),
            file.gzip.and_then(|bytes| form(Some("gzip"), bytes)),
            form(None, file.bytes),
        ];
        Self {
            kind: kind_of(file.name),
            immutable: file.name.starts_with("assets/"),
            forms: forms.into_iter().flatten().collect(),
        }
    }

    /// The codings that it is kept in, the best first.
    pub(super) fn encodings(&self) -> Vec<&'static str> {
        self.forms.iter().filter_map(|form| form.encoding).collect()
    }

    /// It in this coding, or plain.
    pub(super) fn form(&self, encoding: Option<&str>) -> &Form {
        let mut forms = self.forms.iter();
        let found = forms.find(|form| form.encoding == encoding);
        // The plain form is always there, and last.
        found.unwrap_or(&self.forms[self.forms.len() - 1])
    }
}

/// The media type of a file, by its name.
fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
