//! `choose`: runs the policies of the first `when` whose condition is true, or of `otherwise`.
//!
//! ```xml
//! <choose>
//!     <when condition="@(context.Request.Method == "GET")">…</when>
//!     <otherwise>…</otherwise>
//! </choose>
//! ```
//!
//! Conditions are evaluated in order, only as far as needed. Nothing runs if none is true and there is no `otherwise`.
//! A condition is a `bool`, or text that says `true` or `false`; anything else is an
//! `ExpressionValueValidationFailure`; `LastError.Path` names its `when`. Source: choose-policy.md.

use std::sync::Arc;

use tollgate_engine::{
    Block, BoxFuture, Children, ElementReader, Exchange, Failure, Finish, Flow, Invalid, Place,
    Policy, PolicyKind, Reads, Scopes, Sections, Setting, Waiting, element, required,
};

/// The row of the list.
pub const KIND: PolicyKind = PolicyKind {
    name: "choose",
    sections: Sections::ALL,
    scopes: Scopes::ALL,
    once: false,
    attributes: &[],
    children: Children::Elements(&[
        element("when")
            .required()
            .many()
            .attributes(&[required("condition").about("The policies run if it is true.")])
            .children(Children::Policies),
        element("otherwise").children(Children::Policies),
    ]),
    load: |e| Ok(Box::new(Choose::load(e)?)),
};

#[derive(Debug)]
struct Choose {
    branches: Box<[Branch]>,
}

#[derive(Debug)]
struct Branch {
    place: Arc<Place>,
    /// None for `otherwise`.
    condition: Option<Setting<bool>>,
    policies: Block,
}

impl Choose {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        // Each branch is read whatever the ones before it have to say.
        let branches: Vec<Result<Branch, Invalid>> =
            e.children().iter().map(Branch::load).collect();
        let mut branches = branches.into_iter().collect::<Result<Vec<_>, _>>()?;
        branches.sort_by_key(|branch| branch.condition.is_none());
        Ok(Self {
            branches: branches.into(),
        })
    }
}

impl Branch {
    fn load(e: &ElementReader<'_>) -> Result<Self, Invalid> {
        let (e, place) = e.branch();
        let condition = match e.name() {
            "when" => e.setting("condition").map(Some),
            _ => Ok(None),
        };
        let policies = e.block();
        Ok(Self {
            place,
            condition: condition?,
            policies: policies?,
        })
    }
}

impl Policy for Choose {
    fn execute(&self, exchange: &mut Exchange) -> Result<Flow, Failure> {
        for (index, branch) in self.branches.iter().enumerate() {
            let chosen = match &branch.condition {
                Some(condition) => *condition
                    .get(exchange)
                    .map_err(|failure| failure.within(format!("when[{}]", index + 1)))?,
                None => true,
            };
            exchange.context.decide(&branch.place, chosen);
            if chosen {
                let flow = branch.policies.execute(exchange)?;
                if flow == Flow::Wait {
                    exchange.push_resume_point(index);
                }
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn resume<'a>(&'a self, exchange: &'a mut Exchange) -> BoxFuture<'a, Result<Flow, Failure>> {
        match exchange
            .pop_resume_point()
            .and_then(|index| self.branches.get(index))
        {
            Some(branch) => branch.policies.resume(exchange),
            None => Box::pin(std::future::ready(Ok(Flow::Next))),
        }
    }

    fn detach<'a>(&'a self, exchange: &mut Exchange) -> Result<Waiting<'a>, Failure> {
        let Some(index) = exchange.pop_resume_point() else {
            return Ok(Waiting::Exclusive);
        };
        let waiting = match self.branches.get(index) {
            Some(branch) => branch.policies.detach(exchange)?,
            None => Waiting::Exclusive,
        };
        let Waiting::Detached(future) = waiting else {
            exchange.push_resume_point(index);
            return Ok(Waiting::Exclusive);
        };
        Ok(Waiting::Detached(Box::pin(async move {
            let finish = future.await;
            Box::new(move |exchange: &mut Exchange| {
                let flow = finish(exchange)?;
                if flow == Flow::Wait {
                    exchange.push_resume_point(index);
                }
                Ok(flow)
            }) as Finish<'a>
        })))
    }

    fn reads(&self) -> Reads {
        let conditions = self
            .branches
            .iter()
            .filter_map(|branch| branch.condition.as_ref());
        conditions.fold(Reads::NONE, |reads, condition| reads.or(condition.reads()))
    }
}
