"""Runs the ClickHouse in a library as a server: run.py WAY LIBRARY. Its configuration is config.xml in the working directory.

With the way "reader" it runs a list of statements, JSON of standard input, and prints their results.
"""

import ctypes
import json
import os
import sys

way, library = sys.argv[1:]

if way == "server":
    main = ctypes.CDLL(library)._Z25mainEntryClickHouseServeriPPc
    words = [b"clickhouse-server", b"--config-file=config.xml"]
    sys.exit(main(len(words), (ctypes.c_char_p * (len(words) + 1))(*words, None)))

# The listeners are open while a statement runs: the last one never ends.
sys.path.insert(0, os.path.dirname(library))
import _chdb

if way == "reader":
    data = _chdb.connect("file:" + os.path.abspath("data"))
    print(json.dumps([data.query(s, "TabSeparatedRaw").bytes().decode().strip() for s in json.load(sys.stdin)]))
    sys.exit(0)

print(_chdb.query("SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size = 1", "TabSeparated", path=os.path.abspath("data")))
