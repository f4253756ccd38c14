"""A zone's score of meaningful connectivity, with what each dimension gives to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.explain.place import section
from analysis.explain.words import DIMENSIONS
from analysis.scenario import Index

if TYPE_CHECKING:
    from analysis.explain.place import Place, Section


def index(place: Place) -> list[Section]:
    """Score, rank by it, the points of each dimension, and who weighed them; nothing where the run has no index."""
    say, told = place.speak.say, place.summary.get("index")
    if not told or "index_score" not in place.row:
        return []
    lines = [say("No score: too few of its dimensions are known here.")]
    if place.has("index_score"):
        score, rank = _points(place, "index_score"), int(place.value("index_rank"))
        head = say(
            "Score {score} of 100, rank {rank} of {count} with a score; rank 1 is most in need.",
            score=score,
            rank=rank,
            count=int(told["scored"]),
        )
        lines = [head, say("The score is the sum of these points:")]
    weights = {name: told["weights"][name] for name in DIMENSIONS if name in told["weights"]}
    lines += [f"- {_dimension(place, name, weight)}" for name, weight in weights.items()]
    if told["left_out"]:
        names = place.speak.names(say(DIMENSIONS[name]) for name in told["left_out"])
        lines.append(say("Left out, as no zone has figures of it: {names}.", names=names))
    return section(say("Index of meaningful connectivity"), [*lines, _set_by(place)])


def _points(place: Place, column: str) -> str:
    """A score or its part as points of 100."""
    return place.speak.number(100 * place.value(column), 1)


def _dimension(place: Place, name: str, weight: float) -> str:
    say = place.speak.say
    told = {"dimension": say(DIMENSIONS[name]), "weight": place.speak.percent(weight)}
    if not place.has(f"index_{name}"):
        return say("{dimension}: not known here, weight {weight}", **told)
    part = place.share(f"index_{name}")
    if not place.has(f"index_{name}_points"):
        return say("{dimension}: {part} of the way to its goal, weight {weight}", part=part, **told)
    return say(
        "{dimension}: {points} points, {part} of the way to its goal, weight {weight}",
        points=_points(place, f"index_{name}_points"),
        part=part,
        **told,
    )


def _set_by(place: Place) -> str:
    """Who chose the weights."""
    bodies = [str(body) for body in place.summary["index"]["set_by"]]
    if bodies == [Index().set_by]:
        return place.speak.say("Nobody set the weights: they are equal.")
    return place.speak.say("The weights were set by {names}.", names=place.speak.names(bodies))
