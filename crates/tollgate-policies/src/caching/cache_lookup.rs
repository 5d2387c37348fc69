//! `cache-lookup`: answers with a response that `cache-store` has kept, if there is one.
//!
//! ```xml
//! <inbound>
//!     <base />
//!     <cache-lookup vary-by-developer="false" vary-by-developer-groups="false" downstream-caching-type="public">
//!         <vary-by-header>Accept</vary-by-header>
//!         <vary-by-query-parameter>page;size</vary-by-query-parameter>
//!     </cache-lookup>
//! </inbound>
//! ```
//!
//! Only `GET` is looked up. A request with `Authorization` is neither looked up nor stored unless
//! `allow-private-response-caching` is true; nor is one with `Range`, whose answer is a part.
//!
//! Responses are kept by API and revision, operation, URL of the backend and query: the whole query, or only the
//! parameters that `vary-by-query-parameter` names (several in one, separated by `;`); besides by the values of the
//! `vary-by-header`s, and by the user (`vary-by-developer`) or the user's groups (`vary-by-developer-groups`) that the
//! subscription belongs to.
//!
//! A hit becomes `context.Response`, and processing goes on in outbound behind `cache-store`: what follows in inbound,
//! backend, and outbound up to there does not run. Where `cache-store` stands in other policies (`choose`), those run as
//! far as they lead to it. After a miss the request loses the headers that would have the backend answer in part or not
//! at all: `Cache-Control`, `Pragma`, and those that begin with `If-`.
//!
//! The client is told of caching, of a hit as of a response that was just stored:
//!
//! | `downstream-caching-type` | |
//! |---|---|
//! | `none` (the default) | `Cache-Control: no-store, must-revalidate, no-cache`, `Pragma: no-cache`; no `Expires`, no `ETag` |
//! | `private`, `public` | `Cache-Control: private` or `public`, `must-revalidate` unless that is false, `max-age` with the seconds that are left; `Vary` names the `vary-by-header`s too |
//!
//! A cache that fails has nothing. Source: cache-lookup-policy.md; on keys, on the exact headers and on `Range` it is
//! silent.

use bytes::Bytes;
use http::Method;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    IF_UNMODIFIED_SINCE, PRAGMA, RANGE,
};
use serde_json::json;
use tollgate_dotnet::{Str, form_encode};
use tollgate_engine::ports::Step;
use tollgate_engine::{
    BoxFuture, Children, ElementReader, Exchange, Failure, Finish, Flow, Invalid, Policy,
    PolicyKind, Reads, Scopes, Sections, Setting, Waiting, element, optional, required,
};

use super::cache_store_value::until;
use super::caching_type::{CACHING_TYPE, CachingType};
use super::downstream::{Downstream, DownstreamType};
use super::stored::Stored;

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "cache-lookup",
    sections: Sections::INBOUND,
    scopes: Scopes::ALL,
    once: true,
    attributes: &[
        required("vary-by-developer").about("Whether each user has responses of their own."),
        required("vary-by-developer-groups")
            .about("Whether each set of groups has responses of its own."),
        optional("allow-private-response-caching")
            .about("Whether requests with `Authorization` take part."),
        optional("downstream-caching-type").about("`none`, `private` or `public`."),
        optional("must-revalidate").about("Whether clients must ask again when time is over."),
        CACHING_TYPE,
    ],
    children: Children::Elements(&[
        element("vary-by-header").many().children(Children::Text),
        element("vary-by-query-parameter")
            .many()
            .children(Children::Text),
    ]),
    load: |e| Ok(Box::new(CacheLookup::load(e)?)),
};

#[derive(Debug)]
struct CacheLookup {
    vary_by_developer: Setting<bool>,
    vary_by_groups: Setting<bool>,
    allow_private: Option<Setting<bool>>,
    downstream: Option<Setting<DownstreamType>>,
    must_revalidate: Option<Setting<bool>>,
    caching_type: CachingType,
    headers: Vec<Setting<HeaderName>>,
    parameters: Vec<Setting<Str>>,
}

/// What `cache-store` has to know of the request that was looked up; kept in the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct LookedUp {
    pub(super) key: String,
    pub(super) caching_type: CachingType,
    pub(super) downstream: Downstream,
}

/// The headers of a request that would keep the backend from answering with all it has.
const CONDITIONS: [HeaderName; 7] = [
    CACHE_CONTROL,
    PRAGMA,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_RANGE,
    IF_UNMODIFIED_SINCE,
];

impl CacheLookup {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let vary_by_developer = e.setting("vary-by-developer");
        let vary_by_groups = e.setting("vary-by-developer-groups");
        let allow_private = e.optional_setting("allow-private-response-caching");
        let downstream = e.optional_setting("downstream-caching-type");
        let must_revalidate = e.optional_setting("must-revalidate");
        let caching_type = e.optional_literal("caching-type");
        let texts = |name: &str| -> Vec<ElementReader<'_>> { e.children_named(name).collect() };
        let headers: Vec<_> = texts("vary-by-header")
            .iter()
            .map(ElementReader::text_setting)
            .collect();
        let parameters: Vec<_> = texts("vary-by-query-parameter")
            .iter()
            .map(ElementReader::text_setting)
            .collect();
        Ok(Self {
            vary_by_developer: vary_by_developer?,
            vary_by_groups: vary_by_groups?,
            allow_private: allow_private?,
            downstream: downstream?,
            must_revalidate: must_revalidate?,
            caching_type: caching_type?.unwrap_or_default(),
            headers: headers.into_iter().collect::<Result<_, _>>()?,
            parameters: parameters.into_iter().collect::<Result<_, _>>()?,
        })
    }

    /// Whether the request takes part in caching at all.
    fn takes_part(&self, exchange: &mut Exchange) -> Result<bool, Failure> {
        let request = &exchange.context.request;
        if request.method != Method::GET || request.headers.contains_key(RANGE) {
            return Ok(false);
        }
        let private = request.headers.contains_key(AUTHORIZATION);
        Ok(!private || flag(&self.allow_private, false, exchange)?)
    }

    fn look_up(&self, exchange: &mut Exchange) -> Result<LookedUp, Failure> {
        let mut vary = Vec::with_capacity(self.headers.len());
        for header in &self.headers {
            vary.push(header.get(exchange)?.into_owned());
        }
        let caching = match &self.downstream {
            Some(setting) => *setting.get(exchange)?,
            None => DownstreamType::default(),
        };
        let must_revalidate = flag(&self.must_revalidate, true, exchange)?;
        Ok(LookedUp {
            key: self.key(&vary, exchange)?,
            caching_type: self.caching_type,
            downstream: Downstream {
                caching,
                must_revalidate,
                vary,
            },
        })
    }

    /// What the response is kept under. Parts are escaped, so that none can be taken for another.
    fn key(&self, vary: &[HeaderName], exchange: &mut Exchange) -> Result<String, Failure> {
        let mut key = super::values::RESPONSE.to_owned();
        let mut add = |name: &str, value: &str| {
            for part in [name, "=", &form_encode(value), "&"] {
                key.push_str(part);
            }
        };
        let context = &exchange.context;
        if let Some(api) = &context.api {
            add("api", &api.id.to_utf8());
            add("rev", &api.revision.to_utf8());
        }
        if let Some(operation) = &context.operation {
            add("operation", &operation.id.to_utf8());
        }
        let mut url = context.request.url.clone();
        if !self.parameters.is_empty() {
            url.query = Str::EMPTY;
        }
        add("url", &url.to_string());
        for parameter in &self.parameters {
            let names = parameter.get(exchange)?.to_utf8().into_owned();
            for name in names.split(';').map(str::trim) {
                for value in exchange.context.request.url.query_values(name) {
                    add("query", name);
                    add("value", &value.to_utf8());
                }
            }
        }
        if *self.vary_by_developer.get(exchange)? {
            let user = exchange.context.user.as_ref();
            add(
                "user",
                &user.map_or_else(Default::default, |user| user.id.to_utf8()),
            );
        }
        if *self.vary_by_groups.get(exchange)? {
            let user = exchange.context.user.as_ref();
            let mut groups: Vec<_> = (user.iter())
                .flat_map(|user| &user.groups)
                .map(|group| group.id.to_utf8())
                .collect();
            groups.sort_unstable();
            groups.iter().for_each(|group| add("group", group));
        }
        for name in vary {
            for value in exchange.context.request.headers.get_all(name) {
                add(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
            }
        }
        Ok(key)
    }

    fn finish(
        &self,
        found: Option<Bytes>,
        looked_up: LookedUp,
        exchange: &mut Exchange,
    ) -> Result<Flow, Failure> {
        let now = exchange.context.ports.clock.now();
        let found = found.and_then(Stored::of_bytes);
        let response = found
            .as_ref()
            .and_then(|stored| Some((stored.to_response()?, until(now, stored.until))));
        if let Some((mut response, left)) = response {
            exchange.context.trace(|_| {
                json!({"message": "A cached response was found; processing goes on behind cache-store."})
            });
            looked_up.downstream.apply(&mut response.headers, left);
            return Ok(exchange.answer_from_cache(response, super::cache_store::KIND.name));
        }
        exchange
            .context
            .trace(|_| json!({"message": "There is no cached response."}));
        let request = &mut exchange.context.request;
        for name in &CONDITIONS {
            request.headers.remove(name);
        }
        request.extensions.insert(looked_up);
        Ok(Flow::Next)
    }
}

fn flag(
    setting: &Option<Setting<bool>>,
    default: bool,
    exchange: &mut Exchange,
) -> Result<bool, Failure> {
    match setting {
        Some(setting) => setting.get(exchange).map(|flag| *flag),
        None => Ok(default),
    }
}

/// The answer of a cache that waits for it, with what was looked up.
type Pending = (BoxFuture<'static, Option<Bytes>>, LookedUp);

impl Policy for CacheLookup {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        if !self.takes_part(exchange)? {
            exchange
                .context
                .trace(|_| json!({"message": "The request is not looked up in the cache."}));
            return Ok(Flow::Next);
        }
        let looked_up = self.look_up(exchange)?;
        let Some(store) = self.caching_type.store(exchange) else {
            return Ok(Flow::Next);
        };
        match store.get(exchange.context.ports.clock.now(), &looked_up.key) {
            Step::Ready(found) => self.finish(found, looked_up, exchange),
            Step::Pending(answer) => {
                let pending: Pending = (answer, looked_up);
                exchange.keep(pending);
                Ok(Flow::Wait)
            }
        }
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        let Some((answer, looked_up)) = exchange.take_kept::<Pending>() else {
            return Ok(Waiting::Exclusive);
        };
        Ok(Waiting::Detached(Box::pin(async move {
            let found = answer.await;
            let finish = move |exchange: &mut Exchange| self.finish(found, looked_up, exchange);
            Box::new(finish) as Finish<'a>
        })))
    }

    fn reads(&self) -> Reads {
        let flags = [&self.allow_private, &self.must_revalidate];
        let flags = flags.into_iter().flatten().map(Setting::reads);
        let headers = self.headers.iter().map(Setting::reads);
        let parameters = self.parameters.iter().map(Setting::reads);
        let downstream = self.downstream.iter().map(Setting::reads);
        let own = self
            .vary_by_developer
            .reads()
            .or(self.vary_by_groups.reads());
        let all = flags.chain(headers).chain(parameters).chain(downstream);
        all.fold(own, Reads::or)
    }
}
