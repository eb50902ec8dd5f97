"""Lines that continue one another."""

from __future__ import annotations

import pandas as pd
import shapely

from riskmodel.pipelines.routes import Piece, routes


def pieces(*lines: list[tuple[float, float]]) -> list[Piece]:
    return [Piece(i, 0.0, shapely.LineString(line), "gas") for i, line in enumerate(lines)]


def test_every_piece_is_on_one_route() -> None:
    found = routes(pieces([(0, 0), (10, 0)], [(100, 0), (10.5, 0)], [(100, 1), (100, 50)], [(500, 0), (600, 0)]))
    assert sorted(sorted(piece.row for piece in route.pieces) for route in found) == [[0, 1, 2], [3]]


def test_a_ring_begins_anywhere_and_a_closed_piece_stays_alone() -> None:
    ring = pieces([(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 0)])
    closed = pieces([(0, 0), (100, 0), (100, 100), (0, 0)])
    assert [len(route.pieces) for route in routes(ring)] == [3]
    assert [route.line.length for route in routes(closed)] == [closed[0].line.length]


def test_where_more_than_two_meet_the_straight_ones_go_on() -> None:
    crossing = pieces([(0, 0), (100, 0)], [(100, 0), (200, 10)], [(100, 90), (100, 0)], [(100, 0), (95, -80)])
    assert sorted(sorted(piece.row for piece in route.pieces) for route in routes(crossing)) == [[0, 1], [2, 3]]
    fork = pieces([(0, 0), (100, 0)], [(100, 0), (140, 90)], [(100, 0), (140, -90)])
    assert [len(route.pieces) for route in routes(fork)] == [1, 1, 1]


def test_a_piece_of_no_length_is_alone_and_breaks_nothing() -> None:
    found = routes(pieces([(0, 0), (100, 0)], [(100, 0), (100, 0)], [(100, 0), (200, 0)]))
    assert sorted(sorted(piece.row for piece in route.pieces) for route in found) == [[0, 2], [1]]


def test_no_pieces_no_routes() -> None:
    assert routes([]) == []


def test_stretches_come_back_to_their_piece() -> None:
    route, = routes(pieces([(0, 0), (1000, 0)], [(3000, 0), (1000, 0)]))
    table = pd.DataFrame({"start_m": [0.0, 900.0, 1400.0], "end_m": [900.0, 1400.0, 3000.0], "class": ["a", "b", "a"]})
    assert route.of_piece(0, table).to_dict("list") == {"start_m": [0.0, 900.0], "end_m": [900.0, 1000.0], "class": ["a", "b"]}
    back = route.of_piece(1, table)
    assert back.to_dict("list") == {"start_m": [0.0, 1600.0], "end_m": [1600.0, 2000.0], "class": ["a", "b"]}
