//! The enumerations of a task definition, with the values that the API lists.

use super::super::shape::choices;

choices! {
    /// How containers reach the network (TD-15).
    NetworkMode {
        /// The runtime's own network on the instance.
        Bridge = "bridge",
        /// The instance's network.
        Host = "host",
        /// A network interface of its own.
        Awsvpc = "awsvpc",
        /// No network.
        None = "none",
    }

    /// What a definition can be fit for (TD-40).
    Compatibility {
        /// Instances of one's own.
        Ec2 = "EC2",
        /// Without instances.
        Fargate = "FARGATE",
        /// Machines outside the cloud.
        External = "EXTERNAL",
        /// Instances that the service runs.
        ManagedInstances = "MANAGED_INSTANCES",
    }

    /// Whose processes containers see (TD-29).
    PidMode {
        /// The instance's.
        Host = "host",
        /// Those of the task.
        Task = "task",
    }

    /// Whose IPC resources containers share.
    IpcMode or odd {
        /// The instance's.
        Host = "host",
        /// Those of the task.
        Task = "task",
        /// Nobody's.
        None = "none",
    }

    /// A transport protocol (TD-19: what is unknown counts as tcp).
    Protocol {
        /// The default.
        Tcp = "tcp",
        /// With ports of its own.
        Udp = "udp",
    }

    /// What Service Connect may expect.
    AppProtocol or odd {
        /// HTTP/1.
        Http = "http",
        /// HTTP/2.
        Http2 = "http2",
        /// gRPC.
        Grpc = "grpc",
    }

    /// What a dependent container waits for (TD-21).
    Condition {
        /// That it was started.
        Start = "START",
        /// That it ended.
        Complete = "COMPLETE",
        /// That it ended well.
        Success = "SUCCESS",
        /// That its health check passed.
        Healthy = "HEALTHY",
    }

    /// Whether a tag is resolved once.
    VersionConsistency or odd {
        /// Once for all tasks.
        Enabled = "enabled",
        /// For each task.
        Disabled = "disabled",
    }

    /// What may be done with a device.
    DevicePermission or odd {
        /// Read.
        Read = "read",
        /// Write.
        Write = "write",
        /// Make nodes.
        Mknod = "mknod",
    }

    /// A limit of processes.
    UlimitName or odd {
        /// Core files.
        Core = "core",
        /// CPU time.
        Cpu = "cpu",
        /// Data segment.
        Data = "data",
        /// File size.
        Fsize = "fsize",
        /// File locks.
        Locks = "locks",
        /// Locked memory.
        Memlock = "memlock",
        /// Bytes in message queues.
        Msgqueue = "msgqueue",
        /// Nice value.
        Nice = "nice",
        /// Open files.
        Nofile = "nofile",
        /// Processes.
        Nproc = "nproc",
        /// Resident set.
        Rss = "rss",
        /// Real-time priority.
        Rtprio = "rtprio",
        /// Real-time CPU time.
        Rttime = "rttime",
        /// Queued signals.
        Sigpending = "sigpending",
        /// Stack.
        Stack = "stack",
    }

    /// A log driver (TD-28).
    LogDriver {
        /// Files on the instance.
        JsonFile = "json-file",
        /// The instance's syslog.
        Syslog = "syslog",
        /// The instance's journal.
        Journald = "journald",
        /// Graylog.
        Gelf = "gelf",
        /// Fluentd.
        Fluentd = "fluentd",
        /// CloudWatch Logs.
        Awslogs = "awslogs",
        /// Splunk.
        Splunk = "splunk",
        /// A log router of the task.
        Awsfirelens = "awsfirelens",
    }

    /// A resource counted in whole devices.
    ResourceKind or odd {
        /// A GPU.
        Gpu = "GPU",
        /// Retired.
        InferenceAccelerator = "InferenceAccelerator",
    }

    /// A log router.
    LogRouter or odd {
        /// Fluentd.
        Fluentd = "fluentd",
        /// Fluent Bit.
        Fluentbit = "fluentbit",
    }

    /// How long a volume lives.
    Scope or odd {
        /// As long as the task.
        Task = "task",
        /// Longer.
        Shared = "shared",
    }

    /// On or off.
    Switch or odd {
        /// On.
        Enabled = "ENABLED",
        /// Off.
        Disabled = "DISABLED",
    }

    /// Kinds of placement constraint in a definition (TD-31).
    ConstraintKind {
        /// By expression.
        MemberOf = "memberOf",
    }

    /// Kinds of proxy.
    ProxyKind or odd {
        /// App Mesh.
        Appmesh = "APPMESH",
    }

    /// CPU architectures (TD-32).
    CpuArchitecture {
        /// Intel and AMD.
        X86_64 = "X86_64",
        /// Graviton and other ARM.
        Arm64 = "ARM64",
    }
}
