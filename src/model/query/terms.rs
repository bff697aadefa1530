//! The answers of an expression's static tests, a bit for each instance and
//! test, and of its tests of groups, a bit for each group. They are found when
//! an instance or a group appears and when an attribute changes; after that no
//! text is looked at and no pattern runs.

use super::facts::{DynamicFacts, StaticFacts};
use super::grammar::{Goto, NO, YES};
use super::meaning::{SharedExpression, Test};

/// What is known beforehand of one expression's answers. Instances and groups
/// are numbered by the caller, densely from zero.
#[derive(Clone, Debug)]
pub struct StaticTerms {
    expression: SharedExpression,
    /// What each step of the expression is looked up by.
    slots: Box<[Slot]>,
    by_instance: BitRows,
    by_group: BitRows,
    /// Where the walk begins for each instance: at the first test that is not
    /// static, or it is over.
    begins: Vec<Goto>,
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    /// The n-th static test.
    Static(usize),
    /// The n-th test of groups.
    Group(usize),
    Dynamic,
}

impl StaticTerms {
    /// Nothing is known yet: no instance matches.
    pub fn new(expression: SharedExpression) -> Self {
        let (mut n_static, mut n_group) = (0, 0);
        let mut slot = |test: &Test| match test {
            it if it.is_static() => {
                n_static += 1;
                Slot::Static(n_static - 1)
            }
            Test::TaskGroup(_) => {
                n_group += 1;
                Slot::Group(n_group - 1)
            }
            _ => Slot::Dynamic,
        };
        let slots = expression.steps.iter().map(|it| slot(&it.test)).collect();
        let (by_instance, by_group) = (BitRows::new(n_static), BitRows::new(n_group));
        Self { expression, slots, by_instance, by_group, begins: Vec::new() }
    }

    /// The expression.
    pub fn expression(&self) -> &SharedExpression {
        &self.expression
    }

    /// An instance appeared, or anything of it may have changed.
    pub fn set_instance(&mut self, instance_idx: usize, facts: &impl StaticFacts) {
        self.ask(instance_idx, facts, |_| true);
    }

    /// An attribute of a known instance was put, changed or deleted.
    pub fn set_attribute(&mut self, instance_idx: usize, name: &str, facts: &impl StaticFacts) {
        self.ask(instance_idx, facts, |test| match test {
            Test::Exists { name: it, .. } | Test::Attribute { name: it, .. } => **it == *name,
            _ => false,
        });
    }

    /// The instance is gone: it matches nothing until it is set again.
    pub fn forget_instance(&mut self, instance_idx: usize) {
        if let Some(begin) = self.begins.get_mut(instance_idx) {
            *begin = NO;
        }
    }

    /// A group appeared; a task of it may now be on an instance.
    pub fn set_group(&mut self, group_idx: usize, name: &str) {
        self.by_group.make_room(group_idx);
        for (slot, step) in self.slots.iter().zip(&self.expression.steps) {
            if let (Slot::Group(bit), Test::TaskGroup(test)) = (slot, &step.test) {
                self.by_group.set(group_idx, *bit, test.holds(name));
            }
        }
    }

    /// Whether the expression selects the instance. Groups must have been set.
    pub fn matches<G>(&self, instance_idx: usize, facts: &DynamicFacts<G>) -> bool
    where
        G: IntoIterator<Item = usize> + Clone,
    {
        let begin = self.begins.get(instance_idx).copied().unwrap_or(NO);
        self.expression.walk(begin, |step, test| match self.slots[step] {
            Slot::Static(bit) => self.by_instance.get(instance_idx, bit),
            Slot::Group(bit) => facts.task_groups.clone().into_iter().any(|it| self.by_group.get(it, bit)),
            Slot::Dynamic => test.holds_dynamic(facts.agent_connected, facts.running_tasks_count),
        })
    }

    /// The answer, where it depends on nothing dynamic for this instance: of
    /// `attribute:a == 1 and task:group == b` on one whose `a` is 2, for example.
    pub fn settled(&self, instance_idx: usize) -> Option<bool> {
        match self.begins.get(instance_idx).copied().unwrap_or(NO) {
            YES => Some(true),
            NO => Some(false),
            _ => None,
        }
    }

    fn ask(&mut self, instance_idx: usize, facts: &impl StaticFacts, concerns: impl Fn(&Test) -> bool) {
        self.by_instance.make_room(instance_idx);
        if self.begins.len() <= instance_idx {
            self.begins.resize(instance_idx + 1, NO);
        }
        for (slot, step) in self.slots.iter().zip(&self.expression.steps) {
            if let Slot::Static(bit) = *slot
                && concerns(&step.test)
            {
                self.by_instance.set(instance_idx, bit, step.test.holds_static(facts));
            }
        }
        self.begins[instance_idx] = self.first_open(instance_idx);
    }

    fn first_open(&self, instance_idx: usize) -> Goto {
        let mut at = 0;
        while at < NO
            && let Slot::Static(bit) = self.slots[usize::from(at)]
        {
            let step = &self.expression.steps[usize::from(at)];
            at = if self.by_instance.get(instance_idx, bit) { step.if_true } else { step.if_false };
        }
        at
    }
}

/// Rows of equally many bits.
#[derive(Clone, Debug)]
struct BitRows {
    words_per_row: usize,
    words: Vec<u64>,
}

impl BitRows {
    fn new(n_bits: usize) -> Self {
        Self { words_per_row: n_bits.div_ceil(64), words: Vec::new() }
    }

    fn make_room(&mut self, row: usize) {
        let len = (row + 1) * self.words_per_row;
        if self.words.len() < len {
            self.words.resize(len, 0);
        }
    }

    fn get(&self, row: usize, bit: usize) -> bool {
        let word = self.words.get(row * self.words_per_row + bit / 64);
        word.is_some_and(|it| it >> (bit % 64) & 1 == 1)
    }

    fn set(&mut self, row: usize, bit: usize, value: bool) {
        let word = &mut self.words[row * self.words_per_row + bit / 64];
        *word = *word & !(1 << (bit % 64)) | u64::from(value) << (bit % 64);
    }
}
