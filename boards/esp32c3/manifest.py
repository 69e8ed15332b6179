# Frozen modules of the image: python code from flash costs no heap and no compile time at each wake.
package("anju_wire", base_path="../../protocol")
package("anju_node", base_path="../../firmware")
module("board.py", base_path=".")
module("main.py", base_path="../common")
