"""A bank that cannot answer is no bank without a match."""

from portal.bank.actions import BankAwayError
from portal.exchange.errors import answer


def test_a_bank_that_is_away_is_told_as_503_in_words_of_its_own() -> None:
    response = answer(BankAwayError("milvus://secret"), {})
    assert response.status_code == 503
    assert response.data["error"] == "away"
    assert "secret" not in response.data["detail"]
