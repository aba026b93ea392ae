"""The report of a run that one can sign: read from the recorded state, shown as a page, checked again later."""
