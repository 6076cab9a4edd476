//! Layers of settings before they are typed: values as they were written, and where each stood.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use toml::{
    Spanned, Table, Value,
    de::{DeArray, DeTable, DeValue},
};

use super::{KeyPath, Problem, Source, Step};

/// Values and where they came from.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    /// The values.
    pub table: Table,
    sources: BTreeMap<KeyPath, Source>,
}

impl Layer {
    /// Reads TOML.
    ///
    /// # Errors
    /// Every [`Problem`] that keeps the text from being TOML.
    pub fn parse(file: &Arc<Path>, text: &str) -> Result<Self, Vec<Problem>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let lines = Lines::of(text);
        if !errors.is_empty() {
            return Err(errors.iter().map(|e| syntax(file, &lines, e)).collect());
        }
        let mut reader = Reader {
            file,
            lines,
            sources: BTreeMap::new(),
            problems: Vec::new(),
        };
        let table = reader.table(&KeyPath::default(), table.get_ref());
        if reader.problems.is_empty() {
            Ok(Self {
                table,
                sources: reader.sources,
            })
        } else {
            Err(reader.problems)
        }
    }

    /// Sets a value, making the tables that lead to it.
    pub fn set(&mut self, path: &KeyPath, value: impl Into<Value>, source: Source) {
        let mut value = value.into();
        // From the inside out: wrap the value into its tables, then merge.
        for step in path.0.iter().rev() {
            value = match step {
                Step::Key(key) => Value::Table(Table::from_iter([(key.clone(), value)])),
                Step::Index(_) => Value::Array(vec![value]),
            };
        }
        if let Value::Table(table) = value {
            let sources = BTreeMap::from([(path.clone(), source)]);
            self.put_over(Self { table, sources });
        }
    }

    /// Adds a server whose values all come from one place.
    pub fn add_server(&mut self, values: Table, source: Source) {
        let servers = self
            .table
            .entry("server")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(servers) = servers {
            let path = KeyPath::dotted("server").index(servers.len());
            for key in values.keys() {
                self.sources.insert(path.key(key), source.clone());
            }
            self.sources.insert(path, source);
            servers.push(Value::Table(values));
        }
    }

    /// Lays another layer over this one. Tables are merged, servers are added to those that are
    /// there, and every other value takes the place of the one below.
    pub fn put_over(&mut self, upper: Self) {
        let server = Step::Key("server".to_owned());
        let offset = match self.table.get("server") {
            Some(Value::Array(servers)) => servers.len(),
            _ => 0,
        };
        for (mut path, source) in upper.sources {
            if path.0.first() == Some(&server) {
                if let Some(Step::Index(at)) = path.0.get_mut(1) {
                    *at += offset;
                }
            } else if matches!(path.0.last(), Some(Step::Index(0))) {
                self.forget_below(path.parent().as_ref());
            }
            self.sources.insert(path, source);
        }
        merge(&mut self.table, upper.table, true);
    }

    /// Where a value came from: its own source, else that of what it stands in.
    #[must_use]
    pub fn source(&self, path: &KeyPath) -> Source {
        let mut path = path.clone();
        loop {
            if let Some(source) = self.sources.get(&path) {
                return source.clone();
            }
            match path.parent() {
                Some(parent) => path = parent,
                None => return Source::Default,
            }
        }
    }

    /// Where exactly this value came from; `Default` when no layer names it.
    #[must_use]
    pub fn own_source(&self, path: &KeyPath) -> Source {
        self.sources.get(path).cloned().unwrap_or(Source::Default)
    }

    /// Takes out a value, or the innermost there is on the way to it. `false` when nothing is there.
    pub fn remove(&mut self, path: &KeyPath) -> bool {
        let mut steps = path.0.as_slice();
        while let Some((last, way)) = steps.split_last() {
            if take(&mut self.table, way, last) {
                self.forget(way, last);
                return true;
            }
            steps = way;
        }
        false
    }

    /// Forgets the sources at and below a step, and moves those behind it in an array up.
    fn forget(&mut self, way: &[Step], last: &Step) {
        let depth = way.len();
        let sources = std::mem::take(&mut self.sources);
        let moved = sources.into_iter().filter_map(|(mut path, source)| {
            if !path.0.starts_with(way) {
                return Some((path, source));
            }
            match (path.0.get_mut(depth), last) {
                (Some(step), last) if step == last => None,
                (Some(Step::Index(at)), Step::Index(removed)) if *at > *removed => {
                    *at -= 1;
                    Some((path, source))
                }
                _ => Some((path, source)),
            }
        });
        self.sources = moved.collect();
    }

    fn forget_below(&mut self, path: Option<&KeyPath>) {
        if let Some(path) = path {
            self.sources
                .retain(|known, _| known == path || !known.0.starts_with(&path.0));
        }
    }
}

/// Puts a table over another; at the top, `server` arrays are put one after the other.
fn merge(lower: &mut Table, upper: Table, top: bool) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(Value::Table(lower)), Value::Table(upper)) => merge(lower, upper, false),
            (Some(Value::Array(lower)), Value::Array(upper)) if top && key == "server" => {
                lower.extend(upper);
            }
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}

/// Takes out what `last` names at the end of `way`; `false` when it is not there.
fn take(table: &mut Table, way: &[Step], last: &Step) -> bool {
    let Some((first, rest)) = way.split_first() else {
        return matches!(last, Step::Key(key) if table.remove(key).is_some());
    };
    let Step::Key(first) = first else {
        return false;
    };
    let mut here = table.get_mut(first);
    for step in rest {
        here = match (here, step) {
            (Some(Value::Table(table)), Step::Key(key)) => table.get_mut(key),
            (Some(Value::Array(array)), Step::Index(at)) => array.get_mut(*at),
            _ => None,
        };
    }
    match (here, last) {
        (Some(Value::Table(table)), Step::Key(key)) => table.remove(key).is_some(),
        (Some(Value::Array(array)), Step::Index(at)) if *at < array.len() => {
            array.remove(*at);
            true
        }
        _ => false,
    }
}

/// Turns parsed TOML into plain values and writes down where each key stood.
struct Reader<'a> {
    file: &'a Arc<Path>,
    lines: Lines<'a>,
    sources: BTreeMap<KeyPath, Source>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn table(&mut self, path: &KeyPath, table: &DeTable<'_>) -> Table {
        let mut out = Table::new();
        for (key, value) in table {
            let path = path.key(key.get_ref());
            let source = self.at(key.span().start);
            self.sources.insert(path.clone(), source);
            let value = self.value(&path, value);
            out.insert(key.get_ref().to_string(), value);
        }
        out
    }

    fn array(&mut self, path: &KeyPath, array: &DeArray<'_>) -> Vec<Value> {
        let element = |(at, value): (usize, &Spanned<DeValue<'_>>)| {
            let path = path.index(at);
            let source = self.at(value.span().start);
            self.sources.insert(path.clone(), source);
            self.value(&path, value)
        };
        array.iter().enumerate().map(element).collect()
    }

    fn value(&mut self, path: &KeyPath, value: &Spanned<DeValue<'_>>) -> Value {
        match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(is) => Value::Boolean(*is),
            DeValue::Datetime(at) => Value::Datetime(*at),
            DeValue::Array(array) => Value::Array(self.array(path, array)),
            DeValue::Table(table) => Value::Table(self.table(path, table)),
            DeValue::Integer(integer) => {
                let parsed = i64::from_str_radix(integer.as_str(), integer.radix());
                parsed.map_or_else(|_| self.no_number(path, value), Value::Integer)
            }
            DeValue::Float(float) => {
                let parsed = float.as_str().parse();
                parsed.map_or_else(|_| self.no_number(path, value), Value::Float)
            }
        }
    }

    fn no_number(&mut self, path: &KeyPath, value: &Spanned<DeValue<'_>>) -> Value {
        self.problems.push(Problem {
            at: self.at(value.span().start),
            key: Some(path.clone()),
            what: "the number is out of range".to_owned(),
        });
        Value::Boolean(false)
    }

    fn at(&self, offset: usize) -> Source {
        Source::File {
            file: self.file.clone(),
            line: self.lines.number(offset),
        }
    }
}

/// A syntax error, with the key whose line it is in where there is one.
fn syntax(file: &Arc<Path>, lines: &Lines<'_>, error: &toml::de::Error) -> Problem {
    let offset = error.span().map_or(0, |span| span.start);
    let line = lines.number(offset);
    Problem {
        at: Source::File {
            file: file.clone(),
            line,
        },
        key: lines.key_at(line),
        what: error.message().replace('\n', ", "),
    }
}

/// The lines of a text.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(after_breaks).collect();
        Self { text, starts }
    }

    /// The line that a byte stands in, from 1.
    fn number(&self, offset: usize) -> u32 {
        let line = self.starts.partition_point(|start| *start <= offset);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The key that a line sets, in the table whose heading is nearest above; for a text that is
    /// not TOML and can't be asked properly.
    fn key_at(&self, line: u32) -> Option<KeyPath> {
        let mut table = "";
        let mut key = None;
        for text in self.text.lines().take(line as usize) {
            let text = text.trim();
            key = None;
            if text.starts_with('[') {
                table = text.trim_matches(|c| "[] \t".contains(c));
            } else if let Some((name, _)) = text.split_once('=') {
                key = Some(name.trim());
            }
        }
        let names = [Some(table), key];
        let names = names.into_iter().flatten().filter(|name| !name.is_empty());
        let path = names.collect::<Vec<_>>().join(".");
        (!path.is_empty()).then(|| KeyPath::dotted(&path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &str, text: &str) -> Layer {
        Layer::parse(&Arc::from(Path::new(name)), text).unwrap()
    }

    fn source(layer: &Layer, path: &KeyPath) -> String {
        layer.source(path).to_string()
    }

    #[test]
    fn an_upper_layer_replaces_values_and_adds_servers() {
        let mut below = layer("a", "[limits]\nconnections = 1\n[[server]]\nid = \"1\"\n");
        let above = layer("b", "[[server]]\nid = \"2\"\n\n[limits]\nconnections = 2\n");
        below.put_over(above);
        let expected: Table =
            "[limits]\nconnections = 2\n[[server]]\nid = \"1\"\n[[server]]\nid = \"2\"\n"
                .parse()
                .unwrap();
        assert_eq!(below.table, expected);
        assert_eq!(
            source(&below, &KeyPath::dotted("limits.connections")),
            "b:5"
        );
        assert_eq!(source(&below, &KeyPath::server(0, "id")), "a:4");
        assert_eq!(source(&below, &KeyPath::server(1, "id")), "b:2");
        assert_eq!(source(&below, &KeyPath::server(1, "profile")), "b:1");
    }

    #[test]
    fn what_is_taken_out_of_an_array_moves_the_rest_up_with_its_lines() {
        let mut layer = layer("a", "[[server]]\nid = \"1\"\n[[server]]\nid = \"2\"\n");
        assert!(
            layer.remove(
                &KeyPath::server(0, "no.such")
                    .parent()
                    .unwrap()
                    .parent()
                    .unwrap()
            )
        );
        assert_eq!(source(&layer, &KeyPath::server(0, "id")), "a:4");
    }

    #[test]
    fn a_shorter_array_leaves_no_source_of_a_longer_one() {
        let mut below = layer("a", "x = [\n1,\n2,\n]\n");
        below.put_over(layer("b", "x = [3]\n"));
        let second = KeyPath::dotted("x").index(1);
        assert_eq!(below.own_source(&second), Source::Default);
    }

    #[test]
    fn values_set_one_by_one_stand_beside_each_other() {
        let mut layer = Layer::default();
        layer.set(&KeyPath::dotted("a.b"), 1, Source::Flag("--b"));
        layer.set(&KeyPath::dotted("a.c"), 2, Source::Flag("--c"));
        assert_eq!(layer.table, "a = { b = 1, c = 2 }".parse().unwrap());
        assert_eq!(source(&layer, &KeyPath::dotted("a.b")), "--b");
    }
}
