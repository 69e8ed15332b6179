"""Array types of the simulator."""

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I16 = NDArray[np.int16]
I8 = NDArray[np.int8]
