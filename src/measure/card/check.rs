//! Whether a card says of its measurements what follows from them.

use serde_json::Value;

use super::{Card, refused};
use crate::error::Result;

/// Largest relative difference of figures that are the same: they may have been computed elsewhere.
const SAME: f64 = 1e-9;

/// Figures that are named at most.
const MOST_NAMED: usize = 20;

impl Card {
    /// Reads an untrusted card, and names what it says otherwise than its measurements do: medians,
    /// intervals, efficiency, score. What it lacks is no contradiction, because older cards have
    /// fewer figures, and neither are its marks, which depend on the version.
    ///
    /// # Errors
    /// Those of [`Card::parse`].
    pub fn check(json: &str) -> Result<(Self, Vec<String>)> {
        let card = Self::parse(json)?;
        let given: Value = serde_json::from_str(json).map_err(|e| refused(e.to_string()))?;
        let follows = serde_json::to_value(&card).map_err(|e| refused(e.to_string()))?;
        let mut named = Vec::new();
        compare("", &given, &follows, &mut named);
        Ok((card, named))
    }
}

fn compare(path: &str, given: &Value, follows: &Value, named: &mut Vec<String>) {
    if named.len() >= MOST_NAMED {
        return;
    }
    let differs = match (given, follows) {
        (Value::Object(given), Value::Object(follows)) => {
            for (name, follows) in follows {
                let is_mark = path.is_empty() && matches!(name.as_str(), "invalid" | "unsteady");
                if let Some(given) = given.get(name).filter(|_| !is_mark) {
                    let path = if path.is_empty() { name } else { &format!("{path}.{name}") };
                    compare(path, given, follows, named);
                }
            }
            return;
        }
        (Value::Array(given), Value::Array(follows)) => {
            for (at, (given, follows)) in given.iter().zip(follows).enumerate() {
                compare(&format!("{path}[{at}]"), given, follows, named);
            }
            given.len() != follows.len()
        }
        _ => match (given.as_f64(), follows.as_f64()) {
            (Some(given), Some(follows)) => {
                (given - follows).abs() > SAME * given.abs().max(follows.abs())
            }
            _ => given != follows,
        },
    };
    if differs && named.len() < MOST_NAMED {
        let in_short = |value: &Value| match value {
            Value::Array(list) => format!("{} entries", list.len()),
            other => other.to_string(),
        };
        let (given, follows) = (in_short(given), in_short(follows));
        named.push(format!("{path} is {given}, and {follows} follows from the measurements"));
    }
}
