//! What is known of every instance until it says something else of itself:
//! whether an expression selects it, whether it has the attributes that a
//! definition requires, which value of an attribute it has.

use crate::base::id::{AttributeId, CapacityProviderId, ExpressionId, Id as _, InstanceId, TaskDefinitionId};
use crate::model::Cluster;
use crate::placement::index::columns::Rooms;

/// A question that has a yes or no for each instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Question {
    /// Whether a static expression selects it.
    IsSelected(ExpressionId),
    /// Whether it has what the definition requires.
    IsCapable(TaskDefinitionId),
}

/// The answers to a question.
#[derive(Clone, Debug)]
pub(super) struct Answers {
    pub(super) question: Question,
    pub(super) words: Vec<u64>,
}

impl Answers {
    /// Asks all instances.
    pub(super) fn new(cluster: &Cluster, question: Question) -> Self {
        let mut answers = Self { question, words: Vec::new() };
        (0..cluster.n_launched()).for_each(|it| answers.ask(cluster, InstanceId::from_idx(it)));
        answers
    }

    /// Asks an instance again.
    pub(super) fn ask(&mut self, cluster: &Cluster, id: InstanceId) {
        let is_yes = match self.question {
            Question::IsSelected(expression) => cluster.matches(expression, id),
            Question::IsCapable(definition) => cluster.is_capable(definition, id),
        };
        let (word, bit) = (id.idx() / 64, id.idx() % 64);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] = self.words[word] & !(1 << bit) | u64::from(is_yes) << bit;
    }
}

/// The answers that one decision needs: an instance is allowed if all of them
/// are yes.
#[derive(Clone, Copy)]
pub(super) struct Masks<'a> {
    pub(super) answers: &'a [Answers],
    pub(super) needed: &'a [u16],
}

impl Masks<'_> {
    /// Whether nothing is asked.
    pub(super) fn is_empty(&self) -> bool {
        self.needed.is_empty()
    }

    /// Those of 64 neighbours that are allowed.
    pub(super) fn word(&self, block: usize) -> u64 {
        let words = self.needed.iter().map(|&it| &self.answers[usize::from(it)].words);
        words.fold(u64::MAX, |all, it| all & it.get(block).copied().unwrap_or(0))
    }
}

/// The instances by their value of an attribute.
#[derive(Clone, Debug)]
pub(super) struct Values {
    pub(super) attribute: AttributeId,
    of: Vec<u16>,
    /// For each provider and value how many instances take tasks.
    n_available: Vec<Vec<u32>>,
}

impl Values {
    /// Of no instance.
    pub(super) fn new(attribute: AttributeId) -> Self {
        Self { attribute, of: Vec::new(), n_available: Vec::new() }
    }

    /// The number of an instance's value.
    pub(super) fn of(&self, number: usize) -> usize {
        usize::from(self.of[number])
    }

    /// How many instances of the provider take tasks, by value.
    pub(super) fn n_available(&self, provider: CapacityProviderId) -> &[u32] {
        self.n_available.get(provider.idx()).map_or(&[], Vec::as_slice)
    }

    /// Takes note of an instance that had and has these rooms.
    pub(super) fn note(&mut self, cluster: &Cluster, id: InstanceId, before: Rooms, now: Rooms) {
        if self.of.len() <= id.idx() {
            self.of.resize(id.idx() + 1, 0);
        }
        let provider = cluster.instance(id).provider.idx();
        if before[0] > 0 {
            self.n_available[provider][usize::from(self.of[id.idx()])] -= 1;
        }
        let value = cluster.attribute_value(id, self.attribute).0;
        self.of[id.idx()] = value;
        if now[0] > 0 {
            if self.n_available.len() <= provider {
                self.n_available.resize(provider + 1, Vec::new());
            }
            let of_provider = &mut self.n_available[provider];
            if of_provider.len() <= usize::from(value) {
                of_provider.resize(usize::from(value) + 1, 0);
            }
            of_provider[usize::from(value)] += 1;
        }
    }
}
