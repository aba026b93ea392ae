"""Where the harbour's rows come from: three databases, made by hand over the years."""

from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap

LAYOUT = Layout(
    "harbour",
    (
        LegacyDatabase(
            "harbour_ships",
            variable="SHIPS",
            service="registry",
            maps=(
                TableMap(
                    SourceTable("Ships", {"flag": "text", "no": "integer", "name": "text"}),
                    "Ship Registry.ships",
                    rename={"no": "number"},
                ),
            ),
        ),
        LegacyDatabase(
            "harbour_port",
            variable="PORT",
            service="berthing",
            maps=(
                TableMap(
                    SourceTable("berths", {"pier": "text", "number": "integer", "depth": "integer?"}),
                    "berth-ing.berths",
                ),
                TableMap(
                    SourceTable(
                        "calls",
                        {
                            "id": "bigint", "shipFlag": "text?", "shipNumber": "integer?", "pier": "text",
                            "berth": "integer", "declaredYear": "integer?", "declaredNumber": "integer?",
                        },
                    ),
                    "berth-ing.Port Calls",
                ),
            ),
        ),
        LegacyDatabase(
            "harbour_customs",
            variable="CUSTOMS",
            service="customs",
            maps=(
                TableMap(
                    SourceTable("declarations", {"year": "integer", "number": "integer", "goods": "text"}),
                    "customs.declarations",
                ),
            ),
        ),
    ),
)  # fmt: skip
