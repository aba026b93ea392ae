"""From the lifted shape to a better one, on the empty schema, before the rows come.

`suggest` looks at the sources and writes down what could be better, `file` is what a person answers, and `apply` does
what was taken. The copy then turns the old shapes into the new ones by its general rules.
"""
