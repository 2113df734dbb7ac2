"""The 147 cases of h2spec 2.6 (https://github.com/summerwind/h2spec), told again as data: what is sent and what must come. The
names are h2spec's; its sections 3 to 8 are RFC 7540's, 9113's number stands beside where it moved; HPACK's are RFC 7541's.

A row is (name, steps, verdict). Steps are bytes to send, or a function of the connection that sends, waits and asserts.
Verdicts: ("C", code …) the connection ends with GOAWAY of one of these codes; ("S", code …) stream 1 ends with RST_STREAM of
such a code (or all ends with it, RFC 9113 §5.4); "A" stream 1 is answered; "P" nothing but that a PING is answered;
"E" the connection ends in peace; "raw" no HTTP/2 yet: a GOAWAY or a 400 of HTTP/1.1, and the end."""
import struct

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
ACK, END, WHOLE, PADDED, PRIO = 1, 1, 4, 8, 32
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_ERROR, PROTOCOL, INTERNAL, FLOW, TIMEOUT, CLOSED, SIZE, REFUSED, CANCEL, COMPRESSION, CONNECT, CALM = range(12)
STREAMS = 100  # what our SETTINGS_MAX_CONCURRENT_STREAMS says


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(s):
    s = s.encode() if isinstance(s, str) else s
    assert len(s) < 127 + 128
    return (bytes([len(s)]) if len(s) < 127 else bytes([127, len(s) - 127])) + s


def field(name, value):
    return b"\x00" + text(name) + text(value)


def head(path="/", method="GET", *more, scheme="https"):
    return b"".join([field(":method", method), field(":scheme", scheme), field(":path", path), field(":authority", "a"),
                     *(field(k, v) for k, v in more)])


def get(stream, path="/", flags=END | WHOLE, *more):
    return frame(HEADERS, flags, stream, head(path, "GET", *more))


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", k, v) for k, v in pairs))


def window(n, stream=0):
    return frame(WINDOW, 0, stream, struct.pack(">I", n))


BLOCK, POST = head(), head("/", "POST")
OPEN = frame(HEADERS, WHOLE, 1, POST)  # stream 1, half open: its body is to come
DEPENDS = struct.pack(">IB", 0, 255)
RESET = frame(RST, 0, 1, struct.pack(">I", CANCEL))


def answered(then):
    """Stream 1 is closed because its answer came whole; then `then` follows."""
    def steps(h):
        h.send(get(1))
        h.answer(1)
        h.send(then)
    return steps


def too_many_streams(h):
    """5.1.2: one stream more than our settings allow, all half open. The last is refused, the others live."""
    h.send(b"".join(frame(HEADERS, WHOLE, 2 * i + 1, POST) for i in range(STREAMS + 1)))
    f = h.until(lambda f: f[0] in (RST, GOAWAY))
    assert f is not None and f[2] == 2 * STREAMS + 1 and int.from_bytes(f[3][-4:], "big") in (PROTOCOL, REFUSED), f


def window_of_one(h):
    """6.9.1/1: not a byte more than the window."""
    h.send(settings((4, 1)) + get(1))
    assert len(h.until(lambda f: f[0] == DATA)[3]) == 1


def window_after_headers(h):
    """6.9.2/1: a window that settings change changes that of a stream under way."""
    h.send(settings((4, 0)) + get(1))
    h.until(lambda f: f[0] == HEADERS)
    h.send(settings((4, 1)))
    assert len(h.until(lambda f: f[0] == DATA)[3]) == 1


def window_below_zero(h):
    """6.9.2/2: three bytes are taken, then the window is made 2, so it stands at -1."""
    h.send(settings((4, 3)) + get(1))
    assert len(h.until(lambda f: f[0] == DATA)[3]) == 3
    h.send(settings((4, 2)) + window(2, 1))
    assert len(h.until(lambda f: f[0] == DATA)[3]) == 1


def settings_are_acknowledged(h):
    """6.5.3/2"""
    h.send(settings((4, 100)))
    assert h.until(lambda f: f[0] == SETTINGS and f[1] & ACK)


def two_windows_in_one(h):
    """6.5.3/1: in the order in which they come; the last holds."""
    h.send(settings((4, 100), (4, 1)) + get(1))
    assert len(h.until(lambda f: f[0] == DATA)[3]) == 1


def last_stream_is_told(h):
    """5.4.1/2: GOAWAY names the last stream that was looked at."""
    h.send(get(1))
    h.answer(1)
    h.send(frame(PING, 0, 0, b"123456"))
    f = h.until(lambda f: f[0] == GOAWAY)
    assert f is not None and int.from_bytes(f[3][:4], "big") == 1 and int.from_bytes(f[3][4:8], "big") == SIZE, f


def literal(kind, bits, name_index, name, value, huffman):
    """A field as HPACK may write it (RFC 7541 §6.2): `kind` the first byte's bits, its index in `bits` bits."""
    put = (lambda s: bytes([0x80 | len(h := HUFFMAN[s])]) + h) if huffman else (lambda s: text(s))
    assert name_index < (1 << bits) - 1
    return bytes([kind | name_index]) + (b"" if name_index else put(name)) + put(value)


# RFC 7541's own strings (Appendix C.4, C.6), so that no encoder of ours is needed
HUFFMAN = {"www.example.com": bytes.fromhex("f1e3c2e5f23a6ba0ab90f4ff"), "custom-key": bytes.fromhex("25a849e95ba97d7f"),
           "custom-value": bytes.fromhex("25a849e95bb8e8b4bf")}
INDEXED = b"\x82\x87\x84"  # :method GET, :scheme https, :path /


def hpack_forms():
    """generic/5/2 to 13: with indexing, without, never; a name of the table or a new one; plain or Huffman."""
    number = 2
    for what, kind, bits in (("with incremental indexing", 0x40, 6), ("without indexing", 0x00, 4), ("never indexed", 0x10, 4)):
        for name_says, index, name, value in (("indexed name", 1, "", "www.example.com"), ("new name", 0, "custom-key", "custom-value")):
            for huffman in (False, True):
                block = INDEXED + literal(kind, bits, index, name, value, huffman)
                yield f"generic/5/{number} literal {what}, {name_says}{', Huffman' if huffman else ''}", frame(HEADERS, END | WHOLE, 1, block), "A"
                number += 1


def cases():
    yield "generic/1/1 preface", b"", "P"
    yield "generic/2/1 PRIORITY on an idle stream", frame(PRIORITY, 0, 1, DEPENDS) + get(1), "A"
    yield "generic/2/2 WINDOW_UPDATE on a half-closed stream", get(1) + window(1, 1), "A"
    yield "generic/2/3 PRIORITY on a half-closed stream", get(1) + frame(PRIORITY, 0, 1, DEPENDS), "A"
    yield "generic/2/4 RST_STREAM on a half-closed stream", get(1) + RESET, "P"
    yield "generic/2/5 PRIORITY on a closed stream", answered(frame(PRIORITY, 0, 1, DEPENDS)), "P"
    yield "generic/3.1/1 DATA", OPEN + frame(DATA, END, 1, b"test"), "A"
    yield "generic/3.1/2 several DATA", OPEN + frame(DATA, 0, 1, b"test") + frame(DATA, END, 1, b"test"), "A"
    yield "generic/3.1/3 padded DATA", OPEN + frame(DATA, END | PADDED, 1, b"\6test" + bytes(6)), "A"
    yield "generic/3.2/1 HEADERS", get(1), "A"
    yield "generic/3.2/2 padded HEADERS", frame(HEADERS, END | WHOLE | PADDED, 1, b"\6" + BLOCK + bytes(6)), "A"
    yield "generic/3.2/3 HEADERS with priority", frame(HEADERS, END | WHOLE | PRIO, 1, DEPENDS + BLOCK), "A"
    yield "generic/3.3/1 PRIORITY of weight 1", frame(PRIORITY, 0, 1, b"\0\0\0\0\0") + get(1), "A"
    yield "generic/3.3/2 PRIORITY of weight 256", frame(PRIORITY, 0, 1, b"\0\0\0\0\xff") + get(1), "A"
    yield "generic/3.3/3 PRIORITY with a dependency", frame(PRIORITY, 0, 1, DEPENDS) + frame(PRIORITY, 0, 3, b"\0\0\0\1\xff") + get(1), "A"
    yield "generic/3.3/4 PRIORITY, exclusive", frame(PRIORITY, 0, 1, DEPENDS) + frame(PRIORITY, 0, 3, b"\x80\0\0\1\xff") + get(1), "A"
    yield "generic/3.3/5 PRIORITY of a higher idle stream, then a lower one", frame(PRIORITY, 0, 5, DEPENDS) + get(1), "A"
    yield "generic/3.4/1 RST_STREAM", OPEN + RESET, "P"
    yield "generic/3.5/1 SETTINGS", settings((3, 100)), "P"
    yield "generic/3.7/1 PING", b"", "P"
    yield "generic/3.8/1 GOAWAY", frame(GOAWAY, 0, 0, bytes(8)), "E"
    yield "generic/3.9/1 WINDOW_UPDATE of the connection", window(1) + get(1), "A"
    yield "generic/3.9/2 WINDOW_UPDATE of a stream", OPEN + window(1, 1) + frame(DATA, END, 1, b"x"), "A"
    yield "generic/3.10/1 CONTINUATION", frame(HEADERS, END, 1, BLOCK[:9]) + frame(CONTINUATION, WHOLE, 1, BLOCK[9:]), "A"
    yield "generic/3.10/2 several CONTINUATION", frame(HEADERS, END, 1, BLOCK[:9]) + frame(CONTINUATION, 0, 1, BLOCK[9:30]) + frame(
        CONTINUATION, WHOLE, 1, BLOCK[30:]), "A"
    yield "generic/4/1 GET", get(1), "A"
    yield "generic/4/2 HEAD", frame(HEADERS, END | WHOLE, 1, head("/", "HEAD")), "A"
    yield "generic/4/3 POST", OPEN + frame(DATA, END, 1, b"test"), "A"
    yield "generic/4/4 POST with trailers", OPEN + frame(DATA, 0, 1, b"test") + frame(HEADERS, END | WHOLE, 1, field("x-test", "ok")), "A"
    yield "generic/5/1 indexed", frame(HEADERS, END | WHOLE, 1, INDEXED + b"\x41\x01a"), "A"
    yield from hpack_forms()
    yield "generic/5/14 table size update", frame(HEADERS, END | WHOLE, 1, b"\x3f\xe1\x1f" + BLOCK), "A"
    yield "generic/5/15 several table size updates", frame(HEADERS, END | WHOLE, 1, b"\x20\x3f\xe1\x1f" + BLOCK), "A"

    yield "http2/3.5/1 preface (9113 §3.4)", b"", "P"
    yield "http2/3.5/2 invalid preface", b"INVALID CONNECTION PREFACE\r\n\r\n", "raw"
    yield "http2/4.1/1 unknown type", frame(22, 0, 0, b"0" * 8), "P"
    yield "http2/4.1/2 undefined flag", frame(PING, 0x16, 0, b"12345678"), "P"
    yield "http2/4.1/3 reserved bit", frame(PING, 0, 0x80000000, b"12345678"), "P"
    yield "http2/4.2/1 DATA of 2^14", OPEN + frame(DATA, END, 1, b"0" * 16384), "A"
    yield "http2/4.2/2 DATA too large", OPEN + frame(DATA, END, 1, b"0" * 16385), ("S", SIZE)
    yield "http2/4.2/3 HEADERS too large", frame(HEADERS, END | WHOLE, 1, BLOCK + field("x", "y" * 200) * 90), ("C", SIZE)
    yield "http2/4.3/1 invalid block", frame(HEADERS, END | WHOLE, 1, b"\x00\x05\x00\x00\x00\x00"), ("C", COMPRESSION)
    yield "http2/4.3/2 PRIORITY within a head", frame(HEADERS, END, 1, BLOCK) + frame(PRIORITY, 0, 1, DEPENDS), ("C", PROTOCOL)
    yield "http2/4.3/3 another stream within a head", frame(HEADERS, END, 1, BLOCK) + get(3), ("C", PROTOCOL)
    yield "http2/5.1/1 idle: DATA", frame(DATA, END, 1, b"x"), ("C", PROTOCOL)
    yield "http2/5.1/2 idle: RST_STREAM", RESET, ("C", PROTOCOL)
    yield "http2/5.1/3 idle: WINDOW_UPDATE", window(100, 1), ("C", PROTOCOL)
    yield "http2/5.1/4 idle: CONTINUATION", frame(CONTINUATION, WHOLE, 1, BLOCK), ("C", PROTOCOL)
    yield "http2/5.1/5 half-closed: DATA", get(1) + frame(DATA, END, 1, b"x"), ("S", CLOSED)
    yield "http2/5.1/6 half-closed: HEADERS", get(1) + get(1), ("S", CLOSED)
    yield "http2/5.1/7 half-closed: CONTINUATION", get(1) + frame(CONTINUATION, WHOLE, 1, BLOCK), ("C", CLOSED, PROTOCOL)
    yield "http2/5.1/8 closed by RST_STREAM: DATA", OPEN + RESET + frame(DATA, END, 1, b"x"), ("S", CLOSED)
    yield "http2/5.1/9 closed by RST_STREAM: HEADERS", OPEN + RESET + get(1), ("S", CLOSED)
    yield "http2/5.1/10 closed by RST_STREAM: CONTINUATION", OPEN + RESET + frame(CONTINUATION, WHOLE, 1, BLOCK), ("C", CLOSED, PROTOCOL)
    yield "http2/5.1/11 closed: DATA", answered(frame(DATA, END, 1, b"x")), ("S", CLOSED)
    yield "http2/5.1/12 closed: HEADERS", answered(get(1)), ("C", CLOSED)
    yield "http2/5.1/13 closed: CONTINUATION", answered(frame(CONTINUATION, WHOLE, 1, BLOCK)), ("C", CLOSED, PROTOCOL)
    yield "http2/5.1.1/1 even stream", get(2), ("C", PROTOCOL)
    yield "http2/5.1.1/2 smaller stream", get(5) + get(3), ("C", PROTOCOL)
    yield "http2/5.1.2/1 too many streams", too_many_streams, "P"
    yield "http2/5.3.1/1 HEADERS depend on themselves", frame(HEADERS, END | WHOLE | PRIO, 1, b"\0\0\0\1\xff" + BLOCK), ("S", PROTOCOL)
    yield "http2/5.3.1/2 PRIORITY on itself", frame(PRIORITY, 0, 1, b"\0\0\0\1\xff"), ("S", PROTOCOL)
    yield "http2/5.4.1/1 an error ends the connection", frame(PING, 0, 0, b"123456"), ("C", SIZE)
    yield "http2/5.4.1/2 GOAWAY names the last stream", last_stream_is_told, "end"
    yield "http2/5.5/1 unknown type on a connection", frame(0xFF, 0, 0, b"x"), "P"
    yield "http2/5.5/2 unknown type within a head", frame(HEADERS, END, 1, BLOCK) + frame(0xFF, 0, 0, b"x"), ("C", PROTOCOL)
    yield "http2/6.1/1 DATA on stream 0", frame(DATA, END, 0, b"x"), ("C", PROTOCOL)
    yield "http2/6.1/2 DATA on a stream that is not open", get(1) + frame(DATA, END, 1, b"test"), ("S", CLOSED)
    yield "http2/6.1/3 DATA padded too long", OPEN + frame(DATA, END | PADDED, 1, b"\x06test"), ("C", PROTOCOL)
    yield "http2/6.2/1 a head without end, then PRIORITY", frame(HEADERS, END, 1, BLOCK) + frame(PRIORITY, 0, 1, DEPENDS), ("C", PROTOCOL)
    yield "http2/6.2/2 a head without end, then another stream's", frame(HEADERS, END, 1, BLOCK) + get(3), ("C", PROTOCOL)
    yield "http2/6.2/3 HEADERS on stream 0", frame(HEADERS, END | WHOLE, 0, BLOCK), ("C", PROTOCOL)
    yield "http2/6.2/4 HEADERS padded too long", frame(HEADERS, END | WHOLE | PADDED, 1, bytes([len(BLOCK) + 1]) + BLOCK), ("C", PROTOCOL)
    yield "http2/6.3/1 PRIORITY on stream 0", frame(PRIORITY, 0, 0, DEPENDS), ("C", PROTOCOL)
    yield "http2/6.3/2 PRIORITY of 4 bytes", OPEN + frame(PRIORITY, 0, 1, bytes(4)), ("S", SIZE)
    yield "http2/6.4/1 RST_STREAM on stream 0", frame(RST, 0, 0, bytes(4)), ("C", PROTOCOL)
    yield "http2/6.4/2 RST_STREAM on an idle stream", RESET, ("C", PROTOCOL)
    yield "http2/6.4/3 RST_STREAM of 3 bytes", OPEN + frame(RST, 0, 1, bytes(3)), ("C", SIZE)
    yield "http2/6.5/1 SETTINGS ACK with bytes", frame(SETTINGS, ACK, 0, b"\0"), ("C", SIZE)
    yield "http2/6.5/2 SETTINGS on a stream", frame(SETTINGS, 0, 1, b"\0\3\0\0\0\x64"), ("C", PROTOCOL)
    yield "http2/6.5/3 SETTINGS of 3 bytes", frame(SETTINGS, 0, 0, b"\0\3\0"), ("C", SIZE)
    yield "http2/6.5.2/1 ENABLE_PUSH 2", settings((2, 2)), ("C", PROTOCOL)
    yield "http2/6.5.2/2 INITIAL_WINDOW_SIZE over 2^31-1", settings((4, 1 << 31)), ("C", FLOW)
    yield "http2/6.5.2/3 MAX_FRAME_SIZE below", settings((5, 16383)), ("C", PROTOCOL)
    yield "http2/6.5.2/4 MAX_FRAME_SIZE above", settings((5, 1 << 24)), ("C", PROTOCOL)
    yield "http2/6.5.2/5 unknown setting", settings((0xFF, 1)), "P"
    yield "http2/6.5.3/1 one setting twice", two_windows_in_one, "P"
    yield "http2/6.5.3/2 SETTINGS are acknowledged", settings_are_acknowledged, "P"
    yield "http2/6.7/1 PING", b"", "P"
    yield "http2/6.7/2 PING ACK is not answered", frame(PING, ACK, 0, b"invalid!"), "P"
    yield "http2/6.7/3 PING on a stream", frame(PING, 0, 1, b"12345678"), ("C", PROTOCOL)
    yield "http2/6.7/4 PING of 6 bytes", frame(PING, 0, 0, b"123456"), ("C", SIZE)
    yield "http2/6.8/1 GOAWAY on a stream", frame(GOAWAY, 0, 1, bytes(8)), ("C", PROTOCOL)
    yield "http2/6.9/1 WINDOW_UPDATE of 0", window(0), ("C", PROTOCOL)
    yield "http2/6.9/2 WINDOW_UPDATE of 0 on a stream", OPEN + window(0, 1), ("S", PROTOCOL)
    yield "http2/6.9/3 WINDOW_UPDATE of 3 bytes", frame(WINDOW, 0, 0, b"\0\0\1"), ("C", SIZE)
    yield "http2/6.9.1/1 a window of 1", window_of_one, "P"
    yield "http2/6.9.1/2 the connection's window over 2^31-1", window(0x7FFFFFFF) * 2, ("C", FLOW)
    yield "http2/6.9.1/3 a stream's window over 2^31-1", OPEN + window(0x7FFFFFFF, 1) * 2, ("S", FLOW)
    yield "http2/6.9.2/1 the first window changes after HEADERS", window_after_headers, "P"
    yield "http2/6.9.2/2 a window below zero", window_below_zero, "P"
    yield "http2/6.9.2/3 INITIAL_WINDOW_SIZE over 2^31-1", settings((4, 1 << 31)), ("C", FLOW)
    yield "http2/6.10/1 several CONTINUATION", frame(HEADERS, END, 1, BLOCK) + frame(CONTINUATION, 0, 1, field("x", "y")) + frame(
        CONTINUATION, WHOLE, 1), "A"
    yield "http2/6.10/2 CONTINUATION, then DATA", frame(HEADERS, 0, 1, POST) + frame(CONTINUATION, 0, 1) + frame(DATA, END, 1, b"x"), ("C", PROTOCOL)
    yield "http2/6.10/3 CONTINUATION on stream 0", frame(HEADERS, END, 1, BLOCK) + frame(CONTINUATION, WHOLE, 0), ("C", PROTOCOL)
    yield "http2/6.10/4 CONTINUATION after a whole head", get(1) + frame(CONTINUATION, WHOLE, 1), ("C", PROTOCOL)
    yield "http2/6.10/5 CONTINUATION after the last one", frame(HEADERS, END, 1, BLOCK) + frame(CONTINUATION, WHOLE, 1) + frame(
        CONTINUATION, WHOLE, 1), ("C", PROTOCOL)
    yield "http2/6.10/6 CONTINUATION after DATA", OPEN + frame(DATA, END, 1, b"x") + frame(CONTINUATION, WHOLE, 1), ("C", PROTOCOL)
    yield "http2/7/1 GOAWAY with an unknown code", frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\xff"), "E"
    yield "http2/7/2 RST_STREAM with an unknown code", OPEN + frame(RST, 0, 1, b"\0\0\0\xff"), "P"
    yield "http2/8.1/1 a second head without end", OPEN + frame(HEADERS, WHOLE, 1, field("x", "y")), ("S", PROTOCOL)
    yield "http2/8.1.2/1 upper case (9113 §8.2)", get(1, "/", END | WHOLE, ("X-TEST", "ok")), ("S", PROTOCOL)
    yield "http2/8.1.2.1/1 unknown pseudo (9113 §8.3)", get(1, "/", END | WHOLE, (":test", "ok")), ("S", PROTOCOL)
    yield "http2/8.1.2.1/2 pseudo of answers", get(1, "/", END | WHOLE, (":status", "200")), ("S", PROTOCOL)
    yield "http2/8.1.2.1/3 pseudo in trailers", OPEN + frame(HEADERS, END | WHOLE, 1, field(":method", "GET")), ("S", PROTOCOL)
    yield "http2/8.1.2.1/4 pseudo after fields", frame(HEADERS, END | WHOLE, 1, field("x", "y") + BLOCK), ("S", PROTOCOL)
    yield "http2/8.1.2.2/1 connection field (9113 §8.2.2)", get(1, "/", END | WHOLE, ("connection", "keep-alive")), ("S", PROTOCOL)
    yield "http2/8.1.2.2/2 te", get(1, "/", END | WHOLE, ("te", "trailers, deflate;q=0.5")), ("S", PROTOCOL)
    yield "http2/8.1.2.3/1 empty path (9113 §8.3.1)", get(1, ""), ("S", PROTOCOL)
    yield "http2/8.1.2.3/2 no method", frame(HEADERS, END | WHOLE, 1, field(":scheme", "https") + field(":path", "/")), ("S", PROTOCOL)
    yield "http2/8.1.2.3/3 no scheme", frame(HEADERS, END | WHOLE, 1, field(":method", "GET") + field(":path", "/")), ("S", PROTOCOL)
    yield "http2/8.1.2.3/4 no path", frame(HEADERS, END | WHOLE, 1, field(":method", "GET") + field(":scheme", "https")), ("S", PROTOCOL)
    yield "http2/8.1.2.3/5 two methods", get(1, "/", END | WHOLE, (":method", "GET")), ("S", PROTOCOL)
    yield "http2/8.1.2.3/6 two schemes", get(1, "/", END | WHOLE, (":scheme", "https")), ("S", PROTOCOL)
    yield "http2/8.1.2.3/7 two paths", get(1, "/", END | WHOLE, (":path", "/")), ("S", PROTOCOL)
    yield "http2/8.1.2.6/1 a length that is not the data's (9113 §8.1.1)", frame(HEADERS, WHOLE, 1, head("/", "POST", ("content-length", "1"))) + frame(
        DATA, END, 1, b"test"), ("S", PROTOCOL)
    yield "http2/8.1.2.6/2 a length that is not the sum's", frame(HEADERS, WHOLE, 1, head("/", "POST", ("content-length", "1"))) + frame(
        DATA, 0, 1, b"te") + frame(DATA, END, 1, b"st"), ("S", PROTOCOL)
    yield "http2/8.2/1 PUSH_PROMISE (9113 §8.4)", frame(PUSH, WHOLE, 1, b"\0\0\0\2" + BLOCK), ("C", PROTOCOL)

    yield "hpack/2.3.3/1 index 0", frame(HEADERS, END | WHOLE, 1, BLOCK + b"\x80"), ("C", COMPRESSION)
    yield "hpack/2.3.3/2 index past the table", frame(HEADERS, END | WHOLE, 1, BLOCK + b"\xc6"), ("C", COMPRESSION)
    yield "hpack/4.2/1 size update at the end", frame(HEADERS, END | WHOLE, 1, BLOCK + b"\x20"), ("C", COMPRESSION)
    yield "hpack/5.2/1 padding over 7 bits", frame(HEADERS, END | WHOLE, 1, BLOCK + b"\x00\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff"), ("C", COMPRESSION)
    yield "hpack/5.2/2 padding of zeros", frame(HEADERS, END | WHOLE, 1, BLOCK + b"\x00\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90"), ("C", COMPRESSION)
    yield "hpack/5.2/3 end of string", frame(HEADERS, END | WHOLE, 1, BLOCK + b"\x00\x85\xf2\xb2\x4a\x84\xff\x88\x49\x50\x9f\xff\xff\xff\xfa\x7f"), ("C", COMPRESSION)
    yield "hpack/6.1/1 indexed field 0", frame(HEADERS, END | WHOLE, 1, b"\x80" + BLOCK), ("C", COMPRESSION)
    yield "hpack/6.3/1 size update past the setting", frame(HEADERS, END | WHOLE, 1, b"\x3f\xe2\x1f" + BLOCK), ("C", COMPRESSION)


def more():
    """Beyond h2spec: what its sections say and it does not try."""
    yield "5.1.1 a stream that was passed over", get(5) + get(3), ("C", PROTOCOL)
    yield "6.5 SETTINGS must come first (§3.4)", None, ("first", frame(PING, 0, 0, b"12345678"))
    yield "6.6 PUSH_PROMISE on stream 0", frame(PUSH, WHOLE, 0, b"\0\0\0\2" + BLOCK), ("C", PROTOCOL)
    yield "6.9 WINDOW_UPDATE on a closed stream", answered(window(1, 1)), "P"
    yield "8.2 a field's name with a blank", get(1, "/", END | WHOLE, ("x y", "z")), ("S", PROTOCOL)
    yield "8.2.1 CR in a value", get(1, "/", END | WHOLE, ("x", "y\rz")), ("S", PROTOCOL)
    yield "8.2.1 LF in a value", get(1, "/", END | WHOLE, ("x", "y\nz")), ("S", PROTOCOL)
    yield "8.2.1 NUL in a value", get(1, "/", END | WHOLE, ("x", "y\0z")), ("S", PROTOCOL)
    yield "8.2.1 a value that begins with a blank", get(1, "/", END | WHOLE, ("x", " y")), ("S", PROTOCOL)
    yield "8.2.2 transfer-encoding", get(1, "/", END | WHOLE, ("transfer-encoding", "chunked")), ("S", PROTOCOL)
    yield "8.2.2 te trailers", get(1, "/", END | WHOLE, ("te", "trailers")), "A"
    yield "8.2.2 upgrade", get(1, "/", END | WHOLE, ("upgrade", "h2c")), ("S", PROTOCOL)
    yield "8.2.2 proxy-connection", get(1, "/", END | WHOLE, ("proxy-connection", "x")), ("S", PROTOCOL)
    yield "8.3.1 CR in the path", get(1, "/\r\nx: y"), ("S", PROTOCOL)
    yield "8.1.1 two lengths", frame(HEADERS, END | WHOLE, 1, head("/", "GET", ("content-length", "0"), ("content-length", "0"))), ("S", PROTOCOL)
    yield "8.1.1 a length without a body", get(1, "/", END | WHOLE, ("content-length", "5")), ("S", PROTOCOL)
    yield "hpack 5.1 an integer without end", frame(HEADERS, END | WHOLE, 1, b"\xff" + b"\x80" * 10 + b"\x01"), ("C", COMPRESSION)
    yield "hpack 6.2 a string longer than its block", frame(HEADERS, END | WHOLE, 1, b"\x00\x7f\xff\xff\x03a"), ("C", COMPRESSION)


CASES = {name: (steps, verdict) for name, steps, verdict in cases()}
MORE = {name: (steps, verdict) for name, steps, verdict in more()}
