-- Children that point at something, and at nothing that is there.
SELECT {values}
FROM {child}
WHERE {complete} AND {condition} AND NOT EXISTS (SELECT FROM {parent} WHERE {same})
LIMIT {most}
