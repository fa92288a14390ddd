//! Elements of HTML and SVG. What is built from them is well-formed, whatever the texts hold.

use std::fmt::{self, Display, Formatter};

/// An element with its attributes and what it holds.
#[must_use]
#[derive(Debug, Clone)]
pub struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    children: Vec<Node>,
}

#[derive(Debug, Clone)]
enum Node {
    Element(Element),
    Text(String),
}

/// An element of this name.
pub fn element(name: &'static str) -> Element {
    Element { name, attributes: Vec::new(), children: Vec::new() }
}

impl Element {
    /// With this attribute.
    pub fn with(mut self, name: &'static str, value: impl Display) -> Self {
        self.attributes.push((name, value.to_string()));
        self
    }

    /// Of this class.
    pub fn class(self, class: impl Display) -> Self {
        self.with("class", class)
    }

    /// With a text behind what it holds so far.
    pub fn text(mut self, text: impl Display) -> Self {
        self.children.push(Node::Text(text.to_string()));
        self
    }

    /// With an element behind what it holds so far.
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// With these elements behind what it holds so far.
    pub fn children(self, children: impl IntoIterator<Item = Self>) -> Self {
        children.into_iter().fold(self, Self::child)
    }
}

impl Display for Element {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            write!(f, " {name}=\"{}\"", escape(value).replace('"', "&quot;"))?;
        }
        // HTML knows this one as empty, and all others by their end.
        if self.name == "meta" {
            return f.write_str("/>");
        }
        f.write_str(">")?;
        for child in &self.children {
            match child {
                Node::Element(element) => element.fmt(f)?,
                Node::Text(text) => f.write_str(&escape(text))?,
            }
        }
        write!(f, "</{}>", self.name)
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_values_are_escaped() {
        let element = element("p").with("title", "\"<&").text("a < b & \"c\"").child(element("br"));
        let expected = "<p title=\"&quot;&lt;&amp;\">a &lt; b &amp; \"c\"<br></br></p>";
        assert_eq!(element.to_string(), expected);
    }
}
