//! Conversions as nodes.

use super::convert::Conversion;
use super::types::{kind_of, underlying};
use super::{Bind, Binder, Reported, Typed, constant, node};
use crate::typed::{Dynamic, Kind, Node, Op, Piece};
use tollgate_dotnet::{Type, Value};
use tollgate_syntax::csharp::ast::Range32;

impl<'a> Binder<'a> {
    /// Whether what goes to the type may be a `JObject` that enumerates its properties, where pairs are wanted.
    pub(super) fn gives_pairs(&self, from: &Type, to: &Type) -> bool {
        let [pair] = to.arguments() else {
            return false;
        };
        let [key, value] = pair.arguments() else {
            return false;
        };
        let json = |ty: &Type| {
            ty.table()
                .is_some_and(|table| table.full_name().starts_with("Newtonsoft.Json.Linq."))
        };
        let other = from.table().is_some_and(|table| {
            matches!(
                table.full_name(),
                "Newtonsoft.Json.Linq.JObject"
                    | "System.Collections.Generic.IDictionary"
                    | "System.Collections.Generic.ICollection"
                    | "System.Object"
            )
        });
        *to == Type::enumerable(pair.clone()) && key.is_string() && json(value) && other
    }

    /// The pairs of a `JObject`; of any other sequence itself.
    pub(super) fn pairs(&self, value: Node, range: Range32) -> Node {
        let table = self.registry.find("Tollgate.JsonPairs", 0);
        let owner = table.map(|table| Type::plain(table.0));
        let found = owner.and_then(|owner| {
            let found = self.registry.lookup(&owner, "Of").into_iter().next()?;
            Some((found.info, owner))
        });
        match found {
            Some((info, owner)) => {
                self.call_node(info, &owner, &[], vec![value], Vec::new(), range)
            }
            None => value,
        }
    }

    /// An interpolated string that stays one.
    fn formattable_string(
        &mut self,
        format: String,
        holes: Vec<Node>,
        range: Range32,
    ) -> Bind<Node> {
        let name = "System.Runtime.CompilerServices.FormattableStringFactory";
        let owner = self.registry.find(name, 0).ok_or(Reported)?;
        let owner = Type::plain(owner.0);
        let found = self.registry.lookup(&owner, "Create").into_iter().next();
        let info = found.ok_or(Reported)?.info;
        let array = Op::Array {
            element: Type::object(),
            items: holes.into(),
        };
        let arguments = vec![
            node(
                Op::Constant(Value::String(format.into())),
                Kind::Other,
                range,
            ),
            node(array, Kind::Other, range),
        ];
        Ok(self.call_node(info, &owner, &[], arguments, Vec::new(), range))
    }

    /// The value after the conversion.
    pub(super) fn apply(&mut self, conversion: &Conversion, value: Typed, to: &Type) -> Bind<Node> {
        let range = value.range();
        let kind = kind_of(to);
        Ok(match conversion {
            Conversion::Identity if self.gives_pairs(&value.ty, to) => {
                self.pairs(value.node, range)
            }
            Conversion::Untyped => match formattable(&value, to) {
                Some((format, holes)) => self.formattable_string(format, holes, range)?,
                None if matches!(value.node.op, Op::Tuple { .. }) => {
                    self.literal_to(value, to, range)?
                }
                None => value.node,
            },
            Conversion::Identity => value.node,
            Conversion::Constant(constant) => node(
                Op::Constant(constant.clone()),
                kind_of(underlying(to)),
                range,
            ),
            Conversion::Numeric => self.numeric(value.node, underlying(to)),
            Conversion::Lift(inner) => {
                let from = underlying(&value.ty).clone();
                let (inner, to) = (inner.clone(), underlying(to).clone());
                self.lift_unary(value, &from, |binder, value| {
                    let node = binder.apply(&inner, value, &to)?;
                    Ok(Typed {
                        node,
                        ty: to.clone(),
                    })
                })?
                .node
            }
            Conversion::Unwrap(inner) => {
                let from = underlying(&value.ty).clone();
                let unwrapped = Typed::new(Op::Unwrap(value.node.into()), from, range);
                self.apply(inner, unwrapped, to)?
            }
            Conversion::User(user) => {
                let argument = self.apply(&user.before, value, &user.parameter)?;
                let call = self.call_node(
                    user.info,
                    &user.owner,
                    &[],
                    vec![argument],
                    Vec::new(),
                    range,
                );
                let result = Typed {
                    node: call,
                    ty: user.returns.clone(),
                };
                self.apply(&user.after, result, to)?
            }
            Conversion::Tuple(each) => {
                let (Type::Tuple(from), Type::Tuple(types)) = (&value.ty, to) else {
                    return Err(Reported);
                };
                let slot = self.temporary()?;
                let from = from.clone();
                let mut items = Vec::with_capacity(each.len());
                for (index, conversion) in (0u32..).zip(each) {
                    let at = usize::try_from(index).unwrap_or(usize::MAX);
                    let (Some((source, _)), Some((target, _))) = (from.get(at), types.get(at))
                    else {
                        return Err(Reported);
                    };
                    let local = node(Op::Local(slot), Kind::Other, range);
                    let item = Typed::new(
                        Op::Item {
                            operand: local.into(),
                            index,
                        },
                        source.clone(),
                        range,
                    );
                    items.push(self.apply(conversion, item, target)?);
                }
                let tuple = node(
                    Op::Tuple {
                        ty: to.clone(),
                        items: items.into(),
                    },
                    Kind::Other,
                    range,
                );
                let assign = node(Op::Assign(slot, value.node.into()), Kind::Other, range);
                node(Op::Sequence([assign, tuple].into()), Kind::Other, range)
            }
            Conversion::ToEnum => {
                let Some(table) = underlying(to).table() else {
                    return Err(Reported);
                };
                let number = self.numeric(value.node, &Type::long());
                match &number.op {
                    Op::Constant(Value::Int64(number)) => node(
                        Op::Constant(Value::Enum(table, *number)),
                        Kind::Other,
                        range,
                    ),
                    _ => node(Op::ToEnum(table, number.into()), Kind::Other, range),
                }
            }
            Conversion::FromEnum => {
                let number = match &value.node.op {
                    Op::Constant(Value::Enum(_, number)) => {
                        node(Op::Constant(Value::Int64(*number)), Kind::Int64, range)
                    }
                    _ => node(Op::EnumNumber(value.node.into()), Kind::Int64, range),
                };
                if underlying(to).is_enum() {
                    let number = Typed {
                        node: number,
                        ty: Type::long(),
                    };
                    return self.apply(&Conversion::ToEnum, number, to);
                }
                self.numeric(number, underlying(to))
            }
            Conversion::Unbox => node(
                Op::Unbox {
                    ty: to.clone(),
                    operand: value.node.into(),
                },
                kind,
                range,
            ),
            Conversion::Cast => {
                let pairs = self.gives_pairs(&value.ty, to);
                let cast = Op::Cast {
                    ty: to.clone(),
                    operand: value.node.into(),
                };
                let cast = node(cast, Kind::Other, range);
                match pairs {
                    true => self.pairs(cast, range),
                    false => cast,
                }
            }
            Conversion::Dynamic => node(
                Op::Dynamic(Box::new(Dynamic::Convert {
                    ty: to.clone(),
                    explicit: false,
                    operand: value.node,
                })),
                kind,
                range,
            ),
        })
    }

    /// A number as one of another type.
    pub(super) fn numeric(&self, value: Node, to: &Type) -> Node {
        let (from, target) = (value.kind, kind_of(to));
        if from == target {
            return value;
        }
        let range = Range32::new(value.start, value.end);
        let checked = self.overflow == Some(true);
        if let Op::Constant(constant) = &value.op
            && let Some(folded) = constant::numeric(constant, target, checked)
        {
            return node(Op::Constant(folded), target, range);
        }
        node(
            Op::Numeric {
                from,
                checked,
                operand: value.into(),
            },
            target,
            range,
        )
    }
}

/// The composite format of an interpolated string that goes to `FormattableString` or `IFormattable`, and its holes.
pub(super) fn formattable(value: &Typed, to: &Type) -> Option<(String, Vec<Node>)> {
    let table = to.table()?;
    if !matches!(
        table.full_name(),
        "System.FormattableString" | "System.IFormattable"
    ) {
        return None;
    }
    let Op::Interpolate(pieces) = &value.node.op else {
        return None;
    };
    let (mut format, mut holes) = (String::new(), Vec::new());
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                format.push_str(&text.to_utf8().replace('{', "{{").replace('}', "}}"));
            }
            Piece::Hole {
                value,
                width,
                format: own,
            } => {
                format.push_str(&format!("{{{}", holes.len()));
                if *width != 0 {
                    format.push_str(&format!(",{width}"));
                }
                if let Some(own) = own {
                    format.push_str(&format!(":{own}"));
                }
                format.push('}');
                holes.push(value.clone());
            }
        }
    }
    Some((format, holes))
}
