//! Typed ids and the tables they index. Entities name each other by id, so a
//! run is a plain value that can move to another thread.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// What a [`Table`] can be indexed by.
pub trait Id: Copy + Eq + Ord + fmt::Debug {
    /// The id of row `idx`.
    fn from_idx(idx: usize) -> Self;
    /// The row this id names.
    fn idx(self) -> usize;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(u32);

        impl $name {
            /// The id with this number.
            pub const fn new(number: u32) -> Self {
                Self(number)
            }

            /// The number of the id.
            pub const fn number(self) -> u32 {
                self.0
            }
        }

        impl Id for $name {
            fn from_idx(idx: usize) -> Self {
                Self(u32::try_from(idx).expect("a table has less than 2^32 rows"))
            }

            fn idx(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A row of a run's task table; recycled when the task is gone.
    TaskId
    /// A container instance; never recycled within a run.
    InstanceId
    /// An instance type of the setup.
    InstanceTypeId
    /// A capacity provider of the cluster.
    CapacityProviderId
    /// An availability zone of the cluster.
    ZoneId
    /// A task definition of the workload.
    TaskDefinitionId
    /// A task group: of a service, or of stand-alone tasks.
    GroupId
    /// A service of the setup and the workload.
    ServiceId
    /// One revision being rolled out by a service.
    DeploymentId
    /// An instance attribute that some placement strategy looks at.
    AttributeId
    /// A placement expression of the setup.
    ExpressionId
    /// A repository of an image registry.
    RepositoryId
    /// An image, or an index of images, of a repository.
    ImageId
    /// A layer of images; equal digests are one layer.
    LayerId
    /// Tasks that wait for the same thing: equal needs under equal rules.
    PlacementClassId
}

/// A vector that only the right kind of id can index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table<I, T> {
    rows: Vec<T>,
    id: PhantomData<I>,
}

impl<I: Id, T> Table<I, T> {
    /// A table without rows.
    pub const fn new() -> Self {
        Self { rows: Vec::new(), id: PhantomData }
    }

    /// Adds a row and returns its id.
    pub fn push(&mut self, row: T) -> I {
        self.rows.push(row);
        I::from_idx(self.rows.len() - 1)
    }

    /// How many rows there are.
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The ids in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = I> + use<I, T> {
        (0..self.rows.len()).map(I::from_idx)
    }

    /// The rows in the order of their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (I, &T)> {
        self.rows.iter().enumerate().map(|(idx, row)| (I::from_idx(idx), row))
    }

    /// The rows without their ids.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }
}

impl<I: Id, T> Default for Table<I, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<I: Id, T> From<Vec<T>> for Table<I, T> {
    fn from(rows: Vec<T>) -> Self {
        Self { rows, id: PhantomData }
    }
}

impl<I: Id, T> FromIterator<T> for Table<I, T> {
    fn from_iter<R: IntoIterator<Item = T>>(rows: R) -> Self {
        rows.into_iter().collect::<Vec<_>>().into()
    }
}

impl<I: Id, T> Index<I> for Table<I, T> {
    type Output = T;

    fn index(&self, id: I) -> &T {
        &self.rows[id.idx()]
    }
}

impl<I: Id, T> IndexMut<I> for Table<I, T> {
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.rows[id.idx()]
    }
}
