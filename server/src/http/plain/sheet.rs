//! One plain page: head, heading, content; everything that is not ours is escaped on the way in.

use std::fmt::Write;

use super::language::Language;
use super::words::say;

/// A page that is being written.
pub struct Sheet {
    language: Language,
    title: String,
    again: Again,
    body: String,
}

/// Whether a page comes again by itself. Whoever reads slowly can stop it (WCAG 2.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    AfterS(u32),
    Never,
}

/// The query with which a page stands still.
const STILL: &str = "still";

impl Again {
    pub fn of(query: Option<&str>, after_s: u32) -> Again {
        if query == Some(STILL) { Again::Never } else { Again::AfterS(after_s) }
    }
}

impl Sheet {
    pub fn new(language: Language, title: String, again: Again) -> Sheet {
        Sheet { language, title, again, body: String::new() }
    }

    pub fn text(mut self, class: &str, text: &str) -> Sheet {
        let _ = writeln!(self.body, "<p class=\"{class}\">{}</p>", escaped(text));
        self
    }

    /// What has changed for the worse.
    pub fn note(mut self, text: &str) -> Sheet {
        let _ = writeln!(self.body, "<p class=\"note\" role=\"status\">{}</p>", escaped(text));
        self
    }

    pub fn facts(mut self, facts: &[(&str, String)]) -> Sheet {
        self.body.push_str("<dl>\n");
        for (name, fact) in facts {
            let _ = writeln!(self.body, "<div><dt>{}</dt><dd>{}</dd></div>", escaped(name), escaped(fact));
        }
        self.body.push_str("</dl>\n");
        self
    }

    /// Under a heading: when, and what.
    pub fn list(mut self, heading: &str, items: &[(String, &str)]) -> Sheet {
        let _ = writeln!(self.body, "<h2>{}</h2>\n<ul>", escaped(heading));
        for (when, what) in items {
            let _ = writeln!(self.body, "<li><small>{}</small> {}</li>", escaped(when), escaped(what));
        }
        self.body.push_str("</ul>\n");
        self
    }

    /// `path` is one of ours.
    pub fn link(mut self, path: &str, text: &str) -> Sheet {
        let _ = writeln!(self.body, "<p><a href=\"{path}\">{}</a></p>", escaped(text));
        self
    }

    /// `path` is the page's own, without a query.
    pub fn finish(mut self, path: &str) -> String {
        self = match self.again {
            Again::AfterS(_) => {
                let stop = say(self.language, "Ne plus actualiser", "Stop refreshing");
                self.link(&format!("{path}?{STILL}"), &stop)
            }
            Again::Never => {
                let go_on = say(self.language, "Actualiser d’elle-même", "Refresh by itself");
                self.link(path, &go_on)
            }
        };
        let refresh = match self.again {
            Again::AfterS(s) => format!("<meta http-equiv=\"refresh\" content=\"{s}\">\n"),
            Again::Never => String::new(),
        };
        let Sheet { language, title, body, .. } = self;
        let title = escaped(&title);
        format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"robots\" content=\"noindex\">\n\
             {refresh}<title>{title} · Préau</title>\n\
             <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\n<link rel=\"stylesheet\" href=\"/plain.css\">\n\
             </head>\n<body>\n<header><a href=\"/\">Préau</a></header>\n<main>\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n",
            lang = language.tag(),
        )
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_somebody_elses_becomes_markup() {
        let bad = "<script>alert(1)</script>\"'&";
        let page = Sheet::new(Language::English, bad.into(), Again::AfterS(10))
            .text("lead", bad)
            .note(bad)
            .facts(&[("x", bad.into())])
            .list(bad, &[(bad.into(), bad)])
            .link("/", bad)
            .finish("/status");
        assert!(!page.contains("<script"), "{page}");
        assert_eq!(page.matches("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;").count(), 9);
        assert!(!page.contains("style=") && !page.contains("onclick"), "the policy knows nothing inline");
    }
}
