//! `new` in all its forms.

use super::ast::{
    AnonymousMember, Expr, ExprKind, Identifier, Initializer, InitializerTarget, InitializerValue,
    MemberInitializer, NewArray, NewObject, TypeSyntax,
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
            "(" => return self.new_object(None),
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
            let range = self.token().range;
            if element.is_none() {
                self.error("CS1514", "{ expected", range);
            } else {
                let message = "Array creation must have array size or array initializer";
                self.error("CS1586", message, range);
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

    fn new_object(&mut self, ty: Option<TypeSyntax>) -> ExprKind {
        let arguments = if self.eat("(") {
            let arguments = self.arguments(")");
            self.expect(")");
            arguments
        } else {
            if !self.at("{") {
                let range = self.token().range;
                let message = "A new expression requires an argument list or (), [], or {} after \
                               type";
                self.error("CS1526", message, range);
            }
            Box::default()
        };
        let initializer = self.at("{").then(|| self.initializer());
        ExprKind::New(Box::new(NewObject {
            ty,
            arguments,
            initializer,
        }))
    }

    fn initializer(&mut self) -> Initializer {
        let Some(level) = self.enter() else {
            return Initializer::Object(Box::default());
        };
        self.expect("{");
        let members = matches!(self.text(), "}" | "[")
            || (self.at_kind(TokenKind::Identifier) && self.nth_text(1) == "=");
        let initializer = if members {
            Initializer::Object(self.initializer_list(Self::member_initializer))
        } else {
            Initializer::Collection(self.initializer_list(Self::element_initializer))
        };
        self.expect("}");
        self.leave(level);
        initializer
    }

    fn initializer_list<T>(&mut self, element: fn(&mut Self) -> T) -> Box<[T]> {
        let mut elements = Vec::new();
        while !self.at("}") && !self.at_end() {
            elements.push(element(self));
            if !self.eat(",") {
                break;
            }
        }
        elements.into()
    }

    fn member_initializer(&mut self) -> MemberInitializer {
        let start = self.start();
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

    fn element_initializer(&mut self) -> Box<[Expr]> {
        if !self.eat("{") {
            return Box::new([self.expression()]);
        }
        let mut values = vec![self.expression()];
        while self.eat(",") {
            values.push(self.expression());
        }
        self.expect("}");
        values.into()
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
