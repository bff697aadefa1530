//! The enumerations of requests and answers, with the values that the API
//! lists. In an answer another one is only odd: the service may be newer.

use crate::documents::shape::choices;

choices! {
    /// On or off.
    Switch or listed {
        /// On.
        Enabled = "ENABLED",
        /// Off.
        Disabled = "DISABLED",
    }

    /// What tasks run on, where no capacity provider says it.
    LaunchType or listed {
        /// Instances of one's own.
        Ec2 = "EC2",
        /// Without instances.
        Fargate = "FARGATE",
        /// Machines outside the cloud.
        External = "EXTERNAL",
        /// Instances that the service runs.
        ManagedInstances = "MANAGED_INSTANCES",
    }

    /// How many tasks a service has.
    SchedulingStrategy or listed {
        /// As many as are desired.
        Replica = "REPLICA",
        /// One on each instance.
        Daemon = "DAEMON",
    }

    /// Who replaces the tasks of a service.
    DeploymentControllerKind or listed {
        /// The service itself.
        Ecs = "ECS",
        /// CodeDeploy, blue/green.
        CodeDeploy = "CODE_DEPLOY",
        /// Somebody, by task sets.
        External = "EXTERNAL",
    }

    /// How the service itself replaces them.
    DeploymentStrategy or listed {
        /// A few at a time.
        Rolling = "ROLLING",
        /// All beside the old ones, then the traffic.
        BlueGreen = "BLUE_GREEN",
        /// The traffic in equal steps.
        Linear = "LINEAR",
        /// The traffic in two steps.
        Canary = "CANARY",
    }

    /// Who is asked at a stage of a deployment.
    HookTarget or listed {
        /// A function.
        AwsLambda = "AWS_LAMBDA",
        /// A person.
        Pause = "PAUSE",
    }

    /// A stage of a deployment.
    LifecycleStage or listed {
        /// Several revisions are there.
        ReconcileService = "RECONCILE_SERVICE",
        /// Before the new tasks start.
        PreScaleUp = "PRE_SCALE_UP",
        /// They run.
        PostScaleUp = "POST_SCALE_UP",
        /// Test traffic is shifted.
        TestTrafficShift = "TEST_TRAFFIC_SHIFT",
        /// It is shifted.
        PostTestTrafficShift = "POST_TEST_TRAFFIC_SHIFT",
        /// Before production follows.
        PreProductionTrafficShift = "PRE_PRODUCTION_TRAFFIC_SHIFT",
        /// Production traffic is shifted.
        ProductionTrafficShift = "PRODUCTION_TRAFFIC_SHIFT",
        /// It is shifted.
        PostProductionTrafficShift = "POST_PRODUCTION_TRAFFIC_SHIFT",
    }

    /// What becomes of a deployment without an answer.
    HookAction or listed {
        /// It is taken back.
        Rollback = "ROLLBACK",
        /// It goes on.
        Continue = "CONTINUE",
    }

    /// Kinds of placement constraint.
    ConstraintKind or listed {
        /// No two tasks on an instance.
        DistinctInstance = "distinctInstance",
        /// By expression.
        MemberOf = "memberOf",
    }

    /// Kinds of placement strategy.
    StrategyKind or listed {
        /// Any instance.
        Random = "random",
        /// Evenly over a field.
        Spread = "spread",
        /// The fullest instance.
        Binpack = "binpack",
    }

    /// Where tasks have their tags from.
    PropagateTags or listed {
        /// The definition.
        TaskDefinition = "TASK_DEFINITION",
        /// The service.
        Service = "SERVICE",
        /// Nowhere.
        None = "NONE",
    }

    /// How a volume is formatted.
    FilesystemType or listed {
        /// Linux.
        Ext3 = "ext3",
        /// Linux.
        Ext4 = "ext4",
        /// Linux, the default.
        Xfs = "xfs",
        /// Windows.
        Ntfs = "ntfs",
    }

    /// What is tagged.
    TaggedResource or listed {
        /// A volume.
        Volume = "volume",
    }

    /// A log driver.
    LogDriver or listed {
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

    /// How a request is logged.
    AccessLogFormat or listed {
        /// A line of text.
        Text = "TEXT",
        /// A line of JSON.
        Json = "JSON",
    }

    /// Where a file of variables is.
    EnvironmentFileKind or listed {
        /// In a bucket.
        S3 = "s3",
    }

    /// A resource counted in whole devices.
    ResourceKind or listed {
        /// A GPU.
        Gpu = "GPU",
        /// Retired.
        InferenceAccelerator = "InferenceAccelerator",
    }

    /// What a task set's size is a part of.
    ScaleUnit or listed {
        /// The service's desired count.
        Percent = "PERCENT",
    }

    /// What health checks say.
    HealthStatus or listed {
        /// They pass.
        Healthy = "HEALTHY",
        /// An essential container fails its own.
        Unhealthy = "UNHEALTHY",
        /// There is none, or none has passed or failed yet.
        Unknown = "UNKNOWN",
    }

    /// What an attribute belongs to.
    TargetType or listed {
        /// An instance.
        ContainerInstance = "container-instance",
    }
}
