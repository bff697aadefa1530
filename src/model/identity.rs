//! What a container instance is called and what it says of itself: the facts
//! that the Cluster Query Language asks for and that no task changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::Table;
use crate::base::id::{ExpressionId, InstanceId, TaskDefinitionId};
use crate::model::query::{Expression, QueryError, SharedExpression, StaticFacts, StaticTerms};

/// Attributes by name; `None` for one without a value.
pub type AttributeSet = BTreeMap<String, Option<String>>;

/// The version of the agent on instances that a run launches: the first that
/// knows restart policies (developer guide, container-restart-policy).
pub const AGENT_VERSION: &str = "1.86.0";

/// Who an instance is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// Such as `i-0abc1234`.
    pub ec2_instance_id: String,
    /// `None` if it is not known.
    pub agent_version: Option<String>,
    /// Milliseconds since 1970, UTC.
    pub registered_at_ms: i64,
    /// Built-in and custom attributes.
    pub attributes: Arc<AttributeSet>,
    /// Whether its agent is up to date and has set every capability attribute:
    /// so it is on instances that the run launches (MODEL); one that was found
    /// says for itself.
    pub has_every_capability: bool,
}

impl StaticFacts for Identity {
    fn ec2_instance_id(&self) -> &str {
        &self.ec2_instance_id
    }

    fn agent_version(&self) -> Option<&str> {
        self.agent_version.as_deref()
    }

    fn registered_at_ms(&self) -> i64 {
        self.registered_at_ms
    }

    fn attribute(&self, name: &str) -> Option<Option<&str>> {
        match self.attributes.get(name) {
            Some(value) => Some(value.as_deref()),
            None if self.has_every_capability && is_capability(name) => Some(None),
            None => None,
        }
    }
}

/// Attributes that the agent sets by itself (developer guide,
/// task-placement-constraints).
fn is_capability(name: &str) -> bool {
    name.starts_with("com.amazonaws.ecs.capability.") || name.starts_with("ecs.capability.")
}

/// The expressions of a setup, each text once.
#[derive(Clone, Debug, Default)]
pub struct Expressions {
    list: Table<ExpressionId, SharedExpression>,
}

impl Expressions {
    /// The id of the expression of this text, read if it is new.
    ///
    /// # Errors
    ///
    /// A text that is no expression.
    pub fn intern(&mut self, text: &str) -> Result<ExpressionId, QueryError> {
        let known = self.list.iter().find(|(_, it)| it.text() == text).map(|(id, _)| id);
        match known {
            Some(id) => Ok(id),
            None => Ok(self.list.push(Expression::parse_shared(text)?)),
        }
    }

    /// The expression with this id.
    pub fn get(&self, id: ExpressionId) -> &SharedExpression {
        &self.list[id]
    }

    pub(in crate::model) fn terms(&self) -> Table<ExpressionId, StaticTerms> {
        self.list.rows().iter().map(|it| StaticTerms::new(Arc::clone(it))).collect()
    }
}

/// What a task definition itself asks of an instance.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// Its placement constraints.
    pub member_of: Vec<ExpressionId>,
    /// Attributes that must be there (`requiresAttributes`).
    pub(in crate::model) attributes: Vec<String>,
    /// For each instance whether they are.
    pub(in crate::model) is_capable: Vec<bool>,
}

impl Demands {
    /// Whether any instance would do.
    pub fn is_empty(&self) -> bool {
        self.member_of.is_empty() && self.attributes.is_empty()
    }

    /// Whether an instance must have attributes.
    pub fn requires_attributes(&self) -> bool {
        !self.attributes.is_empty()
    }

    pub(in crate::model) fn set_instance(&mut self, id: InstanceId, identity: &Identity) {
        use crate::base::id::Id as _;
        if self.attributes.is_empty() {
            return;
        }
        if self.is_capable.len() <= id.idx() {
            self.is_capable.resize(id.idx() + 1, false);
        }
        self.is_capable[id.idx()] = self.attributes.iter().all(|it| identity.attribute(it).is_some());
    }
}

/// The demands of every definition, expressions interned.
///
/// # Panics
///
/// If a definition has an expression that does not parse: whoever read it has
/// checked it.
pub(in crate::model) fn demands(
    definitions: &Table<TaskDefinitionId, crate::model::task::TaskDefinition>,
    expressions: &mut Expressions,
) -> Table<TaskDefinitionId, Demands> {
    let of = |definition: &crate::model::task::TaskDefinition| {
        let member_of = definition.placement_constraints.iter();
        let member_of = member_of.map(|it| expressions.intern(it).expect("a definition was checked"));
        let attributes = definition.blueprint.as_ref().map(|it| it.required_attributes.clone());
        Demands {
            member_of: member_of.collect(),
            attributes: attributes.unwrap_or_default(),
            is_capable: Vec::new(),
        }
    };
    definitions.rows().iter().map(of).collect()
}
