//! `context.Deployment`.

use tollgate_dotnet::{Call, Dictionary, Object, Throw, Type, TypeDef, TypeKind, Value, member};

use super::this;
use crate::catalog::DeploymentInfo;

/// `IDeployment`.
pub(super) static DEPLOYMENT: TypeDef = TypeDef {
    name: "Tollgate.IDeployment",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member(
            "IReadOnlyDictionary<string, X509Certificate2> Certificates { get; }",
            certificates,
        ),
        member("IGateway Gateway { get; }", |c| {
            Ok(Value::object(Gateway(deployment(c)?.clone())))
        }),
        member("string GatewayId { get; }", |c| {
            Ok(deployment(c)?.gateway_id.clone().into())
        }),
        member("string Region { get; }", |c| {
            Ok(deployment(c)?.region.clone().into())
        }),
        member("string ServiceId { get; }", |c| {
            Ok(deployment(c)?.service_id.clone().into())
        }),
        member("string ServiceName { get; }", |c| {
            Ok(deployment(c)?.service_name.clone().into())
        }),
    ],
};

/// `IGateway`.
pub(super) static GATEWAY: TypeDef = TypeDef {
    name: "Tollgate.IGateway",
    kind: TypeKind::Interface,
    bases: &[],
    values: &[],
    members: &[
        member("string Id { get; }", |c| {
            Ok(this::<Gateway>(c)?.0.gateway_id.clone().into())
        }),
        member("string InstanceId { get; }", |c| {
            Ok(this::<Gateway>(c)?.0.gateway_instance_id.clone().into())
        }),
        member("bool IsManaged { get; }", |c| {
            let id = &this::<Gateway>(c)?.0.gateway_id;
            Ok((id.as_utf8() == Some("managed")).into())
        }),
    ],
};

impl Object for DeploymentInfo {
    fn type_of(&self) -> Type {
        Type::plain(&DEPLOYMENT)
    }
}

/// By name, with their private keys.
fn certificates(call: &mut Call<'_, '_>) -> Result<Value, Throw> {
    let mut all = Dictionary::new(Type::string(), tollgate_dotnet::certificate_type());
    for (name, certificate) in &deployment(call)?.certificates {
        let key = certificate.key().map(|key| key.secret_der());
        let certificate = tollgate_dotnet::certificate_with_key(certificate.leaf(), key)?;
        all.insert(call.machine.heap, name.clone().into(), certificate);
    }
    call.machine.heap.alloc(all)
}

#[derive(Debug)]
struct Gateway(DeploymentInfo);

impl Object for Gateway {
    fn type_of(&self) -> Type {
        Type::plain(&GATEWAY)
    }
}

fn deployment<'c>(call: &'c Call<'_, '_>) -> Result<&'c DeploymentInfo, Throw> {
    this(call)
}
