//! Counters and caches of several gateways on a real `redis-server`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shared::Server;
use tokio::net::{TcpListener, TcpStream};
use tollgate::engine::counters::Window;
use tollgate::ports::{
    CacheStore, Count, CounterAnswer, CounterOp, CounterStore, TICKS_PER_SECOND, UNIX_EPOCH_TICKS,
};
use tollgate_redis::{Redis, RedisCounters, Settings, WhenAway};

const MINUTE: Duration = Duration::from_secs(60);
const NOW: i64 = UNIX_EPOCH_TICKS + 1_800_000_000 * TICKS_PER_SECOND;

fn operation(key: &str, limit: u64, count: Count) -> CounterOp<'_> {
    CounterOp {
        group: "group",
        key,
        limit,
        period: MINUTE,
        fixed: false,
        count,
    }
}

async fn take(counters: &RedisCounters, now: i64, key: &str, limit: u64) -> CounterAnswer {
    let operations = [operation(key, limit, Count::Take(1))];
    counters.apply(now, &operations).get().await
}

async fn allowed(counters: &RedisCounters, key: &str, limit: u64) -> bool {
    let answer = take(counters, NOW, key, limit).await;
    answer.is_ok_and(|states| states.iter().all(|state| state.allowed))
}

fn connect(settings: Settings) -> Redis {
    Redis::new(settings).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_whose_clocks_are_apart_admit_exactly_the_limit_together() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let mut tasks = tokio::task::JoinSet::new();
    for gateway in 0..3_i64 {
        let counters = connect(Settings::new(server.url())).counters();
        for turn in 0..200_i64 {
            let counters = counters.clone();
            // Seconds apart, and one of them goes back.
            let now = NOW + (gateway * 7 - 7) * TICKS_PER_SECOND - turn * gateway * 1_000_000;
            tasks.spawn(async move {
                let fixed = CounterOp {
                    fixed: true,
                    ..operation("fixed", 150, Count::Take(1))
                };
                let sliding = take(&counters, now, "sliding", 100).await.unwrap()[0];
                let fixed = counters.apply(now, &[fixed]).get().await.unwrap()[0];
                (sliding.allowed, fixed.allowed, sliding.retry_after)
            });
        }
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.len(), 600);
    assert_eq!(
        answers.iter().filter(|(sliding, _, _)| *sliding).count(),
        100
    );
    assert_eq!(answers.iter().filter(|(_, fixed, _)| *fixed).count(), 150);
    let refused = answers.iter().filter(|(sliding, _, _)| !sliding);
    for (_, _, wait) in refused {
        assert!(
            *wait > MINUTE - Duration::from_secs(10) && *wait <= MINUTE,
            "{wait:?}"
        );
    }
}

#[tokio::test]
async fn a_window_frees_by_the_servers_time_and_keys_expire() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let counters = connect(Settings::new(server.url())).counters();
    let short = CounterOp {
        period: Duration::from_millis(300),
        ..operation("k", 1, Count::Take(1))
    };
    let take = async || counters.apply(NOW, &[short]).get().await.unwrap()[0].allowed;
    assert!(take().await);
    assert!(!take().await);
    tokio::time::sleep(Duration::from_millis(320)).await;
    assert!(take().await, "although the gateway's clock stood still");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(server.say("DBSIZE\r\n").as_deref(), Some(":0\r\n"));
}

#[tokio::test]
async fn one_refusal_counts_nothing_and_what_was_reserved_is_given_back() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let counters = connect(Settings::new(server.url())).counters();
    let apply = async |now: i64, operations: &[CounterOp<'_>]| {
        counters
            .apply(now, operations)
            .get()
            .await
            .unwrap()
            .to_vec()
    };
    apply(NOW, &[operation("full", 1, Count::Take(1))]).await;
    let both = [
        operation("free", 5, Count::Take(1)),
        operation("full", 1, Count::Take(1)),
    ];
    assert!(!apply(NOW, &both).await[1].allowed);
    assert_eq!(
        apply(NOW, &[operation("free", 5, Count::Check)]).await[0].remaining,
        5
    );
    // Whatever the gateway's clock says, it is the time since then that counts.
    let early = NOW - 100 * TICKS_PER_SECOND;
    assert!(apply(early, &[operation("t", 100, Count::Reserve(60))]).await[0].allowed);
    assert!(!apply(early, &[operation("t", 100, Count::Reserve(50))]).await[0].allowed);
    let release = Count::Release {
        count: 20,
        since: early,
    };
    assert_eq!(
        apply(early + 1000, &[operation("t", 100, release)]).await[0].remaining,
        60
    );
    let missing = operation("n", u64::MAX, Count::Add(u64::MAX));
    assert_eq!(apply(NOW, &[missing]).await[0].remaining, 0);
}

/// The script, at given times, against the arithmetic in memory.
#[tokio::test]
async fn the_script_counts_as_the_windows_in_memory_do() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let script =
        include_str!("../src/window.lua").replace("redis.call('TIME')", "{ARGV[3], ARGV[4]}");
    let (mut seed, mut second) = (42_u64, 1_000.0_f64);
    let mut window = Window::default();
    let (mut refused, mut released) = (0, 0);
    for turn in 0..3_000 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let random = |shift: u32, of: u64| (seed >> shift) % of;
        second += f64::from(u32::try_from(random(40, 400)).unwrap()) / 100.0;
        let micros = (second * 1e6).round() as i64;
        let now = micros * 10;
        let age = i64::try_from(random(20, 20)).unwrap() * 1_000_000;
        let amount = random(30, 6);
        let count = match random(50, 8) {
            0 => Count::Check,
            1 => Count::Add(amount),
            2 => Count::Reserve(amount),
            3 => Count::Release {
                count: amount,
                since: now - age * 10,
            },
            _ => Count::Take(amount),
        };
        let (kind, amount) = match count {
            Count::Check => (0.0, 0),
            Count::Take(n) => (1.0, n),
            Count::Add(n) => (2.0, n),
            Count::Reserve(n) => (3.0, n),
            Count::Release { count, .. } => (4.0, count),
        };
        let numbers = [1.0, 40.0, 6e7, 0.0, kind, amount as f64, age as f64];
        let packed: Vec<u8> = numbers
            .iter()
            .flat_map(|one: &f64| one.to_le_bytes())
            .collect();
        let mut eval = redis::cmd("EVAL");
        eval.arg(&script).arg(1).arg("k").arg(packed).arg(0);
        eval.arg(micros / 1_000_000).arg(micros % 1_000_000);
        let reply: Vec<u8> = eval.query_async(&mut connection).await.unwrap();
        let reply: Vec<f64> = (reply.chunks(8))
            .map(|eight| f64::from_le_bytes(eight.try_into().unwrap()))
            .collect();
        let mut state = window.check(now, 40, MINUTE, count);
        if state.allowed {
            state.remaining = window.add(now, 40, MINUTE, count);
        }
        refused += usize::from(!state.allowed);
        released += usize::from(kind == 4.0);
        let expected = [
            f64::from(u8::from(state.allowed)),
            state.remaining as f64,
            state.retry_after.as_micros() as f64,
        ];
        assert_eq!(reply, expected, "{turn}: {count:?}");
    }
    assert!(refused > 300 && released > 100, "{refused} {released}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_away_each_counts_alone_or_refuses_and_then_it_comes_back() {
    let Some(mut server) = Server::start(&[]) else {
        return;
    };
    let open = connect(Settings::new(server.url()));
    let mut settings = Settings::new(server.url());
    settings.when_away = WhenAway::Closed;
    let closed = connect(settings);
    let (one, two) = (open.counters(), closed.counters());
    assert!(allowed(&one, "k", 1).await);
    assert!(!allowed(&two, "k", 1).await, "they share it");
    assert_eq!(open.status().away, None);
    server.kill();
    let start = Instant::now();
    // Alone it begins anew.
    assert!(allowed(&one, "k", 1).await);
    assert!(!allowed(&one, "k", 1).await);
    assert!(take(&two, NOW, "k", 1).await.is_err());
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    let start = Instant::now();
    for _ in 0..1_000 {
        let _ = allowed(&one, "k", 1).await;
        assert!(take(&two, NOW, "other", 1).await.is_err());
    }
    assert!(
        start.elapsed() < Duration::from_millis(250),
        "none waits: {:?}",
        start.elapsed()
    );
    assert!(open.status().away.is_some() && open.status().answered_without >= 1_002);
    assert_eq!(open.status().times_away, 1);
    assert!(server.run());
    let end = Instant::now() + Duration::from_secs(5);
    while open.status().away.is_some() || closed.status().away.is_some() {
        assert!(Instant::now() < end, "it does not come back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // It has forgotten all.
    assert!(allowed(&two, "k", 1).await);
    assert!(!allowed(&one, "k", 1).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_is_cut_silently_costs_the_response_timeout_once() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let (cut, port) = (Arc::new(AtomicBool::new(false)), server.port);
    let is_cut = cut.clone();
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            let is_cut = is_cut.clone();
            tokio::spawn(async move {
                let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let (mut there, mut back) = ([0; 4096], [0; 4096]);
                loop {
                    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
                    let (length, from, to) = tokio::select! {
                        length = near.read(&mut there) => (length.unwrap_or(0), &there, &mut far),
                        length = far.read(&mut back) => (length.unwrap_or(0), &back, &mut near),
                    };
                    while is_cut.load(Ordering::Relaxed) {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    if length == 0 || to.write_all(&from[..length]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    let mut settings = Settings::new(url);
    settings.response_timeout = Duration::from_millis(200);
    settings.connect_timeout = Duration::from_millis(200);
    let redis = connect(settings);
    let counters = redis.counters();
    assert!(allowed(&counters, "k", 10).await);
    cut.store(true, Ordering::Relaxed);
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let counters = counters.clone();
        tasks.spawn(async move {
            let start = Instant::now();
            (allowed(&counters, "k", 10).await, start.elapsed())
        });
    }
    let answers = tasks.join_all().await;
    assert!(
        start.elapsed() < Duration::from_millis(400),
        "{:?}",
        start.elapsed()
    );
    assert!(
        answers
            .iter()
            .all(|(_, took)| *took < Duration::from_millis(350))
    );
    assert_eq!(
        answers.iter().filter(|(allowed, _)| *allowed).count(),
        10,
        "its own ten"
    );
    let start = Instant::now();
    assert!(!allowed(&counters, "k", 10).await);
    assert!(
        start.elapsed() < Duration::from_millis(50),
        "{:?}",
        start.elapsed()
    );
    cut.store(false, Ordering::Relaxed);
    let end = Instant::now() + Duration::from_secs(5);
    while redis.status().away.is_some() {
        assert!(Instant::now() < end, "it does not come back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // What had been under way may have been counted there, or not.
    assert!(take(&counters, NOW, "new", 10).await.unwrap()[0].allowed);
}

#[tokio::test]
async fn values_are_shared_for_their_time() {
    let Some(server) = Server::start(&[]) else {
        return;
    };
    let mut settings = Settings::new(server.url());
    settings.largest_value = 1000;
    let (one, two) = (connect(settings.clone()).cache(), connect(settings).cache());
    let get = async |key| two.get(NOW, key).get().await;
    one.put(NOW, "secret name", vec![0, 255].into(), MINUTE)
        .get()
        .await;
    assert_eq!(get("secret name").await.as_deref(), Some(&[0, 255][..]));
    assert_eq!(get("other").await, None);
    assert!(!server.say("KEYS *\r\n").unwrap().contains("secret"));
    one.put(NOW, "secret name", vec![0; 1001].into(), MINUTE)
        .get()
        .await;
    assert_eq!(
        get("secret name").await,
        None,
        "it is too long, and the old one is not the newest"
    );
    one.put(NOW, "k", vec![1].into(), Duration::from_millis(50))
        .get()
        .await;
    assert!(get("k").await.is_some());
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(get("k").await, None);
    one.put(NOW, "k", vec![1].into(), Duration::MAX).get().await;
    two.remove("k").get().await;
    assert_eq!(one.get(NOW, "k").get().await, None);
}

#[tokio::test]
async fn who_has_no_password_is_away() {
    let Some(server) = Server::start(&["--requirepass", "open sesame"]) else {
        return;
    };
    let mut settings = Settings::new(server.url());
    settings.when_away = WhenAway::Closed;
    assert!(
        take(&connect(settings.clone()).counters(), NOW, "k", 1)
            .await
            .is_err()
    );
    settings.password = Some("open sesame".to_owned());
    let redis = connect(settings);
    assert!(take(&redis.counters(), NOW, "k", 1).await.unwrap()[0].allowed);
    assert!(!format!("{redis:?}").contains("sesame"));
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_refused() {
    let error = |change: &dyn Fn(&mut Settings)| {
        let mut settings = Settings::new("redis://localhost");
        change(&mut settings);
        Redis::new(settings).err().unwrap().to_string()
    };
    assert!(error(&|s| s.urls.clear()).starts_with("there is no URL"));
    assert!(error(&|s| s.urls.push(s.urls[0].clone())).starts_with("several URLs"));
    let shown = error(&|s| s.urls[0] = "redis://u:hush@localhost".to_owned());
    assert!(shown.starts_with("a URL must have no user") && !shown.contains("hush"));
    assert!(
        error(&|s| (s.cluster, s.master) = (true, Some("m".to_owned()))).starts_with("give either")
    );
    assert!(error(&|s| (s.cluster, s.database) = (true, 1)).starts_with("a cluster has only"));
    assert!(!error(&|s| s.urls[0] = "http://localhost".to_owned()).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_shared_as_one_server_is() {
    let start = || Server::start(&["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"]);
    let nodes: Vec<Server> = (0..3).map_while(|_| start()).collect();
    let [first, second, third] = &nodes[..] else {
        return;
    };
    for (node, from, to) in [
        (first, 0, 5460),
        (second, 5461, 10922),
        (third, 10923, 16383),
    ] {
        assert_eq!(
            node.say(&format!("CLUSTER ADDSLOTSRANGE {from} {to}\r\n"))
                .as_deref(),
            Some("+OK\r\n")
        );
        first.say(&format!("CLUSTER MEET 127.0.0.1 {}\r\n", node.port));
    }
    let end = Instant::now() + Duration::from_secs(10);
    while !nodes.iter().all(|node| {
        node.say("CLUSTER INFO\r\n")
            .unwrap()
            .contains("cluster_state:ok")
    }) {
        assert!(Instant::now() < end, "the cluster does not come about");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut settings = Settings::new(first.url());
    settings.cluster = true;
    settings.when_away = WhenAway::Closed;
    settings.response_timeout = Duration::from_secs(1);
    let gateways = [connect(settings.clone()), connect(settings)];
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..600 {
        let counters = gateways[turn % 2].counters();
        tasks.spawn(async move {
            // Groups are on all nodes; the counters of one are together.
            let group = format!("group {}", turn % 20);
            let of = |key, limit| CounterOp {
                group: &group,
                ..operation(key, limit, Count::Take(1))
            };
            let (wide, narrow) = (format!("{group} wide"), format!("{group} narrow"));
            let answer = counters
                .apply(NOW, &[of(&wide, 100), of(&narrow, 7)])
                .get()
                .await;
            answer.unwrap().iter().all(|state| state.allowed)
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|allowed| **allowed).count(), 20 * 7);
    for node in &nodes {
        assert_ne!(
            node.say("DBSIZE\r\n").as_deref(),
            Some(":0\r\n"),
            "each has some"
        );
    }
    gateways[0]
        .cache()
        .put(NOW, "k", vec![1].into(), MINUTE)
        .get()
        .await;
    assert!(gateways[1].cache().get(NOW, "k").get().await.is_some());
}
