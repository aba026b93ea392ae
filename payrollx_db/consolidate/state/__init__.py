"""What a run remembers, in the target's schema ``payrollx_meta``, and the lock that lets only one run write."""
