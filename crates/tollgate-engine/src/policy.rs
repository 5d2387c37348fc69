//! What a policy is: the trait it implements, and the table that describes it.

use std::fmt::{self, Debug};

pub use futures_util::future::BoxFuture;
use serde::Serialize;

use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::load::ElementReader;

/// One loaded policy. Synchronous unless it must wait.
///
/// Two methods and not one that answers with a future: a block of policies that need not wait runs in a plain loop,
/// without a future and without an allocation.
pub trait Policy: Send + Sync + Debug + 'static {
    /// Does what can be done without waiting. [`Flow::Wait`] asks the engine to call [`resume`](Self::resume) next.
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure>;

    /// The part that waits. Only called after `execute` answered [`Flow::Wait`]. A policy has either this or
    /// [`detach`](Self::detach), which it goes through by itself.
    ///
    /// The future is dropped when the client goes away: nothing may depend on its end.
    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        Box::pin(async move {
            loop {
                let Waiting::Detached(future) = self.detach(exchange)? else {
                    return Ok(Flow::Next);
                };
                match future.await(exchange)? {
                    Flow::Wait => {}
                    flow => return Ok(flow),
                }
            }
        })
    }

    /// The part that waits, such that others can have the exchange meanwhile (`wait` runs policies side by side so).
    /// Called in place of `resume`; a policy that needs the exchange while it waits leaves it as it is.
    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        let _ = exchange;
        Ok(Waiting::Exclusive)
    }

    /// Which bodies its own expressions read (not those of nested policies); the engine buffers them before `execute`.
    fn reads(&self) -> Reads {
        Reads::NONE
    }

    /// Whether outbound goes on behind this policy after a cache hit ([`Exchange::answer_from_cache`]).
    fn resumes_hits(&self) -> bool {
        false
    }

    /// Answers a CORS preflight request instead of the pipeline; asked of the direct children of the effective inbound
    /// section, in their order until one answers. Source: cors-policy.md.
    fn preflight(&self, exchange: &mut Exchange) -> Result<Preflight, Failure> {
        let _ = exchange;
        Ok(Preflight::Ignored)
    }

    /// Answers a request that no operation takes, instead of `404`; asked of the direct children of the inbound section
    /// for all APIs. Whether the response in the exchange is the answer. Source: cross-domain-policy.md.
    fn unrouted(&self, exchange: &mut Exchange) -> bool {
        let _ = exchange;
        false
    }
}

/// How a policy waits that answered [`Flow::Wait`].
pub enum Waiting<'a> {
    /// With the exchange in its hands: by its [`resume`](Policy::resume).
    Exclusive,
    /// For this future alone.
    Detached(BoxFuture<'a, Finish<'a>>),
}

/// What a policy does with the exchange when it need not wait any more. [`Flow::Wait`] asks for
/// [`detach`](Policy::detach) once more.
pub type Finish<'a> = Box<dyn FnOnce(&mut Exchange) -> Result<Flow, Failure> + Send + 'a>;

impl Debug for Waiting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exclusive => "Exclusive",
            Self::Detached(_) => "Detached",
        })
    }
}

/// What a policy says to a CORS preflight request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preflight {
    /// Nothing: preflight requests are none of its business.
    Ignored,
    /// It does not allow the request; if no other policy answers, an empty `200` does.
    Unmatched,
    /// The response in the exchange is the answer.
    Answered,
}

/// How the pipeline goes on after a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// With the next policy.
    Next,
    /// Not at all: the response is in the exchange (`return-response`, `mock-response`).
    Respond,
    /// With the next section: the rest of this one does not run (`invoke-request`).
    NextSection,
    /// In outbound, behind the policy that stores what a cache gave: the response is in the exchange. Only from
    /// [`Exchange::answer_from_cache`].
    Outbound,
    /// With this policy's [`resume`](Policy::resume).
    Wait,
}

/// The mark of an element that could not be loaded; diagnostics were recorded, and loading goes on with the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid;

/// What the engine knows of a kind of policy: where it may stand, what it may say, how it is loaded.
#[derive(Debug, Clone, Copy)]
pub struct PolicyKind {
    /// The element's name.
    pub name: &'static str,
    /// The sections it may stand in.
    pub sections: Sections,
    /// The scopes it may stand in.
    pub scopes: Scopes,
    /// Whether it may stand only once in a section of a document.
    pub once: bool,
    /// Its attributes. `id` is known to every policy and not listed.
    pub attributes: &'static [AttributeSpec],
    /// What may stand in it.
    pub children: Children,
    /// Makes the policy of its element.
    pub load: fn(&mut ElementReader<'_>) -> Result<Box<dyn Policy>, Invalid>,
}

/// One attribute of a policy or of an element in it.
#[derive(Debug, Clone, Copy)]
pub struct AttributeSpec {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// Whether its value may be an expression.
    pub expression: bool,
    /// One line for reference pages. One that begins with all the values there are (`a` (the default) or `b`), or with
    /// "Whether", is where [`values`](Self::values) has them from.
    pub summary: &'static str,
}

/// An attribute that must be there and may be an expression.
pub const fn required(name: &'static str) -> AttributeSpec {
    AttributeSpec {
        name,
        required: true,
        expression: true,
        summary: "",
    }
}

/// An attribute that may be left out and may be an expression.
pub const fn optional(name: &'static str) -> AttributeSpec {
    AttributeSpec {
        required: false,
        ..required(name)
    }
}

impl AttributeSpec {
    /// The same attribute, which may not be an expression.
    #[must_use]
    pub const fn literal(self) -> Self {
        Self {
            expression: false,
            ..self
        }
    }

    /// The values there are, if they can be listed.
    pub fn values(&self) -> Vec<&'static str> {
        if self.summary.starts_with("Whether ") {
            return vec!["true", "false"];
        }
        let (mut values, mut rest) = (Vec::new(), self.summary);
        while let Some((value, behind)) = rest.strip_prefix('`').and_then(|it| it.split_once('`')) {
            let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
            if !value.chars().all(is_word) {
                return Vec::new();
            }
            values.push(value);
            let behind = ["(the default)", "(default)"]
                .iter()
                .find_map(|mark| behind.trim_start().strip_prefix(mark))
                .unwrap_or(behind);
            rest = behind.trim_start_matches([',', ' ']);
            rest = rest.strip_prefix("or ").unwrap_or(rest);
        }
        // One alone is what the line is about, unless nothing or a condition follows.
        let is_list =
            values.len() > 1 || matches!(rest, "." | "nothing.") || rest.starts_with("if ");
        if is_list { values } else { Vec::new() }
    }

    /// The same attribute with its line for reference pages.
    #[must_use]
    pub const fn about(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }
}

/// What may stand in an element.
#[derive(Debug, Clone, Copy)]
pub enum Children {
    /// Nothing.
    None,
    /// Text or an expression.
    Text,
    /// Elements of these names.
    Elements(&'static [ElementSpec]),
    /// Policies, as in the section around it.
    Policies,
    /// Any markup, read by the policy itself ([`ElementReader::inner_source`]).
    Any,
}

/// One kind of element that may stand in a policy.
#[derive(Debug, Clone, Copy)]
pub struct ElementSpec {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// Whether there may be several.
    pub many: bool,
    /// Its attributes.
    pub attributes: &'static [AttributeSpec],
    /// What may stand in it.
    pub children: Children,
}

/// An element that may be there once, with nothing in it.
pub const fn element(name: &'static str) -> ElementSpec {
    ElementSpec {
        name,
        required: false,
        many: false,
        attributes: &[],
        children: Children::None,
    }
}

/// A fragment, whose elements stand in its place. Source: include-fragment-policy.md.
pub const INCLUDE_FRAGMENT: ElementSpec = element("include-fragment")
    .many()
    .attributes(&[required("fragment-id").literal()]);

impl ElementSpec {
    /// A policy as a part of another, such as `set-header` in `return-response`.
    pub const fn policy(kind: &PolicyKind) -> Self {
        Self {
            attributes: kind.attributes,
            children: kind.children,
            ..element(kind.name)
        }
    }

    /// The same element, which must be there.
    #[must_use]
    pub const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// The same element, of which there may be several.
    #[must_use]
    pub const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    /// The same element with these attributes.
    #[must_use]
    pub const fn attributes(self, attributes: &'static [AttributeSpec]) -> Self {
        Self { attributes, ..self }
    }

    /// The same element with these things in it.
    #[must_use]
    pub const fn children(self, children: Children) -> Self {
        Self { children, ..self }
    }
}

/// A section of a policy document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Section {
    /// `<inbound>`
    Inbound,
    /// `<backend>`
    Backend,
    /// `<outbound>`
    Outbound,
    /// `<on-error>`
    OnError,
}

impl Section {
    /// All of them, in the order of a document.
    pub const ALL: [Section; 4] = [Self::Inbound, Self::Backend, Self::Outbound, Self::OnError];

    /// Its place in [`Self::ALL`].
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Inbound => 0,
            Self::Backend => 1,
            Self::Outbound => 2,
            Self::OnError => 3,
        }
    }

    /// The element's name, which is also what `LastError.Section` says.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Backend => "backend",
            Self::Outbound => "outbound",
            Self::OnError => "on-error",
        }
    }
}

/// A scope that a policy document belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// All APIs.
    Global,
    /// All APIs of a workspace.
    Workspace,
    /// A product.
    Product,
    /// An API.
    Api,
    /// An operation of an API.
    Operation,
    /// A field of an API's GraphQL schema.
    Resolver,
}

impl Scope {
    /// All of them, the broadest first.
    pub const ALL: [Scope; 6] = [
        Self::Global,
        Self::Workspace,
        Self::Product,
        Self::Api,
        Self::Operation,
        Self::Resolver,
    ];

    /// What `LastError.Scope` says.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Workspace => "workspace",
            Self::Product => "product",
            Self::Api => "api",
            Self::Operation => "operation",
            Self::Resolver => "resolver",
        }
    }
}

macro_rules! set {
    ($(#[$doc:meta])* $set:ident of $of:ident { $($(#[$one:meta])* $constant:ident = $member:ident),* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $set(u8);

        impl $set {
            /// None of them.
            pub const NONE: Self = Self(0);
            /// All of them.
            pub const ALL: Self = Self(0 $(| 1 << $of::$member as u8)*);
            $($(#[$one])* pub const $constant: Self = Self(1 << $of::$member as u8);)*

            /// Those of either set.
            #[must_use]
            pub const fn or(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Whether it holds this one.
            pub const fn contains(self, one: $of) -> bool {
                self.0 & (1 << one as u8) != 0
            }
        }
    };
}

set! {
    /// A set of sections.
    Sections of Section {
        /// `<inbound>`
        INBOUND = Inbound,
        /// `<backend>`
        BACKEND = Backend,
        /// `<outbound>`
        OUTBOUND = Outbound,
        /// `<on-error>`
        ON_ERROR = OnError
    }
}

set! {
    /// A set of scopes.
    Scopes of Scope {
        /// All APIs.
        GLOBAL = Global,
        /// All APIs of a workspace.
        WORKSPACE = Workspace,
        /// A product.
        PRODUCT = Product,
        /// An API.
        API = Api,
        /// An operation.
        OPERATION = Operation,
        /// A field of a GraphQL schema.
        RESOLVER = Resolver
    }
}

/// Which bodies something reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reads(u32);

impl Reads {
    /// None.
    pub const NONE: Self = Self(0);
    /// `context.Request.Body`.
    pub const REQUEST: Self = Self(1);
    /// `context.Response.Body`.
    pub const RESPONSE: Self = Self(2);

    /// The request's body as it came, compressed or not: what sends it again, but does not look into it.
    pub const RAW_REQUEST: Self = Self(4);

    /// Those that these bits of [`tollgate_expressions::Program::reads`] say.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The bits, for [`tollgate_dotnet::Member::reading`].
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Those of either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it holds all that the other does.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}
