//! What an expression may ask of a container instance. Floor 2 does not know
//! where the answers are kept; whoever asks brings a view.

/// What cannot change during a run without an event that says so: the instance
/// registers, an attribute is put or deleted, the agent is updated.
pub trait StaticFacts {
    /// The EC2 instance's id, such as `i-0abc1234`.
    fn ec2_instance_id(&self) -> &str;

    /// The version of the agent; `None` before it is known, and then no
    /// comparison of `agentVersion` holds.
    fn agent_version(&self) -> Option<&str>;

    /// When the instance registered: milliseconds since 1970, UTC.
    fn registered_at_ms(&self) -> i64;

    /// `None`: the instance lacks the attribute. `Some(None)`: it has it without
    /// a value. `Some(Some(value))`: with one.
    fn attribute(&self, name: &str) -> Option<Option<&str>>;
}

/// All that an expression may ask.
pub trait InstanceFacts: StaticFacts {
    /// Whether the agent is connected.
    fn agent_connected(&self) -> bool;

    /// Tasks with desired status RUNNING.
    fn running_tasks_count(&self) -> u32;

    /// The groups of these tasks; one may come several times.
    fn task_groups(&self) -> impl Iterator<Item = &str>;
}

/// What changes all the time, with groups by number, for those who keep the
/// rest as bits.
#[derive(Clone, Debug)]
pub struct DynamicFacts<G> {
    /// Whether the agent is connected.
    pub agent_connected: bool,
    /// Tasks with desired status RUNNING.
    pub running_tasks_count: u32,
    /// The groups of these tasks, by the numbers that the caller gave them.
    pub task_groups: G,
}
