"""x"""
from typing import NamedTuple
class Measured(NamedTuple):
    pairs: int
    asked: float
    false: dict[int,int]
MEASURED: dict[str, Measured] = {}
MEASURED_ON="x"
PICTURES=0
