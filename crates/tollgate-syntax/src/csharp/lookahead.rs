//! Looks ahead where C# leaves open what a construct is: types before names, casts, generic calls,
//! lambdas. Nothing here consumes tokens or reports errors.

use super::parser::Parser;
use super::token::TokenKind;

/// Types nested deeper in each other than this are not recognised where they are ambiguous, which
/// keeps looking ahead cheap on hostile code.
const MAX_TYPE_DEPTH: u32 = 24;

/// A run of tokens that reads as a type.
#[derive(Debug, Clone, Copy)]
pub(super) struct TypeAhead {
    /// The token after it.
    pub(super) end: usize,
    /// It cannot be an expression.
    pub(super) certain: bool,
}

/// What a `?` after a type means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuestionMark {
    /// Always part of the type.
    Nullable,
    /// After `is` and `as`: rather the conditional operator when an expression follows.
    Conditional,
}

impl Parser<'_> {
    /// Reads a type from the token at `index` on.
    pub(super) fn type_ahead(&self, index: usize, question: QuestionMark) -> Option<TypeAhead> {
        self.type_ahead_within(index, question, 0)
    }

    fn type_ahead_within(
        &self,
        index: usize,
        question: QuestionMark,
        depth: u32,
    ) -> Option<TypeAhead> {
        if depth > MAX_TYPE_DEPTH {
            return None;
        }
        let mut ahead = if self.is_predefined_type(index) {
            if self.text_at(index + 1) == "." {
                return None;
            }
            let pointer = self.text_at(index + 1) == "*";
            TypeAhead {
                end: index + 1 + usize::from(pointer),
                certain: true,
            }
        } else if self.text_at(index) == "(" {
            self.tuple_type_ahead(index + 1, depth)?
        } else {
            TypeAhead {
                end: self.name_ahead(index, depth)?,
                certain: false,
            }
        };
        loop {
            match self.text_at(ahead.end) {
                "?" if self.is_nullable_mark(ahead.end, question) => ahead.end += 1,
                "[" => match self.rank_ahead(ahead.end) {
                    Some(end) => ahead = TypeAhead { end, certain: true },
                    None => return Some(ahead),
                },
                _ => return Some(ahead),
            }
        }
    }

    /// The token after `A.B<C>.D`.
    fn name_ahead(&self, index: usize, depth: u32) -> Option<usize> {
        let mut end = index;
        if self.text_at(end) == "global" && self.text_at(end + 1) == "::" {
            end += 2;
        }
        loop {
            if !self.is_free_identifier(end) {
                return None;
            }
            end += 1;
            if self.text_at(end) == "<" {
                end = self.type_arguments_ahead(end, depth)?;
            }
            if self.text_at(end) != "." {
                return Some(end);
            }
            end += 1;
        }
    }

    /// The token after `<A, B>`.
    fn type_arguments_ahead(&self, open: usize, depth: u32) -> Option<usize> {
        let mut end = open;
        loop {
            end = self
                .type_ahead_within(end + 1, QuestionMark::Nullable, depth + 1)?
                .end;
            match self.text_at(end) {
                "," => {}
                ">" => return Some(end + 1),
                _ => return None,
            }
        }
    }

    /// `(A a, B b)` after its parenthesis.
    fn tuple_type_ahead(&self, index: usize, depth: u32) -> Option<TypeAhead> {
        let mut ahead = self.type_ahead_within(index, QuestionMark::Nullable, depth + 1)?;
        let mut elements = 1;
        loop {
            if self.is_free_identifier(ahead.end) {
                ahead = TypeAhead {
                    end: ahead.end + 1,
                    certain: true,
                };
            }
            match self.text_at(ahead.end) {
                "," => {
                    elements += 1;
                    let next =
                        self.type_ahead_within(ahead.end + 1, QuestionMark::Nullable, depth + 1)?;
                    ahead = TypeAhead {
                        end: next.end,
                        certain: ahead.certain || next.certain,
                    };
                }
                ")" if elements > 1 => {
                    return Some(TypeAhead {
                        end: ahead.end + 1,
                        certain: ahead.certain,
                    });
                }
                _ => return None,
            }
        }
    }

    /// Whether the parenthesis opens the tuple type of an array's elements: `(int, string)[`.
    pub(super) fn tuple_array_ahead(&self) -> bool {
        self.tuple_type_ahead(self.next + 1, 0)
            .is_some_and(|ahead| {
                let marked = usize::from(self.text_at(ahead.end) == "?");
                self.text_at(ahead.end + marked) == "["
            })
    }

    /// The token after `[,]`.
    pub(super) fn rank_ahead(&self, open: usize) -> Option<usize> {
        let mut end = open + 1;
        while self.text_at(end) == "," {
            end += 1;
        }
        (self.text_at(end) == "]").then_some(end + 1)
    }

    pub(super) fn is_nullable_mark(&self, index: usize, question: QuestionMark) -> bool {
        question == QuestionMark::Nullable || !self.can_start_expression(index + 1)
    }

    pub(super) fn is_predefined_type(&self, index: usize) -> bool {
        super::parse_type::predefined(self.text_at(index)).is_some()
    }

    pub(super) fn can_start_expression(&self, index: usize) -> bool {
        match self.token_at(index).kind {
            TokenKind::Identifier => self.is_free_identifier(index),
            TokenKind::Keyword => !matches!(
                self.text_at(index),
                "is" | "as" | "in" | "switch" | "else" | "case"
            ),
            TokenKind::Punctuation => {
                matches!(
                    self.text_at(index),
                    "(" | "+" | "-" | "!" | "~" | "++" | "--"
                )
            }
            TokenKind::HoleFormat | TokenKind::HoleEnd | TokenKind::End => false,
            _ => true,
        }
    }

    /// At `(`: is this a cast?
    pub(super) fn is_cast(&self) -> bool {
        let Some(ahead) = self.type_ahead(self.next + 1, QuestionMark::Nullable) else {
            return false;
        };
        let after = ahead.end + 1;
        self.text_at(ahead.end) == ")"
            && match self.token_at(after).kind {
                _ if ahead.certain => true,
                TokenKind::Punctuation => matches!(self.text_at(after), "~" | "!" | "("),
                TokenKind::Keyword => {
                    !matches!(self.text_at(after), "is" | "as" | "switch" | "in" | "else")
                }
                TokenKind::Identifier => {
                    self.is_free_identifier(after)
                        && !matches!(self.text_at(after), "when" | "and" | "or")
                }
                TokenKind::HoleFormat
                | TokenKind::HoleEnd
                | TokenKind::InterpolationEnd
                | TokenKind::End => false,
                _ => true,
            }
    }

    /// At `<` after a name in an expression: do type arguments follow, rather than a comparison?
    /// Source: C# 7.3 specification, Grammar ambiguities.
    pub(super) fn is_generic_name(&self) -> bool {
        let Some(end) = self.type_arguments_ahead(self.next, 0) else {
            return false;
        };
        let ends = |text| {
            matches!(
                text,
                "(" | ")"
                    | "]"
                    | "}"
                    | ":"
                    | ";"
                    | ","
                    | "."
                    | "?"
                    | "=="
                    | "!="
                    | "|"
                    | "^"
                    | "&&"
                    | "||"
                    | "&"
                    | "["
                    | "is"
                    | "as"
                    | "<"
                    | "<="
                    | ">="
            )
        };
        match self.token_at(end).kind {
            TokenKind::End | TokenKind::HoleEnd | TokenKind::HoleFormat => true,
            _ => ends(self.text_at(end)),
        }
    }

    /// At a name or `(`: does a lambda start here?
    pub(super) fn is_lambda(&self) -> bool {
        self.is_lambda_at(self.next)
    }

    /// At `async`: does a lambda start here?
    pub(super) fn is_async_lambda(&self) -> bool {
        self.at("async") && self.is_lambda_at(self.next + 1)
    }

    fn is_lambda_at(&self, start: usize) -> bool {
        if self.token_at(start).kind == TokenKind::Identifier {
            return self.text_at(start + 1) == "=>";
        }
        if self.text_at(start) != "(" {
            return false;
        }
        let mut open = 1_u32;
        let mut index = start + 1;
        while open > 0 {
            match self.text_at(index) {
                // Parameters nest only in tuple types.
                "(" if open > MAX_TYPE_DEPTH => return false,
                "(" => open += 1,
                ")" => open -= 1,
                "," | "." | "::" | "<" | ">" | "[" | "]" | "?" | "ref" | "out" | "in" => {}
                _ if self.is_predefined_type(index) => {}
                _ if self.token_at(index).kind == TokenKind::Identifier => {}
                _ => return false,
            }
            index += 1;
        }
        self.text_at(index) == "=>"
    }

    /// At `from`: does a query start here?
    pub(super) fn is_query(&self) -> bool {
        if !self.at("from") {
            return false;
        }
        let named = |index| {
            self.token_at(index).kind == TokenKind::Identifier && self.text_at(index + 1) == "in"
        };
        named(self.next + 1)
            || self
                .type_ahead(self.next + 1, QuestionMark::Nullable)
                .is_some_and(|ahead| named(ahead.end))
    }

    /// Does a type with a name after it start at `index`? Gives the token of the name.
    pub(super) fn declaration_ahead(&self, index: usize) -> Option<usize> {
        let ahead = self.type_ahead(index, QuestionMark::Nullable)?;
        self.is_free_identifier(ahead.end).then_some(ahead.end)
    }

    /// Does `var (a, b)` start at `index`, with something that takes values after it?
    pub(super) fn is_var_deconstruction(&self, index: usize) -> bool {
        if self.text_at(index) != "var" || self.text_at(index + 1) != "(" {
            return false;
        }
        let mut open = 1_u32;
        let mut end = index + 2;
        while open > 0 {
            match self.text_at(end) {
                "(" => open += 1,
                ")" => open -= 1,
                "," => {}
                _ if self.token_at(end).kind == TokenKind::Identifier => {}
                _ => return false,
            }
            end += 1;
        }
        matches!(self.text_at(end), "=" | "in")
    }
}
