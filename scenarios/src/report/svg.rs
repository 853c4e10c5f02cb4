//! Figures as part of a page: several SVG documents in one HTML document must not share names.

use maud::{Markup, PreEscaped, html};

/// The figure as an element of the page, called `label` by those who cannot see it. `prefix` sets its names apart from those of
/// the other figures.
pub(super) fn inline(svg: &str, prefix: &str, label: &str) -> Markup {
    // An XML declaration has no place within a page.
    let element = svg.find("<svg").map_or(svg, |start| &svg[start..]);
    let named = with_prefixed_names(element, prefix);
    let rest = named.strip_prefix("<svg").unwrap_or(&named);
    let attribute = html! { (label) }.into_string().replace('"', "&quot;");
    PreEscaped(format!("<svg role=\"img\" aria-label=\"{attribute}\"{rest}"))
}

/// The document with a prefix before each `id`, and before each use of one. Texts between tags stay as they are.
fn with_prefixed_names(svg: &str, prefix: &str) -> String {
    let mut text = String::with_capacity(svg.len());
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let end = tag_length(&rest[start..]);
        let (before, from) = rest.split_at(start);
        let (tag, after) = from.split_at(end);
        text.push_str(before);
        let tag = tag
            .replace(" id=\"", &format!(" id=\"{prefix}"))
            .replace("url(#", &format!("url(#{prefix}"))
            .replace("href=\"#", &format!("href=\"#{prefix}"));
        text.push_str(&tag);
        rest = after;
    }
    text.push_str(rest);
    text
}

/// The length of the tag that a text begins with: up to the first `>` outside of quotes.
fn tag_length(text: &str) -> usize {
    let mut quote = None;
    for (place, character) in text.char_indices() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '>') => return place + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_set_apart_and_texts_are_not_touched() {
        let svg = "<?xml?>\n<svg width=\"1\"><clipPath id=\"c\"/><g clip-path=\"url(#c)\" title=\"a > b\">\
                   <text>id=\"c\" url(#c)</text><use href=\"#c\"/></g></svg>";
        let inlined = inline(svg, "f1-", "a \"b\" <c>").into_string();
        assert_eq!(
            inlined,
            "<svg role=\"img\" aria-label=\"a &quot;b&quot; &lt;c&gt;\" width=\"1\"><clipPath id=\"f1-c\"/>\
             <g clip-path=\"url(#f1-c)\" title=\"a > b\"><text>id=\"c\" url(#c)</text><use href=\"#f1-c\"/></g></svg>"
        );
    }
}
