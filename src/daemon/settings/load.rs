//! Reads settings files, lays them above one another and makes typed settings of them.

use std::{
    fs::File,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{KeyPath, Problem, Problems, Settings, Source, Step, check, layers::Layer};

/// The largest settings file that is read, in bytes.
const FILE_MAX: u64 = 4 << 20;

/// Settings that are right, and where each came from.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The layers they were made from.
    pub layers: Layer,
    /// The files that were read, in order; none when there was no settings file.
    pub files: Vec<PathBuf>,
}

impl Loaded {
    /// The settings alone.
    #[must_use]
    pub fn into_settings(self) -> Settings {
        self.settings
    }
}

/// Reads a settings file and what stands in `conf.d` beside it.
///
/// With `may_be_absent`, a missing file leaves the defaults.
///
/// # Errors
/// [`Problems`]: all that could be found, each with file, line and key.
pub fn load(file: &Path, may_be_absent: bool) -> Result<Loaded, Problems> {
    let mut layers = Layer::default();
    let mut problems = Vec::new();
    let mut files = Vec::new();
    let folder = file.parent().unwrap_or(Path::new("."));
    let main = match read(file) {
        Err(Unread::Absent) if may_be_absent => None,
        text => Some((file.to_owned(), text)),
    };
    let extra = extra_files(&folder.join("conf.d"), &mut problems)
        .into_iter()
        .map(|path| (path.clone(), read(&path)));
    for (path, text) in main.into_iter().chain(extra) {
        let name: Arc<Path> = path.as_path().into();
        match text.map_err(|why| vec![whole_file(&name, &why.words())]) {
            Ok(text) => match Layer::parse(&name, &text) {
                Ok(layer) => layers.put_over(layer),
                Err(found) => problems.extend(found),
            },
            Err(found) => problems.extend(found),
        }
        files.push(path);
    }
    match typed(layers, folder, problems) {
        Ok(loaded) => Ok(Loaded { files, ..loaded }),
        Err(problems) => Err(problems),
    }
}

/// Makes settings of layers that come from flags.
///
/// # Errors
/// [`Problems`]: all that could be found.
pub fn load_layers(layers: Layer) -> Result<Loaded, Problems> {
    let here = std::env::current_dir().unwrap_or_default();
    typed(layers, &here, Vec::new())
}

/// Types the layers. A key that is wrong is noted and taken out, and the rest is looked at again,
/// so that one run finds all that is wrong.
fn typed(layers: Layer, folder: &Path, mut problems: Vec<Problem>) -> Result<Loaded, Problems> {
    let mut good = layers.clone();
    // Keys taken out of the element that is being looked at.
    let mut taken: Vec<KeyPath> = Vec::new();
    let settings = loop {
        let values = toml::Value::Table(good.table.clone());
        let why = match serde_path_to_error::deserialize::<_, Settings>(values) {
            Ok(settings) => break Some(settings),
            Err(why) => why,
        };
        let key = KeyPath::from(why.path());
        // A bad `id` was taken out: that it is missing now is not another problem.
        let follows = taken.iter().any(|before| before.0.starts_with(&key.0));
        if !follows {
            problems.push(Problem {
                at: good.source(&key),
                what: why.inner().message().trim_end().to_owned(),
                key: Some(key.clone()),
            });
        }
        if problems.len() >= Problems::MAX || !good.remove(&key) {
            break None;
        }
        if matches!(key.0.last(), Some(Step::Index(_))) {
            taken.clear();
        } else {
            taken.push(key);
        }
    };
    let settings = settings.map(|mut settings| {
        check::resolve(&mut settings, folder);
        let mut found = check::read_profiles(&mut settings);
        found.extend(check::check(&settings));
        // A bad value was taken out: that it is missing now is not another problem.
        found.retain(|(key, _)| {
            let mut bad = problems.iter().filter_map(|problem| problem.key.as_ref());
            !bad.any(|bad| bad.0.starts_with(&key.0))
        });
        problems.extend(found.into_iter().map(|(key, what)| Problem {
            at: good.source(&key),
            key: Some(key),
            what,
        }));
        settings
    });
    match settings {
        Some(settings) if problems.is_empty() => Ok(Loaded {
            settings,
            layers,
            files: Vec::new(),
        }),
        _ => {
            problems.truncate(Problems::MAX);
            Err(Problems(problems))
        }
    }
}

/// Why a file was not read.
enum Unread {
    Absent,
    TooLong,
    NotText,
    Io(std::io::Error),
}

impl Unread {
    fn words(&self) -> String {
        match self {
            Self::Absent => "there is no such file".to_owned(),
            Self::TooLong => format!("longer than {FILE_MAX} bytes"),
            Self::NotText => "not UTF-8 text".to_owned(),
            Self::Io(why) => format!("can't be read: {why}"),
        }
    }
}

fn read(path: &Path) -> Result<String, Unread> {
    let file = File::open(path).map_err(|why| match why.kind() {
        ErrorKind::NotFound => Unread::Absent,
        _ => Unread::Io(why),
    })?;
    let mut bytes = Vec::new();
    file.take(FILE_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(Unread::Io)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(Unread::TooLong);
    }
    String::from_utf8(bytes).map_err(|_| Unread::NotText)
}

/// The `*.toml` in a folder, sorted by name; none when there is no such folder.
fn extra_files(folder: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(why) if why.kind() == ErrorKind::NotFound => return Vec::new(),
        Err(why) => {
            problems.push(whole_file(&folder.into(), &format!("can't be read: {why}")));
            return Vec::new();
        }
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    files
}

fn whole_file(file: &Arc<Path>, what: &str) -> Problem {
    Problem {
        at: Source::File {
            file: file.clone(),
            line: 0,
        },
        key: None,
        what: what.to_owned(),
    }
}
