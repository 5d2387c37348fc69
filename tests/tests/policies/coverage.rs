//! Coverage: what ran of policy files, over several requests.

use tollgate::Catalog;
use tollgate_testing::coverage::Coverage;
use tollgate_tests::FakeClient;

use crate::world::{Answer, World, api};

const INBOUND: &str = r#"
<choose>
<when condition="@(context.Request.Method == "GET" && context.Request.Url.Host == "b")">
<set-header name="a" exists-action="override"><value>@("<" + 1)</value></set-header>
</when>
<otherwise>
<set-variable name="v" value="1" />
</otherwise>
</choose>
"#;

async fn run() -> Answer {
    let catalog = Catalog::new().api(api(&[("inbound", INBOUND)]));
    let world = World::serving(catalog, FakeClient::statuses(&[200]));
    world.get("/", &[]).await
}

fn add(coverage: &mut Coverage, answer: &Answer) {
    let trace = answer.exchange.context.trace.as_ref().unwrap();
    coverage.add(&answer.exchange.plan, trace);
}

#[tokio::test]
async fn coverage_tells_what_ran() {
    let mut coverage = Coverage::default();
    add(&mut coverage, &run().await);
    // A plan of its own over the same file.
    let mut other = Coverage::default();
    add(&mut other, &run().await);
    coverage.merge(other);
    // One section of one; 2 policies of 3; 1 branch of 2; 1 expression of 2; of three conditions three outcomes.
    assert_eq!(coverage.percent(), 8.0 * 100.0 / 14.0);
    assert_eq!(
        coverage.table(),
        "\
file     policies  branches  expressions  conditions  all     lines not run
api.xml  2/3       1/2       1/2          3/6         57.1 %  4
all                                                   57.1 %
"
    );
    assert_eq!(
        coverage.lcov(),
        "\
TN:
SF:api.xml
BRDA:3,0,0,0
BRDA:3,0,1,0
BRDA:3,0,2,2
BRDA:3,0,3,2
BRDA:3,0,4,0
BRDA:3,0,5,0
BRDA:3,0,6,2
BRDA:6,0,0,2
BRF:8
BRH:4
DA:2,2
DA:3,2
DA:4,0
DA:6,2
DA:7,2
LF:5
LH:4
end_of_record
"
    );
    let xml = coverage.cobertura();
    for part in [
        r#"<line number="3" hits="2" branch="true" condition-coverage="43% (3/7)"/>"#,
        r#"<line number="4" hits="0" branch="false"/>"#,
        r#"filename="api.xml" line-rate="0.8000" branch-rate="0.5000""#,
    ] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
    let html = coverage.html();
    for part in [
        r#"<span class="half" title="never true"> &amp;&amp; context.Request.Url.Host == &quot;b&quot;</span>"#,
        r#"<span class="half" title="never false">context.Request.Method == &quot;GET&quot;</span>"#,
        r#"@(&quot;&lt;&quot; + 1)"#,
        r#"<span class="ran" title="">&lt;set-variable name=&quot;v&quot; value=&quot;1&quot; /&gt;</span>"#,
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(!html.contains("<script"));
}
