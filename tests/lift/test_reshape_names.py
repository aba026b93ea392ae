"""Names in snake_case."""

import pytest

from payrollx_db.lift.reshape.names import Proposals, snake_case


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("userId", "user_id"), ("keyShareIDs", "key_share_ids"), ("HTTPServer", "http_server"), ("User", "user"),
        ("address2Line", "address2_line"), ("Order Details", "order_details"), ("USERS", "users"), ("a.b%c", "a_b_c"),
        ("__v", "__v"), ("2fa", "_2fa"), ("already_so", "already_so"), ("ÄrgerLos", "ärger_los"), ("größeÄ", "größe_ä"),
        ("€", ""), ("user_Id", "user_id"), ("URLs", "urls"), ("имяПоле", "имя_поле"),
    ],
)  # fmt: skip
def test_words_are_told_apart_by_capitals_and_what_is_no_letter(name: str, expected: str) -> None:
    assert snake_case(name) == expected


def test_no_two_get_one_name_and_none_gets_one_that_is_taken() -> None:
    proposals = Proposals(["aB", "a-b", "cD", "e" * 60 + "FgH"], {"aB", "a-b", "cD", "c_d"})
    assert list(proposals.renames()) == []
    reasons = dict(proposals.clashes())
    assert "would be 'a_b' as well" in reasons["aB"]
    assert reasons["cD"] == "'c_d' is taken"
    assert "65 bytes" in reasons["e" * 60 + "FgH"]
