//! What of a page is its text: the article, if there is one, without menus and banners; and how the
//! text is set.

use super::writer::{Block, Gap, Kind, Mark, Page};
use crate::document::traced::Traced;

/// A pane with more links than this is left out …
const FEW_LINKS: usize = 3;

/// … if more than this part of its characters is in them, in percent.
const MOSTLY: usize = 70;

/// Characters that a banner about cookies has at most.
const LONGEST_BANNER: usize = 3000;

/// With fewer characters than this it is worth looking whether too much was left out.
const TOO_SHORT: usize = 100;

/// An article has this part of the text, in percent …
const SHARE: usize = 40;

/// … or this many characters and this part.
const LONG: usize = 500;
const LEAST_SHARE: usize = 20;

/// So many times as long as the next, an article is what the page is about.
const TIMES: usize = 4;

/// The text of a page.
pub fn text(page: &Page) -> Traced {
    let chars = chars(page);
    let count =
        |kept: &[bool]| chars.iter().zip(kept).filter(|(_, k)| **k).map(|(n, _)| n).sum::<usize>();
    let beside = beside(page);
    let asides: Vec<bool> = page.blocks.iter().map(|block| beside[block.scope]).collect();
    let panes = |links| {
        let out = left_out(page, links);
        page.blocks.iter().map(|block| !out[block.pane]).collect::<Vec<bool>>()
    };
    let without_asides = |panes: &[bool]| -> Vec<bool> {
        panes.iter().zip(&asides).map(|(kept, aside)| *kept && !aside).collect()
    };
    // A page of links only is about them.
    let (strict, lax) = (panes(true), panes(false));
    let tries = [without_asides(&strict), without_asides(&lax), lax];
    let all = count(&tries[2]);
    let enough = |kept: &&Vec<bool>| count(kept) >= TOO_SHORT || 2 * count(kept) >= all;
    let mut kept = tries.iter().find(enough).unwrap_or(&tries[2]).clone();
    if let Some(inside) = article(page, &chars, &kept) {
        let is_title = |block: &Block| block.mark == Mark::Heading(1);
        let mut titles = (0..kept.len()).filter(|at| kept[*at] && is_title(&page.blocks[*at]));
        let title = titles.next().filter(|_| titles.next().is_none());
        for (at, kept) in kept.iter_mut().enumerate() {
            *kept &= inside[page.blocks[at].scope] || title == Some(at);
        }
    }
    drop_bare_headings(page, &mut kept);
    set(page, &kept)
}

/// The bytes of a block.
fn range(page: &Page, at: usize) -> std::ops::Range<usize> {
    let end = page.blocks.get(at + 1).map_or(page.text.text().len(), |next| next.start);
    page.blocks[at].start..end
}

/// Characters of each block, without white space.
fn chars(page: &Page) -> Vec<usize> {
    let count =
        |at| page.text.text()[range(page, at)].chars().filter(|c| !c.is_whitespace()).count();
    (0..page.blocks.len()).map(count).collect()
}

/// Which panes are left out: banners, and what consists of links. A pane is judged without those in
/// it that are left out: a long menu is no reason against the article beside it.
fn left_out(page: &Page, links: bool) -> Vec<bool> {
    let mut sums: Vec<[usize; 3]> =
        page.panes.iter().map(|p| [p.chars, p.linked, p.links]).collect();
    let mut out = vec![false; sums.len()];
    for (at, pane) in page.panes.iter().enumerate().skip(1).rev() {
        let [chars, linked, count] = sums[at];
        let is_menu = links && count > FEW_LINKS && linked * 100 > chars * MOSTLY;
        out[at] = is_menu || pane.is_banner && chars <= LONGEST_BANNER;
        if !out[at] {
            for (sum, more) in sums[pane.parent].iter_mut().zip([chars, linked, count]) {
                *sum += more;
            }
        }
    }
    // What is around a pane comes before it.
    for (at, pane) in page.panes.iter().enumerate().skip(1) {
        out[at] |= out[pane.parent];
    }
    out
}

/// For each scope whether it is in one of this kind, or is one.
fn within(page: &Page, is: impl Fn(usize) -> bool) -> Vec<bool> {
    let mut within: Vec<bool> = Vec::with_capacity(page.scopes.len());
    for (at, scope) in page.scopes.iter().enumerate() {
        within.push(is(at) || at > 0 && within[scope.parent]);
    }
    within
}

/// Which scopes are beside the article: asides and footers that aren't in one.
fn beside(page: &Page) -> Vec<bool> {
    let in_article = within(page, |at| page.scopes[at].kind == Kind::Article);
    within(page, |at| page.scopes[at].kind == Kind::Aside && !in_article[at])
}

/// The scopes that the page is about, if they aren't all.
fn article(page: &Page, chars: &[usize], kept: &[bool]) -> Option<Vec<bool>> {
    let mut sums = vec![0; page.scopes.len()];
    for ((block, chars), _) in page.blocks.iter().zip(chars).zip(kept).filter(|(_, kept)| **kept) {
        sums[block.scope] += chars;
    }
    for at in (1..sums.len()).rev() {
        sums[page.scopes[at].parent] += sums[at];
    }
    let of_kind = |kind: Kind| -> Vec<usize> {
        let in_kind = within(page, |at| page.scopes[at].kind == kind);
        let outermost = (1..sums.len()).filter(|at| {
            page.scopes[*at].kind == kind && !in_kind[page.scopes[*at].parent] && sums[*at] > 0
        });
        outermost.collect()
    };
    let enough =
        |n: usize| n * 100 >= sums[0] * SHARE || n >= LONG && n * 100 >= sums[0] * LEAST_SHARE;
    let (articles, mains) = (of_kind(Kind::Article), of_kind(Kind::Main));
    let mut lengths: Vec<usize> = articles.iter().map(|at| sums[*at]).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    if let [first, second, ..] = lengths[..]
        && first >= LONG
        && first >= TIMES * second
        && enough(first)
    {
        return Some(within(page, |at| articles.binary_search(&at).is_ok() && sums[at] == first));
    }
    if !articles.is_empty() && enough(lengths.iter().sum()) {
        return Some(within(page, |at| articles.binary_search(&at).is_ok()));
    }
    match mains[..] {
        [main] if enough(sums[main]) => Some(within(page, |at| at == main)),
        _ => None,
    }
}

/// Leaves out headings of which all that they head was left out.
fn drop_bare_headings(page: &Page, kept: &mut [bool]) {
    let level = |at: usize| match page.blocks[at].mark {
        Mark::Heading(level) => Some(level),
        _ => None,
    };
    let (mut next, mut misses_some) = (Some(0), false);
    for at in (0..kept.len()).rev() {
        let level = level(at);
        // At the end there is as little as before a heading of a higher level.
        let is_last = level.is_some_and(|level| next.is_some_and(|next| next <= level));
        kept[at] &= !(is_last && misses_some && level > Some(1));
        if kept[at] {
            (next, misses_some) = (level, false);
        } else {
            misses_some = true;
        }
    }
}

/// The text of some blocks.
fn set(page: &Page, kept: &[bool]) -> Traced {
    let text = page.text.text();
    let mut set = Traced::with_capacity(text.len());
    let mut origins = page.text.origins();
    let mut last = None;
    for (at, block) in page.blocks.iter().enumerate() {
        let whole = &text[range(page, at)];
        // The next block takes its origins from where this one ends.
        let mut chars = whole.chars().zip(origins.by_ref().take(whole.chars().count()));
        if !kept[at] {
            chars.for_each(drop);
            continue;
        }
        let table = block.table.map(|table| &page.tables[table]);
        let is_data = table.is_some_and(|table| !table.is_layout && table.columns > 1);
        let quote = "> ".repeat(usize::from(block.quotes));
        let Some((first, place)) = chars.next() else { continue };
        let before = match (block.gap, is_data) {
            _ if last.is_none() => "",
            (Gap::Cell, true) => "",
            (Gap::Row, true) | (Gap::Line, _) => "\n",
            _ => "\n\n",
        };
        set.push_str(before, last.unwrap_or(place));
        if !(is_data && block.gap == Gap::Cell) {
            set.push_str(&quote, place);
        }
        if is_data {
            let border = if block.gap == Gap::Cell { " | " } else { "| " };
            (0..block.cells).for_each(|_| set.push_str(border, last.unwrap_or(place)));
        }
        set.push_str(&mark(block.mark), place);
        let in_line = is_data || matches!(block.mark, Mark::Heading(_));
        let length = whole.trim_end().chars().count();
        let rest = chars.by_ref().take(length.saturating_sub(1));
        for (c, place) in std::iter::once((first, place)).chain(rest) {
            last = Some(place);
            match c {
                '\n' if in_line => set.push(' ', place),
                '\n' => {
                    set.push('\n', place);
                    set.push_str(&quote, place);
                }
                c => set.push(c, place),
            }
        }
        chars.for_each(drop);
    }
    set
}

fn mark(mark: Mark) -> String {
    let indented = |depth: u8| "  ".repeat(usize::from(depth).saturating_sub(1));
    match mark {
        Mark::None => String::new(),
        Mark::Heading(level) => format!("{} ", "#".repeat(usize::from(level))),
        Mark::Bullet(depth) => format!("{}- ", indented(depth)),
        Mark::Number(depth, number) => format!("{}{number}. ", indented(depth)),
    }
}
