"""What a stored substance is called in the tables, and how it gets out and acts."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from riskmodel.parameters import Parameters

#: How a substance gets out and acts; each has its event trees.
State = Literal["liquid", "liquefied", "cryogenic", "compressed", "toxic", "explosive", "dust", "tailings"]


def code_names(frame: pd.DataFrame, parameters: Parameters) -> NDArray[Any]:
    """Code name of every row's substance, by its name, its Chinese name or its CAS number; None where none is known.

    Parameters
    ----------
    frame : DataFrame
        Columns ``substance`` and, where present, ``cas``.

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> rows = pd.DataFrame({"substance": ["lpg", "液氨", "no such thing", "x"], "cas": [None, None, None, "7782-50-5"]})
    >>> code_names(rows, load_parameters()).tolist()
    ['lpg', 'ammonia', None, 'chlorine']
    """
    names = known_names(parameters)
    code = frame["substance"].map(names)
    if "cas" in frame:
        code = code.where(code.notna(), frame["cas"].map(names))
    return np.asarray(code.astype(object).where(code.notna(), None).to_numpy(object))


def known_names(parameters: Parameters) -> dict[str, str]:
    """Code name by every name and CAS number that the tables know.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> names = known_names(parameters())
    >>> names["氯气"], names["7782-50-5"]
    ('chlorine', 'chlorine')
    """
    states = parameters.table("quantified.substance.state")
    chinese = {str(zh): code for code, zh in parameters.table("quantified.substance.zh").items()}
    return {**{code: code for code in states}, **chinese, **parameters.table("quantified.substance.alias")}


def state_of(substance: str, parameters: Parameters) -> State:
    """State of a substance by its code name; KeyError if the table has none.

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> state_of("lng", load_parameters())
    'cryogenic'
    """
    state: State = parameters.table("quantified.substance.state")[substance]
    return state


def is_dense(substance: str, parameters: Parameters) -> bool:
    """Whether a poison's cloud is a dense gas near its source.

    Examples
    --------
    >>> from riskmodel.example import parameters
    >>> is_dense("chlorine", parameters()), is_dense("ammonia", parameters())
    (True, False)
    """
    return substance in parameters.entry("quantified.substance.dense").value


def chinese_name(substance: str, parameters: Parameters) -> str:
    """Chinese name on the map.

    Examples
    --------
    >>> from riskmodel.parameters import load_parameters
    >>> chinese_name("ammonia", load_parameters())
    '氨气'
    """
    return str(parameters.table("quantified.substance.zh")[substance])
