//! `validate-parameters`: holds parameters of the path, the query and headers against the API's document.
//!
//! ```xml
//! <validate-parameters specified-parameter-action="prevent" unspecified-parameter-action="detect"
//!     errors-variable-name="errors">
//!     <headers specified-parameter-action="detect" unspecified-parameter-action="ignore">
//!         <parameter name="Authorization" action="prevent" />
//!     </headers>
//! </validate-parameters>
//! ```
//!
//! The document is that of [`Api::openapi`](tollgate_engine::Api::openapi); without one, or where it does not know the
//! operation, that is the finding, with the action for specified parameters. The action of a `parameter` counts before that
//! of its group (`headers`, `query`, `path`), and that before the policy's own. A required parameter that is missing is as
//! one that does not conform. Headers are all that the client sends, except the subscription key, `Host` and what frames
//! the message. Names match whatever their case. What comes of findings is told in `findings.rs`. Source:
//! validate-parameters-policy.md.

use std::sync::Arc;

use http::header;
use tollgate_dotnet::Str;
use tollgate_engine::exchange::strip_hop_by_hop;
use tollgate_engine::{
    Children, Described, ElementReader, Exchange, Failure, Flow, Invalid, Policy, PolicyKind,
    Reads, Scopes, Section, Sections, Setting, VariableName, element, optional, required,
};
use tollgate_schema::Location;

use super::findings::{self, Action, ERRORS_VARIABLE, Finding, Findings};
use super::parameters::{self, HEADER, PATH, QUERY};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "validate-parameters",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: true,
    attributes: &[
        required("specified-parameter-action").about("For parameters that are described."),
        required("unspecified-parameter-action").about("For parameters that are not."),
        ERRORS_VARIABLE,
    ],
    children: Children::Elements(&[
        element("headers").attributes(BOTH).children(PARAMETERS),
        element("query").attributes(BOTH).children(PARAMETERS),
        element("path").attributes(SPECIFIED).children(PARAMETERS),
    ]),
    load: |e| Ok(Box::new(ValidateParameters::load(e)?)),
};

const SPECIFIED: &[tollgate_engine::AttributeSpec] =
    &[optional("specified-parameter-action").about("For those that are described.")];
const BOTH: &[tollgate_engine::AttributeSpec] = &[
    optional("specified-parameter-action").about("For those that are described."),
    optional("unspecified-parameter-action").about("For those that are not."),
];
const PARAMETERS: Children = Children::Elements(&[element("parameter").many().attributes(&[
    required("name").literal().about("The parameter."),
    required("action").about("`ignore`, `prevent` or `detect`: what is done about it."),
])]);

#[derive(Debug)]
struct ValidateParameters {
    specified: Setting<Action>,
    unspecified: Setting<Action>,
    headers: Group,
    query: Group,
    path: Group,
    variable: Option<VariableName>,
}

/// What is said of parameters of one place.
#[derive(Debug, Default)]
struct Group {
    specified: Option<Setting<Action>>,
    unspecified: Option<Setting<Action>>,
    parameters: Vec<(String, Setting<Action>)>,
}

/// The same for one request.
struct Actions {
    specified: Action,
    unspecified: Action,
    parameters: Vec<(String, Action)>,
}

impl Group {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let specified = e.optional_setting("specified-parameter-action");
        let unspecified = e.optional_setting("unspecified-parameter-action");
        let parameters: Vec<_> = (e.children_named("parameter"))
            .map(|one| {
                let (name, action) = (one.literal::<Str>("name"), one.setting("action"));
                Ok((name?.to_utf8().into_owned(), action?))
            })
            .collect();
        Ok(Self {
            specified: specified?,
            unspecified: unspecified?,
            parameters: parameters.into_iter().collect::<Result<_, _>>()?,
        })
    }

    fn evaluate(
        &self,
        specified: Action,
        unspecified: Action,
        exchange: &mut Exchange,
    ) -> Result<Actions, Failure> {
        let mut parameters = Vec::with_capacity(self.parameters.len());
        for (name, action) in &self.parameters {
            parameters.push((name.clone(), *action.get(exchange)?));
        }
        let or = |own: &Option<Setting<Action>>, general, exchange: &mut Exchange| match own {
            Some(own) => own.get(exchange).map(|action| *action),
            None => Ok(general),
        };
        Ok(Actions {
            specified: or(&self.specified, specified, exchange)?,
            unspecified: or(&self.unspecified, unspecified, exchange)?,
            parameters,
        })
    }

    fn reads(&self) -> Reads {
        let own = self.specified.iter().chain(&self.unspecified);
        let all = own.chain(self.parameters.iter().map(|(_, action)| action));
        all.map(Setting::reads).fold(Reads::NONE, Reads::or)
    }
}

impl Actions {
    fn of(&self, name: &str, general: Action) -> Action {
        let mut parameters = self.parameters.iter();
        parameters
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or(general, |(_, action)| *action)
    }
}

impl ValidateParameters {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let specified = e.setting("specified-parameter-action");
        let unspecified = e.setting("unspecified-parameter-action");
        let group = |name: &str| e.child(name).map(|group| Group::load(&group)).transpose();
        let (headers, query, path) = (group("headers"), group("query"), group("path"));
        let variable = findings::variable(e);
        Ok(Self {
            specified: specified?,
            unspecified: unspecified?,
            headers: headers?.unwrap_or_default(),
            query: query?.unwrap_or_default(),
            path: path?.unwrap_or_default(),
            variable: variable?,
        })
    }
}

impl Policy for ValidateParameters {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        let specified = *self.specified.get(exchange)?;
        let unspecified = *self.unspecified.get(exchange)?;
        let mut findings = Findings::default();
        let operation = match &exchange.context.described {
            Described::Nothing => {
                findings.add(Finding::no_schema(specified));
                None
            }
            Described::Unknown => {
                findings.add(Finding::no_definitions(specified));
                None
            }
            Described::Operation(operation) => Some(Arc::clone(operation)),
        };
        if let Some(operation) = operation {
            let described = &operation.parameters;
            let mut headers = exchange.context.request.headers.clone();
            strip_hop_by_hop(&mut headers);
            for name in [header::HOST, header::CONTENT_LENGTH] {
                headers.remove(name);
            }
            if let Some(api) = &exchange.context.api {
                headers.remove(&*api.key_header.to_utf8());
            }
            let mut query = parameters::of_query(exchange);
            if let Some(api) = &exchange.context.api {
                let key = api.key_query.to_utf8();
                query.retain(|given| !given.name.eq_ignore_ascii_case(&key));
            }
            let path = parameters::of_path(exchange, described);
            let headers = parameters::of_headers(&headers);
            for (kind, location, group, given) in [
                (PATH, Location::Path, &self.path, path),
                (QUERY, Location::Query, &self.query, query),
                (HEADER, Location::Header, &self.headers, headers),
            ] {
                let actions = group.evaluate(specified, unspecified, exchange)?;
                parameters::check(
                    kind,
                    &given,
                    described.iter().filter(|one| one.location == location),
                    |name| actions.of(name, actions.specified),
                    |name| actions.of(name, actions.unspecified),
                    &mut findings,
                );
            }
        }
        findings.settle(exchange, self.variable.as_ref(), Section::Inbound)?;
        Ok(Flow::Next)
    }

    fn reads(&self) -> Reads {
        let groups = [&self.headers, &self.query, &self.path];
        let own = self.specified.reads().or(self.unspecified.reads());
        groups.into_iter().map(Group::reads).fold(own, Reads::or)
    }
}
