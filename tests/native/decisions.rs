//! Whole runs on documents with decisions.

use crate::common::host::TestHost;
use crate::common::{now, summarizer, tiny};
use precis::summarize::Options;
use precis::summarize::plan::Length;

#[test]
fn decisions_are_named_by_their_heading() {
    let text = "# Tank\n\nThe board then agreed on the following points:\n\n\
                - Decision: New tank, four votes to one.\n- Decision: The hall stays rented until May.\n\
                - Decision: Yes, ok.\n- Decision: No.\n\n\
                The weather was fine on that day and many people came to see the garden.\n";
    for (length, points) in [(Length::Short, 3), (Length::Medium, 4)] {
        let options = Options { length: Some(length), ..Options::default() };
        let report =
            now(summarizer(tiny()).run(text, &options, &TestHost::default())).expect("a summary");
        assert!(report.points.len() >= points, "{}", report.summary);
        assert!(report.summary.contains("Tank: New tank, four votes to one. The hall stays"));
    }
}
