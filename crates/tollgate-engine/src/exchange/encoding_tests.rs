#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use futures_util::FutureExt;
use http_body_util::StreamBody;

use super::super::{BodyError, Response};
use super::*;

/// `hello`, as Google's encoder writes it.
const BROTLI: &[u8] = b"\x0b\x02\x80hello\x03";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn bare(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A response of these chunks.
fn response(coding: &str, chunks: Vec<Bytes>) -> Response {
    let frames = chunks
        .into_iter()
        .map(|chunk| Ok::<_, BoxError>(Frame::data(chunk)));
    let mut response = Response {
        body: Body::new(StreamBody::new(futures_util::stream::iter(frames))),
        ..Response::default()
    };
    for (name, value) in [
        ("content-encoding", coding),
        ("content-length", "7"),
        ("content-md5", "x"),
        ("etag", "\"1\""),
    ] {
        response.headers.insert(name, value.parse().unwrap());
    }
    response
}

fn read(coding: &str, chunks: Vec<Bytes>, limit: usize) -> Result<Bytes, BodyError> {
    let mut response = response(coding, chunks);
    response.decode(limit)?;
    response.body.buffer(limit).now_or_never().unwrap()
}

fn whole(coding: &str, bytes: &[u8]) -> Result<Bytes, BodyError> {
    read(coding, vec![Bytes::copy_from_slice(bytes)], 1 << 20)
}

#[test]
fn each_coding_is_read_however_it_comes() {
    let text = "some text, some text\n".repeat(3_000);
    let encoded = [
        ("gzip", gzip(text.as_bytes())),
        ("X-GZip", gzip(text.as_bytes())),
        ("identity, gzip", gzip(text.as_bytes())),
        ("deflate", zlib(text.as_bytes())),
        ("deflate", bare(text.as_bytes())),
    ];
    for (coding, bytes) in encoded {
        assert_eq!(whole(coding, &bytes).unwrap(), text, "{coding}");
        let bits = bytes.chunks(1).map(Bytes::copy_from_slice).collect();
        assert_eq!(read(coding, bits, 1 << 20).unwrap(), text, "{coding}");
    }
    assert_eq!(whole("br", BROTLI).unwrap(), "hello");
    let bits = BROTLI.chunks(1).map(Bytes::copy_from_slice).collect();
    assert_eq!(read("BR", bits, 9).unwrap(), "hello");
    let two = [gzip(b"one "), gzip(b"two")].concat();
    assert_eq!(whole("gzip", &two).unwrap(), "one two");
}

#[test]
fn what_describes_the_encoded_bytes_goes() {
    let mut message = response("gzip", vec![gzip(b"a").into()]);
    assert!(is_encoded(&message.headers, &message.body));
    message.decode(99).unwrap();
    assert!(!is_encoded(&message.headers, &message.body));
    assert_eq!(message.headers.len(), 1);
    assert_eq!(message.headers["etag"], "W/\"1\"");

    let mut plain = response("identity", vec![Bytes::from_static(b"a")]);
    plain.decode(99).unwrap();
    assert_eq!(plain.headers.len(), 4);
    // The answer to HEAD has no body that could be decoded.
    let mut head = response("gzip", vec![]);
    head.body = Body::empty();
    head.decode(99).unwrap();
    assert_eq!(head.headers.len(), 4);
    assert_eq!(read("gzip", vec![], 9).unwrap(), "");
}

#[test]
fn what_is_cut_off_or_broken_is_refused() {
    let text = b"text that is long enough to be cut, text that is long enough";
    for (coding, bytes) in [
        ("gzip", gzip(text)),
        ("deflate", zlib(text)),
        ("deflate", bare(text)),
        ("br", BROTLI.to_vec()),
    ] {
        for end in 1..bytes.len() {
            let error = whole(coding, bytes.get(..end).unwrap()).unwrap_err();
            let expected = EncodingError::Truncated(coding);
            assert!(
                matches!(error, BodyError::Encoded(error) if error == expected),
                "{coding}, {end} bytes"
            );
        }
        let longer = [&bytes, &b"tail"[..]].concat();
        let error = whole(coding, &longer).unwrap_err();
        assert!(
            matches!(error, BodyError::Encoded(EncodingError::Broken(name)) if name == coding),
            "{coding}"
        );
    }
    for (coding, bytes) in [
        ("gzip", &b"{\"plain\": 1}"[..]),
        ("br", b"\xff\xff\xff\xff"),
    ] {
        let error = whole(coding, bytes).unwrap_err();
        assert!(matches!(
            error,
            BodyError::Encoded(EncodingError::Broken(_))
        ));
    }
    let mut wrong = gzip(text);
    let checksum = wrong.len() - 8;
    *wrong.get_mut(checksum).unwrap() ^= 1;
    assert!(whole("gzip", &wrong).is_err());
    for coding in ["zstd", "gzip, br", "gzip, gzip", "compress", "utf-8"] {
        let error = whole(coding, b"x").unwrap_err();
        assert!(
            matches!(error, BodyError::Encoded(EncodingError::Unsupported)),
            "{coding}"
        );
    }
}

#[test]
fn bombs_are_stopped_at_the_limit() {
    // 10 MiB that decode to 10 GiB.
    let member = Bytes::from(gzip(&vec![0; 16 << 20]));
    let bomb = vec![member; 640];
    let started = Instant::now();
    let error = read("gzip", bomb, 1 << 20).unwrap_err();
    assert!(matches!(error, BodyError::TooLong { limit: 0x10_0000 }));
    assert!(started.elapsed() < Duration::from_secs(5));

    // What decodes to nothing: empty files, and empty blocks without end.
    let files = Bytes::from(gzip(b"").repeat(2_000));
    assert!(matches!(
        read("gzip", vec![files], 1 << 20).unwrap_err(),
        BodyError::Encoded(EncodingError::Broken("gzip"))
    ));
    let blocks = Bytes::from([0, 0, 0, 0xff, 0xff].repeat(10_000));
    assert!(matches!(
        read("deflate", vec![blocks; 30], 1 << 20).unwrap_err(),
        BodyError::TooLong { .. }
    ));
}
