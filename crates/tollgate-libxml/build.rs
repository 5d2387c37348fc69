//! Builds the shim over the system's libxml2 and libxslt.

fn main() {
    println!("cargo::rerun-if-changed=src/shim.c");
    #[cfg(feature = "system")]
    system();
}

#[cfg(feature = "system")]
fn system() {
    let mut shim = cc::Build::new();
    shim.file("src/shim.c")
        .std("gnu11")
        // Each call of libxml2 is a deprecated one in some version of it.
        .flag_if_supported("-Wno-deprecated-declarations");
    // The shim comes before the libraries that it calls, for linkers that read from left to right.
    let mut found = Vec::new();
    for (name, version) in [("libxslt", "1.1.35"), ("libxml-2.0", "2.9.14")] {
        let library = pkg_config::Config::new()
            .atleast_version(version)
            .cargo_metadata(false)
            .probe(name);
        match library {
            Ok(library) => found.push(library),
            Err(error) => {
                println!(
                    "cargo::error=the feature `xml` needs {name} {version} or newer (Debian: apt-get install libxml2-dev \
                     libxslt1-dev pkg-config): {error}"
                );
                return;
            }
        }
    }
    for library in &found {
        shim.includes(&library.include_paths);
    }
    shim.compile("tollgate_libxml_shim");
    for library in &found {
        for path in &library.link_paths {
            println!("cargo::rustc-link-search=native={}", path.display());
        }
        for name in &library.libs {
            println!("cargo::rustc-link-lib={name}");
        }
    }
}
