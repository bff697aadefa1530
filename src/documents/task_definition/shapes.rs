//! The document of RegisterTaskDefinition as types, every field of it (API
//! RegisterTaskDefinitionRequest, ContainerDefinition, Volume). Numbers and
//! texts stand as they were written; whether they are allowed is for the rules.

use std::collections::BTreeMap;

use super::super::shape::{Item, shapes};
use super::choices::*;

shapes! {
    /// The whole document.
    TaskDefinition ignored [
        "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
        "registeredBy", "deregisteredAt", "deleteRequestedAt"
    ] {
        /// The name that its revisions share.
        family: Option<String> = "family",
        /// The role of the code in the containers.
        task_role_arn: Option<String> = "taskRoleArn",
        /// The role of the agent: pulls, logs, secrets.
        execution_role_arn: Option<String> = "executionRoleArn",
        /// `bridge` if absent (on Linux).
        network_mode: Option<NetworkMode> = "networkMode",
        /// One to ten containers.
        container_definitions: Vec<ContainerDefinition> = "containerDefinitions",
        /// What containers can mount.
        volumes: Vec<Volume> = "volumes",
        /// Which instances will do.
        placement_constraints: Vec<PlacementConstraint> = "placementConstraints",
        /// What it must be fit for.
        requires_compatibilities: Vec<Compatibility> = "requiresCompatibilities",
        /// CPU units or vCPU, a text.
        cpu: Option<String> = "cpu",
        /// MiB or GB, a text.
        memory: Option<String> = "memory",
        /// Beside the definition in an answer of the service.
        tags: Vec<Tag> = "tags",
        /// Whose processes the containers see.
        pid_mode: Option<PidMode> = "pidMode",
        /// Whose IPC resources the containers share.
        ipc_mode: Option<IpcMode> = "ipcMode",
        /// The App Mesh proxy.
        proxy_configuration: Option<ProxyConfiguration> = "proxyConfiguration",
        /// Storage of a Fargate task beyond the default.
        ephemeral_storage: Option<EphemeralStorage> = "ephemeralStorage",
        /// CPU architecture and operating system.
        runtime_platform: Option<RuntimePlatform> = "runtimePlatform",
        /// Whether faults may be injected.
        enable_fault_injection: Option<bool> = "enableFaultInjection",
        /// Retired; read and ignored.
        inference_accelerators: Vec<InferenceAccelerator> = "inferenceAccelerators",
    }

    /// One container.
    ContainerDefinition {
        /// Unique in the task.
        name: Option<String> = "name",
        /// What it runs.
        image: Option<String> = "image",
        /// For a registry outside the account.
        repository_credentials: Option<RepositoryCredentials> = "repositoryCredentials",
        /// CPU units.
        cpu: Option<i32> = "cpu",
        /// Hard limit, MiB.
        memory: Option<i32> = "memory",
        /// Soft limit, MiB.
        memory_reservation: Option<i32> = "memoryReservation",
        /// Other containers by name, bridge mode only.
        links: Vec<String> = "links",
        /// Ports that others reach.
        port_mappings: Vec<PortMapping> = "portMappings",
        /// Whether the task ends with it; true if absent.
        essential: Option<bool> = "essential",
        /// Whether it is started again in place.
        restart_policy: Option<RestartPolicy> = "restartPolicy",
        /// Replaces the image's entry point.
        entry_point: Vec<String> = "entryPoint",
        /// Replaces the image's command.
        command: Vec<String> = "command",
        /// Plain variables.
        environment: Vec<KeyValuePair> = "environment",
        /// Files of variables in S3.
        environment_files: Vec<EnvironmentFile> = "environmentFiles",
        /// Variables from SSM Parameter Store and Secrets Manager.
        secrets: Vec<Secret> = "secrets",
        /// Volumes of the task.
        mount_points: Vec<MountPoint> = "mountPoints",
        /// Volumes of another container.
        volumes_from: Vec<VolumeFrom> = "volumesFrom",
        /// Kernel capabilities, devices, swap.
        linux_parameters: Option<LinuxParameters> = "linuxParameters",
        /// What must have happened before it starts.
        depends_on: Vec<ContainerDependency> = "dependsOn",
        /// Seconds for its dependents to wait.
        start_timeout: Option<i32> = "startTimeout",
        /// Seconds between the stop signal and the kill.
        stop_timeout: Option<i32> = "stopTimeout",
        /// Whether a tag is resolved once for all tasks.
        version_consistency: Option<VersionConsistency> = "versionConsistency",
        /// Its host name.
        hostname: Option<String> = "hostname",
        /// Who it runs as.
        user: Option<String> = "user",
        /// Where it starts.
        working_directory: Option<String> = "workingDirectory",
        /// Without a network.
        disable_networking: Option<bool> = "disableNetworking",
        /// With the rights of the host's root.
        privileged: Option<bool> = "privileged",
        /// Whether its own file system cannot be written.
        readonly_root_filesystem: Option<bool> = "readonlyRootFilesystem",
        /// Name servers.
        dns_servers: Vec<String> = "dnsServers",
        /// Search domains.
        dns_search_domains: Vec<String> = "dnsSearchDomains",
        /// Lines of its hosts file.
        extra_hosts: Vec<HostEntry> = "extraHosts",
        /// SELinux, AppArmor, credential specs.
        docker_security_options: Vec<String> = "dockerSecurityOptions",
        /// Keeps standard input open.
        interactive: Option<bool> = "interactive",
        /// With a terminal.
        pseudo_terminal: Option<bool> = "pseudoTerminal",
        /// Labels of the container.
        docker_labels: BTreeMap<String, String> = "dockerLabels",
        /// Limits of its processes.
        ulimits: Vec<Ulimit> = "ulimits",
        /// Where its output goes.
        log_configuration: Option<LogConfiguration> = "logConfiguration",
        /// How its health is probed.
        health_check: Option<HealthCheck> = "healthCheck",
        /// Kernel parameters of its namespace.
        system_controls: Vec<SystemControl> = "systemControls",
        /// GPUs.
        resource_requirements: Vec<ResourceRequirement> = "resourceRequirements",
        /// That it routes the logs of the others.
        firelens_configuration: Option<FirelensConfiguration> = "firelensConfiguration",
        /// Files of Active Directory credentials.
        credential_specs: Vec<String> = "credentialSpecs",
    }

    /// A secret that opens a registry.
    RepositoryCredentials required ["credentialsParameter"] {
        /// ARN of the secret.
        credentials_parameter: Option<String> = "credentialsParameter",
    }

    /// A port, or a range of ports, that others reach.
    PortMapping {
        /// In the container.
        container_port: Option<i32> = "containerPort",
        /// On the instance; 0 or absent is a dynamic one in bridge mode.
        host_port: Option<i32> = "hostPort",
        /// `tcp` if absent.
        protocol: Option<Protocol> = "protocol",
        /// For Service Connect.
        name: Option<String> = "name",
        /// For Service Connect.
        app_protocol: Option<AppProtocol> = "appProtocol",
        /// `first-last`, both included.
        container_port_range: Option<String> = "containerPortRange",
    }

    /// Restarts in place.
    RestartPolicy required ["enabled"] {
        /// Whether it is on.
        enabled: Option<bool> = "enabled",
        /// Exits that are final.
        ignored_exit_codes: Vec<i32> = "ignoredExitCodes",
        /// Seconds it must have run before.
        restart_attempt_period: Option<i32> = "restartAttemptPeriod",
    }

    /// A name and its value.
    KeyValuePair {
        /// Left of the equals sign.
        name: Option<String> = "name",
        /// Right of it.
        value: Option<String> = "value",
    }

    /// A file of variables.
    EnvironmentFile required ["value"] {
        /// Only `s3`.
        kind: Option<String> = "type",
        /// ARN of the object.
        value: Option<String> = "value",
    }

    /// A variable, or an option of a log driver, that is kept secret.
    Secret required ["name", "valueFrom"] {
        /// Its name.
        name: Option<String> = "name",
        /// ARN of the secret or parameter, or the parameter's name.
        value_from: Option<String> = "valueFrom",
    }

    /// A volume of the task in a container.
    MountPoint {
        /// The volume's name.
        source_volume: Option<String> = "sourceVolume",
        /// Where it appears.
        container_path: Option<String> = "containerPath",
        /// Whether it cannot be written.
        read_only: Option<bool> = "readOnly",
    }

    /// All volumes of another container.
    VolumeFrom {
        /// That container's name.
        source_container: Option<String> = "sourceContainer",
        /// Whether they cannot be written.
        read_only: Option<bool> = "readOnly",
    }

    /// What only Linux knows.
    LinuxParameters {
        /// Rights added to and taken from the default.
        capabilities: Option<KernelCapabilities> = "capabilities",
        /// Devices of the host.
        devices: Vec<Device> = "devices",
        /// Whether an init process reaps zombies.
        init_process_enabled: Option<bool> = "initProcessEnabled",
        /// `/dev/shm`, MiB.
        shared_memory_size: Option<i32> = "sharedMemorySize",
        /// Mounts in memory.
        tmpfs: Vec<Tmpfs> = "tmpfs",
        /// Swap, MiB.
        max_swap: Option<i32> = "maxSwap",
        /// How readily it is swapped, 0 to 100.
        swappiness: Option<i32> = "swappiness",
    }

    /// Kernel capabilities.
    KernelCapabilities {
        /// Beyond the default.
        add: Vec<String> = "add",
        /// Less than the default.
        drop: Vec<String> = "drop",
    }

    /// A device of the host.
    Device required ["hostPath"] {
        /// On the host.
        host_path: Option<String> = "hostPath",
        /// In the container.
        container_path: Option<String> = "containerPath",
        /// What may be done with it.
        permissions: Vec<DevicePermission> = "permissions",
    }

    /// A mount in memory.
    Tmpfs required ["containerPath", "size"] {
        /// Where it appears.
        container_path: Option<String> = "containerPath",
        /// MiB.
        size: Option<i32> = "size",
        /// Options of the mount.
        mount_options: Vec<String> = "mountOptions",
    }

    /// One thing to wait for.
    ContainerDependency {
        /// Whom to wait for.
        container_name: Option<String> = "containerName",
        /// What for.
        condition: Option<Condition> = "condition",
    }

    /// A line of a hosts file.
    HostEntry required ["hostname", "ipAddress"] {
        /// The name.
        hostname: Option<String> = "hostname",
        /// Its address.
        ip_address: Option<String> = "ipAddress",
    }

    /// A limit of processes.
    Ulimit required ["name", "softLimit", "hardLimit"] {
        /// Which.
        name: Option<UlimitName> = "name",
        /// Can be raised by the process.
        soft_limit: Option<i32> = "softLimit",
        /// Up to this.
        hard_limit: Option<i32> = "hardLimit",
    }

    /// Where the output of a container goes.
    LogConfiguration {
        /// By which driver.
        log_driver: Option<LogDriver> = "logDriver",
        /// Of the driver.
        options: BTreeMap<String, String> = "options",
        /// Of the driver, kept secret.
        secret_options: Vec<Secret> = "secretOptions",
    }

    /// A probe of health.
    HealthCheck {
        /// `CMD` or `CMD-SHELL` and what follows.
        command: Vec<String> = "command",
        /// Seconds between probes, 30 if absent.
        interval: Option<i32> = "interval",
        /// Seconds for a probe, 5 if absent.
        timeout: Option<i32> = "timeout",
        /// Failures in a row that make it unhealthy, 3 if absent.
        retries: Option<i32> = "retries",
        /// Seconds in which failures do not count.
        start_period: Option<i32> = "startPeriod",
    }

    /// A kernel parameter.
    SystemControl {
        /// Such as `net.core.somaxconn`.
        namespace: Option<String> = "namespace",
        /// Its value.
        value: Option<String> = "value",
    }

    /// A resource counted in whole devices.
    ResourceRequirement required ["value", "type"] {
        /// Of which kind.
        kind: Option<ResourceKind> = "type",
        /// How many, a text.
        value: Option<String> = "value",
    }

    /// A log router.
    FirelensConfiguration required ["type"] {
        /// Which program.
        kind: Option<LogRouter> = "type",
        /// Of the router.
        options: BTreeMap<String, String> = "options",
    }

    /// A volume; at most one of the kinds is given.
    Volume {
        /// What mount points call it.
        name: Option<String> = "name",
        /// A folder of the instance, or of the task.
        host: Option<HostVolume> = "host",
        /// A volume of the container runtime.
        docker: Option<DockerVolume> = "dockerVolumeConfiguration",
        /// A shared file system.
        efs: Option<EfsVolume> = "efsVolumeConfiguration",
        /// A bucket as a file system.
        s3_files: Option<S3FilesVolume> = "s3filesVolumeConfiguration",
        /// A Windows file server.
        fsx_windows: Option<FsxWindowsVolume> = "fsxWindowsFileServerVolumeConfiguration",
        /// An EBS volume that the service or RunTask gives.
        configured_at_launch: Option<bool> = "configuredAtLaunch",
    }

    /// A folder.
    HostVolume {
        /// On the instance; the task's own if absent.
        source_path: Option<String> = "sourcePath",
    }

    /// A volume of the container runtime.
    DockerVolume {
        /// `task` if absent.
        scope: Option<Scope> = "scope",
        /// Whether it is made where it is missing.
        autoprovision: Option<bool> = "autoprovision",
        /// Which plug-in.
        driver: Option<String> = "driver",
        /// Of the driver.
        driver_opts: BTreeMap<String, String> = "driverOpts",
        /// Of the volume.
        labels: BTreeMap<String, String> = "labels",
    }

    /// A shared file system.
    EfsVolume {
        /// Which.
        file_system_id: Option<String> = "fileSystemId",
        /// What of it; `/` if absent.
        root_directory: Option<String> = "rootDirectory",
        /// `DISABLED` if absent.
        transit_encryption: Option<Switch> = "transitEncryption",
        /// For the encrypted connection.
        transit_encryption_port: Option<i32> = "transitEncryptionPort",
        /// Access point and IAM.
        authorization_config: Option<EfsAuthorization> = "authorizationConfig",
    }

    /// Who may mount it.
    EfsAuthorization {
        /// Through which access point.
        access_point_id: Option<String> = "accessPointId",
        /// Whether the task role is asked.
        iam: Option<Switch> = "iam",
    }

    /// A bucket as a file system.
    S3FilesVolume required ["fileSystemArn"] {
        /// Which.
        file_system_arn: Option<String> = "fileSystemArn",
        /// What of it.
        root_directory: Option<String> = "rootDirectory",
        /// For the encrypted connection.
        transit_encryption_port: Option<i32> = "transitEncryptionPort",
        /// Through which access point.
        access_point_arn: Option<String> = "accessPointArn",
    }

    /// A Windows file server.
    FsxWindowsVolume required ["fileSystemId", "rootDirectory", "authorizationConfig"] {
        /// Which.
        file_system_id: Option<String> = "fileSystemId",
        /// What of it.
        root_directory: Option<String> = "rootDirectory",
        /// Credentials and domain.
        authorization_config: Option<FsxAuthorization> = "authorizationConfig",
    }

    /// Who may mount it.
    FsxAuthorization required ["credentialsParameter", "domain"] {
        /// ARN of the credentials.
        credentials_parameter: Option<String> = "credentialsParameter",
        /// Of the directory.
        domain: Option<String> = "domain",
    }

    /// Which instances will do.
    PlacementConstraint {
        /// Only `memberOf`.
        kind: Option<ConstraintKind> = "type",
        /// In the cluster query language.
        expression: Option<String> = "expression",
    }

    /// A tag of the revision.
    Tag {
        /// Up to 128 characters.
        key: Option<String> = "key",
        /// Up to 256 characters.
        value: Option<String> = "value",
    }

    /// The App Mesh proxy.
    ProxyConfiguration required ["containerName"] {
        /// Only `APPMESH`.
        kind: Option<ProxyKind> = "type",
        /// Which container is the proxy.
        container_name: Option<String> = "containerName",
        /// Ports, addresses and users that it leaves alone.
        properties: Vec<KeyValuePair> = "properties",
    }

    /// Storage of a Fargate task.
    EphemeralStorage {
        /// 21 to 200.
        size_in_gib: Option<i32> = "sizeInGiB",
    }

    /// CPU architecture and operating system.
    RuntimePlatform {
        /// `X86_64` if absent.
        cpu_architecture: Option<CpuArchitecture> = "cpuArchitecture",
        /// `LINUX` or a Windows release.
        operating_system_family: Option<String> = "operatingSystemFamily",
    }

    /// Retired.
    InferenceAccelerator {
        /// Its name.
        device_name: Option<String> = "deviceName",
        /// Its type.
        device_type: Option<String> = "deviceType",
    }
}

impl TaskDefinition {
    /// As it would be sent to RegisterTaskDefinition; reading it again gives
    /// the same.
    pub fn to_json(&self) -> serde_json::Value {
        self.write()
    }

    /// Whether it must run on Fargate.
    pub fn is_for_fargate(&self) -> bool {
        self.requires_compatibilities.contains(&Compatibility::Fargate)
    }

    /// Whether its containers are Windows.
    pub fn is_windows(&self) -> bool {
        let platform = self.runtime_platform.as_ref();
        platform
            .and_then(|it| it.operating_system_family.as_deref())
            .is_some_and(|it| it.starts_with("WINDOWS"))
    }

    /// The network mode it has: what is not written is `bridge`, on Windows
    /// the runtime's own, which has no name here.
    pub fn network_mode(&self) -> Option<NetworkMode> {
        let default = (!self.is_windows()).then_some(NetworkMode::Bridge);
        self.network_mode.clone().or(default)
    }
}

impl ContainerDefinition {
    /// True if it is not written.
    pub fn is_essential(&self) -> bool {
        self.essential.unwrap_or(true)
    }

    /// Its hard limit, 0 being none.
    pub fn hard_memory(&self) -> Option<i32> {
        self.memory.filter(|&it| it != 0)
    }

    /// Its soft limit, 0 being none.
    pub fn soft_memory(&self) -> Option<i32> {
        self.memory_reservation.filter(|&it| it != 0)
    }

    /// What is set aside for it: the soft limit, else the hard one.
    pub fn reserved_memory(&self) -> Option<i32> {
        self.soft_memory().or(self.hard_memory())
    }
}
