//! `new` in all its forms.

use super::ast::{
    AnonymousMember, ElementInitializer, Expr, ExprKind, Identifier, Initializer, InitializerKind,
    InitializerTarget, InitializerValue, MemberInitializer, NewArray, NewObject, Range32,
    TypeSyntax,
};
use super::lookahead::QuestionMark;
use super::parser::Parser;
use super::token::TokenKind;

impl Parser<'_> {
    pub(super) fn new_expression(&mut self) -> ExprKind {
        self.bump();
        match self.text() {
            "{" => return self.anonymous_object(),
            "[" => {
                let rank = self.ranks();
                if rank.len() != 1 {
                    let range = self.token().range;
                    let message = "Array creation must have array size or array initializer";
                    self.error("CS1586", message, range);
                }
                return self.new_array(None, rank.first().copied().unwrap_or(1), Box::default());
            }
            "(" if !self.tuple_array_ahead() => return self.new_object(None),
            "<" | ";" | ")" | "," | "]" | "}" | ":" => return self.new_without_type(),
            _ if self.at_end() => return self.new_without_type(),
            _ => {}
        }
        let start = self.start();
        let ty = self.base_type(QuestionMark::Nullable);
        if !self.at("[") {
            return self.new_object(Some(ty));
        }
        if self.rank_ahead(self.next).is_some() {
            let ranks = self.ranks();
            let (rank, inner) = ranks.split_first().unwrap_or((&1, &[]));
            let element = self.array_of(ty, inner, self.since(start));
            return self.new_array(Some(element), *rank, Box::default());
        }
        self.bump();
        let sizes: Vec<Expr> = self
            .arguments("]")
            .into_iter()
            .map(|size| size.value)
            .collect();
        self.expect("]");
        let inner = self.ranks();
        if self.at("[") {
            let range = self.nth(1).range;
            self.error(
                "CS0178",
                "Invalid rank specifier: expected ',' or ']'",
                range,
            );
        }
        let element = self.array_of(ty, &inner, self.since(start));
        let rank = u32::try_from(sizes.len()).unwrap_or(u32::MAX);
        self.new_array(Some(element), rank, sizes.into())
    }

    fn new_array(
        &mut self,
        element: Option<TypeSyntax>,
        rank: u32,
        sizes: Box<[Expr]>,
    ) -> ExprKind {
        let initializer = self.at("{").then(|| self.array_initializer());
        if initializer.is_none() && sizes.is_empty() {
            if element.is_none() {
                let range = self.token().range;
                self.error("CS1514", "{ expected", range);
            } else {
                let message = "Array creation must have array size or array initializer";
                let end = self.previous_end;
                self.late_error("CS1586", message, Range32::new(end.saturating_sub(2), end));
            }
        }
        ExprKind::NewArray(Box::new(NewArray {
            element,
            rank,
            sizes,
            initializer,
        }))
    }

    /// `{a, {b, c}}`.
    pub(super) fn array_initializer(&mut self) -> Expr {
        let start = self.start();
        let Some(level) = self.enter() else {
            return self.missing(start);
        };
        self.expect("{");
        let mut elements = Vec::new();
        while !self.at("}") && !self.at_end() {
            let element = if self.at("{") {
                self.array_initializer()
            } else {
                self.expression()
            };
            elements.push(element);
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}");
        self.leave(level);
        Expr {
            kind: ExprKind::ArrayInitializer(elements.into()),
            range: self.since(start),
        }
    }

    fn new_without_type(&mut self) -> ExprKind {
        self.missing_arguments();
        ExprKind::Missing
    }

    fn missing_arguments(&mut self) {
        let range = self.token().range;
        let message = "A new expression requires an argument list or (), [], or {} after type";
        self.error("CS1526", message, range);
    }

    fn new_object(&mut self, ty: Option<TypeSyntax>) -> ExprKind {
        let start = self.previous_end.saturating_sub(3);
        let untyped = ty.is_none();
        let arguments = if self.eat("(") {
            let arguments = self.arguments(")");
            self.expect(")");
            arguments
        } else {
            if !self.at("{") {
                self.missing_arguments();
            }
            Box::default()
        };
        let initializer = self.at("{").then(|| self.initializer());
        if untyped {
            let range = Range32::new(start, start.saturating_add(3));
            self.feature("target-typed object creation", "9.0", range);
        }
        ExprKind::New(Box::new(NewObject {
            ty,
            arguments,
            initializer,
        }))
    }

    fn initializer(&mut self) -> Initializer {
        let start = self.start();
        let Some(level) = self.enter() else {
            return Initializer {
                kind: InitializerKind::Object(Box::default()),
                range: self.since(start),
            };
        };
        self.expect("{");
        let members = matches!(self.text(), "}" | "[")
            || (self.at_kind(TokenKind::Identifier) && self.nth_text(1) == "=");
        let kind = if members {
            InitializerKind::Object(self.initializer_list(Self::member_initializer))
        } else {
            InitializerKind::Collection(self.initializer_list(Self::element_initializer))
        };
        self.expect("}");
        self.leave(level);
        Initializer {
            kind,
            range: self.since(start),
        }
    }

    fn initializer_list<T>(&mut self, element: fn(&mut Self) -> T) -> Box<[T]> {
        let mut elements = Vec::new();
        while !matches!(self.text(), "}" | ";") && !self.at_end() {
            elements.push(element(self));
            if !self.eat(",") {
                break;
            }
        }
        elements.into()
    }

    fn member_initializer(&mut self) -> MemberInitializer {
        let start = self.start();
        let named = self.at_kind(TokenKind::Identifier) && self.nth_text(1) == "=";
        if !named && !self.at("[") {
            // An element among members.
            let element = self.element_initializer();
            self.mixed_initializer(element.range);
            return MemberInitializer {
                target: InitializerTarget::Index(Box::default()),
                value: InitializerValue::Expr(self.missing(start)),
                range: element.range,
            };
        }
        let target = if self.eat("[") {
            InitializerTarget::Index(self.index_arguments())
        } else {
            InitializerTarget::Member(self.identifier())
        };
        self.expect("=");
        self.descend();
        let value = if self.at("{") {
            InitializerValue::Initializer(self.initializer())
        } else {
            InitializerValue::Expr(self.expression())
        };
        self.ascend();
        MemberInitializer {
            target,
            value,
            range: self.since(start),
        }
    }

    fn mixed_initializer(&mut self, range: Range32) {
        self.late_error("CS0747", "Invalid initializer member declarator", range);
    }

    fn element_initializer(&mut self) -> ElementInitializer {
        let start = self.start();
        let mut values = Vec::new();
        let named = self.at_kind(TokenKind::Identifier) && self.nth_text(1) == "=";
        if named || self.at("[") {
            // A member among elements.
            let member = self.member_initializer();
            self.mixed_initializer(member.range);
        } else if self.eat("{") {
            loop {
                values.push(self.expression());
                if !self.eat(",") {
                    break;
                }
            }
            self.expect("}");
        } else {
            values.push(self.expression());
        }
        ElementInitializer {
            values: values.into(),
            range: self.since(start),
        }
    }

    fn anonymous_object(&mut self) -> ExprKind {
        self.expect("{");
        self.descend();
        let members = self.initializer_list(Self::anonymous_member);
        self.ascend();
        self.expect("}");
        ExprKind::NewAnonymous(members)
    }

    fn anonymous_member(&mut self) -> AnonymousMember {
        if self.at_kind(TokenKind::Identifier) && self.nth_text(1) == "=" {
            let name = self.identifier();
            self.bump();
            return AnonymousMember {
                name,
                value: self.expression(),
            };
        }
        let value = self.expression();
        let name = value.inferred_name().cloned().unwrap_or_else(|| {
            let message = "Invalid anonymous type member declarator. Anonymous type members must \
                           be declared with a member assignment, simple name or member access.";
            self.error("CS0746", message, value.range);
            Identifier {
                name: "".into(),
                range: value.range,
            }
        });
        AnonymousMember { name, value }
    }
}
