//! The elements of HTML by what they mean for the text of a page.

/// What an element means for the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs on in its line, like `b` and `span`.
    Inline,
    Link,
    Superscript,
    /// Has no content.
    Void,
    LineBreak,
    Rule,
    /// `html` and `body`: what is in them is the page, whatever their attributes say.
    Root,
    Head,
    Title,
    Block,
    /// A block that may consist of links only, like the `div` of a menu.
    Pane,
    Paragraph,
    Heading(u8),
    Quote,
    Preformatted,
    List(Marks),
    Item,
    Term,
    Definition,
    Table,
    RowGroup,
    Row,
    Cell,
    Caption,
    Main,
    Article,
    /// Beside the article: `aside` and `footer`.
    Aside,
    /// A block that is left out, like `nav`.
    Nav,
    /// Left out, like `script` and `button`.
    Out,
    /// Left out, and no end tag in it closes what is around it.
    Sealed,
    /// `svg`, in which tags may close themselves.
    Foreign,
}

/// What the items of a list begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    Bullets,
    Numbers,
    None,
}

/// The role of an element with this name in small letters, if HTML knows it.
pub fn known(name: &str) -> Option<Role> {
    use Role::*;
    Some(match name {
        "html" | "body" => Root,
        "head" => Head,
        "title" => Title,
        "a" => Link,
        "sup" => Superscript,
        "br" => LineBreak,
        "hr" => Rule,
        "p" => Paragraph,
        "h1" => Heading(1),
        "h2" => Heading(2),
        "h3" => Heading(3),
        "h4" => Heading(4),
        "h5" => Heading(5),
        "h6" => Heading(6),
        "blockquote" => Quote,
        "pre" | "listing" | "plaintext" | "xmp" => Preformatted,
        "ul" | "menu" | "dir" => List(Marks::Bullets),
        "ol" => List(Marks::Numbers),
        "dl" => List(Marks::None),
        "li" => Item,
        "dt" => Term,
        "dd" => Definition,
        "table" => Table,
        "tbody" | "thead" | "tfoot" => RowGroup,
        "tr" => Row,
        "td" | "th" => Cell,
        "caption" => Caption,
        "main" => Main,
        "article" => Article,
        "aside" | "footer" => Aside,
        "svg" => Foreign,
        "div" | "section" | "header" | "form" => Pane,
        "address" | "center" | "details" | "fieldset" | "figcaption" | "figure" | "hgroup"
        | "summary" => Block,
        "nav" | "dialog" | "search" => Nav,
        "template" | "select" | "object" | "applet" => Sealed,
        "script" | "style" | "noscript" | "iframe" | "noembed" | "noframes" | "frameset"
        | "button" | "textarea" | "label" | "legend" | "datalist" | "option" | "optgroup"
        | "output" | "progress" | "meter" | "audio" | "video" | "canvas" | "annotation"
        | "annotation-xml" => Out,
        "area" | "base" | "basefont" | "bgsound" | "col" | "embed" | "frame" | "img" | "input"
        | "keygen" | "link" | "meta" | "param" | "source" | "track" | "wbr" => Void,
        "abbr" | "acronym" | "b" | "bdi" | "bdo" | "big" | "cite" | "code" | "colgroup"
        | "data" | "del" | "dfn" | "em" | "font" | "i" | "ins" | "kbd" | "mark" | "math"
        | "nobr" | "picture" | "q" | "rb" | "rp" | "rt" | "ruby" | "s" | "samp" | "small"
        | "span" | "strike" | "strong" | "sub" | "time" | "tt" | "u" | "var" => Inline,
        _ => return None,
    })
}

/// Whether an element may stand in the head of a page.
pub fn may_be_in_head(name: &str) -> bool {
    matches!(
        name,
        "base"
            | "basefont"
            | "bgsound"
            | "head"
            | "html"
            | "link"
            | "meta"
            | "noframes"
            | "noscript"
            | "script"
            | "style"
            | "template"
            | "title"
    )
}

impl Role {
    /// Whether it has no content, and so no end.
    pub fn is_void(self) -> bool {
        matches!(self, Self::Void | Self::LineBreak | Self::Rule)
    }

    /// Whether it runs on in its line.
    pub fn is_inline(self) -> bool {
        matches!(self, Self::Inline | Self::Link | Self::Superscript)
    }

    /// Whether it begins and ends a line, and ends an open paragraph.
    pub fn is_block(self) -> bool {
        let cell = matches!(self, Self::RowGroup | Self::Row | Self::Cell | Self::Caption);
        let left_out = matches!(self, Self::Out | Self::Sealed | Self::Foreign);
        let head = matches!(self, Self::Root | Self::Head | Self::Title);
        let rest = matches!(self, Self::Void | Self::LineBreak);
        !(self.is_inline() || cell || left_out || head || rest)
    }

    /// Whether it is a part of a table that a part after it may end.
    pub fn is_table_part(self) -> bool {
        matches!(self, Self::RowGroup | Self::Row | Self::Cell | Self::Caption)
    }

    /// Whether end tags in it don't close what is around it.
    pub fn is_barrier(self) -> bool {
        matches!(self, Self::Table | Self::Cell | Self::Caption | Self::Sealed)
    }

    /// Whether it is left out with all that is in it.
    pub fn is_left_out(self) -> bool {
        let out = matches!(self, Self::Nav | Self::Out | Self::Sealed | Self::Foreign);
        out || matches!(self, Self::Head | Self::Title)
    }
}
