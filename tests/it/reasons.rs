//! A placement has reasons, and so has what a run writes down: the same ones, in
//! the same order, though the two rooms do not know each other.

use berthlab::placement::failure::FailureReason;
use berthlab::record::PlacementReason;

#[test]
fn the_reasons_of_a_record_are_those_of_a_placement_and_one_for_no_instance() {
    let recorded = PlacementReason::ALL;
    assert_eq!(recorded.len(), FailureReason::ALL.len() + 1);
    for (idx, reason) in FailureReason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, idx);
        // A constraint is a sentence in a message, and one word in a file.
        let name = match reason {
            FailureReason::MemberOf => "MEMBER_OF",
            FailureReason::DistinctInstance => "DISTINCT_INSTANCE",
            other => other.name(),
        };
        assert_eq!(recorded[idx].name(), name);
    }
    assert_eq!(recorded.last(), Some(&PlacementReason::NoInstance));
}
