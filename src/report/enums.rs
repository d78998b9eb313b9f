//! What a report has in words.

/// Kinds of documents.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Kind {
    /// Articles, reports, essays, notices: what is none of the others.
    #[default]
    Prose,
    /// A tale with people who speak.
    Story,
    /// What was said, speaker by speaker.
    Transcript,
    /// Short messages with names and times.
    Chat,
    /// A mail, or several below each other.
    Mail,
    /// The record of a meeting.
    Minutes,
    /// Rules that bind: contracts, licences, policies, terms.
    Contract,
    /// Research, with references.
    Paper,
    /// Manuals, specifications, proposals for software.
    Technical,
    /// What changed between versions.
    ReleaseNotes,
    /// Rows and columns.
    Table,
    /// Lines that a program wrote, with times or levels.
    Log,
    /// Source of a program.
    Code,
}

/// Whether a statement of a summary is the document's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum Support {
    /// A sentence of the document.
    Quoted,
    /// In the model's words, and the document supports it, judged by words: most of its words and all
    /// of its names and numbers occur in the passage and its surroundings, and it denies nothing that
    /// the passage does not.
    Supported,
    /// Computed from the document, without a model: what a table, a log or a source file has.
    Computed,
    /// In the model's words, and the document does not support it by that judgement.
    #[default]
    Unsupported,
}

/// Why a summary or an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub enum FinishReason {
    /// It was complete: the model ended it, it had as many sentences as asked for, or it was quoted or
    /// computed.
    #[default]
    Stop,
    /// The model had written as many tokens as it may.
    Length,
}
