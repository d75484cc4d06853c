//! The one error of everything that people give to the program: one line that says what is wrong and how to mend it.

/// Input that cannot be used. Its text is one line for people: what is wrong, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadInput {
    text: String,
}

impl BadInput {
    /// With this text; line breaks and other control characters (a file's name may hold any) become spaces.
    pub fn new(text: impl Into<String>) -> Self {
        let text: String = text.into();
        Self {
            text: text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
        }
    }

    /// The same with `place` in front, as in `moons.json: unknown key …`.
    pub fn within(self, place: impl std::fmt::Display) -> Self {
        Self::new(format!("{place}: {}", self.text))
    }
}

impl std::fmt::Display for BadInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for BadInput {}

/// The name nearest to `wrong`, where one is near enough to be meant.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    names
        .into_iter()
        .map(|name| (likeness(&wrong, &name.to_lowercase()), name))
        // 0.8 accepts a slip or two in a short word and rejects words that merely share letters
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// 1 for the same word, 0 for strangers. A single slip (two letters exchanged, one wrong, missing or too many) counts as
/// near in short words too, where Jaro-Winkler sees no likeness, and so does a part of the word (`moon` for `two-moons`).
fn likeness(a: &str, b: &str) -> f64 {
    let long_enough = a.chars().count() >= 3;
    let slip = long_enough && strsim::osa_distance(a, b) == 1;
    let part = long_enough && b.contains(a);
    let least = if slip {
        0.9
    } else if part {
        0.85
    } else {
        0.0
    };
    strsim::jaro_winkler(a, b).max(least)
}

/// `; did you mean "x"?` where a name is near, else `; there are a, b, c`.
pub fn suggestion(wrong: &str, names: &[String]) -> String {
    match nearest(wrong, names.iter().map(String::as_str)) {
        Some(name) => format!("; did you mean \"{name}\"?"),
        None if names.is_empty() => String::new(),
        None => format!("; there are {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_word_and_strangers_do_not() {
        let names = ["learning_rate", "schedule", "batch", "kind"];
        assert_eq!(nearest("learningrate", names), Some("learning_rate"));
        assert_eq!(nearest("Batch", names), Some("batch"));
        assert_eq!(nearest("rnu", ["run", "list"]), Some("run"));
        assert_eq!(nearest("moon", ["rings", "two-moons"]), Some("two-moons"));
        assert_eq!(nearest("zzz", names), None);
    }

    #[test]
    fn the_text_is_one_line() {
        assert_eq!(BadInput::new("a\nb").within("c\r").to_string(), "c : a b");
    }
}
