//! The typed tree: what the binder makes of C# and the evaluator runs.
//!
//! Everything is decided here: locals are slots, members are rows of the tables, operators are split by operand type,
//! conversions are nodes of their own. The evaluator looks up nothing by name, `dynamic` aside.
//!
//! **Banks.** [`Node::kind`] says what a node yields by itself. A parent that needs a number or a truth asks for it
//! unboxed and only ever asks a node of that kind; a parent that needs a [`Value`] may ask any node, and gets the exact
//! run-time type (`Value::Byte` for [`Kind::Byte`]). Boxing and wrapping into `T?` therefore need no node.
//!
//! **Nulls.** `T?` without a value is `Value::Null`, with one it is the plain value. Lifted operators, `?.` and patterns
//! are lowered to [`Op::Sequence`], [`Op::IsNull`] and [`Op::Conditional`] over temporary slots.
//!
//! **Frames.** Every [`Function`] has its own frame of [`Function::slots`] values. A local that an inner function
//! captures lives in a heap cell (its slot holds the reference), made fresh when its block is entered
//! ([`Statement::Block`]'s `cells`); inner functions copy that reference into a slot of their own frame.

use std::sync::Arc;

use tollgate_dotnet::{Member, Prepared, Str, Type, TypeRef, Value};

use crate::in_place::InPlace;

/// The number of a value in a [`Function`]'s frame.
pub(crate) type Slot = u32;

/// The number of a label in a [`Function`].
pub(crate) type Label = u32;

/// What a node yields by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Bool,
    Char,
    SByte,
    Byte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Single,
    Double,
    Decimal,
    /// A [`Value`]: references, `T?`, enums, `Guid`, and whatever is known only as `object`.
    Other,
    /// Nothing (`void`); as a value it is `Null`.
    Void,
}

/// An expression with its kind and its place in the C# text, in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub op: Op,
    pub kind: Kind,
    pub start: u32,
    pub end: u32,
}

/// The operations. Operands are evaluated in the order of the fields.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// A constant; `Value::Null` for `null`, and for `default` of reference and nullable types.
    Constant(Value),
    /// Reads a slot.
    Local(Slot),
    /// Reads through the cell whose reference is in the slot.
    Cell(Slot),
    /// Writes and yields the value. `Node::kind` is the value's kind.
    Assign(Slot, Box<Node>),
    /// Writes through the cell and yields the value.
    AssignCell(Slot, Box<Node>),
    /// Puts a fresh cell with the value into the slot; yields nothing.
    NewCell(Slot, Box<Node>),
    /// Runs all, yields the last.
    Sequence(Box<[Node]>),
    /// `condition ? a : b`.
    Conditional(Box<[Node; 3]>),
    /// `left ?? right`, of references and nullables.
    Coalesce(Box<[Node; 2]>),
    /// Whether the value is `null`.
    IsNull(Box<Node>),
    /// The value of a `T?`, as the node's kind; `InvalidOperationException` "Nullable object must have a value." on null.
    Unwrap(Box<Node>),

    /// Arithmetic on two numbers of `kind`: one of Int32, UInt32, Int64, UInt64, Single, Double, Decimal; Bool for `&`,
    /// `|`, `^`. For shifts the left is of `kind` and the right is Int32. Wraps unless `checked`.
    Arithmetic {
        op: Arithmetic,
        kind: Kind,
        checked: bool,
        operands: Box<[Node; 2]>,
    },
    /// `-x` of Int32, Int64, Single, Double, Decimal.
    Negate { checked: bool, operand: Box<Node> },
    /// `~x` of Int32, UInt32, Int64, UInt64.
    Complement(Box<Node>),
    /// `!x`.
    Not(Box<Node>),
    /// Compares two of `kind`: Bool (equality only) or Int32, UInt32, Int64, UInt64, Single, Double, Decimal.
    Compare {
        op: Comparison,
        kind: Kind,
        operands: Box<[Node; 2]>,
    },
    /// `a && b && …`: all of them, left to right until one is false.
    And(Box<[Node]>),
    /// `a || b || …`: left to right until one is true.
    Or(Box<[Node]>),
    /// `string == string`, by ordinal value; both may be null.
    StringEquals(Box<[Node; 2]>),
    /// `object == object`, by reference; delegates and anonymous objects too. Strings are the same object when both are
    /// constants of equal text.
    ReferenceEquals(Box<[Node; 2]>),
    /// `a + b` of delegates: both, one after the other; `remove`: `a - b`.
    Delegates {
        remove: bool,
        operands: Box<[Node; 2]>,
    },
    /// `a + b + …` of which one was a string: each operand's `ToString()`, null as "".
    Concat(Box<[Node]>),
    /// `$"…"`.
    Interpolate(Box<[Piece]>),

    /// A number from one kind to another, as C#'s explicit numeric conversion (implicit ones never fail).
    Numeric {
        from: Kind,
        checked: bool,
        operand: Box<Node>,
    },
    /// The number of an enum value, as Int64.
    EnumNumber(Box<Node>),
    /// An enum value from its number (operand is Int64).
    ToEnum(TypeRef, Box<Node>),
    /// `(T)object` for a value type: the exact type or `InvalidCastException`; `NullReferenceException` on null.
    /// `Node::kind` is the kind of `ty`.
    Unbox { ty: Type, operand: Box<Node> },
    /// `(T)object` for a reference type, or `(T?)object`: null passes; otherwise `InvalidCastException` unless it is a `ty`.
    Cast { ty: Type, operand: Box<Node> },
    /// `x as T`: null unless it is a `ty`.
    As { ty: Type, operand: Box<Node> },
    /// `x is T`; false for null. `ty` is never nullable.
    Is { ty: Type, operand: Box<Node> },

    /// A call of a table's member: method, property, indexer, constructor, operator or conversion.
    Call(Box<Call>),
    /// A call of a delegate value; `NullReferenceException` on null. Yields `Other` or `Void`.
    Invoke {
        function: Box<Node>,
        arguments: Box<[Node]>,
    },
    /// Makes a delegate.
    Lambda(Arc<Function>),

    /// `new T[…]`: the lengths of each dimension.
    NewArray { element: Type, lengths: Box<[Node]> },
    /// `new T[] {…}`; also gathered `params`.
    Array { element: Type, items: Box<[Node]> },
    /// `array[i]`, `array[i, j]`; indices are Int32 or Int64. Yields the kind of the element type.
    Element {
        array: Box<Node>,
        indices: Box<[Node]>,
    },
    /// `array[i] = value`, yields the value.
    SetElement {
        array: Box<Node>,
        indices: Box<[Node]>,
        value: Box<Node>,
    },
    /// `array.Length`, Int32.
    ArrayLength(Box<Node>),
    /// `text[i]` of a string, Char.
    CharAt(Box<[Node; 2]>),
    /// `(a, b)`, of the tuple type.
    Tuple { ty: Type, items: Box<[Node]> },
    /// `new {…}`, of the anonymous type.
    Anonymous { ty: Type, items: Box<[Node]> },
    /// Item `index` of a tuple or property `index` of an anonymous object; `NullReferenceException` on null.
    Item { operand: Box<Node>, index: u32 },
    /// The same tuple with item `index` replaced.
    WithItem {
        operand: Box<Node>,
        index: u32,
        value: Box<Node>,
    },
    /// `typeof(T)`.
    TypeOf(Type),
    /// `default(T)` for a value type with no constant: a struct of all zeros.
    Default(Type),
    /// `throw e` as an expression.
    Throw(Box<Node>),
    /// Something of a `dynamic` value, settled at run time through the registry. Yields `Other`.
    Dynamic(Box<Dynamic>),
    /// Tells the host what the node yields: a part of a program that is traced.
    Record(Box<Recorded>),
    /// What is read in place where that can be done; made after all else was settled.
    InPlace(Box<InPlace>),
}

/// A node whose value is told to the host.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub program: u64,
    pub part: u32,
    pub node: Node,
}

/// Arithmetic operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A piece of an interpolated string.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    /// Text as it is.
    Text(Str),
    /// `{value,width:format}`; width 0 pads nothing, a negative one aligns left.
    Hole {
        value: Node,
        width: i32,
        format: Option<Str>,
    },
}

/// A call of a native.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The row.
    pub member: &'static Member,
    /// What load time prepared.
    pub prepared: Option<Prepared>,
    /// Generic arguments: those of the receiver's type first, then the method's.
    pub types: Arc<[Type]>,
    /// Whether argument 0 is the receiver of an instance member: `NullReferenceException` if it is null.
    pub instance: bool,
    /// Receiver, then one per parameter: optional ones filled in, `params` gathered, `out` ones `Null`, `ref` ones read.
    pub arguments: Box<[Node]>,
    /// The arguments' values, if all of them are constants.
    pub constants: Option<Box<[Value]>>,
    /// Where the `out` and `ref` values go, in the order of those parameters.
    pub outs: Box<[Target]>,
}

/// Where an `out` or `ref` value goes.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Discard,
    Local(Slot),
    Cell(Slot),
}

/// A late-bound operation; `receiver` is the `dynamic` value (or one operand is).
#[derive(Debug, Clone)]
pub(crate) enum Dynamic {
    /// `receiver.name`.
    Get { receiver: Node, name: Box<str> },
    /// `receiver.name = value`; yields the value.
    Set {
        receiver: Node,
        name: Box<str>,
        value: Node,
    },
    /// `receiver[arguments]`.
    GetIndex {
        receiver: Node,
        arguments: Box<[Node]>,
    },
    /// `receiver[arguments] = value`; yields the value.
    SetIndex {
        receiver: Node,
        arguments: Box<[Node]>,
        value: Node,
    },
    /// `receiver.name<types>(arguments)`.
    Call {
        receiver: Node,
        name: Box<str>,
        types: Box<[Type]>,
        arguments: Box<[Node]>,
    },
    /// A static method or constructor of which an argument is dynamic: overloads of `owner`.
    CallStatic {
        owner: Type,
        name: Box<str>,
        arguments: Box<[Node]>,
    },
    /// `left op right`, for arithmetic.
    Arithmetic {
        op: Arithmetic,
        left: Node,
        right: Node,
    },
    /// `left op right`, for comparison.
    Compare {
        op: Comparison,
        left: Node,
        right: Node,
    },
    /// `!x`, `-x`, `+x`, `~x`; of `++` and `--` the new value.
    Unary { sign: &'static str, operand: Node },
    /// Whether it is true, in a condition.
    Truth { operand: Node },
    /// A conversion of a `dynamic` value, implicit or (`explicit`) by cast. Yields the kind of `ty`.
    Convert {
        ty: Type,
        explicit: bool,
        operand: Node,
    },
}

/// The whole expression, a lambda or a local function.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    /// The delegate's type; for the outermost function the static type of the result.
    pub ty: Type,
    /// Parameters that its caller must find set: `out` ones.
    pub outs: Box<[Slot]>,
    /// Where its name or its arrow stands.
    pub at: (u32, u32),
    /// What the enclosing frame hands over when the delegate is made: raw values, cells' references included.
    pub captures: Box<[Capture]>,
    /// Number of parameters; they come in slots `0..parameters`.
    pub parameters: u32,
    /// Slots (parameters above all) whose value is moved into a fresh cell on entry: captured ones.
    pub cells: Box<[Slot]>,
    /// Size of the frame.
    pub slots: u32,
    /// What it runs. An expression body yields its value.
    pub body: Body,
    /// Names of slots, for messages; temporaries have none.
    pub names: Box<[Option<Box<str>>]>,
    /// If it has `yield`: what a call gives, before anything of the body runs.
    pub iterator: Option<Iterator>,
}

/// The sequence that a function with `yield` gives.
#[derive(Debug, Clone)]
pub(crate) struct Iterator {
    pub element: Type,
    /// It is an `IEnumerator`, which runs already; else an `IEnumerable`.
    pub runs: bool,
}

/// A value copied from the enclosing frame into an inner one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capture {
    pub from: Slot,
    pub to: Slot,
}

/// What a function runs.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Expression(Node),
    Block(Statement),
}

/// Statements.
#[derive(Debug, Clone)]
pub(crate) enum Statement {
    /// Runs the expression, drops its value.
    Expression(Node),
    /// `{…}`: puts a fresh cell (holding `Null`) into each of `cells`, then runs `functions` (local functions: each
    /// writes a delegate into its slot or cell), then the statements.
    Block {
        cells: Box<[Slot]>,
        functions: Box<[Node]>,
        statements: Box<[Statement]>,
    },
    If {
        condition: Node,
        then: Box<Statement>,
        otherwise: Option<Box<Statement>>,
    },
    While {
        condition: Node,
        body: Box<Statement>,
    },
    DoWhile {
        body: Box<Statement>,
        condition: Node,
    },
    /// Runs within the block that declares its variables.
    For {
        init: Box<[Statement]>,
        condition: Option<Node>,
        step: Box<[Node]>,
        body: Box<Statement>,
    },
    /// Each element of `source` (array, string, anything enumerable; `NullReferenceException` on null) is put into the
    /// slot `item`; `body` takes it from there.
    ForEach {
        source: Node,
        item: Slot,
        body: Box<Statement>,
    },
    /// `cases` are tried in order: the first whose test holds (the subject is in a slot by then) leads to its section.
    Switch {
        subject: Node,
        cases: Box<[Case]>,
        default: Option<u32>,
        sections: Box<[Statement]>,
    },
    Break,
    Continue,
    /// To a section of the innermost switch.
    GotoSection(u32),
    /// A place in a block or a section that [`Statement::Goto`] leads to; running it does nothing.
    Label(Label),
    /// To a label of a block or switch around it.
    Goto(Label),
    Return(Option<Node>),
    /// `yield return e;`. `yield break;` is a `Return`.
    Yield(Node),
    /// `throw e;`, or with `None` the exception now being caught.
    Throw(Option<Node>),
    Try {
        body: Box<Statement>,
        /// Shared, as the filters are asked from within.
        catches: Arc<[Catch]>,
        finally: Option<Box<Statement>>,
    },
}

/// A case of a switch.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub test: Node,
    pub section: u32,
}

/// A catch clause.
#[derive(Debug, Clone)]
pub(crate) struct Catch {
    /// The exception type; `None` catches all.
    pub ty: Option<Type>,
    /// The slot that gets the exception object before `filter` and `body` run.
    pub slot: Option<Slot>,
    /// `when (…)`; an exception in it counts as false.
    pub filter: Option<Node>,
    pub body: Statement,
}
