//! One row of a const table of a closed set (distributions, couplings, time densities, weights): the window, `--help`,
//! `list` and the README read these, and so does the generic reading and writing of a parameter by its name.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One member of a closed set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Name in files and on the command line, the value of the key `kind`.
    pub name: &'static str,
    /// Its formula in one line, plain text with Unicode letters.
    pub formula: &'static str,
    /// One sentence: what it is for, and where it comes from.
    pub summary: &'static str,
    /// Its parameters, in the order in which they are shown.
    pub parameters: &'static [Parameter],
}

/// One parameter of a member of a closed set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Key in files and on the command line.
    pub name: &'static str,
    /// Letter in formulas.
    pub symbol: &'static str,
    /// One line: meaning and unit.
    pub meaning: &'static str,
    /// Which values it takes.
    pub form: Form,
}

/// Which values a parameter takes; low and high are a sensible range for a slider, not limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// A number.
    Number {
        /// Left end of a slider.
        low: f64,
        /// Right end of a slider.
        high: f64,
    },
    /// A whole number.
    Count {
        /// Left end of a slider.
        low: u32,
        /// Right end of a slider.
        high: u32,
    },
    /// A point [x, y], each coordinate within the range.
    Point {
        /// Left end of a slider.
        low: f64,
        /// Right end of a slider.
        high: f64,
    },
    /// A number for both coordinates, or a point [x, y].
    NumberOrPoint {
        /// Left end of a slider.
        low: f64,
        /// Right end of a slider.
        high: f64,
    },
    /// A symmetric 2 x 2 matrix [[xx, xy], [xy, yy]], or null.
    Matrix,
    /// A list of numbers.
    Numbers,
    /// A list of points.
    Points,
    /// The name of a file.
    File,
    /// A list of pairs [x0, y0, x1, y1].
    Pairs,
    /// One of a set of names.
    Name,
}

impl Entry {
    /// The member with this name.
    pub fn find(table: &'static [Self], name: &str) -> Option<&'static Self> {
        table.iter().find(|e| e.name == name)
    }

    /// The parameter with this name.
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|p| p.name == name)
    }
}

/// The numbers that a member holds under a parameter's name: one, or two for a point, none for anything else.
pub fn numbers_of<T: Serialize>(member: &T, name: &str) -> Option<Vec<f64>> {
    match serde_json::to_value(member).ok()?.get(name)? {
        Value::Array(items) => items.iter().map(Value::as_f64).collect(),
        value => value.as_f64().map(|x| vec![x]),
    }
}

/// A copy of a member with the parameter `name` set to a number (one value) or to a point or list (more).
/// None where the member has no such parameter or does not take such a value.
pub fn with_numbers<T: Serialize + DeserializeOwned>(member: &T, name: &str, values: &[f64]) -> Option<T> {
    let mut json = serde_json::to_value(member).ok()?;
    let place = json.get_mut(name)?;
    *place = match values {
        [one] if place.is_u64() && one.fract() == 0.0 && *one >= 0.0 => Value::from(*one as u64),
        [one] => serde_json::to_value(one).ok()?,
        more => serde_json::to_value(more).ok()?,
    };
    serde_json::from_value(json).ok()
}

/// Whether a number is from `low` to `high`; the message names the parameter, what it is, and values that work.
///
/// # Errors
/// Where it is outside, or not a number.
pub fn within(name: &str, value: f64, low: f64, high: f64, example: f64) -> Result<(), String> {
    if value >= low && value <= high {
        Ok(())
    } else {
        Err(format!(
            "{name} is {value}; use a number from {low} to {high}, such as {example}"
        ))
    }
}

/// [`within`] for whole numbers.
///
/// # Errors
/// Where it is outside.
pub fn count_within(name: &str, value: u32, low: u32, high: u32, example: u32) -> Result<(), String> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(format!(
            "{name} is {value}; use a whole number from {low} to {high}, such as {example}"
        ))
    }
}
