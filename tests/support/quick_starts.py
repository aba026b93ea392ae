"""What costs each search for garbage time is put aside once, when a session has collected its tests."""

import gc


def pytest_collection_finish() -> None:
    """Keep what is there to the end out of every search for garbage: modules, models and thousands of tests."""
    gc.collect()
    gc.freeze()
