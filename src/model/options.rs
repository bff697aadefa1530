//! Every model choice that a run can make: where the documentation of ECS is
//! silent or contradicts itself, the choice has a name, a default and a source.
//! An experiment sets them under `[model]`.

use crate::base::SimDuration;
use crate::model::registry_options::RegistryOptions;

/// The choices of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelOptions {
    /// Whether a stopping task still counts towards the maximum percent.
    pub upper_counts_stopping: bool,
    /// Whether a rolling update stops or starts first where it could do both.
    pub order: RolloutOrder,
    /// Whether an unhealthy task is replaced before or after it is stopped.
    pub unhealthy_replacement: UnhealthyReplacement,
    /// How long a task without any check runs before it counts as healthy.
    pub no_check_settle: SimDuration,
    /// How soon a service asks again after it found no room.
    pub capacity_retry: SimDuration,
    /// What decides among instances that a chain of strategies leaves equal.
    pub tie_break: TieBreak,
    /// How the instance of a task is found; the outcome is the same.
    pub placement_index: IndexUse,
    /// Whether the quotas of an account hold.
    pub quotas: Quotas,
    /// Whether a task on its way out already gives its room back.
    pub release_on_desired_stopped: bool,
    /// How long the agent takes to hear of a task.
    pub agent_poll: SimDuration,
    /// How long the pull of an image takes whose repository is not described.
    pub image_pull: SimDuration,
    /// How images of described repositories are pulled and kept.
    pub registry: RegistryOptions,
    /// How long creating the containers takes.
    pub container_create: SimDuration,
    /// How long starting the containers takes.
    pub container_start: SimDuration,
    /// How long a container takes to exit once it is told to.
    pub exit_time: SimDuration,
    /// From the stop signal to the kill, for containers that do not say.
    pub default_stop_timeout: SimDuration,
    /// How long an instance takes to attach a task's network interface.
    pub eni_attach: SimDuration,
    /// How long a task's network interface takes to go.
    pub eni_detach: SimDuration,
    /// From the placement of a Fargate task to its machine, interface included.
    pub fargate_provision: SimDuration,
    /// How long reading all secrets, parameters and files of a task takes.
    pub secrets_read: SimDuration,
    /// How long a start that may not read, or does not find, tries.
    pub resource_init_timeout: SimDuration,
    /// What a log configuration without `mode` means.
    pub log_driver_mode: LogDriverMode,
    /// From RUNNING until a task is a target of its load balancer.
    pub target_register: SimDuration,
    /// From registration to the first check of a target.
    pub first_check_delay: FirstCheckDelay,
    /// Whether a target drains as long as it may.
    pub drain_full_delay: bool,
    /// First pause of a service whose tasks do not start, doubled each time.
    pub backoff_base: SimDuration,
    /// Longest pause of such a service.
    pub backoff_cap: SimDuration,
    /// How often a re-placement of all tasks is looked at; zero for never.
    pub replacement_period: SimDuration,
    /// From launch to taking tasks.
    pub instance_boot: SimDuration,
    /// From the loss of an instance to its tasks being counted as stopped.
    pub instance_loss_detection: SimDuration,
    /// From the end of a metric's period until a scaling policy sees the point.
    pub metric_delay: SimDuration,
    /// The same of periods below a minute.
    pub high_resolution_metric_delay: SimDuration,
    /// Below this part of its target, in thousandths, a metric is low.
    pub low_factor: u32,
}

/// Which comes first in a rolling update.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RolloutOrder {
    /// Stop what the minimum allows, then start.
    StopFirst,
    /// Start what the maximum allows, then stop.
    StartFirst,
}

/// Which comes first where a task was found unhealthy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnhealthyReplacement {
    /// Its replacement is started, and it goes when that is healthy.
    StartFirst,
    /// It is stopped at once.
    StopFirst,
}

/// The last link of every chain of strategies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TieBreak {
    /// The first in an order of all instances drawn for the task.
    Random,
    /// The instance launched first.
    LowestId,
}

/// How the placer finds the instance that it decides on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IndexUse {
    /// By an index of the instances, and by what is known of those that did not
    /// change.
    On,
    /// By a look at every instance, or task.
    Off,
    /// By both; a run stops where they differ.
    Checked,
}

/// What becomes of a container while its output cannot be delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogDriverMode {
    /// Output is dropped, the container goes on.
    NonBlocking,
    /// The container waits.
    Blocking,
}

/// When a new target is checked for the first time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FirstCheckDelay {
    /// At any moment of the first interval, drawn for the task.
    Random,
    /// At once.
    Zero,
}

/// Whether the quotas of an account hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quotas {
    /// The defaults of the service quotas page.
    Documented,
    /// None.
    Off,
}

/// Tasks of a cluster in PROVISIONING at once (General Reference, ecs-service).
pub const PROVISIONING_TASKS_MAX: u32 = 500;
/// Container instances of a cluster (the same).
pub const INSTANCES_MAX: u32 = 5000;
/// Tasks of one RunTask call (API RunTask).
pub const RUN_TASK_COUNT_MAX: u32 = 10;

impl ModelOptions {
    /// From placement to running.
    pub fn start_delay(&self) -> SimDuration {
        self.agent_poll + self.image_pull + self.container_create + self.container_start
    }

    /// Everything at zero length and without chance: tasks start, become
    /// healthy and stop within the moment, as worked examples assume.
    pub fn instant() -> Self {
        Self {
            tie_break: TieBreak::LowestId,
            no_check_settle: SimDuration::ZERO,
            agent_poll: SimDuration::ZERO,
            image_pull: SimDuration::ZERO,
            registry: RegistryOptions {
                pull_overhead: SimDuration::ZERO,
                upstream_latency: SimDuration::ZERO,
                ..RegistryOptions::default()
            },
            container_create: SimDuration::ZERO,
            container_start: SimDuration::ZERO,
            exit_time: SimDuration::ZERO,
            eni_attach: SimDuration::ZERO,
            eni_detach: SimDuration::ZERO,
            fargate_provision: SimDuration::ZERO,
            secrets_read: SimDuration::ZERO,
            resource_init_timeout: SimDuration::ZERO,
            target_register: SimDuration::ZERO,
            first_check_delay: FirstCheckDelay::Zero,
            drain_full_delay: false,
            instance_boot: SimDuration::ZERO,
            metric_delay: SimDuration::ZERO,
            high_resolution_metric_delay: SimDuration::ZERO,
            ..Self::default()
        }
    }
}

impl Default for ModelOptions {
    fn default() -> Self {
        Self {
            upper_counts_stopping: true,
            order: RolloutOrder::StopFirst,
            unhealthy_replacement: UnhealthyReplacement::StartFirst,
            no_check_settle: SimDuration::from_secs(40),
            capacity_retry: SimDuration::from_secs(15),
            tie_break: TieBreak::Random,
            placement_index: IndexUse::On,
            quotas: Quotas::Documented,
            release_on_desired_stopped: false,
            agent_poll: SimDuration::from_secs(1),
            image_pull: SimDuration::from_secs(10),
            registry: RegistryOptions::default(),
            container_create: SimDuration::from_secs(1),
            container_start: SimDuration::from_secs(1),
            exit_time: SimDuration::from_secs(1),
            default_stop_timeout: SimDuration::from_secs(30),
            eni_attach: SimDuration::from_secs(10),
            eni_detach: SimDuration::from_secs(5),
            fargate_provision: SimDuration::from_secs(15),
            secrets_read: SimDuration::from_secs(1),
            resource_init_timeout: SimDuration::from_secs(5),
            log_driver_mode: LogDriverMode::NonBlocking,
            target_register: SimDuration::from_secs(5),
            first_check_delay: FirstCheckDelay::Random,
            drain_full_delay: true,
            backoff_base: SimDuration::from_secs(10),
            backoff_cap: SimDuration::from_secs(27 * 60),
            replacement_period: SimDuration::from_secs(3600),
            instance_boot: SimDuration::from_secs(90),
            instance_loss_detection: SimDuration::from_secs(60),
            metric_delay: SimDuration::from_secs(150),
            high_resolution_metric_delay: SimDuration::from_secs(15),
            low_factor: 900,
        }
    }
}

/// One choice as a user sees it.
pub struct OptionEntry {
    /// Its name under `[model]`.
    pub name: &'static str,
    /// One line of help, with the source of the default.
    pub summary: &'static str,
    /// The default, as a user would write it.
    pub default: &'static str,
    /// What it takes, and where it goes.
    pub kind: OptionKind,
}

/// What an option takes.
pub enum OptionKind {
    /// `true` or `false`.
    Flag(fn(&mut ModelOptions, bool)),
    /// A duration, or a number of seconds.
    Duration(fn(&mut ModelOptions, SimDuration)),
    /// One of these words, by position.
    Word(&'static [&'static str], fn(&mut ModelOptions, usize)),
    /// A number above 0 and at most 1, in thousandths.
    Share(fn(&mut ModelOptions, u32)),
    /// A number above 0 and at most 1000, in thousandths.
    Ratio(fn(&mut ModelOptions, u32)),
    /// A number of bytes, such as `60MB`; at least one.
    Bytes(fn(&mut ModelOptions, u64)),
    /// The same, or `unlimited`.
    BytesOrUnlimited(fn(&mut ModelOptions, Option<u64>)),
}

/// Every choice, in the order of the semantics it belongs to.
pub const OPTIONS: &[OptionEntry] = &[
    OptionEntry {
        name: "upper_counts_stopping",
        summary: "a stopping task still counts towards maximum_percent (guide: draining waits until tasks have stopped)",
        default: "true",
        kind: OptionKind::Flag(|options, value| options.upper_counts_stopping = value),
    },
    OptionEntry {
        name: "order",
        summary: "what a rolling update does first where it could do both (guide: two worked examples stop first)",
        default: "\"stop_first\"",
        kind: OptionKind::Word(&["stop_first", "start_first"], |options, idx| {
            options.order = [RolloutOrder::StopFirst, RolloutOrder::StartFirst][idx];
        }),
    },
    OptionEntry {
        name: "unhealthy_replacement",
        summary: "whether an unhealthy task is replaced before it is stopped (guide since 2023-10; the API page says stop first)",
        default: "\"start_first\"",
        kind: OptionKind::Word(&["start_first", "stop_first"], |options, idx| {
            options.unhealthy_replacement =
                [UnhealthyReplacement::StartFirst, UnhealthyReplacement::StopFirst][idx];
        }),
    },
    OptionEntry {
        name: "no_check_settle_seconds",
        summary: "how long a task without checks runs before it counts as healthy (API DeploymentConfiguration: 40 s)",
        default: "40",
        kind: OptionKind::Duration(|options, value| options.no_check_settle = value),
    },
    OptionEntry {
        name: "capacity_retry",
        summary: "how soon a service asks again after it found no room",
        default: "\"15s\"",
        kind: OptionKind::Duration(|options, value| options.capacity_retry = value),
    },
    OptionEntry {
        name: "tie_break",
        summary: "what decides among instances that a chain of strategies leaves equal",
        default: "\"random\"",
        kind: OptionKind::Word(&["random", "lowest_id"], |options, idx| {
            options.tie_break = [TieBreak::Random, TieBreak::LowestId][idx];
        }),
    },
    OptionEntry {
        name: "placement_index",
        summary: "whether where tasks go, why one goes nowhere and whom a service stops are found by an index, by a look at each instance and task, or by both, which stops a run where they differ; results are the same bytes",
        default: "\"on\"",
        kind: OptionKind::Word(&["on", "off", "checked"], |options, idx| {
            options.placement_index = [IndexUse::On, IndexUse::Off, IndexUse::Checked][idx];
        }),
    },
    OptionEntry {
        name: "quotas",
        summary: "whether an account's default quotas hold: 500 waiting tasks and 5,000 instances a cluster",
        default: "\"documented\"",
        kind: OptionKind::Word(&["documented", "off"], |options, idx| {
            options.quotas = [Quotas::Documented, Quotas::Off][idx];
        }),
    },
    OptionEntry {
        name: "release_on_desired_stopped",
        summary: "a task gives its room back when it is asked to stop, not when it has stopped",
        default: "false",
        kind: OptionKind::Flag(|options, value| options.release_on_desired_stopped = value),
    },
    OptionEntry {
        name: "agent_poll",
        summary: "from placement until the agent has heard of a task",
        default: "\"1s\"",
        kind: OptionKind::Duration(|options, value| options.agent_poll = value),
    },
    OptionEntry {
        name: "image_pull",
        summary: "how long the pull of an image takes whose `[[repository]]` is not described",
        default: "\"10s\"",
        kind: OptionKind::Duration(|options, value| options.image_pull = value),
    },
    OptionEntry {
        name: "pull_bandwidth",
        summary: "what an instance downloads a second, all its pulls together; less where its type's network is slower",
        default: "\"60MB\"",
        kind: OptionKind::Bytes(|options, value| options.registry.pull_bandwidth = value),
    },
    OptionEntry {
        name: "fargate_pull_bandwidth",
        summary: "what a task on Fargate downloads a second",
        default: "\"60MB\"",
        kind: OptionKind::Bytes(|options, value| options.registry.fargate_pull_bandwidth = value),
    },
    OptionEntry {
        name: "unpack_rate",
        summary: "what a pull unpacks a second, counted uncompressed; the layers of an image one after the other",
        default: "\"100MB\"",
        kind: OptionKind::Bytes(|options, value| options.registry.unpack_rate = value),
    },
    OptionEntry {
        name: "fargate_unpack_rate",
        summary: "the same on Fargate with one vCPU or less; larger tasks in proportion, at most unpack_rate (a larger task unpacks faster: guide, pull-behavior; 900 MB take some 70 s: aws/containers-roadmap 696)",
        default: "\"40MB\"",
        kind: OptionKind::Bytes(|options, value| options.registry.fargate_unpack_rate = value),
    },
    OptionEntry {
        name: "registry_bandwidth",
        summary: "what the registry gives a second to all pulls together; \"unlimited\" for no bound",
        default: "\"unlimited\"",
        kind: OptionKind::BytesOrUnlimited(|options, value| options.registry.registry_bandwidth = value),
    },
    OptionEntry {
        name: "pull_overhead",
        summary: "what each pull takes beside moving and unpacking layers",
        default: "\"1.5s\"",
        kind: OptionKind::Duration(|options, value| options.registry.pull_overhead = value),
    },
    OptionEntry {
        name: "uncompressed_ratio",
        summary: "uncompressed by compressed bytes of layers that give only one",
        default: "2.5",
        kind: OptionKind::Ratio(|options, value| options.registry.uncompressed_ratio = value),
    },
    OptionEntry {
        name: "lazy_load_share",
        summary: "what part of an image is there before containers start where all images of a Fargate task are loaded lazily (Slacker, FAST 2016: 6.4 % of the data is read at start)",
        default: "0.064",
        kind: OptionKind::Share(|options, value| options.registry.lazy_load_share = value),
    },
    OptionEntry {
        name: "image_disk_reserved",
        summary: "what of an instance's root volume images cannot have",
        default: "\"6GiB\"",
        kind: OptionKind::Bytes(|options, value| options.registry.image_disk_reserved = value),
    },
    OptionEntry {
        name: "upstream_latency",
        summary: "what a pull through a cache waits for the upstream registry, where it has to ask there",
        default: "\"2s\"",
        kind: OptionKind::Duration(|options, value| options.registry.upstream_latency = value),
    },
    OptionEntry {
        name: "lifecycle_policy_run_at",
        summary: "when lifecycle policies are carried out each day, since midnight, UTC (user guide, LifecyclePolicies: within 24 hours)",
        default: "\"0s\"",
        kind: OptionKind::Duration(|options, value| options.registry.lifecycle_policy_run_at = value),
    },
    OptionEntry {
        name: "container_create",
        summary: "how long creating the containers takes",
        default: "\"1s\"",
        kind: OptionKind::Duration(|options, value| options.container_create = value),
    },
    OptionEntry {
        name: "container_start",
        summary: "how long starting the containers takes",
        default: "\"1s\"",
        kind: OptionKind::Duration(|options, value| options.container_start = value),
    },
    OptionEntry {
        name: "exit_time",
        summary: "how long a container takes to exit after the stop signal",
        default: "\"1s\"",
        kind: OptionKind::Duration(|options, value| options.exit_time = value),
    },
    OptionEntry {
        name: "default_stop_timeout",
        summary: "from the stop signal to the kill, for containers without stopTimeout (API ContainerDefinition: 30 s)",
        default: "\"30s\"",
        kind: OptionKind::Duration(|options, value| options.default_stop_timeout = value),
    },
    OptionEntry {
        name: "eni_attach",
        summary: "how long a task of network mode awsvpc waits for its network interface on an instance",
        default: "\"10s\"",
        kind: OptionKind::Duration(|options, value| options.eni_attach = value),
    },
    OptionEntry {
        name: "eni_detach",
        summary: "how long the network interface of a stopped task takes to go",
        default: "\"5s\"",
        kind: OptionKind::Duration(|options, value| options.eni_detach = value),
    },
    OptionEntry {
        name: "fargate_provision",
        summary: "how long a Fargate task waits for its machine, network interface included",
        default: "\"15s\"",
        kind: OptionKind::Duration(|options, value| options.fargate_provision = value),
    },
    OptionEntry {
        name: "secrets_read",
        summary: "how long all secrets, parameters and environment files of a task take to be read, together",
        default: "\"1s\"",
        kind: OptionKind::Duration(|options, value| options.secrets_read = value),
    },
    OptionEntry {
        name: "resource_init_timeout",
        summary: "how long a start that is denied a call, or misses what it reads, tries before it fails",
        default: "\"5s\"",
        kind: OptionKind::Duration(|options, value| options.resource_init_timeout = value),
    },
    OptionEntry {
        name: "log_driver_mode",
        summary: "whether a container waits while its output cannot be delivered, where its log configuration has no mode (guide, ecs-account-settings: non-blocking since June 2025)",
        default: "\"non-blocking\"",
        kind: OptionKind::Word(&["non-blocking", "blocking"], |options, idx| {
            options.log_driver_mode = [LogDriverMode::NonBlocking, LogDriverMode::Blocking][idx];
        }),
    },
    OptionEntry {
        name: "target_register",
        summary: "from RUNNING until a task is a target of its load balancer",
        default: "\"5s\"",
        kind: OptionKind::Duration(|options, value| options.target_register = value),
    },
    OptionEntry {
        name: "first_check_delay",
        summary: "when a new target is checked first: at a random moment of the first interval, or at once",
        default: "\"random\"",
        kind: OptionKind::Word(&["random", "zero"], |options, idx| {
            options.first_check_delay = [FirstCheckDelay::Random, FirstCheckDelay::Zero][idx];
        }),
    },
    OptionEntry {
        name: "drain_full_delay",
        summary: "a target drains for its whole deregistration delay, as with open connections; false: not at all",
        default: "true",
        kind: OptionKind::Flag(|options, value| options.drain_full_delay = value),
    },
    OptionEntry {
        name: "backoff_base",
        summary: "after three failed starts in a row: the first pause of a service, doubled each time",
        default: "\"10s\"",
        kind: OptionKind::Duration(|options, value| options.backoff_base = value),
    },
    OptionEntry {
        name: "backoff_cap",
        summary: "the longest pause of a service whose tasks do not start (guide: 27 minutes)",
        default: "\"27m\"",
        kind: OptionKind::Duration(|options, value| options.backoff_cap = value),
    },
    OptionEntry {
        name: "instance_boot",
        summary: "from launch to taking tasks; billed in full",
        default: "\"90s\"",
        kind: OptionKind::Duration(|options, value| options.instance_boot = value),
    },
    OptionEntry {
        name: "replacement_period",
        summary: "how often it is asked what moving tasks would free, a minute at least; zero for never (analysis only: nothing moves)",
        default: "\"1h\"",
        kind: OptionKind::Duration(|options, value| options.replacement_period = value),
    },
    OptionEntry {
        name: "instance_loss_detection",
        summary: "from the loss of an instance until its tasks count as stopped",
        default: "\"60s\"",
        kind: OptionKind::Duration(|options, value| options.instance_loss_detection = value),
    },
    OptionEntry {
        name: "metric_delay",
        summary: "from the end of a metric's period until a scaling policy sees it (with 3 points of 60 s it comes to the published 363 s from load to scale-out)",
        default: "\"150s\"",
        kind: OptionKind::Duration(|options, value| options.metric_delay = value),
    },
    OptionEntry {
        name: "high_resolution_metric_delay",
        summary: "the same of metrics of less than a minute (with 3 points of 20 s it comes to the published 86 s)",
        default: "\"15s\"",
        kind: OptionKind::Duration(|options, value| options.high_resolution_metric_delay = value),
    },
    OptionEntry {
        name: "low_factor",
        summary: "a target tracking policy scales in below this part of its target",
        default: "0.9",
        kind: OptionKind::Share(|options, value| options.low_factor = value),
    },
];
