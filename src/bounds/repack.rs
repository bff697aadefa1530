//! Re-placement: which instances could be given back if their tasks moved to
//! the free room of others, and how many tasks would move. Tasks stay where they
//! are otherwise, as ECS leaves them: it never moves a task to free an instance.
//!
//! The emptiest instance is asked first; each of its tasks goes to the fullest
//! of the others that has room (first fit decreasing over instances and over
//! tasks). If all of them find room it is freed, else all of them stay. An
//! instance that was given a task is not freed: nothing moves twice.

use crate::bounds::problem::{Class, Vector, fits};

/// An instance that takes tasks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Room {
    /// What is free on it.
    pub free: Vector,
    /// What it registered.
    pub registered: Vector,
    /// The classes of the tasks that hold room on it, movable or not.
    pub classes: Vec<usize>,
    /// The tasks that may move, by class, with whatever names them. `None` if
    /// something holds the instance that does not move.
    pub movable: Option<Vec<(usize, u64)>>,
    /// The group that it could be given back from: each can spare some.
    pub group: usize,
}

/// What a re-placement would do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// The instances that are freed, ascending.
    pub freed: Vec<usize>,
    /// The tasks that move, by what names them, in the order of their moves.
    pub moved: Vec<u64>,
}

/// Finds out. `may_go(class, room)` says whether a task of the class is allowed
/// on an instance, room and neighbours aside; `spare` how many instances each
/// group can do without.
pub fn replacement(
    classes: &[Class],
    rooms: &[Room],
    spare: &[usize],
    may_go: impl Fn(usize, usize) -> bool,
) -> Plan {
    let mut spare = spare.to_vec();
    // An empty instance is given back anyway: to fill it would gain nothing.
    let target =
        |it: &Room| Target { free: it.free, classes: it.classes.clone(), is_open: !it.classes.is_empty() };
    let mut state: Vec<Target> = rooms.iter().map(target).collect();
    let mut fullest: Vec<usize> = (0..rooms.len()).collect();
    fullest.sort_by_key(|&it| (std::cmp::Reverse(load(&rooms[it])), it));
    let mut is_target = vec![false; rooms.len()];
    // Room only shrinks: where a class looked in vain it need not look again.
    let mut begin = vec![0; classes.len()];
    let mut plan = Plan::default();

    for &source in fullest.iter().rev() {
        let Some(movable) = &rooms[source].movable else { continue };
        let is_asked = !movable.is_empty() && !is_target[source] && spare[rooms[source].group] > 0;
        if !is_asked {
            continue;
        }
        let mut tasks = movable.clone();
        tasks.sort_by_key(|&(class, task)| {
            (std::cmp::Reverse(part(&classes[class].needs, &rooms[source].registered)), class, task)
        });
        state[source].is_open = false;
        let begin_before = begin.clone();
        let mut puts: Vec<(usize, usize)> = Vec::with_capacity(tasks.len());
        let has_room = tasks.iter().all(|&(class, _)| {
            while let Some(&target) = fullest.get(begin[class]) {
                if state[target].takes(classes, class) && may_go(class, target) {
                    state[target].put(classes, class);
                    puts.push((class, target));
                    return true;
                }
                begin[class] += 1;
            }
            false
        });
        if has_room {
            spare[rooms[source].group] -= 1;
            plan.freed.push(source);
            plan.moved.extend(tasks.iter().map(|it| it.1));
            puts.iter().for_each(|it| is_target[it.1] = true);
        } else {
            for &(class, target) in puts.iter().rev() {
                state[target].take_back(classes, class);
            }
            begin = begin_before;
            state[source].is_open = true;
        }
    }
    plan.freed.sort_unstable();
    plan
}

/// An instance while tasks are put on it.
struct Target {
    free: Vector,
    classes: Vec<usize>,
    is_open: bool,
}

impl Target {
    fn takes(&self, classes: &[Class], class: usize) -> bool {
        self.is_open
            && fits(&classes[class].needs, &self.free)
            && self.classes.iter().all(|&it| classes[class].tolerates(&classes[it]))
    }

    fn put(&mut self, classes: &[Class], class: usize) {
        for (free, need) in self.free.iter_mut().zip(&classes[class].needs) {
            *free -= need;
        }
        self.classes.push(class);
    }

    fn take_back(&mut self, classes: &[Class], class: usize) {
        for (free, need) in self.free.iter_mut().zip(&classes[class].needs) {
            *free += need;
        }
        let put = self.classes.pop();
        assert_eq!(put, Some(class), "what was put last is taken back first");
    }
}

/// How full an instance is: its fullest resource, in millionths.
fn load(room: &Room) -> u64 {
    let used = std::array::from_fn(|it| room.registered[it].saturating_sub(room.free[it]));
    part(&used, &room.registered)
}

/// The greatest part of any resource, in millionths.
fn part(amount: &Vector, of: &Vector) -> u64 {
    let parts = amount.iter().zip(of).filter_map(|(amount, of)| (amount * 1_000_000).checked_div(*of));
    parts.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(cpu: u64, apart: Option<u32>) -> Class {
        Class { needs: [cpu, 0, 0, 0, 0], ports: Vec::new(), apart }
    }

    fn room(classes: &[Class], on: &[usize], first: u64) -> Room {
        let used: u64 = on.iter().map(|&it| classes[it].needs[0]).sum();
        Room {
            free: [100 - used, 0, 0, 0, 0],
            registered: [100, 0, 0, 0, 0],
            classes: on.to_vec(),
            movable: Some(on.iter().zip(first..).map(|(&class, task)| (class, task)).collect()),
            group: 0,
        }
    }

    #[test]
    fn the_emptiest_goes_if_all_its_tasks_find_room() {
        let classes = [class(30, None), class(50, None)];
        let rooms = [
            room(&classes, &[0, 0], 0),
            room(&classes, &[1], 10),
            room(&classes, &[0], 20),
            room(&classes, &[], 30),
        ];
        let plan = replacement(&classes, &rooms, &[9], |_, _| true);
        // The 30 fills the 60 up to 90; the 50 then finds no room.
        assert_eq!(plan, Plan { freed: vec![2], moved: vec![20] });
        // Not there: it goes beside the 50.
        let plan = replacement(&classes, &rooms, &[9], |_, target| target != 0);
        assert_eq!(plan, Plan { freed: vec![2], moved: vec![20] });
        let nowhere = replacement(&classes, &rooms, &[9], |_, _| false);
        assert_eq!(nowhere, Plan::default());
        assert_eq!(replacement(&classes, &rooms, &[0], |_, _| true), Plan::default());
    }

    #[test]
    fn a_part_of_the_tasks_is_put_back_and_neighbours_count() {
        let classes = [class(20, None), class(45, None), class(10, Some(0))];
        let rooms = [
            room(&classes, &[1, 0], 0),
            room(&classes, &[0, 0, 0], 10),
            room(&classes, &[2, 2, 2, 2, 2], 20),
        ];
        // 45 finds 40 nowhere: what was put before it comes back.
        let plan = replacement(&classes, &rooms, &[9], |_, target| target != 2);
        assert_eq!(plan, Plan { freed: vec![], moved: vec![] });
        let held = Room { movable: None, ..rooms[0].clone() };
        let alone = [room(&classes, &[2], 0), room(&classes, &[2], 1), room(&classes, &[0], 2), held];
        // The two that are apart never meet.
        let plan = replacement(&classes, &alone, &[9], |_, _| true);
        assert_eq!(plan, Plan { freed: vec![0, 1], moved: vec![1, 0] });
    }
}
