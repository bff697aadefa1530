//! EBS volumes that a service or RunTask makes for its tasks (API
//! ServiceVolumeConfiguration, TaskVolumeConfiguration).

use super::choices::{FilesystemType, PropagateTags, TaggedResource};
use super::tags::Tag;
use crate::documents::shape::shapes;

shapes! {
    /// The volume of a definition that is configured at launch.
    VolumeConfiguration required ["name"] {
        /// As the definition calls it.
        name: Option<String> = "name",
        /// What is made.
        managed_ebs_volume: Option<ManagedEbsVolume> = "managedEBSVolume",
    }

    /// A volume for each task.
    ManagedEbsVolume required ["roleArn"] {
        /// Whether it is encrypted.
        encrypted: Option<bool> = "encrypted",
        /// With which key.
        kms_key_id: Option<String> = "kmsKeyId",
        /// Such as `gp3`.
        volume_type: Option<String> = "volumeType",
        /// Its size.
        size_in_gib: Option<i32> = "sizeInGiB",
        /// What it is filled with.
        snapshot_id: Option<String> = "snapshotId",
        /// MiB a second while it is filled.
        volume_initialization_rate: Option<i32> = "volumeInitializationRate",
        /// Operations a second.
        iops: Option<i32> = "iops",
        /// MiB a second.
        throughput: Option<i32> = "throughput",
        /// Its tags.
        tag_specifications: Vec<TagSpecification> = "tagSpecifications",
        /// Who may make it.
        role_arn: Option<String> = "roleArn",
        /// Whether it outlives a task that RunTask started.
        termination_policy: Option<TerminationPolicy> = "terminationPolicy",
        /// How it is formatted.
        filesystem_type: Option<FilesystemType> = "filesystemType",
    }

    /// Tags of a volume.
    TagSpecification required ["resourceType"] limited ["tags": 0..=50] {
        /// Only `volume`.
        resource_type: Option<TaggedResource> = "resourceType",
        /// Given here.
        tags: Vec<Tag> = "tags",
        /// Or taken from there.
        propagate_tags: Option<PropagateTags> = "propagateTags",
    }

    /// What becomes of a volume after its task.
    TerminationPolicy required ["deleteOnTermination"] {
        /// Whether it is deleted.
        delete_on_termination: Option<bool> = "deleteOnTermination",
    }
}
