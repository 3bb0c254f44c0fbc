"""`rank`: who wins, from pairwise votes."""

from __future__ import annotations

import argparse

from workbench.cli.terminal import Terminal, columns

_SHOWN_BAD = 5


def rank_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `workbench rank`."""
    parser.add_argument("votes", metavar="VOTES.csv", help="a table with the columns left, right and winner (left, right, tie, both_bad)")
    parser.add_argument(
        "--control",
        action="append",
        default=[],
        metavar="NAME",
        help="rank as if both answers had equally much of it, such as length: columns left_NAME and right_NAME; may be given several times",
    )


def rank_verb(options: argparse.Namespace, terminal: Terminal) -> int:
    """The exit code of `workbench rank`."""
    from workbench.workspace import rank, read_votes  # not for --help

    controls = list(dict.fromkeys(options.control))
    table = read_votes(options.votes, controls)
    for row in table.bad[:_SHOWN_BAD]:
        terminal.note(f"Line {row.line} is left out: {row.reason}")
    if len(table.bad) > _SHOWN_BAD:
        terminal.note(f"{len(table.bad):,} rows are left out in all.")
    ranking = rank(table.votes, controls)
    if not ranking.separable:
        terminal.note(
            "Some never lost, never won, or never met the others, so no strength fits them. Each was lent one tie; read the intervals."
        )
    models = [
        {
            "name": one.name,
            "bradley_terry": one.strength,
            "low": one.low,
            "high": one.high,
            "elo": one.elo,
            "wins": one.wins,
            "losses": one.losses,
            "ties": one.ties,
            "rank": one.rank,
        }
        for one in ranking.ranked
    ]
    document = {"schema": 1, "votes": ranking.votes, "left_out": len(table.bad), "separable": ranking.separable, "models": models}
    if controls:
        document["effects"] = dict(ranking.effects)
    rows = [
        (
            str(one.rank),
            one.name,
            f"{one.strength:.4f}",
            f"{one.low:.4f} to {one.high:.4f}",
            f"{one.elo:.1f}",
            f"{one.wins}/{one.losses}/{one.ties}",
        )
        for one in ranking.ranked
    ]
    text = columns(("RANK", "NAME", "STRENGTH", "95 %", "ELO", "WON/LOST/TIED"), rows)
    terminal.answer(document, f"{text}\n{ranking.votes:,} {'vote' if ranking.votes == 1 else 'votes'}.")
    return 0
