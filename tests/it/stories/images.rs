//! Images of described repositories: what moves when, who may, what is kept.
//!
//! An instance of type `box` moves 60 MB a second and unpacks 100 MB a second; the
//! agent hears of a task after 1 s, the calls of a pull take 1 s here, create and
//! start 1 s each. A layer of 60 MB that are 100 MB on disk: 1 s to move, 1 s to
//! unpack, so a task runs 1 + 1 + 2 + 2 = 6 s after its placement.

use super::{Played, play, read};

/// One instance, repositories, services. `rest` begins with fields of `[model]`.
fn with(rest: &str) -> Played {
    play(&format!("pull_overhead = \"1s\"\n{rest}"), &[])
}

fn cluster(n: u32, agent: &str) -> String {
    format!(
        "[cluster]\navailability_zones = [\"us-east-1a\"]\ninstances = {n}\nagent = {{ {agent} }}\n\
         instance_type = {{ name = \"box\", cpu_units = 4096, memory_mib = 8192 }}\n"
    )
}

fn service(name: &str, image: &str, n: u32, more: &str) -> String {
    format!(
        "[[service]]\nname = \"{name}\"\ndesired_count = {n}\n{more}\n\
         task_definition = {{ cpu = 256, memory = 256, image = \"{image}\" }}\n"
    )
}

/// Two layers that only this image has, or one.
fn repository(name: &str, images: &str) -> String {
    format!("[[repository]]\nname = \"{name}\"\nimage = [{images}]\n")
}

const WEB: &str =
    "{ tags = ['1'], layers = [{ digest = 'web', size = '60MB', uncompressed_size = '100MB' }] }";

#[test]
fn a_pull_takes_its_calls_its_layers_and_their_unpacking() {
    let played = with(&format!(
        "horizon = \"2m\"\n{}{}{}",
        cluster(1, ""),
        repository("web", WEB),
        service("web", "web:1", 1, "")
    ));
    assert_eq!(played.times("web:1 started"), [6]);
    assert_eq!((played.record.images.n_pulls, played.record.images.bytes_moved), (1, 60_000_000));
}

/// Pulls of 60 MB each share the link: both have come after 2 s. Two tasks of one
/// image move it once, and run when the first does.
#[test]
fn pulls_of_an_instance_share_its_link_and_layers_move_once() {
    let other = "{ tags = ['1'], layers = [{ digest = 'api', size = '60MB', uncompressed_size = '100MB' }] }";
    let played = with(&format!(
        "horizon = \"2m\"\n{}{}{}{}{}",
        cluster(1, ""),
        repository("web", WEB),
        repository("api", other),
        service("web", "web:1", 2, ""),
        service("api", "api:1", 1, "")
    ));
    assert_eq!(played.times("web:1 started"), [7, 7]);
    assert_eq!(played.times("api:1 started"), [7]);
    assert_eq!(played.record.images.bytes_moved, 120_000_000);
    assert_eq!(played.record.images.bytes_wanted, 180_000_000);
}

/// The second task comes at 60 s. Whoever asks the registry takes 1 s for it;
/// `once` and `prefer-cached` do not: 60 + 1 + 2 s.
#[test]
fn what_is_there_is_asked_for_or_not() {
    for (behavior, second) in [("default", 64), ("always", 64), ("once", 63), ("prefer-cached", 63)] {
        let played = with(&format!(
            "horizon = \"2m\"\n{}{}{}[[event]]\nat = \"60s\"\nservice = \"web\"\ndesired_count = 2\n",
            cluster(1, &format!("image_pull_behavior = \"{behavior}\"")),
            repository("web", WEB),
            service("web", "web:1", 1, "")
        ));
        let started = played.times("web:1 started");
        assert_eq!(started.len(), 2, "{behavior}: {:?}", played.lines);
        assert_eq!(started[1], second, "{behavior}");
        assert_eq!(played.record.images.bytes_moved, 60_000_000, "{behavior}");
    }
}

/// At 60 s the role loses an action. `default` falls back on what is there,
/// `always` and `once` do not get to: `once` does not ask.
#[test]
fn a_denied_pull_falls_back_on_what_is_there_or_fails() {
    for (behavior, n_started, n_failed) in [("default", 2, 0), ("always", 1, 1), ("once", 2, 0)] {
        let played = with(&format!(
            "horizon = \"70s\"\n{}{}{}[[role]]\nname = \"node\"\nallow = [\"*\"]\n\
             [[event]]\nat = \"59s\"\nrole = \"node\"\ndeny = [\"ecr:BatchGetImage\"]\n\
             [[event]]\nat = \"60s\"\nservice = \"web\"\ndesired_count = 2\n",
            cluster(1, &format!("image_pull_behavior = \"{behavior}\""))
                .replace("instances = 1", "instances = 1\ninstance_role = \"node\""),
            repository("web", WEB),
            service("web", "web:1", 1, "")
        ));
        assert_eq!(played.times("web:1 started").len(), n_started, "{behavior}");
        let failures = &played.record.services[0].failures;
        assert_eq!(failures.len(), n_failed, "{behavior}: {failures:?}");
        assert!(failures.iter().all(|it| it.reason.contains("ecr:BatchGetImage")), "{failures:?}");
    }
}

/// The tag moves at 60 s, another task comes at 120 s. The deployment keeps the
/// digest that its first task found; a stand-alone look at the tag would find the
/// new image, which `force_new_deployment` does.
#[test]
fn a_tag_is_resolved_once_for_a_deployment() {
    let images = "{ tags = ['1'], layers = [{ digest = 'old', size = '60MB', uncompressed_size = '100MB' }] }, \
                  { tags = ['1'], at = '60s', layers = [{ digest = 'new', size = '30MB', uncompressed_size = '50MB' }] }";
    let experiment = |change: &str| {
        format!(
            "horizon = \"5m\"\n{}{}{}{change}",
            cluster(2, ""),
            repository("web", images),
            service("web", "web:1", 1, "placement_constraints = [{ type = \"distinctInstance\" }]")
        )
    };
    let scaled = with(&experiment("[[event]]\nat = \"120s\"\nservice = \"web\"\ndesired_count = 2\n"));
    assert_eq!(scaled.record.images.bytes_moved, 120_000_000, "the old one on both instances");
    let release = "release = [{ at = \"120s\", force_new_deployment = true }]\nname = \"web\"";
    let forced = with(&experiment("").replace("name = \"web\"\ndesired", &format!("{release}\ndesired")));
    assert_eq!(forced.record.images.bytes_moved, 90_000_000, "and the new one");
    // Nobody asks for a tag that an instance has: the old image is used again.
    let stale = experiment("")
        .replace("name = \"web\"\ndesired", &format!("{release}\ndesired"))
        .replace("agent = {  }", "agent = { image_pull_behavior = \"prefer-cached\" }")
        .replace("instances = 2", "instances = 1")
        .replace("placement_constraints = [{ type = \"distinctInstance\" }]", "");
    assert_eq!(with(&stale).record.images.bytes_moved, 60_000_000, "prefer-cached");
}

/// 20 GiB of root volume less 6 GiB: 15.03 GB. An image of 6 GB takes 15 GB, the next
/// does not fit. Nothing of it is kept: each attempt begins anew.
#[test]
fn a_disk_that_is_full_fails_the_pull_and_keeps_nothing() {
    let big = |name: &str, mb: u32, unpacked: u32| {
        let layer = format!("digest = '{name}', size = '{mb}MB', uncompressed_size = '{unpacked}MB'");
        repository(name, &format!("{{ tags = ['1'], layers = [{{ {layer} }}] }}"))
    };
    let experiment = |more: &str| {
        format!(
            "horizon = \"20m\"\n{}{}{}{}{more}[bill]\nroot_volume_gib = 20\n",
            cluster(1, ""),
            big("first", 6000, 15_000),
            big("second", 60, 100),
            service("first", "first:1", 1, ""),
        )
    };
    assert_eq!(with(&experiment("")).times("first:1 started"), [1 + 1 + 100 + 150 + 2]);
    let played = with(&experiment(&service("second", "second:1", 1, "")));
    let failures = &played.record.services[1].failures;
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0].reason.contains("no space left on device"), "{failures:?}");
    assert!(failures[0].n_tasks > 3, "again and again: {failures:?}");
    assert_eq!(played.times("second:1 started"), [0; 0]);
    assert_eq!(played.record.images.n_refused, failures[0].n_tasks);
}

/// Stopped at 60 s, its containers are removed at 120 s; the agent looks every ten
/// minutes and finds an image older than a minute that nobody uses: at 900 s it
/// moves again.
#[test]
fn an_image_that_nobody_uses_is_cleaned_up() {
    let agent = "image_cleanup_interval = \"10m\", image_minimum_cleanup_age = \"1m\", \
                 engine_task_cleanup_wait_duration = \"1m\"";
    let events = "[[event]]\nat = \"60s\"\nservice = \"web\"\ndesired_count = 0\n\
                  [[event]]\nat = \"900s\"\nservice = \"web\"\ndesired_count = 1\n";
    for (more, n_moved, n_removed) in [
        ("", 2, 1),
        (", disable_image_cleanup = true", 1, 0),
        (", image_pull_behavior = \"prefer-cached\"", 1, 0),
    ] {
        let played = with(&format!(
            "horizon = \"20m\"\n{}{}{}{events}",
            cluster(1, &format!("{agent}{more}")),
            repository("web", WEB),
            service("web", "web:1", 1, "")
        ));
        let images = &played.record.images;
        assert_eq!((images.bytes_moved, images.n_cleaned_up), (n_moved * 60_000_000, n_removed), "{more}");
    }
}

/// An index for x86 alone, on an instance of Arm; the other way round it runs.
#[test]
fn an_index_without_the_platform_is_no_match() {
    let of = |architecture: &str, digest: &str| {
        format!(
            "{{ cpu_architecture = '{architecture}', layers = [{{ digest = '{digest}', size = '60MB', uncompressed_size = '100MB' }}] }}"
        )
    };
    let experiment = |platforms: &str| {
        format!(
            "horizon = \"60s\"\n[cluster]\navailability_zones = [\"us-east-1a\"]\ninstances = 1\n\
             instance_type = \"m6g.large\"\n{}{}",
            repository("web", &format!("{{ tags = ['1'], platform = [{platforms}] }}")),
            service("web", "web:1", 1, "")
        )
    };
    let both = with(&experiment(&format!("{}, {}", of("X86_64", "a"), of("ARM64", "b"))));
    assert_eq!(both.times("web:1 started"), [6]);
    let windows = "{ operating_system_family = 'WINDOWS', layers = [{ digest = 'w', size = '1MB' }] }";
    let none = with(&experiment(&format!("{}, {windows}", of("X86_64", "a"))));
    assert!(none.record.services[0].failures[0].reason.contains("no matching manifest for linux/arm64"));
    assert_eq!(none.times("web:1 started"), [0; 0]);
}

/// The first pull asks the upstream, which takes 2 s more, and needs two more
/// actions; the second task finds it in the cache.
#[test]
fn a_cache_fetches_once_and_needs_leave_for_it() {
    let repository = "[[repository]]\nname = \"hub/web\"\nupstream = \"registry-1.docker.io\"\nimage = ["
        .to_owned()
        + WEB
        + "]\n";
    let experiment = |role: &str| {
        let named = if role.is_empty() { "" } else { "\ninstance_role = \"node\"" };
        format!(
            "horizon = \"2m\"\n{}{repository}{}{role}[[event]]\nat = \"60s\"\nservice = \"web\"\ndesired_count = 2\n",
            cluster(2, "").replace("instances = 2", &format!("instances = 2{named}")),
            service("web", "hub/web:1", 1, "placement_constraints = [{ type = \"distinctInstance\" }]"),
        )
    };
    let played = with(&experiment(""));
    assert_eq!(played.times("web:1 started"), [8, 66]);
    assert_eq!(played.record.images.repositories[0].bytes_at_end, 60_000_000);
    let role = "[[role]]\nname = \"node\"\nallow = [\"ecr:GetAuthorizationToken\", \"ecr:BatchGetImage\", \
                \"ecr:GetDownloadUrlForLayer\", \"ecr:BatchCheckLayerAvailability\"]\n";
    let denied = with(&experiment(role));
    assert!(denied.record.services[0].failures[0].reason.contains("ecr:BatchImportUpstreamImage"));
    assert_eq!(denied.record.images.repositories[0].bytes_at_end, 0);
}

/// A token that was written at boot is good for twelve hours.
#[test]
fn a_token_of_the_boot_expires() {
    let played = with(&format!(
        "horizon = \"13h\"\n{}{}{}[[event]]\nat = \"11h59m\"\nservice = \"web\"\ndesired_count = 2\n\
         [[event]]\nat = \"12h\"\nservice = \"web\"\ndesired_count = 3\n",
        cluster(1, "registry_auth_at_boot = true, image_pull_behavior = \"always\""),
        repository("web", WEB),
        service("web", "web:1", 1, "")
    ));
    assert_eq!(played.times("web:1 started").len(), 2);
    let failures = &played.record.services[0].failures;
    assert!(failures[0].reason.contains("authorization token has expired"), "{failures:?}");
}

/// A hundred tasks of an image of sixty layers come at once: 6,000 calls where 3,000
/// a second may be made.
#[test]
fn the_quotas_of_the_registry_hold_starts_back() {
    let layers: Vec<String> = (0..60).map(|it| format!("{{ digest = 'l{it}', size = '1MB' }}")).collect();
    let record = |quotas: &str| {
        let experiment = format!(
            "quotas = \"{quotas}\"\nhorizon = \"10m\"\n[cluster]\navailability_zones = [\"us-east-1a\"]\n{}\
             [[service]]\nname = \"web\"\ndesired_count = 100\nlaunch_type = \"FARGATE\"\n\
             task_definition = {{ cpu = 256, memory = 512, image = \"web:1\", network_mode = \"awsvpc\" }}\n",
            repository("web", &format!("{{ tags = ['1'], layers = [{}] }}", layers.join(", ")))
        );
        let experiment = read(&experiment, &[]).unwrap();
        let run = experiment.runs().next().unwrap();
        let planned = &experiment.settings[run.setting];
        let seed = experiment.seed_of(run);
        let workload = experiment.inputs.workload(&experiment.workloads[planned.workload], seed);
        berthlab::sim::run(&planned.setup, &workload, seed)
    };
    let (free, held) = (record("off"), record("documented"));
    assert_eq!((free.images.n_throttled, free.images.n_pulled_tasks), (0, 100));
    assert_eq!(held.images.n_pulled_tasks, 100);
    assert!(held.images.n_throttled >= 3000, "{}", held.images.n_throttled);
    assert!(held.images.pull_ms > free.images.pull_ms, "{} {}", held.images.pull_ms, free.images.pull_ms);
}

/// The instance is lost while its image is on the way: nobody waits for it.
#[test]
fn a_pull_ends_with_its_instance() {
    let images = "{ tags = ['1'], layers = [{ digest = 'web', size = '6000MB' }] }";
    let played = with(&format!(
        "horizon = \"10m\"\n{}{}{}[[disruption]]\nkind = \"zone_outage\"\n\
         availability_zone = \"us-east-1a\"\nwindows = [{{ from = \"30s\", to = \"5m\" }}]\n",
        cluster(1, ""),
        repository("web", images),
        service("web", "web:1", 1, "")
    ));
    // It began at 2.5 s: 27.5 s at 60 MB/s, and later again from the begin.
    assert_eq!(played.record.images.bytes_moved % 1_000_000, 0, "{}", played.record.images.bytes_moved);
    assert!(played.record.images.bytes_moved >= 1_650_000_000, "{}", played.record.images.bytes_moved);
}

#[test]
fn images_that_cannot_be_are_told_with_their_code() {
    let cases = [
        (
            "image = [{ tags = ['1'], layers = [{ digest = 'a', size = '1MB' }, { digest = 'a', size = '2MB' }] }]",
            "B0856",
        ),
        (
            "image = [{ tags = ['1'], with_release = true, layers = [{ digest = 'a', size = '1MB' }] }]",
            "B0854",
        ),
        ("image = [{ tags = ['1'], layers = { table = 'layers.csv', image = 'python:9' } }]", "B0855"),
        (
            "image = [{ tags = ['1'], manifest = 'manifest.json', digest = 'sha256:0000000000000000000000000000000000000000000000000000000000000000' }]",
            "B0842",
        ),
        ("image = [{ tags = ['1'], manifest = 'index.json' }]", "B0843"),
        ("image = [{ tags = ['1'], manifest = 'empty.json' }]", "B0841"),
        (
            "image_tag_mutability = 'IMMUTABLE'\nimage = [{ tags = ['1'], age = '2d', layers = [{ digest = 'a', size = '1MB' }] }, { tags = ['1'], age = '1d', layers = [{ digest = 'b', size = '1MB' }] }]",
            "B0857",
        ),
    ];
    let files = [
        ("layers.csv", "image,tag,layer,compressed_bytes\npython,3,a,5\n"),
        ("manifest.json", r#"{"schemaVersion": 2, "layers": [{"digest": "sha256:a", "size": 5}]}"#),
        (
            "index.json",
            r#"{"schemaVersion": 2, "manifests": [{"digest": "sha256:a", "platform": {"architecture": "amd64", "os": "linux"}}]}"#,
        ),
        ("empty.json", r#"{"schemaVersion": 2, "layers": []}"#),
    ];
    for (repository, code) in cases {
        let experiment = format!(
            "horizon = \"1m\"\n{}[[repository]]\nname = \"web\"\n{repository}\n{}",
            cluster(1, ""),
            service("web", "web:1", 1, "")
        );
        let found = read(&experiment, &files).err().unwrap_or_default();
        assert_eq!(found.iter().map(|it| it.code).collect::<Vec<_>>(), [code], "{repository}: {found:#?}");
    }
}

/// A typing error in a tag is found before a run; what is pushed later is there.
#[test]
fn a_tag_that_is_never_pushed_is_found_before_a_run() {
    let images = "{ tags = ['1.20'], layers = [{ digest = 'a', size = '1MB' }] }, \
                  { tags = ['1.21'], at = '5m', layers = [{ digest = 'b', size = '1MB' }] }";
    let found = |image: &str| {
        let experiment = format!(
            "horizon = \"10m\"\n{}{}{}",
            cluster(1, ""),
            repository("web", images),
            service("web", image, 1, "")
        );
        let found = berthlab::lint::lint(&read(&experiment, &[]).unwrap());
        found.iter().map(|it| (it.code(), format!("{:?}", it.diagnostic()))).collect::<Vec<_>>()
    };
    assert_eq!(found("web:1.20"), []);
    assert_eq!(found("web:1.21"), []);
    assert_eq!(found("other:1.2"), [], "a repository that nobody describes");
    let typo = found("web:1.12");
    assert_eq!((typo.len(), typo[0].0), (1, "B0728"), "{typo:?}");
    assert!(typo[0].1.contains("tag `1.12` is never pushed to repository `web`"), "{typo:?}");
    assert!(typo[0].1.contains("did you mean `1.2"), "{typo:?}");
    assert_eq!(found("web@sha256:00")[0].0, "B0728");
}
