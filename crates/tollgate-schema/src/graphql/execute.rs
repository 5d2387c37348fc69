//! Runs an operation whose fields have resolvers.
//!
//! The library walks the operation and holds what comes against the schema; it does so in one go and cannot wait. So it
//! is run again and again: a field whose resolver has not answered yet is noted and left out, the calls of all noted
//! fields are made, side by side if the caller likes, and the next walk gets further. The walk that notes nothing is the
//! answer.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::{OperationType, Type};
use apollo_compiler::introspection::check_max_depth;
use apollo_compiler::request::{RequestError, coerce_variable_values};
use apollo_compiler::resolvers::{
    Execution as Walk, FieldError, ObjectValue, ResolveInfo, ResolvedValue,
};
use apollo_compiler::response::{JsonMap, JsonValue};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;

use super::{Mistake, Request, Schema, depth_of_document, executable};

/// An operation that the schema allows, with the values of its variables.
pub struct Operation {
    schema: Arc<Schema>,
    document: Valid<ExecutableDocument>,
    name: Option<String>,
    variables: Valid<JsonMap>,
    kind: OperationType,
}

/// How much an operation may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How deep fields may be nested in fields.
    pub depth: usize,
    /// How often resolvers may be called.
    pub calls: usize,
    /// How large the answer may be, in bytes as memory has it: what is walked more than once counts each time.
    pub size: usize,
}

/// One resolver to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    place: Box<str>,
    /// The object type.
    pub ty: Box<str>,
    /// The field.
    pub field: Box<str>,
    /// The arguments, as the JSON of an object.
    pub arguments: String,
    /// The object whose field it is, as JSON; `null` at the root.
    pub parent: String,
}

/// How an operation goes on.
#[derive(Debug)]
pub enum Progress {
    /// These resolvers are to be called, and [`Execution::answer`] told of each.
    Calls(Vec<Call>),
    /// This is the response: the JSON of `data` and `errors`.
    Done(Vec<u8>),
    /// It asks for too much.
    Refused(Mistake),
}

/// What a resolver gave.
#[derive(Debug, Clone)]
pub struct Data(JsonValue);

impl Data {
    /// Reads JSON; `None` if it is none, or nested deeper than 127 levels.
    pub fn from_json(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok().map(Self)
    }
}

/// Why a field can have no resolver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolvable<'s> {
    /// The name that is wrong.
    pub name: &'s str,
    /// What is wrong with it.
    pub message: String,
    /// The names that there are.
    pub known: Vec<&'s str>,
}

/// An operation on its way.
pub struct Execution<'o> {
    operation: &'o Operation,
    bounds: Bounds,
    answers: HashMap<Box<str>, Result<JsonValue, String>>,
    calls: usize,
    size: usize,
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Execution<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution")
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

impl Schema {
    /// Makes ready what a request asks for.
    ///
    /// # Errors
    /// The schema does not allow it, it has not the operation or the variables that are needed, or it is nested too deep.
    pub fn operation(
        self: &Arc<Self>,
        request: &Request,
        bounds: &Bounds,
    ) -> Result<Operation, Vec<Mistake>> {
        let document = executable(&self.0, &request.query)?;
        let told = |error: RequestError| {
            let error = error.to_graphql_error(&document.sources);
            let place = error.locations.first();
            vec![Mistake {
                message: error.message,
                place: place.map(|place| (place.line, place.column)),
            }]
        };
        let name = request.operation_name.as_deref();
        let operation = document.operations.get(name).map_err(&told)?;
        let depth = depth_of_document(&document);
        if depth > bounds.depth {
            let most = bounds.depth;
            return Err(vec![Mistake::new(format!(
                "The query is {depth} levels deep, and at most {most} are allowed."
            ))]);
        }
        check_max_depth(&document, operation).map_err(&told)?;
        let none = JsonMap::new();
        let variables = request.variables.as_ref().unwrap_or(&none);
        let variables = coerce_variable_values(&self.0, operation, variables).map_err(&told)?;
        Ok(Operation {
            kind: operation.operation_type,
            schema: Arc::clone(self),
            name: request.operation_name.clone(),
            document,
            variables,
        })
    }

    /// Whether a type has this field, and a resolver can give its value.
    ///
    /// # Errors
    /// It has not, or none can.
    pub fn resolvable<'s>(&'s self, ty: &'s str, field: &'s str) -> Result<(), Unresolvable<'s>> {
        let wrong = |name, message, known| {
            let message = format!("{message}");
            Err(Unresolvable {
                name,
                message,
                known,
            })
        };
        let types = &self.0.types;
        let root = self.0.schema_definition.subscription.as_ref();
        match types.get(ty) {
            Some(ExtendedType::Object(_)) if root.is_some_and(|root| root.as_str() == ty) => {
                let message =
                    format_args!("subscriptions need WebSockets, which there are none of");
                wrong(ty, message, Vec::new())
            }
            Some(ExtendedType::Object(object)) if !object.fields.contains_key(field) => {
                let known = object.fields.keys().map(|name| name.as_str());
                let message = format_args!("the type `{ty}` has no such field");
                wrong(field, message, known.collect())
            }
            Some(ExtendedType::Object(_)) => Ok(()),
            Some(_) => wrong(ty, format_args!("`{ty}` is no object type"), Vec::new()),
            None => {
                let known = types.keys().map(|name| name.as_str());
                wrong(ty, format_args!("there is no such type"), known.collect())
            }
        }
    }
}

impl Schema {
    /// What a data source gave as the value of a field: nothing if it gave nothing, JSON, or, where the field is a scalar,
    /// the text as it is. `None` if it is none of that.
    pub fn read(&self, ty: &str, field: &str, given: &[u8]) -> Option<Data> {
        if given.trim_ascii().is_empty() {
            return Some(Data(JsonValue::Null));
        }
        let definition = self.0.type_field(ty, field).ok()?;
        let is_list = definition.ty.is_list();
        let scalar = match self.0.types.get(definition.ty.inner_named_type()) {
            Some(ExtendedType::Scalar(scalar)) if !is_list => Some(scalar.name.as_str()),
            _ => None,
        };
        let json = Data::from_json(given);
        let is_text = match (&json, scalar) {
            (None, Some(_)) => true,
            // A string is what it says; an object is no string, but its text may be one.
            (Some(Data(json)), Some("String")) => json.is_object() || json.is_array(),
            _ => false,
        };
        match is_text {
            true => {
                let text = std::str::from_utf8(given).ok()?;
                Some(Data(JsonValue::from(text)))
            }
            false => json,
        }
    }
}

impl Operation {
    /// Whether it changes something.
    pub fn is_mutation(&self) -> bool {
        self.kind == OperationType::Mutation
    }

    /// Whether it subscribes to something.
    pub fn is_subscription(&self) -> bool {
        self.kind == OperationType::Subscription
    }

    /// Begins to run it.
    pub fn execute(&self, bounds: Bounds) -> Execution<'_> {
        Execution {
            operation: self,
            bounds,
            answers: HashMap::new(),
            calls: 0,
            size: 0,
        }
    }
}

impl Execution<'_> {
    /// Walks the operation as far as that is possible. `has_resolver` says whether a field of a type has one; other fields
    /// are those of the same name of what the resolver of the object gave.
    pub fn go_on(&mut self, has_resolver: &dyn Fn(&str, &str) -> bool) -> Progress {
        let pass = Pass {
            operation: self.operation,
            answers: &self.answers,
            has_resolver,
            calls: RefCell::default(),
            asked: Cell::new(0),
            left: Cell::new(self.bounds.size.checked_sub(self.size)),
        };
        let Operation {
            schema,
            document,
            name,
            variables,
            kind,
        } = self.operation;
        let root = Node {
            pass: &pass,
            up: None,
            ty: schema.0.root_operation(*kind).map_or("", |ty| ty.as_str()),
            value: None,
        };
        let walk = Walk::new(&schema.0, document)
            .coerced_variable_values(variables)
            .enable_schema_introspection(true)
            .operation_name(name.as_deref());
        let response = walk.and_then(|walk| walk.execute_sync(&root));
        let (calls, asked) = (pass.calls.take(), pass.asked.get());
        let Some(left) = pass.left.get() else {
            let size = self.bounds.size;
            let message = format!("The response is larger than {size} bytes.");
            return Progress::Refused(Mistake::new(message));
        };
        self.size = self.bounds.size - left;
        if self.calls + asked > self.bounds.calls {
            let most = self.bounds.calls;
            let message = format!("The request needs more than {most} calls of resolvers.");
            return Progress::Refused(Mistake::new(message));
        }
        if !calls.is_empty() {
            self.calls += calls.len();
            return Progress::Calls(calls);
        }
        let response = response.map_err(|error| error.message().to_string());
        let text = response
            .and_then(|response| serde_json::to_vec(&response).map_err(|error| error.to_string()));
        match text {
            Ok(text) => Progress::Done(text),
            Err(message) => Progress::Refused(Mistake::new(message)),
        }
    }

    /// Tells what a resolver gave, or what the client is told in its place.
    pub fn answer(&mut self, call: Call, given: Result<Data, String>) {
        self.answers.insert(call.place, given.map(|data| data.0));
    }
}

/// One walk.
struct Pass<'p> {
    operation: &'p Operation,
    answers: &'p HashMap<Box<str>, Result<JsonValue, String>>,
    has_resolver: &'p dyn Fn(&str, &str) -> bool,
    calls: RefCell<Vec<Call>>,
    /// How many calls there would be if none had to wait for another.
    asked: Cell<usize>,
    /// How many bytes the answer may still have; nothing once it has more.
    left: Cell<Option<usize>>,
}

/// An object of the response.
struct Node<'n> {
    pass: &'n Pass<'n>,
    up: Option<(&'n Node<'n>, Step<'n>)>,
    ty: &'n str,
    /// What the resolver gave; nothing at the root.
    value: Option<&'n JsonMap>,
}

/// How an object is reached from the one above it.
#[derive(Clone)]
struct Step<'n> {
    key: &'n str,
    indexes: Vec<usize>,
}

static NULL: JsonValue = JsonValue::Null;
/// What a value takes in memory, at least.
const VALUE: usize = 64;

impl Pass<'_> {
    /// Counts what goes into the answer; whether there is room for it.
    fn charge(&self, bytes: usize) -> bool {
        let left = self.left.get().and_then(|left| left.checked_sub(bytes));
        self.left.set(left);
        left.is_some()
    }

    fn ask(&self, node: &Node<'_>, place: Box<str>, info: &ResolveInfo<'_>) {
        self.asked.set(self.asked.get() + 1);
        let is_root = node.up.is_none();
        // Changes are made one after the other, each with all that is asked of it.
        let waits = self.operation.is_mutation() && is_root && !self.calls.borrow().is_empty();
        if waits {
            return;
        }
        let text = |json: Option<&JsonMap>| {
            let text = json.and_then(|json| serde_json::to_string(json).ok());
            text.unwrap_or_else(|| "null".to_owned())
        };
        let call = Call {
            place,
            ty: node.ty.into(),
            field: info.field_name().into(),
            arguments: text(Some(info.arguments())),
            parent: text(node.value),
        };
        if self.charge(call.arguments.len() + call.parent.len()) {
            self.calls.borrow_mut().push(call);
        }
    }
}

impl Node<'_> {
    /// Where a field of it stands in the response.
    fn place(&self, key: &str) -> Box<str> {
        let mut keys = vec![key.to_owned()];
        let mut node = self;
        while let Some((up, step)) = &node.up {
            keys.extend(step.indexes.iter().rev().map(usize::to_string));
            keys.push(step.key.to_owned());
            node = up;
        }
        keys.reverse();
        // Keys are names: there is no `.` in them.
        keys.join(".").into()
    }

    /// What was given, as a value of the type that the schema has for it. What does not fit is handed on as it is: the
    /// library tells of it, and puts `null` as near to it as the schema allows.
    fn value<'a>(&'a self, json: &'a JsonValue, ty: &'a Type, step: Step<'a>) -> ResolvedValue<'a> {
        if !self.pass.charge(VALUE + step.key.len()) {
            return ResolvedValue::SkipForPartialExecution;
        }
        let name = match ty {
            Type::Named(name) | Type::NonNullNamed(name) => name,
            Type::List(inner) | Type::NonNullList(inner) => {
                let Some(items) = json.as_array() else {
                    return self.leaf(json, "");
                };
                let within = move |(index, item): (usize, &'a JsonValue)| {
                    let mut step = step.clone();
                    step.indexes.push(index);
                    Ok(self.value(item, inner, step))
                };
                let items = items.iter().enumerate();
                let items = items.take_while(|_| self.pass.left.get().is_some());
                return ResolvedValue::List(Box::new(items.map(within)));
            }
        };
        let ty = match (self.pass.operation.schema.0.types.get(name), json) {
            (Some(ExtendedType::Object(_)), JsonValue::Object(_)) => name.as_str(),
            (
                Some(ExtendedType::Interface(_) | ExtendedType::Union(_)),
                JsonValue::Object(object),
            ) => {
                let given = object.get("__typename").and_then(JsonValue::as_str);
                given.unwrap_or("unknown (there is no `__typename`),")
            }
            _ => return self.leaf(json, name),
        };
        ResolvedValue::object(Node {
            pass: self.pass,
            up: Some((self, step)),
            ty,
            value: json.as_object(),
        })
    }

    fn leaf<'a>(&self, json: &JsonValue, ty: &str) -> ResolvedValue<'a> {
        match self.pass.charge(size(json)) {
            true => ResolvedValue::Leaf(leaf(json, ty)),
            false => ResolvedValue::SkipForPartialExecution,
        }
    }
}

impl ObjectValue for Node<'_> {
    fn type_name(&self) -> &str {
        self.ty
    }

    fn resolve_field<'a>(
        &'a self,
        info: &'a ResolveInfo<'a>,
    ) -> Result<ResolvedValue<'a>, FieldError> {
        let name = info.field_name();
        let selected = info.field_selections().first();
        let key = selected.map_or(name, |field| field.response_key().as_str());
        let json = if (self.pass.has_resolver)(self.ty, name) {
            let place = self.place(key);
            match self.pass.answers.get(&place) {
                Some(Ok(json)) => json,
                Some(Err(message)) => {
                    let message = message.clone();
                    return Err(FieldError { message });
                }
                None => {
                    self.pass.ask(self, place, info);
                    return Ok(ResolvedValue::SkipForPartialExecution);
                }
            }
        } else {
            let given = self.value.and_then(|object| object.get(name));
            given.unwrap_or(&NULL)
        };
        let step = Step {
            key,
            indexes: Vec::new(),
        };
        Ok(self.value(json, &info.field_definition().ty, step))
    }
}

/// A scalar as GraphQL has it: other services write numbers where it wants strings, and whole ones where it wants others.
/// What does not fit stays, and is told by the library.
fn leaf(json: &JsonValue, ty: &str) -> JsonValue {
    let number = match json {
        JsonValue::Number(number) => Some(number),
        _ => None,
    };
    match (ty, number, json) {
        ("Float", Some(number), _) => number
            .as_f64()
            .map_or_else(|| json.clone(), JsonValue::from),
        ("Int", Some(number), _) if number.is_f64() => match number.as_f64() {
            // Within what an `i32` holds, so nothing is lost.
            Some(whole) if whole.fract() == 0.0 && whole.abs() <= f64::from(i32::MAX) => {
                JsonValue::from(whole as i64)
            }
            _ => json.clone(),
        },
        ("ID" | "String", Some(number), _) => JsonValue::from(number.to_string()),
        ("String", None, JsonValue::Bool(truth)) => JsonValue::from(truth.to_string()),
        _ => json.clone(),
    }
}

/// What a value takes, beside itself.
fn size(json: &JsonValue) -> usize {
    match json {
        JsonValue::String(text) => text.as_str().len(),
        JsonValue::Array(items) => items.iter().map(|item| VALUE + size(item)).sum(),
        JsonValue::Object(object) => (object.iter())
            .map(|(name, value)| VALUE + name.as_str().len() + size(value))
            .sum(),
        _ => 0,
    }
}
