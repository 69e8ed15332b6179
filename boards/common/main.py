import board

from anju_node import app

app.run(board.hal())
