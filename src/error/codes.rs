//! The stable code of every failure, also of those in JavaScript: the one list that docs/errors.md,
//! the package and the edge are generated from (`tests/native/definitions.rs`).

/// Where a failure happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In the engine.
    Engine,
    /// In the page or the npm package.
    Package,
    /// In the edge function.
    Edge,
}

macro_rules! codes {
    ($($variant:ident $name:literal [$($origin:ident)*] $status:literal $happened:literal, $advice:literal;)*) => {
        /// A stable name of a failure, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $happened] $variant,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name, in kebab-case.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Where it happens.
            pub const fn origins(self) -> &'static [Origin] {
                match self { $(Self::$variant => &[$(Origin::$origin),*],)* }
            }

            /// HTTP status of the edge's answer.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// What happened, for people.
            pub const fn happened(self) -> &'static str {
                match self { $(Self::$variant => $happened,)* }
            }

            /// What a person can do about it, or how it is handled.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)* }
            }
        }
    };
}

codes! {
    EmptyDocument "empty-document" [Engine Edge] 422
        "there is no text", "paste or open a text";
    DocumentNotText "document-not-text" [Engine Package Edge] 422
        "the file is binary, in a format that is not supported, locked with a password, or holds only pictures of text; or, on the page, the text is only an address; or, on the edge, the body is not in gzip as announced", "save its text, and open that";
    DocumentTooLarge "document-too-large" [Engine Package Edge] 413
        "the text exceeds 10 MB, or `bytes` of the edge; or a file of another format exceeds 50 MB, or unpacks to too much; or the edge can't read the text within `seconds`", "paste a part of it";
    ModelTruncated "model-truncated" [Engine] 500
        "the model file ends too early", "download it again";
    ModelNotGguf "model-not-gguf" [Engine] 500
        "it is not a GGUF file", "choose a `.gguf` file";
    ModelUnsupportedArchitecture "model-unsupported-architecture" [Engine] 500
        "the architecture is not one of llama, qwen2, qwen3 and gemma3, or the file has a tensor or a setting that the engine does not know", "choose another model";
    ModelUnsupportedQuant "model-unsupported-quant" [Engine] 500
        "a tensor's format has no decoder", "use a file in one of F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K";
    ModelMissingKey "model-missing-key" [Engine] 500
        "metadata or a tensor is absent", "use another file";
    ModelInvalid "model-invalid" [Engine] 500
        "the header contradicts itself or the file", "download it again";
    ModelTokenizer "model-tokenizer" [Engine] 500
        "the vocabulary or chat template can't be used", "use another file";
    PromptTooLong "prompt-too-long" [Engine Edge] 422
        "more tokens than one prompt may have (in one pass, 32 times the trained context)", "use a shorter text, or have it read in windows";
    InvalidCard "invalid-card" [Engine] 500
        "a result card is damaged, too large, or impossible", "export it again";
    OutOfMemory "out-of-memory" [Engine Edge] 503
        "the device has no more memory", "close other tabs, or shorten the document";
    GpuUnavailable "gpu-unavailable" [Engine] 500
        "no GPU could be used", "the processor computes; the report gives the reason";
    GpuLost "gpu-lost" [Engine] 500
        "the GPU was lost", "the run restarts by itself; if a stream has delivered text already, summarize again";
    GpuFailed "gpu-failed" [Engine] 500
        "the GPU refused something or computes wrong results", "the processor computes; the report gives the reason";
    InvalidOptions "invalid-options" [Engine Package Edge] 422
        "an option is out of its range", "the message names it";
    Cancelled "cancelled" [Engine Package Edge] 503
        "you cancelled", "in the npm package a call rejects with its signal's reason instead";
    HostFailed "host-failed" [Engine Package] 500
        "reading the file or the clock failed", "open the file again if it was moved or changed";
    SimdUnsupported "simd-unsupported" [Package] 500
        "the browser has no WebAssembly SIMD", "use a current browser";
    EngineUnavailable "engine-unavailable" [Package] 500
        "the engine's own files, or the reader of a format, are not where the page looks for them", "serve the package's folder `assets`, or set `assetsUrl`; for the reader of a format, check the connection and open the file again";
    BrowserUnsupported "browser-unsupported" [Package] 500
        "the browser is too old, or there is none", "use Chrome or Edge 100, Firefox 100, Safari 16.4, or a newer one; for PDF Chrome or Edge 119, Firefox 121, Safari 17.4";
    LanguageUnsupported "language-unsupported" [Package] 500
        "the model was not trained for the requested language", "choose another model, or leave the language out";
    DownloadRefused "download-refused" [Package] 500
        "the model is not on the device and the call may not fetch it", "call `create` again without `mayDownload: false`";
    DownloadFailed "download-failed" [Package] 500
        "no source of the model answered, or the connection broke", "try again: the download continues from what has arrived";
    DownloadCorrupt "download-corrupt" [Package] 500
        "the download is not the file that the catalogue names", "try again; nothing of it was kept";
    StorageFull "storage-full" [Package] 500
        "the browser has no room for the model, and it is too large to be held in memory, or of unknown size", "delete a model, or free the size that the message names";
    LicenceRequired "licence-required" [Package] 500
        "the model's licence must be accepted before the model is fetched", "read it, and choose the model again";
    StorageUnavailable "storage-unavailable" [Package] 500
        "the browser's storage failed", "try again, or use a normal window";
    Destroyed "destroyed" [Package] 500
        "the summarizer was used after `destroy()`", "create a new one";
    Internal "internal" [Package Edge] 500
        "an unexpected error", "try again, and report the message";
    WorkerCrashed "worker-crashed" [Package] 500
        "the engine stopped unexpectedly", "try again; a new one is started";
    MalformedJson "malformed-json" [Edge] 400
        "the body is not JSON", "check its quotes and commas";
    Unauthorized "unauthorized" [Edge] 401
        "a token is set, and the request has another or none", "send `Authorization: Bearer TOKEN`";
    NotFound "not-found" [Edge] 404
        "the path does not exist", "see `GET /`";
    MethodNotAllowed "method-not-allowed" [Edge] 405
        "the path does not accept this method", "use the method that the message names";
    BodyTimeout "body-timeout" [Edge] 408
        "the body took longer than `bodySeconds`", "send it faster, or a part of it";
    UnsupportedMediaType "unsupported-media-type" [Edge] 415
        "the body is neither text nor JSON, names an unknown encoding, or has a content coding other than gzip", "send text, HTML or JSON";
    EngineCrashed "engine-crashed" [Edge] 500
        "the engine stopped unexpectedly", "try again: the next request has a new engine";
    Busy "busy" [Edge] 503
        "too many requests wait", "try again after `Retry-After` seconds";
    Timeout "timeout" [Edge] 503
        "the document could not be read within `seconds`", "send a shorter one";
    ModelUnavailable "model-unavailable" [Edge] 503
        "the model could not be loaded", "try again later; the server's log has the cause";
}

/// The codes of one origin, in the order of the list.
pub fn of(origin: Origin) -> impl Iterator<Item = Code> {
    Code::ALL.iter().copied().filter(move |code| code.origins().contains(&origin))
}
