//! What stands behind a task definition beyond its needs: the containers of a
//! task, what each must read before it starts, and what the workload says they
//! do once they run (semantics 2.4 to 2.6, 3.5). Nothing here changes during a
//! run; `containers::life` makes of it how the life of every task goes.

use crate::base::SimDuration;
use crate::model::network::Protocol;

/// Everything about the containers of one revision.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Blueprint {
    /// In the order of the document; one to ten.
    pub containers: Vec<Container>,
    /// How its containers reach the network.
    pub network_mode: NetworkMode,
    /// The role of the code in the containers: a name or an ARN.
    pub task_role: Option<String>,
    /// The role that starts the task: a name or an ARN.
    pub execution_role: Option<String>,
    /// GiB of ephemeral storage on Fargate; 20 are given.
    pub ephemeral_gib: u32,
    /// What is asked of the machine's platform.
    pub platform: Platform,
    /// Storage that outlives a container.
    pub volumes: Vec<Volume>,
    /// Attributes that an instance must have (`requiresAttributes`).
    pub required_attributes: Vec<String>,
}

impl Blueprint {
    /// One essential container `app` that runs for ever, in bridge mode.
    pub fn plain() -> Self {
        Self {
            containers: vec![Container::plain("app")],
            network_mode: NetworkMode::Bridge,
            task_role: None,
            execution_role: None,
            ephemeral_gib: EPHEMERAL_GIB,
            platform: Platform::default(),
            volumes: Vec::new(),
            required_attributes: Vec::new(),
        }
    }
}

/// Ephemeral storage of a Fargate task that asks for none (API
/// EphemeralStorage).
pub const EPHEMERAL_GIB: u32 = 20;

/// How a task's containers reach the network (API networkMode).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NetworkMode {
    /// Through the instance, by mapped ports. The default on Linux.
    Bridge,
    /// As the instance itself.
    Host,
    /// By a network interface of their own.
    Awsvpc,
    /// Not at all.
    None,
}

/// What is asked of the machine's platform (API RuntimePlatform).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Platform {
    /// ARM64, not X86_64.
    pub is_arm: bool,
    /// Windows, not Linux.
    pub is_windows: bool,
}

/// One container of a task.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Container {
    /// Its name in the task.
    pub name: String,
    /// Its image, as written; empty if nobody says.
    pub image: String,
    /// Whether its tag is resolved to a digest once for all tasks of a deployment
    /// (API versionConsistency).
    pub resolves_digest: bool,
    /// Whether its end is the task's end.
    pub is_essential: bool,
    /// What must come before it starts.
    pub depends_on: Vec<Dependency>,
    /// How long others wait for what they ask of it.
    pub start_timeout: Option<SimDuration>,
    /// From the stop signal to the kill; the instance's default if `None`.
    pub stop_timeout: Option<SimDuration>,
    /// How its health is asked for.
    pub health_check: Option<HealthCheck>,
    /// Whether it is restarted in place.
    pub restart_policy: Option<RestartPolicy>,
    /// What the execution role reads for it before it starts.
    pub reads: Vec<Read>,
    /// Where its output goes.
    pub log: Option<Log>,
    /// Its ports.
    pub ports: Vec<PortMapping>,
    /// What it does once it runs.
    pub behaviour: Behaviour,
}

impl Container {
    /// An essential container that waits for nobody and runs for ever.
    pub fn plain(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            image: String::new(),
            resolves_digest: true,
            is_essential: true,
            depends_on: Vec::new(),
            start_timeout: None,
            stop_timeout: None,
            health_check: None,
            restart_policy: None,
            reads: Vec::new(),
            log: None,
            ports: Vec::new(),
            behaviour: Behaviour::default(),
        }
    }
}

/// A condition on another container.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Dependency {
    /// Position of the other container.
    pub container: usize,
    /// What must hold of it.
    pub condition: Condition,
}

/// What must hold of a container before another starts (API
/// ContainerDependency).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Condition {
    /// It was started.
    Start,
    /// It ran to its exit, whatever the code.
    Complete,
    /// It exited with code 0.
    Success,
    /// It passed its health check.
    Healthy,
}

/// A container health check (API HealthCheck).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HealthCheck {
    /// From the end of a probe to the next.
    pub interval: SimDuration,
    /// A probe that takes longer has failed. MODEL: where nothing listens a
    /// probe fails at once; it takes all of this where a container hangs.
    pub timeout: SimDuration,
    /// So many failures in a row make it unhealthy.
    pub retries: u32,
    /// Failures within it do not count.
    pub start_period: SimDuration,
}

/// Restarts in place (API ContainerRestartPolicy).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RestartPolicy {
    /// It must have run so long since its last start.
    pub attempt_period: SimDuration,
    /// Codes after which it is not restarted.
    pub ignored_exit_codes: Vec<i32>,
}

/// Something that is read before a container starts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Read {
    /// What kind of thing it is.
    pub kind: ReadKind,
    /// Its ARN or name, without what selects a part of it.
    pub resource: String,
}

/// What is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ReadKind {
    /// A parameter of SSM Parameter Store.
    Parameter,
    /// A secret of Secrets Manager.
    Secret,
    /// An environment file in S3.
    EnvironmentFile,
    /// Credentials of a private registry, kept in Secrets Manager.
    RegistryCredentials,
}

/// Where a container's output goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Log {
    /// The driver's name.
    pub driver: String,
    /// Whether the container waits while its output cannot be delivered; the
    /// model's default if `None`.
    pub is_blocking: Option<bool>,
    /// The log group of `awslogs`.
    pub group: Option<String>,
    /// The region of `awslogs`.
    pub region: Option<String>,
}

/// A container's port, and where the instance listens for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PortMapping {
    /// In the container.
    pub container_port: u16,
    /// On the instance or the task's interface.
    pub host: HostSide,
    /// TCP or UDP.
    pub protocol: Protocol,
}

/// Where a container's port is found from outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HostSide {
    /// This port of the instance.
    Static(u16),
    /// A port of the instance that is chosen at the start.
    Dynamic,
    /// The same port, at the task's own address.
    OwnInterface,
}

/// A volume of a task.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Volume {
    /// Its name in the task.
    pub name: String,
    /// What it is.
    pub kind: VolumeKind,
}

/// The kinds of volumes, by what becomes of the data.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum VolumeKind {
    /// A path of the instance: stays with it.
    HostPath(String),
    /// A bind mount without a path, or a Docker volume of scope `task`: gone
    /// with the task.
    Task,
    /// A Docker volume of scope `shared`: stays with the instance.
    SharedOnInstance(String),
    /// EFS, FSx, S3 files, EBS: elsewhere.
    Elsewhere,
}

/// What the workload says of a container; the default runs for ever, answers
/// at once, and calls nobody.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Behaviour {
    /// Its own end, counted from its start.
    pub exit: Option<Exit>,
    /// From its start until it passes checks and answers.
    pub answers: Answers,
    /// From the stop signal until it exits; the model's default if `None`.
    pub exit_time: Option<SimDuration>,
    /// What it calls with the task role once it runs.
    pub calls: Vec<Call>,
}

/// When a container ends by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Exit {
    /// After its start.
    pub after: SimDuration,
    /// Its exit code.
    pub code: i32,
}

/// When a container passes checks and answers requests.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Answers {
    /// From so long after its start on.
    After(SimDuration),
    /// Never: its checks fail.
    Never,
}

impl Default for Answers {
    fn default() -> Self {
        Self::After(SimDuration::ZERO)
    }
}

/// A call of an AWS API at run time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Call {
    /// Such as `s3:GetObject`.
    pub action: String,
    /// The ARN that it is about; `*` where none is named.
    pub resource: String,
    /// What the container does if it is denied.
    pub on_denied: OnDenied,
}

/// What a container does when a call of its is denied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OnDenied {
    /// It exits, with code 1, as soon as it calls: at its start.
    Exit,
    /// It runs on and answers every request with an error. MODEL: its health
    /// checks still pass, a load balancer's too: they ask for what needs no call.
    AnswerErrors,
}
