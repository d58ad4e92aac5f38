//! An XML answer as a tree: read, changed by name, written back.
//!
//! Enough for what moto writes (elements, attributes that nobody looks at, text, the usual entities). What it cannot read is None, and then
//! the caller says so; nothing is guessed.

/// `<name attributes>nodes</name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    /// As they were written, with the space before them.
    attributes: String,
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Element(Element),
    /// As it was written.
    Text(String),
}

impl Element {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), attributes: String::new(), nodes: vec![] }
    }

    pub(crate) fn of_text(name: &str, text: &str) -> Self {
        let mut element = Self::new(name);
        element.set_text(text);
        element
    }

    pub(crate) fn with(mut self, child: Self) -> Self {
        self.push(child);
        self
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim_start();
        if let Some(prolog) = rest.strip_prefix("<?") {
            rest = prolog.split_once("?>")?.1.trim_start();
        }
        let (root, rest) = read(rest)?;
        rest.trim().is_empty().then_some(root)
    }

    pub(crate) fn write(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write_to(&mut text);
        text
    }

    fn write_to(&self, text: &mut String) {
        let Self { name, attributes, nodes } = self;
        if nodes.is_empty() {
            text.push_str(&format!("<{name}{attributes}/>"));
            return;
        }
        text.push_str(&format!("<{name}{attributes}>"));
        for node in nodes {
            match node {
                Node::Element(element) => element.write_to(text),
                Node::Text(raw) => text.push_str(raw),
            }
        }
        text.push_str(&format!("</{name}>"));
    }

    /// The first child with that name, or further down: `a/b/c`.
    pub(crate) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.children().find(|child| child.name == name))
    }

    pub(crate) fn at_mut(&mut self, path: &str) -> Option<&mut Self> {
        path.split('/').try_fold(self, |element, name| element.children_mut().find(|child| child.name == name))
    }

    /// The text at a path; empty if there is nothing.
    pub(crate) fn text_at(&self, path: &str) -> String {
        self.at(path).map(Self::text).unwrap_or_default()
    }

    pub(crate) fn children(&self) -> impl Iterator<Item = &Self> {
        self.nodes.iter().filter_map(|node| if let Node::Element(element) = node { Some(element) } else { None })
    }

    pub(crate) fn children_mut(&mut self) -> impl Iterator<Item = &mut Self> {
        self.nodes.iter_mut().filter_map(|node| if let Node::Element(element) = node { Some(element) } else { None })
    }

    /// The children of what is at the path: the items of a list.
    pub(crate) fn items(&self, path: &str) -> Vec<&Self> {
        self.at(path).map(|list| list.children().collect()).unwrap_or_default()
    }

    pub(crate) fn items_mut(&mut self, path: &str) -> Vec<&mut Self> {
        self.at_mut(path).map(|list| list.children_mut().collect()).unwrap_or_default()
    }

    /// Only those children stay.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&Self) -> bool) {
        self.nodes.retain(|node| if let Node::Element(element) = node { stays(element) } else { true });
    }

    pub(crate) fn push(&mut self, child: Self) {
        self.nodes.push(Node::Element(child));
    }

    /// Sets the text of a child, which is added if it is not there.
    pub(crate) fn set(&mut self, name: &str, text: &str) {
        match self.at_mut(name) {
            Some(child) => child.set_text(text),
            None => self.push(Self::of_text(name, text)),
        }
    }

    /// Puts a child in the place of the one with its name.
    pub(crate) fn replace(&mut self, child: Self) {
        match self.at_mut(&child.name) {
            Some(present) => *present = child,
            None => self.push(child),
        }
    }

    /// The text in it.
    pub(crate) fn text(&self) -> String {
        let raw = self.nodes.iter().filter_map(|node| if let Node::Text(raw) = node { Some(raw.as_str()) } else { None });
        plain(&raw.collect::<String>())
    }

    pub(crate) fn set_text(&mut self, text: &str) {
        self.nodes = if text.is_empty() { vec![] } else { vec![Node::Text(escaped(text))] };
    }
}

/// One element from the start of the text, and what follows it.
fn read(text: &str) -> Option<(Element, &str)> {
    let (tag, mut rest) = text.strip_prefix('<')?.split_once('>')?;
    let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
    let (name, attributes) = tag.find(char::is_whitespace).map_or((tag, ""), |space| tag.split_at(space));
    if name.is_empty() || !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        return None;
    }
    let mut element = Element { name: name.to_owned(), attributes: attributes.trim_end().to_owned(), nodes: vec![] };
    if is_empty {
        return Some((element, rest));
    }
    loop {
        let open = rest.find('<')?;
        let (raw, at_tag) = rest.split_at(open);
        if !raw.is_empty() {
            element.nodes.push(Node::Text(raw.to_owned()));
        }
        if let Some(end) = at_tag.strip_prefix("</") {
            let (closed, after) = end.split_once('>')?;
            return (closed.trim_end() == name).then_some((element, after));
        }
        let (child, after) = read(at_tag)?;
        element.nodes.push(Node::Element(child));
        rest = after;
    }
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn plain(raw: &str) -> String {
    raw.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&#39;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<R xmlns=\"http://x/\"><set><item><id>a</id><tags/></item><item><id>b &amp; c</id></item></set></R>";

    #[test]
    fn a_tree_is_written_as_it_was_read() {
        let tree = Element::parse(TEXT).unwrap();
        assert_eq!(tree.write().replace("UTF-8", "utf-8"), TEXT);
        assert_eq!(tree.items("set").len(), 2);
        assert_eq!(tree.items("set")[1].text_at("id"), "b & c");
    }

    #[test]
    fn children_are_set_replaced_and_dropped_by_name() {
        let mut tree = Element::parse(TEXT).unwrap();
        for item in tree.items_mut("set") {
            item.set("id", "<new>");
            item.set("more", "1");
        }
        tree.at_mut("set").unwrap().retain(|item| item.at("tags").is_some());
        assert_eq!(tree.at("set").unwrap().children().count(), 1);
        assert!(tree.write().contains("<item><id>&lt;new&gt;</id><tags/><more>1</more></item>"));
    }

    #[test]
    fn what_is_not_a_tree_is_not_read() {
        for text in ["", "<!doctype html>\n<html lang=en><p>no</html>", "<a><b></a>", "<a>", "{}", "<a/><b/>"] {
            assert_eq!(Element::parse(text), None, "{text}");
        }
    }
}
