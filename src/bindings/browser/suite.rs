//! JavaScript exports of the measuring suite and its result cards.

use crate::measure::suite::{Document, Facts};

/// What a suite needs before it starts.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, tsify::Tsify)]
pub struct Prepared {
    /// One entry for each configuration.
    pub facts: Vec<Facts>,
    /// The document that it reads.
    pub document: Document,
}

/// Exports for a page's main thread. They are in one build only, because they take a twentieth of the
/// module's size.
#[cfg(not(target_feature = "relaxed-simd"))]
mod page {
    use tsify::Ts;
    use wasm_bindgen::prelude::*;

    use crate::bindings::js::{given, into_js, thrown};
    use crate::measure::card::Card;
    use crate::measure::suite::{self, Document, Facts, Outcome, Progress, SuiteKind, Task};
    use crate::report::EnvironmentReport;

    /// A run of the measuring suite: gives out tasks and records their outcomes.
    #[wasm_bindgen]
    pub struct Suite {
        suite: suite::Suite,
    }

    #[wasm_bindgen]
    impl Suite {
        /// A suite that has measured nothing yet.
        ///
        /// # Errors
        /// An `Error` with a `code`.
        #[wasm_bindgen(constructor)]
        pub fn new(
            kind: Ts<SuiteKind>,
            document: Ts<Document>,
            configurations: Vec<Ts<Facts>>,
        ) -> Result<Suite, JsValue> {
            let (kind, document) = (given("kind", &kind)?, given("document", &document)?);
            let facts = |facts: &Ts<Facts>| given("configurations", facts);
            let facts = configurations.iter().map(facts).collect::<Result<Vec<_>, _>>()?;
            Ok(Self { suite: suite::Suite::new(kind, document, facts) })
        }

        /// The next task; `undefined` at the end.
        ///
        /// # Errors
        /// An `Error` with a `code`.
        #[wasm_bindgen(js_name = next)]
        pub fn next_task(&mut self) -> Result<Option<Ts<Task>>, JsValue> {
            self.suite.next_task().as_ref().map(into_js).transpose()
        }

        /// Records the outcome of the last task.
        ///
        /// # Errors
        /// An `Error` with a `code`.
        pub fn record(&mut self, outcome: Ts<Outcome>) -> Result<(), JsValue> {
            self.suite.record(given("outcome", &outcome)?);
            Ok(())
        }

        /// The progress of the run.
        ///
        /// # Errors
        /// An `Error` with a `code`.
        pub fn progress(&self) -> Result<Ts<Progress>, JsValue> {
            into_js(&self.suite.progress())
        }

        /// The result card of a device called `name`. `created` is the current time in RFC 3339.
        ///
        /// # Errors
        /// An `Error` with a `code`.
        pub fn card(
            &self,
            name: String,
            created: String,
            environment: Ts<EnvironmentReport>,
        ) -> Result<Ts<Card>, JsValue> {
            let environment = given("environment", &environment)?;
            into_js(&self.suite.card(name, created, environment))
        }
    }

    /// Reads a card from an untrusted source.
    ///
    /// # Errors
    /// An `Error` with the `code` `invalid-card`.
    #[wasm_bindgen]
    pub fn parse_card(json: &str) -> Result<Ts<Card>, JsValue> {
        into_js(&Card::parse(json).map_err(|e| thrown(&e))?)
    }

    /// Writes a card that `parse_card` has read as `json`, `csv` or `markdown`.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    #[wasm_bindgen]
    pub fn export_card(
        card: Ts<Card>,
        #[wasm_bindgen(unchecked_param_type = "'json' | 'csv' | 'markdown'")] format: &str,
    ) -> Result<String, JsValue> {
        let card = given("card", &card)?;
        match format {
            "csv" => Ok(card.csv()),
            "markdown" => Ok(card.markdown()),
            _ => card.json().map_err(|e| thrown(&e)),
        }
    }
}
