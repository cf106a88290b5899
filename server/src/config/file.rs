//! The TOML file: every leaf is looked up in the table of settings, and every fault knows its line.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{ConfigFault, Place};
use super::portal;
use super::setting::{Draft, SETTINGS, Setting, Value};
use super::suggest::suggest;

/// One file on its way into a [`Draft`].
struct Reading<'a> {
    path: &'a Path,
    text: &'a str,
    faults: &'a mut Vec<ConfigFault>,
}

/// What the file `text` says, and what is wrong with it.
pub(super) fn draft(path: &Path, text: &str) -> (Draft, Vec<ConfigFault>) {
    let (mut draft, mut faults) = (Draft::default(), Vec::new());
    let mut reading = Reading { path, text, faults: &mut faults };
    match DeTable::parse(text) {
        Ok(table) => {
            reading.table(&mut draft, "", table.get_ref());
            if table.get_ref().contains_key("portal") {
                reading.portals(&mut draft);
            }
        }
        Err(error) => reading.fault(error.span().unwrap_or(0..0), error.message().replace('\n', ", ")),
    }
    (draft, faults)
}

impl Reading<'_> {
    fn table(&mut self, draft: &mut Draft, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table.iter() {
            let key = format!("{prefix}{}", name.get_ref());
            if key == "portal" {
                continue;
            }
            let is_section = SETTINGS.iter().any(|s| s.key.starts_with(&format!("{key}.")));
            match (value.get_ref(), SETTINGS.iter().find(|s| s.key == key)) {
                (DeValue::Table(inner), None) if is_section => self.table(draft, &format!("{key}."), inner),
                (_, None) if is_section => {
                    self.fault(value.span(), format!("{key}: expected a section, as in [{key}]"))
                }
                (_, Some(setting)) => self.leaf(draft, setting, value),
                (_, None) => {
                    let near = suggest(&key, SETTINGS.iter().map(|s| s.key).chain(["portal"]));
                    self.fault(name.span(), format!("unknown key {key:?}{near}"));
                }
            }
        }
    }

    fn leaf(&mut self, draft: &mut Draft, setting: &Setting, value: &Spanned<DeValue<'_>>) {
        match read(value.get_ref()) {
            Some(read) => draft.set(setting, read, self.place(&value.span()), self.faults),
            None => {
                let found = value.get_ref().type_str();
                self.fault(value.span(), format!("{}: expected {}, found {found}", setting.key, setting.shape.words()));
            }
        }
    }

    fn portals(&mut self, draft: &mut Draft) {
        match portal::read(self.text) {
            Ok(portals) => draft.portals = portals,
            Err(wrongs) => wrongs.into_iter().for_each(|wrong| self.fault(wrong.span, wrong.message)),
        }
    }

    fn place(&self, span: &Range<usize>) -> Place {
        let line = 1 + self.text.as_bytes()[..span.start.min(self.text.len())].iter().filter(|b| **b == b'\n').count();
        Place::File { path: self.path.into(), line: Some(line) }
    }

    fn fault(&mut self, span: Range<usize>, message: String) {
        self.faults.push(ConfigFault { place: self.place(&span), message });
    }
}

/// The value, if it is of a type that some setting has.
fn read(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::Text(text.to_string())),
        DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix()).ok().map(Value::Number),
        DeValue::Array(items) => {
            items.iter().map(|item| item.get_ref().as_str().map(str::to_string)).collect::<Option<_>>().map(Value::List)
        }
        DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}
