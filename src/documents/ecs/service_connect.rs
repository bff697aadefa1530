//! Service Connect: names and a proxy between services (API
//! ServiceConnectConfiguration).

use std::collections::BTreeMap;

use super::choices::{AccessLogFormat, LogDriver, Switch};
use crate::documents::shape::shapes;
use crate::documents::task_definition::shapes::Secret;

shapes! {
    /// Whether, and under which names.
    ServiceConnectConfiguration required ["enabled"] {
        /// Whether.
        enabled: Option<bool> = "enabled",
        /// Where the names are.
        namespace: Option<String> = "namespace",
        /// What is offered.
        services: Vec<ServiceConnectService> = "services",
        /// Where the proxy writes its log.
        log_configuration: Option<ProxyLog> = "logConfiguration",
        /// And of each request.
        access_log_configuration: Option<AccessLog> = "accessLogConfiguration",
    }

    /// A port that is offered.
    ServiceConnectService required ["portName"] limited ["ingressPortOverride": 0..=65_535] {
        /// The port mapping.
        port_name: Option<String> = "portName",
        /// Its name in the namespace.
        discovery_name: Option<String> = "discoveryName",
        /// Names and ports that clients use.
        client_aliases: Vec<ClientAlias> = "clientAliases",
        /// Where the proxy listens.
        ingress_port_override: Option<i32> = "ingressPortOverride",
        /// How long it waits.
        timeout: Option<ProxyTimeout> = "timeout",
        /// Encryption.
        tls: Option<Tls> = "tls",
    }

    /// A name and port that clients use.
    ClientAlias required ["port"] limited ["port": 0..=65_535] {
        /// The port.
        port: Option<i32> = "port",
        /// The name.
        dns_name: Option<String> = "dnsName",
        /// Requests that go to the new revision before the shift.
        test_traffic_rules: Option<serde_json::Value> = "testTrafficRules",
    }

    /// How long the proxy waits.
    ProxyTimeout limited ["idleTimeoutSeconds": 0..=i64::MAX, "perRequestTimeoutSeconds": 0..=i64::MAX] {
        /// Seconds without a byte.
        idle_timeout_seconds: Option<i32> = "idleTimeoutSeconds",
        /// Seconds of a request.
        per_request_timeout_seconds: Option<i32> = "perRequestTimeoutSeconds",
    }

    /// Encryption between proxies.
    Tls required ["issuerCertificateAuthority"] {
        /// Who signs.
        issuer_certificate_authority: Option<CertificateAuthority> = "issuerCertificateAuthority",
        /// Which key.
        kms_key: Option<String> = "kmsKey",
        /// Who may use it.
        role_arn: Option<String> = "roleArn",
    }

    /// Who signs certificates.
    CertificateAuthority {
        /// Which.
        aws_pca_authority_arn: Option<String> = "awsPcaAuthorityArn",
    }

    /// Where the proxy writes its log.
    ProxyLog required ["logDriver"] {
        /// By which driver.
        log_driver: Option<LogDriver> = "logDriver",
        /// Of the driver.
        options: BTreeMap<String, String> = "options",
        /// Of the driver, kept secret.
        secret_options: Vec<Secret> = "secretOptions",
    }

    /// A line for each request.
    AccessLog required ["format"] {
        /// How it is written.
        format: Option<AccessLogFormat> = "format",
        /// Whether with what follows the question mark.
        include_query_parameters: Option<Switch> = "includeQueryParameters",
    }

    /// A name that was made for a service.
    ServiceConnectResource {
        /// The name.
        discovery_name: Option<String> = "discoveryName",
        /// What it is registered as.
        discovery_arn: Option<String> = "discoveryArn",
    }
}
