"""How the databases are: checks whose findings say what to do, sizes, and the same as metrics.

It takes a catalog's services and where they are as arguments, and knows nothing of PayrollX. It reads only.
"""
