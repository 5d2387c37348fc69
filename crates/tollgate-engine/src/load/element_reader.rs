//! What a policy reads itself from.

use std::marker::PhantomData;

use tollgate_syntax::Span;

use crate::block::Block;
use crate::policy::{Invalid, Scope, Section};
use crate::setting::{FromValue, Setting};

/// What a policy reads itself from: one element, its attributes and what stands in it.
#[derive(Debug)]
pub struct ElementReader<'a> {
    document: PhantomData<&'a ()>,
}

impl<'a> ElementReader<'a> {
    /// The element's name.
    pub fn name(&self) -> &str {
        ""
    }

    /// The section it stands in.
    pub fn section(&self) -> Section {
        Section::Inbound
    }

    /// The scope of the document it stands in.
    pub fn scope(&self) -> Scope {
        Scope::Global
    }

    /// The element in its file.
    pub fn span(&self) -> Span {
        Span::default()
    }

    /// An attribute that must be there.
    pub fn setting<T: FromValue>(&mut self, name: &str) -> Result<Setting<T>, Invalid> {
        let _ = name;
        Err(Invalid)
    }

    /// An attribute that may be left out.
    pub fn optional_setting<T: FromValue>(
        &mut self,
        name: &str,
    ) -> Result<Option<Setting<T>>, Invalid> {
        let _ = name;
        Err(Invalid)
    }

    /// An attribute that must be there and is no expression.
    pub fn literal<T: FromValue>(&mut self, name: &str) -> Result<T, Invalid> {
        let _ = name;
        Err(Invalid)
    }

    /// An attribute that may be left out and is no expression.
    pub fn optional_literal<T: FromValue>(&mut self, name: &str) -> Result<Option<T>, Invalid> {
        let _ = name;
        Err(Invalid)
    }

    /// The element's text, trimmed, or its expression.
    pub fn text_setting<T: FromValue>(&mut self) -> Result<Setting<T>, Invalid> {
        Err(Invalid)
    }

    /// The elements in it.
    pub fn children(&mut self) -> Vec<ElementReader<'_>> {
        Vec::new()
    }

    /// The policies in it.
    pub fn block(&mut self) -> Result<Block, Invalid> {
        Err(Invalid)
    }

    /// The text between its tags, byte for byte as in the file.
    pub fn inner_source(&self) -> &'a str {
        ""
    }

    /// Records an error.
    pub fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>) -> Invalid {
        let _ = (code, span, message.into());
        Invalid
    }
}
