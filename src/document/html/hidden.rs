//! What a page has in its source and doesn't show: a text may hide instructions there.

use super::roles::Role;
use super::tokens::Tag;

/// Lengths up to this many pixels to the left or above are outside of any screen.
const FAR: f64 = -900.0;

/// Classes whose elements are for screen readers or for editors of the page, or only lead to a place
/// in it.
const CLASSES: [&str; 21] = [
    "a11y-hidden",
    "anchorjs-link",
    "doc-anchor",
    "element-invisible",
    "footnote-backref",
    "footnote-ref",
    "hash-link",
    "header-anchor",
    "headerlink",
    "mw-editsection",
    "mw-jump-link",
    "screen-reader-only",
    "screen-reader-text",
    "screenreader-only",
    "show-for-sr",
    "skip-link",
    "sr-only",
    "sr_only",
    "u-visually-hidden",
    "visually-hidden",
    "visuallyhidden",
];

/// Roles of ARIA that are no text of the page.
const ROLES: [&str; 8] =
    ["alertdialog", "dialog", "menu", "menubar", "navigation", "search", "toolbar", "tooltip"];

/// Why an element isn't seen; by default it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hidden {
    /// For good, with all that is in it.
    out: bool,
    /// By the size of its letters, which elements in it may change.
    tiny: bool,
    /// By its visibility, which elements in it may change.
    unseen: bool,
}

impl Hidden {
    /// Not seen, whatever is in it.
    pub const OUT: Self = Self { out: true, tiny: false, unseen: false };

    /// Whether it isn't seen.
    pub fn any(self) -> bool {
        self.out || self.tiny || self.unseen
    }

    /// Of an element with this tag, in one that is hidden like this.
    pub fn within(self, tag: &Tag, role: Role) -> Self {
        let is = |name: &str, value: &str| {
            tag.attribute(name).is_some_and(|v| v.trim().eq_ignore_ascii_case(value))
        };
        let classes = tag.attribute("class").unwrap_or_default();
        let out = role.is_left_out()
            || tag.attribute("hidden").is_some()
            || tag.attribute("popover").is_some()
            || is("aria-hidden", "true")
            || is("aria-modal", "true")
            || ROLES.iter().any(|role| is("role", role))
            || classes.split_ascii_whitespace().any(|class| CLASSES.contains(&class))
            || role == Role::Superscript && is("class", "reference");
        let hidden = Self { out: self.out || out, ..self };
        tag.attribute("style").map_or(hidden, |style| hidden.styled(&plain(style)))
    }

    /// With an inline style, in small letters.
    fn styled(mut self, style: &str) -> Self {
        let (mut flat, mut clipped) = (false, false);
        let (mut letters, mut ground) = (None, None);
        for declaration in style.split(';') {
            let Some((property, value)) = declaration.split_once(':') else { continue };
            let value = value.split('!').next().unwrap_or_default().trim();
            let far = || pixels(value).is_some_and(|pixels| pixels <= FAR);
            let zero = || length(value).is_some_and(|(number, _)| number <= 0.0);
            match property.trim() {
                "display" => self.out |= value == "none",
                "content-visibility" => self.out |= value == "hidden",
                "visibility" => self.unseen = matches!(value, "hidden" | "collapse"),
                "opacity" => self.out |= length(value).is_some_and(|(number, _)| number <= 0.05),
                "font-size" => self.tiny = is_tiny(value).unwrap_or(self.tiny),
                "font" => {
                    let mut parts = value.split([' ', '/']).filter(|part| !is_weight(part));
                    self.tiny = parts.find_map(is_tiny).unwrap_or(self.tiny);
                }
                "text-indent" | "left" | "right" | "top" | "bottom" | "margin-left"
                | "margin-top" => self.out |= far(),
                "clip" => self.out |= value.starts_with("rect(0") || value.starts_with("rect(1px"),
                "clip-path" => self.out |= value == "inset(50%)" || value == "inset(100%)",
                "transform" => self.out |= value == "scale(0)",
                "height" | "max-height" | "width" | "max-width" => flat |= zero(),
                "overflow" | "overflow-x" | "overflow-y" => clipped |= value == "hidden",
                "color" => letters = Some(value),
                "background" | "background-color" => ground = Some(value),
                _ => {}
            }
        }
        self.out |= flat && clipped || letters.is_some() && letters == ground;
        self
    }
}

/// A style without comments and escapes, in small letters.
fn plain(style: &str) -> String {
    let mut plain = String::with_capacity(style.len());
    let mut rest = style;
    while let Some(at) = rest.find(['\\', '/']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
        } else if let Some(escape) = rest.strip_prefix('\\') {
            let digits = escape.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
            let code = u32::from_str_radix(&escape[..digits], 16).ok();
            plain.extend(code.and_then(char::from_u32));
            rest = &escape[digits..];
            if digits > 0 {
                rest = rest.strip_prefix([' ', '\t', '\n']).unwrap_or(rest);
            }
        } else {
            plain.push('/');
            rest = &rest[1..];
        }
    }
    plain.push_str(rest);
    plain.make_ascii_lowercase();
    plain
}

/// The number and the unit of a length.
fn length(value: &str) -> Option<(f64, &str)> {
    let end = value.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c)));
    let (number, unit) = value.split_at(end.unwrap_or(value.len()));
    Some((number.parse().ok()?, unit.trim()))
}

fn pixels(value: &str) -> Option<f64> {
    let (number, unit) = length(value)?;
    Some(match unit {
        "em" | "rem" | "ch" => 16.0 * number,
        "px" | "pt" | "" => number,
        _ => return None,
    })
}

/// Whether letters of this size can't be read; nothing for sizes that depend on those around.
fn is_tiny(size: &str) -> Option<bool> {
    match (size, length(size)) {
        ("xx-small" | "x-small" | "small" | "medium" | "large" | "x-large" | "initial", _) => {
            Some(false)
        }
        (_, Some((number, "px" | "pt" | ""))) => Some(number <= 1.0),
        (_, Some((number, "rem" | "vw" | "vh"))) => Some(number <= 0.1),
        (_, Some((number, "em" | "ex"))) => (number <= 0.1).then_some(true),
        (_, Some((number, "%"))) => (number <= 10.0).then_some(true),
        _ => None,
    }
}

/// Whether it is the weight of letters, as in `700 12px Arial`.
fn is_weight(part: &str) -> bool {
    length(part).is_some_and(|(number, unit)| unit.is_empty() && number >= 100.0)
}

/// Whether an element looks like a banner that asks about cookies.
pub fn is_banner(tag: &Tag) -> bool {
    const ASKS: [&str; 12] = [
        "banner", "consent", "notice", "bar", "popup", "modal", "overlay", "message", "law",
        "alert", "wall", "dialog",
    ];
    const NAMES: [&str; 9] = [
        "onetrust",
        "cybot",
        "didomi",
        "qc-cmp",
        "truste",
        "cc-window",
        "consent-banner",
        "gdpr-",
        "usercentrics",
    ];
    ["class", "id"].iter().filter_map(|name| tag.attribute(name)).any(|value| {
        let value = value.to_ascii_lowercase();
        let asks = value.contains("cookie") && ASKS.iter().any(|word| value.contains(word));
        asks || NAMES.iter().any(|name| value.contains(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn styles_hide() {
        let hides = |style: &str| Hidden::default().styled(&plain(style)).any();
        for style in [
            "display:none",
            "color: red; DISPLAY : None !important",
            "visibility:hidden",
            "font-size:0",
            "font-size: 0.0px;",
            "font: 0/0 a",
            "font:bold 1px/2 Arial",
            "opacity:0",
            "opacity: .01",
            "text-indent:-9999px",
            "position:absolute; left:-999em",
            "position:absolute;clip:rect(0 0 0 0)",
            "height:0;overflow:hidden",
            "color:#fff;background-color:#FFF",
            "dis/**/play:none",
            "d\\69 splay:none",
        ] {
            assert!(hides(style), "{style}");
        }
        for style in [
            "",
            "display:block",
            "opacity:0.5",
            "opacity:1",
            "font-size:12px",
            "font:700 12px/1.5 Arial",
            "text-indent:-2em",
            "left:-10px",
            "color:#fff;background:#000",
            "height:0",
            "background:url(none/display)",
            "\\",
            "/*",
            "a:/",
        ] {
            assert!(!hides(style), "{style}");
        }
    }
}
