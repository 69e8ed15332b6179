"""Every number on the wire, with its unit and clause.  Kept flat: a node pays for each name in RAM."""

# Record kinds, SPEC 4.2
DOOR = 1
PIR = 2
METER = 3
HEALTH = 4
READINGS = 5

# Medium of a meter, SPEC 4.5
WATER = 0  # totals in mL
ELECTRICITY = 1  # totals in mWh

# Why a node last began to run, SPEC 4.6
RESET_DEEP_SLEEP = 0
RESET_POWER_ON = 1
RESET_HARD = 2
RESET_WATCHDOG = 3
RESET_SOFT = 4

# Limits, SPEC 8
MAX_RECORDS = 64  # records in a report
MAX_REPORT_BYTES = 1024  # CBOR of a report
MAX_ANSWER_BYTES = 256  # CBOR of an answer
MAX_COUNT = 0x1FFFFFFFFFFFFF  # 2**53 - 1: exact in JSON, SQLite and a double
MAX_NODE_ID_BYTES = 7  # RFC 8613 section 3.3: nonce length 13 - 6

# Identities, SPEC 2
HUB_ID = b"H"
PATH_REPORT = "r"

# CoAP message types, RFC 7252 section 3
CON = 0
NON = 1
ACK = 2
RST = 3

# CoAP codes, RFC 7252 section 12.1 and RFC 8132
EMPTY = 0x00
GET = 0x01
POST = 0x02
PUT = 0x03
FETCH = 0x05
CHANGED = 0x44
CONTENT = 0x45
BAD_REQUEST = 0x80
UNAUTHORIZED = 0x81
BAD_OPTION = 0x82
REQUEST_ENTITY_TOO_LARGE = 0x8D

# CoAP options, RFC 7252 section 12.2, RFC 7641, RFC 8613, RFC 9175
OPTION_OBSERVE = 6
OPTION_OSCORE = 9
OPTION_URI_PATH = 11
OPTION_CONTENT_FORMAT = 12
OPTION_PROXY_URI = 35
OPTION_ECHO = 252

# What OSCORE leaves visible to proxies, RFC 8613 section 4.1: Uri-Host, Uri-Port, OSCORE, Hop-Limit, Proxy-Uri,
# Proxy-Scheme.  Observe is inside and outside and has its own rules.
OPTIONS_CLASS_U = (3, 7, 9, 16, 35, 39)

# CoAP content formats, RFC 7252 section 12.3, RFC 8949
FORMAT_CBOR = 60

# Transmission parameters, RFC 7252 section 4.8
ACK_TIMEOUT_MS = 2000
ACK_RANDOM_PERCENT = 150  # ACK_RANDOM_FACTOR 1.5: the first timeout lies between ACK_TIMEOUT and 1.5 times it
MAX_RETRANSMIT = 4
MAX_TRANSMIT_WAIT_MS = 93000
COAP_PORT = 5683
