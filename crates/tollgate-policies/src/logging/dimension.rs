//! `<dimension>`: what the observations of a metric are told apart by.

use tollgate_dotnet::Str;
use tollgate_engine::{
    AttributeSpec, Children, ElementReader, ElementSpec, Exchange, Failure, Invalid, Reads,
    Setting, element, optional, required,
};

/// The element.
pub(crate) const DIMENSION: ElementSpec = element("dimension")
    .required()
    .many()
    .attributes(ATTRIBUTES)
    .children(Children::None);

const ATTRIBUTES: &[AttributeSpec] = &[
    required("name").about("The dimension's name."),
    optional("value").about("Its value; those that the gateway knows need none."),
];

/// One dimension: its name, and where its value comes from.
#[derive(Debug)]
pub(crate) struct Dimension {
    name: Setting<Str>,
    value: Source,
}

#[derive(Debug)]
enum Source {
    Setting(Setting<Option<Str>>),
    Known(Known),
}

/// What the gateway knows by itself. Source: emit-metric-policy.md.
#[derive(Debug, Clone, Copy)]
enum Known {
    Api,
    Operation,
    Product,
    User,
    Subscription,
    Location,
    Gateway,
    Backend,
}

const KNOWN: [(&str, Known); 8] = [
    ("API ID", Known::Api),
    ("Operation ID", Known::Operation),
    ("Product ID", Known::Product),
    ("User ID", Known::User),
    ("Subscription ID", Known::Subscription),
    ("Location", Known::Location),
    ("Gateway ID", Known::Gateway),
    ("Backend ID", Known::Backend),
];

impl Dimension {
    /// The dimensions of an element, at most so many.
    pub(crate) fn load_all(e: &ElementReader<'_>, most: usize) -> Result<Vec<Self>, Invalid> {
        let elements: Vec<_> = e.children_named("dimension").collect();
        let dimensions: Vec<_> = elements.iter().map(Self::load).collect();
        if let Some(extra) = elements.get(most) {
            let message = format!("`{}` takes at most {most} dimensions", e.name());
            return Err(e.error("too-many-elements", extra.name_span(), message));
        }
        dimensions.into_iter().collect()
    }

    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (name, value) = (e.setting::<Str>("name"), e.optional_setting("value"));
        let (name, value) = (name?, value?);
        let known = name.literal().and_then(|name| {
            let mut known = KNOWN.iter();
            known.find(|(known, _)| *name == **known)
        });
        let value = match (value, known) {
            (Some(value), _) => Source::Setting(value),
            (None, Some((_, known))) => Source::Known(*known),
            (None, None) => {
                let names = KNOWN.map(|(name, _)| format!("`{name}`")).join(", ");
                let message = format!("a dimension needs a `value`, unless it is one of {names}");
                return Err(e.error("missing-attribute", e.name_span(), message));
            }
        };
        Ok(Self { name, value })
    }

    /// Name and value, secrets left out; what is not there is empty.
    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<(Str, Str), Failure> {
        let name = self.name.get(exchange)?.into_owned();
        let value = match &self.value {
            Source::Setting(setting) => setting.get(exchange)?.into_owned(),
            Source::Known(known) => known.value(exchange),
        };
        let shown = |text: Str| Str::from(exchange.masked(&text.to_utf8()));
        Ok((shown(name), shown(value.unwrap_or_default())))
    }

    /// Whether it is the backend, which is known only when it has been called.
    pub(crate) fn is_backend(&self) -> bool {
        matches!(self.value, Source::Known(Known::Backend))
    }

    pub(crate) fn reads(&self) -> Reads {
        match &self.value {
            Source::Setting(setting) => self.name.reads().or(setting.reads()),
            Source::Known(_) => self.name.reads(),
        }
    }
}

impl Known {
    fn value(self, exchange: &Exchange) -> Option<Str> {
        let context = &exchange.context;
        let id = match self {
            Self::Api => context.api.as_ref().map(|api| &api.id),
            Self::Operation => context.operation.as_ref().map(|operation| &operation.id),
            Self::Product => context.product.as_ref().map(|product| &product.id),
            Self::User => context.user.as_ref().map(|user| &user.id),
            Self::Subscription => context.subscription.as_ref().map(|one| &one.id),
            Self::Location => Some(&context.deployment.region),
            Self::Gateway => Some(&context.deployment.gateway_id),
            Self::Backend => context.azure.backend.as_ref().map(|backend| &backend.id),
        };
        id.cloned()
    }
}
