//! The tests that stand beside the policies of this repository.

tollgate_testing::policy_tests!("../policies");
