//! What was measured: a table for people as it comes in, and JSON for whoever compares machines.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::cli::print;

/// The rows so far; those for people are printed as they come unless the JSON is.
pub struct Report {
    quiet: bool,
    rows: Vec<Value>,
    remarks: Vec<String>,
    heading: String,
}

/// One measured row.
pub struct Row {
    /// Which table.
    pub group: &'static str,
    /// What.
    pub name: String,
    /// Of the values.
    pub unit: &'static str,
    /// A value a round.
    pub values: Vec<f64>,
    /// More columns for people.
    pub note: String,
    /// More keys of the JSON.
    pub extra: Map<String, Value>,
}

impl Row {
    /// A row without a note.
    pub fn new(group: &'static str, name: String, unit: &'static str, values: Vec<f64>) -> Self {
        Self {
            group,
            name,
            unit,
            values,
            note: String::new(),
            extra: Map::new(),
        }
    }

    /// Adds a key.
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.extra.insert(key.into(), value);
        self
    }
}

impl Report {
    /// An empty one.
    pub const fn new(quiet: bool) -> Self {
        Self {
            quiet,
            rows: Vec::new(),
            remarks: Vec::new(),
            heading: String::new(),
        }
    }

    /// Begins a table.
    pub fn heading(&mut self, text: &str) {
        if !self.quiet {
            print(&format!("{}{text}\n", if self.heading.is_empty() { "" } else { "\n" }));
        }
        text.clone_into(&mut self.heading);
    }

    /// More about the row above, for people alone.
    pub fn line(&self, text: &str) {
        if !self.quiet {
            print(&format!("{text}\n"));
        }
    }

    /// What could not be measured, and why.
    pub fn remark(&mut self, text: &str) {
        if !self.quiet {
            print(&format!("{text}\n"));
        }
        self.remarks.push(text.into());
    }

    /// Takes a row: median, least and greatest of its values.
    pub fn row(&mut self, mut row: Row) {
        row.values.sort_unstable_by(f64::total_cmp);
        let (Some(&least), Some(&greatest)) = (row.values.first(), row.values.last()) else {
            return;
        };
        let median = row.values[row.values.len() / 2];
        if !self.quiet {
            let mut text = String::new();
            // writing to a String cannot fail
            let _ = writeln!(
                text,
                "  {:<34} {:>10} {}  ({} to {}){}",
                row.name,
                figure(median),
                row.unit,
                figure(least),
                figure(greatest),
                row.note
            );
            print(&text);
        }
        let mut entry = row.extra;
        entry.insert("group".into(), json!(row.group));
        entry.insert("of".into(), json!(self.heading));
        entry.insert("name".into(), json!(row.name));
        entry.insert("unit".into(), json!(row.unit));
        entry.insert("median".into(), json!(median));
        entry.insert("least".into(), json!(least));
        entry.insert("greatest".into(), json!(greatest));
        entry.insert("rounds".into(), json!(row.values.len()));
        self.rows.push(Value::Object(entry));
    }

    /// The report as JSON.
    pub fn text(&self) -> String {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let report = json!({
            "rectiflow": env!("CARGO_PKG_VERSION"),
            "system": std::env::consts::OS,
            "architecture": std::env::consts::ARCH,
            "processor": processor(),
            "threads": threads,
            "adapters": crate::engine::backends::adapter_lines(),
            "rows": self.rows,
            "remarks": self.remarks,
        });
        format!("{report:#}\n")
    }
}

/// The processor's name where the system tells.
pub fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|l| l.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Three or four digits, whatever the size.
pub fn figure(x: f64) -> String {
    match x.abs() {
        0.0 => "0".into(),
        a if a >= 100.0 => format!("{x:.0}"),
        a if a >= 10.0 => format!("{x:.1}"),
        a if a >= 1.0 => format!("{x:.2}"),
        a if a >= 0.001 => format!("{x:.4}"),
        _ => format!("{x:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_median_and_spread() {
        let mut report = Report::new(true);
        report.heading("cpu");
        report.row(Row::new("train", "a".into(), "ms", vec![3.0, 1.0, 2.0, 9.0, 2.5]).with("gflops", json!(7.0)));
        let text: Value = serde_json::from_str(&report.text()).expect("JSON");
        let row = &text["rows"][0];
        let got = ["median", "least", "greatest", "gflops"].map(|k| row[k].as_f64().expect(k));
        assert_eq!(got, [2.5, 1.0, 9.0, 7.0]);
        assert_eq!((row["of"].as_str(), row["rounds"].as_u64()), (Some("cpu"), Some(5)));
    }

    #[test]
    fn figures_are_short() {
        for (x, text) in [
            (1234.5, "1234"),
            (12.34, "12.3"),
            (0.01234, "0.0123"),
            (1e-5, "1.00e-5"),
        ] {
            assert_eq!(figure(x), text);
        }
    }
}
