//! Types.

use super::ast::{
    Identifier, PredefinedType, Range32, SimpleName, TupleElement, TypeKind, TypeSyntax,
};
use super::lookahead::QuestionMark;
use super::parser::Parser;
use super::token::TokenKind;

/// What the compiler says of pointers.
pub(super) const UNSAFE: &str =
    "Pointers and fixed size buffers may only be used in an unsafe context";

/// The type a keyword names.
pub(super) fn predefined(word: &str) -> Option<PredefinedType> {
    Some(match word {
        "bool" => PredefinedType::Bool,
        "byte" => PredefinedType::Byte,
        "sbyte" => PredefinedType::SByte,
        "short" => PredefinedType::Short,
        "ushort" => PredefinedType::UShort,
        "int" => PredefinedType::Int,
        "uint" => PredefinedType::UInt,
        "long" => PredefinedType::Long,
        "ulong" => PredefinedType::ULong,
        "float" => PredefinedType::Float,
        "double" => PredefinedType::Double,
        "decimal" => PredefinedType::Decimal,
        "char" => PredefinedType::Char,
        "string" => PredefinedType::String,
        "object" => PredefinedType::Object,
        "void" => PredefinedType::Void,
        _ => return None,
    })
}

impl Parser<'_> {
    /// A type with all its suffixes.
    pub(super) fn parse_type(&mut self) -> TypeSyntax {
        self.parse_type_before(QuestionMark::Nullable)
    }

    /// A type, where a `?` after it may not belong to it.
    pub(super) fn parse_type_before(&mut self, question: QuestionMark) -> TypeSyntax {
        let start = self.start();
        let Some(level) = self.enter() else {
            return missing(self.since(start));
        };
        let base = self.base_type(question);
        let ty = self.array_suffixes(base, start, question);
        self.leave(level);
        ty
    }

    /// A type without array suffixes: what stands after `new`.
    pub(super) fn base_type(&mut self, question: QuestionMark) -> TypeSyntax {
        let start = self.start();
        let kind = if let Some(predefined) = predefined(self.text()) {
            self.bump();
            TypeKind::Predefined(predefined)
        } else if self.at("(") {
            self.tuple_type()
        } else if self.at_kind(TokenKind::Identifier) {
            self.named_type()
        } else {
            let range = self.token().range;
            self.error("CS1031", "Type expected", range);
            return missing(self.since(self.previous_end));
        };
        let mut ty = TypeSyntax {
            kind,
            range: self.since(start),
        };
        if self.at("?") && self.is_nullable_mark(self.next, question) {
            self.bump();
            self.grow();
            ty = TypeSyntax {
                kind: TypeKind::Nullable(Box::new(ty)),
                range: self.since(start),
            };
        }
        let predefined = matches!(ty.kind, TypeKind::Predefined(_));
        if self.at("*") && (predefined || matches!(self.nth_text(1), ")" | ">" | "[")) {
            self.bump();
            self.late_error("CS0214", UNSAFE, self.since(start));
        }
        ty
    }

    /// `[]`, `[,]` and `?` after a type.
    fn array_suffixes(
        &mut self,
        base: TypeSyntax,
        start: u32,
        question: QuestionMark,
    ) -> TypeSyntax {
        let ranks = self.ranks();
        let ty = self.array_of(base, &ranks, self.since(start));
        if !ranks.is_empty() && self.at("?") && self.is_nullable_mark(self.next, question) {
            let range = self.bump().range;
            self.feature("nullable reference types", "8.0", range);
        }
        ty
    }

    /// The numbers of dimensions in `[][,]`.
    pub(super) fn ranks(&mut self) -> Vec<u32> {
        let mut ranks = Vec::new();
        while self.at("[") && self.rank_ahead(self.next).is_some() {
            self.bump();
            let mut rank = 1;
            while self.eat(",") {
                rank += 1;
            }
            self.expect("]");
            ranks.push(rank);
        }
        ranks
    }

    /// Arrays of `base`: the first rank is the outermost.
    pub(super) fn array_of(
        &mut self,
        base: TypeSyntax,
        ranks: &[u32],
        range: Range32,
    ) -> TypeSyntax {
        let mut ty = base;
        for &rank in ranks.iter().rev() {
            self.grow();
            ty = TypeSyntax {
                kind: TypeKind::Array {
                    element: Box::new(ty),
                    rank,
                },
                range,
            };
        }
        ty
    }

    fn named_type(&mut self) -> TypeKind {
        match (self.text(), self.nth_text(1)) {
            ("global", "::") => {
                self.bump();
                self.bump();
            }
            (_, "." | "<") => {}
            ("var", _) => {
                self.bump();
                return TypeKind::Var;
            }
            ("dynamic", _) => {
                self.bump();
                return TypeKind::Dynamic;
            }
            _ => {}
        }
        let mut parts = Vec::new();
        loop {
            let identifier = self.identifier();
            let type_arguments = if self.at("<") {
                self.type_arguments()
            } else {
                Box::default()
            };
            parts.push(SimpleName {
                identifier,
                type_arguments,
            });
            if !self.eat(".") {
                return TypeKind::Named(parts.into());
            }
        }
    }

    /// `<A, B>`, also `<>` and `<,>`.
    pub(super) fn type_arguments(&mut self) -> Box<[TypeSyntax]> {
        self.expect("<");
        let mut arguments = Vec::new();
        loop {
            arguments.push(if matches!(self.text(), "," | ">") {
                TypeSyntax {
                    kind: TypeKind::Omitted,
                    range: self.since(self.previous_end),
                }
            } else {
                self.parse_type()
            });
            if !self.eat(",") {
                break;
            }
        }
        self.expect(">");
        arguments.into()
    }

    fn tuple_type(&mut self) -> TypeKind {
        self.expect("(");
        let mut elements = Vec::new();
        loop {
            let ty = self.parse_type();
            let name = self
                .is_free_identifier(self.next)
                .then(|| self.identifier());
            elements.push(TupleElement { ty, name });
            if !self.eat(",") {
                break;
            }
        }
        if elements.len() < 2 {
            let range = self.token().range;
            self.error("CS8124", "Tuple must contain at least two elements.", range);
        }
        self.expect(")");
        TypeKind::Tuple(elements.into())
    }

    /// `<T, U>` after the name of a local function.
    pub(super) fn type_parameters(&mut self) -> Box<[Identifier]> {
        let mut parameters = Vec::new();
        if self.eat("<") {
            parameters.push(self.identifier());
            while self.eat(",") {
                parameters.push(self.identifier());
            }
            self.expect(">");
        }
        parameters.into()
    }
}

fn missing(range: Range32) -> TypeSyntax {
    TypeSyntax {
        kind: TypeKind::Missing,
        range,
    }
}
