"""The page on trust: its first table has each decision of the archive."""

import trust


def test_every_decision_is_in_the_table_of_where_and_when_they_were_made():
    found = trust.evidence()
    table = trust.sessions(found).frame
    assert table["gates"].sum() == len(found.gates) > 0
    assert table["comparisons of identical statements"].sum() == len(found.identical) > 0
