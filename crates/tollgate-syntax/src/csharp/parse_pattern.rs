//! Patterns and the switch expression.

use super::ast::{
    BinaryOp, Designation, Expr, ExprKind, Pattern, PatternKind, RecursivePattern, Subpattern,
    SwitchArm, SwitchExpression, TypeSyntax,
};
use super::lookahead::QuestionMark;
use super::parse_expression::precedence;
use super::parser::Parser;

impl Parser<'_> {
    /// A pattern; constants in it are expressions of at least the precedence `least`.
    pub(super) fn pattern(&mut self, least: u8) -> Pattern {
        let start = self.start();
        let Some(level) = self.enter() else {
            return Pattern {
                kind: PatternKind::Discard,
                range: self.since(start),
            };
        };
        let first = self.and_pattern(least);
        let pattern = self.pattern_chain("or", first, least);
        self.leave(level);
        pattern
    }

    fn and_pattern(&mut self, least: u8) -> Pattern {
        let first = self.not_pattern(least);
        self.pattern_chain("and", first, least)
    }

    /// `first word p word q …`.
    fn pattern_chain(&mut self, word: &str, first: Pattern, least: u8) -> Pattern {
        if !self.at(word) {
            return first;
        }
        let start = first.range.start;
        let mut patterns = vec![first];
        while self.eat(word) {
            patterns.push(if word == "or" {
                self.and_pattern(least)
            } else {
                self.not_pattern(least)
            });
        }
        let range = self.since(start);
        let feature = if word == "or" {
            "or pattern"
        } else {
            "and pattern"
        };
        self.feature(feature, "9.0", range);
        let patterns = patterns.into();
        let kind = if word == "or" {
            PatternKind::Or(patterns)
        } else {
            PatternKind::And(patterns)
        };
        Pattern {
            kind,
            range: self.since(start),
        }
    }

    fn not_pattern(&mut self, least: u8) -> Pattern {
        if !self.at("not") {
            return self.primary_pattern(least);
        }
        let start = self.start();
        let Some(level) = self.enter() else {
            return Pattern {
                kind: PatternKind::Discard,
                range: self.since(start),
            };
        };
        self.bump();
        let kind = PatternKind::Not(Box::new(self.not_pattern(least)));
        self.feature("not pattern", "9.0", self.since(start));
        self.leave(level);
        Pattern {
            kind,
            range: self.since(start),
        }
    }

    fn primary_pattern(&mut self, least: u8) -> Pattern {
        let start = self.start();
        let kind = match self.text() {
            "var" if self.is_designation(self.next + 1) || self.nth_text(1) == "(" => {
                self.bump();
                let designation = self.designation();
                if let Designation::Tuple(_) = designation {
                    self.feature("recursive patterns", "8.0", self.since(start));
                }
                PatternKind::Var(designation)
            }
            "<" => self.relational(BinaryOp::Less),
            "<=" => self.relational(BinaryOp::LessOrEqual),
            ">" => self.relational(BinaryOp::Greater),
            ">=" => self.relational(BinaryOp::GreaterOrEqual),
            "{" => self.recursive_pattern(None),
            "(" if !self.is_cast() || self.is_type_alone() => {
                return self.parenthesized_pattern();
            }
            _ => self.type_or_constant(least),
        };
        match kind {
            PatternKind::Relational { .. } => {
                self.feature("relational pattern", "9.0", self.since(start));
            }
            PatternKind::Recursive(_) => {
                self.feature("recursive patterns", "8.0", self.since(start));
            }
            _ => {}
        }
        Pattern {
            kind,
            range: self.since(start),
        }
    }

    /// `(T)` with nothing behind it that could be cast.
    fn is_type_alone(&self) -> bool {
        let ahead = self.type_ahead(self.next + 1, QuestionMark::Nullable);
        ahead.is_some_and(|ahead| {
            self.text_at(ahead.end) == ")" && !self.can_start_expression(ahead.end + 1)
        })
    }

    fn relational(&mut self, op: BinaryOp) -> PatternKind {
        self.bump();
        PatternKind::Relational {
            op,
            value: Box::new(self.constant_expression(precedence::SHIFT)),
        }
    }

    fn constant_expression(&mut self, least: u8) -> Expr {
        let start = self.start();
        let first = self.operand();
        self.binary_rest(first, start, least)
    }

    /// Is the token at `index` the name of a variable after a type?
    fn is_designation(&self, index: usize) -> bool {
        self.is_free_identifier(index) && !matches!(self.text_at(index), "and" | "or" | "when")
    }

    fn type_or_constant(&mut self, least: u8) -> PatternKind {
        if !self.can_start_expression(self.next) && !self.is_predefined_type(self.next) {
            let range = self.token().range;
            self.error("CS8504", "Pattern missing", range);
        }
        let Some(ahead) = self.type_ahead(self.next, QuestionMark::Conditional) else {
            return PatternKind::Constant(Box::new(self.constant_expression(least)));
        };
        if self.is_designation(ahead.end) {
            let ty = self.parse_type_before(QuestionMark::Conditional);
            return PatternKind::Declaration {
                ty,
                designation: self.designation(),
            };
        }
        let generic = self.text_at(ahead.end.saturating_sub(1)) == ">";
        match self.text_at(ahead.end) {
            "{" | "(" => {
                let ty = self.parse_type_before(QuestionMark::Conditional);
                self.recursive_pattern(Some(ty))
            }
            _ if ahead.certain || generic || self.text_at(ahead.end.saturating_sub(1)) == "?" => {
                PatternKind::Type(self.parse_type_before(QuestionMark::Conditional))
            }
            _ => PatternKind::Constant(Box::new(self.constant_expression(least))),
        }
    }

    /// `(p, q) { A: r } x` after a type, if any.
    fn recursive_pattern(&mut self, ty: Option<TypeSyntax>) -> PatternKind {
        let positions = self.at("(").then(|| self.subpatterns("(", ")"));
        self.recursive_pattern_rest(ty, positions)
    }

    fn recursive_pattern_rest(
        &mut self,
        ty: Option<TypeSyntax>,
        positions: Option<Box<[Subpattern]>>,
    ) -> PatternKind {
        let properties = self.at("{").then(|| self.subpatterns("{", "}"));
        let unnamed = |subpattern: &&Subpattern| subpattern.name.is_none();
        if let Some(unnamed) = properties.iter().flatten().find(unnamed) {
            let range = unnamed.pattern.range;
            self.error(
                "CS8503",
                "A property subpattern requires a reference to the property",
                range,
            );
        }
        let designation = self.is_designation(self.next).then(|| self.designation());
        let recursive = RecursivePattern {
            ty,
            positions,
            properties,
            designation,
        };
        PatternKind::Recursive(Box::new(recursive))
    }

    fn subpatterns(&mut self, open: &'static str, close: &'static str) -> Box<[Subpattern]> {
        self.expect(open);
        self.descend();
        let mut subpatterns = Vec::new();
        while !self.at(close) && !self.at_end() {
            let name = self.argument_name();
            subpatterns.push(Subpattern {
                name,
                pattern: self.pattern(precedence::OR),
            });
            if !self.eat(",") {
                break;
            }
        }
        self.ascend();
        self.expect(close);
        subpatterns.into()
    }

    /// `(p)`, which is just `p`, or `(p, q) …`.
    fn parenthesized_pattern(&mut self) -> Pattern {
        let start = self.start();
        let positions = self.subpatterns("(", ")");
        let recursive = self.at("{") || self.is_designation(self.next);
        let mut positions = positions.into_vec();
        match positions.pop() {
            Some(Subpattern {
                name: None,
                pattern,
            }) if positions.is_empty() && !recursive => {
                let range = self.since(start);
                if !matches!(pattern.kind, PatternKind::Constant(_)) {
                    self.feature("parenthesized pattern", "9.0", range);
                }
                Pattern { range, ..pattern }
            }
            last => {
                positions.extend(last);
                let kind = self.recursive_pattern_rest(None, Some(positions.into()));
                let range = self.since(start);
                self.feature("recursive patterns", "8.0", range);
                Pattern { kind, range }
            }
        }
    }

    /// `switch { … }` after `value`.
    pub(super) fn switch_expression(&mut self, value: Expr, start: u32) -> Expr {
        self.expect("switch");
        self.expect("{");
        let mut arms = Vec::new();
        while !self.at("}") && !self.at_end() {
            self.descend();
            arms.push(self.switch_arm());
            self.ascend();
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}");
        let kind = ExprKind::Switch(Box::new(SwitchExpression {
            value,
            arms: arms.into(),
        }));
        Expr {
            kind,
            range: self.since(start),
        }
    }

    fn switch_arm(&mut self) -> SwitchArm {
        let start = self.start();
        let pattern = self.pattern(precedence::OR);
        let guard = self.eat("when").then(|| self.coalescing());
        self.expect("=>");
        let value = self.expression();
        SwitchArm {
            pattern,
            guard,
            value,
            range: self.since(start),
        }
    }
}
