//! Puts the page into the program.
//!
//! Where it comes from, the first of these that is there:
//!
//! 1. the folder that `OUTBAND_WEB_DIST` names: what `npm run build` in `web/` made;
//! 2. `web/`, by npm and Vite. It is copied beside what cargo builds and made there, so that nothing
//!    lands in the source tree; packages are installed anew only when `web/package-lock.json` changed;
//! 3. a page that says what is missing. That is a warning, and an error with `OUTBAND_WEB_REQUIRED=1`.
//!
//! Without the feature `web` it is the last of them, and no warning.

#![allow(clippy::print_stdout)] // Cargo listens to the standard output.

use std::{
    env,
    fmt::Write,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// What the page is made from, in `web/`. Changes of nothing else make it anew.
const SOURCES: [&str; 7] = [
    ".npmrc",
    "index.html",
    "package-lock.json",
    "package.json",
    "src",
    "tsconfig.json",
    "vite.config.ts",
];

/// Where a page that says what is missing lies.
const FALLBACK: &str = "services/console/page/fallback.html";

fn main() -> Result<(), String> {
    let home = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={FALLBACK}");
    for name in ["OUTBAND_WEB_DIST", "OUTBAND_WEB_REQUIRED"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    let files = match page(&home, &out) {
        Ok(Some(folder)) => {
            let mut files = Vec::new();
            list(&folder, "", &mut files).map_err(|why| format!("{}: {why}", folder.display()))?;
            if !files.iter().any(|(name, _)| name == "index.html") {
                return Err(format!("{} has no index.html", folder.display()));
            }
            files
        }
        Ok(None) => vec![("index.html".to_owned(), home.join(FALLBACK))],
        Err(why) if env::var("OUTBAND_WEB_REQUIRED").is_ok_and(|it| it == "1") => {
            return Err(format!("the page could not be made: {why}"));
        }
        Err(why) => {
            // What was missing may be there the next time.
            println!("cargo:rerun-if-env-changed=PATH");
            println!("cargo:warning=this build has no page, only a note in its place:");
            for line in why.lines() {
                println!("cargo:warning=  {line}");
            }
            vec![("index.html".to_owned(), home.join(FALLBACK))]
        }
    };
    let table = table(&files)?;
    fs::write(out.join("page.rs"), table).map_err(|why| format!("page.rs: {why}"))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|why| format!("{name}: {why}"))
}

/// The folder with the page; `None` where there is to be none.
fn page(home: &Path, out: &Path) -> Result<Option<PathBuf>, String> {
    if env::var_os("CARGO_FEATURE_WEB").is_none() {
        return Ok(None);
    }
    if let Some(ready) = env::var_os("OUTBAND_WEB_DIST").filter(|ready| !ready.is_empty()) {
        let ready = PathBuf::from(ready);
        println!("cargo:rerun-if-changed={}", ready.display());
        return Ok(Some(ready));
    }
    let web = home.join("../../web");
    for name in SOURCES {
        println!("cargo:rerun-if-changed={}", web.join(name).display());
    }
    make(&web, out).map(Some)
}

/// Makes the page from its sources.
fn make(web: &Path, out: &Path) -> Result<PathBuf, String> {
    // One folder for all that cargo builds here: the packages are the same for each.
    let shared = out.ancestors().nth(4).unwrap_or(out).join("web");
    let say = |why: io::Error| format!("{}: {why}", shared.display());
    fs::create_dir_all(&shared).map_err(say)?;
    let turn = File::create(shared.join("turn")).map_err(say)?;
    turn.lock().map_err(say)?;

    for name in SOURCES {
        let (from, to) = (web.join(name), shared.join(name));
        remove(&to).map_err(say)?;
        copy(&from, &to).map_err(|why| format!("{}: {why}", from.display()))?;
    }
    install(&shared)?;
    let bundle = out.join("web");
    let (to, arguments) = (
        bundle.display().to_string(),
        ["run", "build", "--", "--outDir"],
    );
    npm(&shared, &[&arguments[..], &[&to, "--emptyOutDir"]].concat())?;
    Ok(bundle)
}

/// Installs what the page is made with and of, unless it is there.
fn install(shared: &Path) -> Result<(), String> {
    let stamp = shared.join("installed");
    let read = |name: &str| fs::read(shared.join(name)).unwrap_or_default();
    let wanted = [read("package-lock.json"), read(".npmrc")].concat();
    if shared.join("node_modules").is_dir() && fs::read(&stamp).is_ok_and(|it| it == wanted) {
        return Ok(());
    }
    remove(&stamp).map_err(|why| format!("{}: {why}", stamp.display()))?;
    npm(shared, &["ci", "--omit=dev"])?;
    fs::write(&stamp, wanted).map_err(|why| format!("{}: {why}", stamp.display()))
}

/// Runs npm in a folder.
fn npm(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let ran = Command::new("npm")
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("npm_config_update_notifier", "false")
        .output()
        .map_err(|why| format!("npm, which comes with Node.js, can't be run: {why}"))?;
    if ran.status.success() {
        return Ok(());
    }
    let said = [ran.stdout, ran.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = &lines[lines.len().saturating_sub(12)..];
    Err(format!(
        "`npm {}` failed:\n{}",
        arguments.join(" "),
        last.join("\n")
    ))
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        _ => Ok(()),
    }
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(|_| ());
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Every file below a folder, with its name from there on.
fn list(folder: &Path, before: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = format!("{before}{}", name.to_string_lossy());
        if path.is_dir() {
            list(&path, &format!("{name}/"), files)?;
        } else {
            files.push((name, path));
        }
    }
    Ok(())
}

/// The files as Rust. `x.br` and `x.gz` are forms of `x`.
fn table(files: &[(String, PathBuf)]) -> Result<String, String> {
    let path_of = |name: &str| {
        files
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, path)| path)
    };
    let bytes = |path: &Path| {
        let path = path
            .canonicalize()
            .map_err(|why| format!("{}: {why}", path.display()))?;
        Ok::<_, String>(format!("include_bytes!({path:?})"))
    };
    let form = |name: String| match path_of(&name) {
        Some(path) => bytes(path).map(|bytes| format!("Some({bytes})")),
        None => Ok("None".to_owned()),
    };
    let mut table = "[\n".to_owned();
    for (name, path) in files {
        let whole = name
            .strip_suffix(".br")
            .or_else(|| name.strip_suffix(".gz"));
        if whole.is_some_and(|whole| path_of(whole).is_some()) {
            continue;
        }
        let (plain, brotli) = (bytes(path)?, form(format!("{name}.br"))?);
        let gzip = form(format!("{name}.gz"))?;
        writeln!(
            table,
            "File {{ name: {name:?}, bytes: {plain}, brotli: {brotli}, gzip: {gzip} }},"
        )
        .map_err(|why| why.to_string())?;
    }
    table.push(']');
    Ok(table)
}
