"""Usage: python3 verify.py audit.pub RESULT.json [ORIGIN]. Checks a receipt with Python and openssl alone; README.md says what."""
import base64, decimal, hashlib, json, pathlib, re, subprocess, sys, tempfile

def need(good, why, value=None):
    if not good: raise ValueError(why)
    return value
def unique(pairs): return need(len(dict(pairs)) == len(pairs), "a name stands twice in one JSON object", dict(pairs))
def number(text): return need(abs(float(text)) < 2**53, "a number that RFC 8785 cannot tell from its neighbours", float(text))
def parse(text):  # json knows NaN, which JSON does not
    return json.loads(text, object_pairs_hook=unique, parse_int=number, parse_float=number, parse_constant=lambda c: need(False, c))
def b64(text, size):
    raw = base64.b64decode(text, validate=True)
    return need(base64.b64encode(raw).decode() == text and len(raw) == size, f"not the base64 of {size} bytes", raw)

def canonical(v):  # RFC 8785: names in the order of UTF-16, numbers as ECMAScript writes a double
    if isinstance(v, dict): return "{" + ",".join(canonical(k) + ":" + canonical(v[k]) for k in sorted(v, key=lambda k: k.encode("utf-16-be"))) + "}"
    if isinstance(v, list): return "[" + ",".join(map(canonical, v)) + "]"
    if not isinstance(v, float): return json.dumps(v, ensure_ascii=False)
    sign, digits, exp = decimal.Decimal(repr(v)).normalize().as_tuple()  # repr gives the shortest digits, as ECMAScript does
    d, point = "".join(map(str, digits)), len(digits) + exp
    if point > 0: text = d[:point].ljust(point, "0") + "." * (len(d) > point) + d[point:]
    elif point > -6: text = "0." + "0" * -point + d
    else: text = d[0] + "." * (len(d) > 1) + d[1:] + f"e{point - 1}"
    return "-" * (sign and v != 0) + text

def ed25519(public, message, sig):
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("key", bytes.fromhex("302a300506032b6570032100") + public), ("message", message), ("sig", sig)): pathlib.Path(folder, name).write_bytes(data)
        return subprocess.run("openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in message -sigfile sig".split(), cwd=folder, capture_output=True).returncode == 0

def included(entry, index, size, path, root):  # RFC 9162, section 2.1.3.2
    h, last = hashlib.sha256(b"\0" + entry).digest(), size - 1
    for p in path:
        left = index & 1 or index == last
        h, over = hashlib.sha256(b"\1" + (p + h if left else h + p)).digest(), last == 0
        while left and not index & 1 and index: index, last = index >> 1, last >> 1
        index, last = index >> 1, -1 if over else last >> 1
    return last == 0 and h == root

def verify(key, answer, origin=None):
    public = [b64(key["public" + part], size) for part, size in (("", 1984), ("_ed25519", 32), ("_mldsa44", 1312))]
    need(hashlib.sha256(b"".join(public)).hexdigest() == key["keyid"] and key["purpose"] == "audit", "no audit key")
    if "jsonrpc" in answer: answer = need(answer["jsonrpc"] == "2.0" and set(answer) <= {"jsonrpc", "id", "result"}, "no response", answer["result"])
    receipt = need("bulkhead/receipt" in answer.get("_meta", {}), "no answer with a receipt in its _meta", answer.get("_meta", {})).pop("bulkhead/receipt")
    m = re.fullmatch(r"c2sp\.org/tlog-proof@v1\n(?:extra [^\n]+\n)?index (0|[1-9][0-9]*)\n((?:[^\n]+\n)*)\n(([^\n]+)\n([1-9][0-9]*)\n([^\n]+)\n)\n((?:— [^\n]+\n)+)", receipt["proof"])
    need(m and (m[4] == origin or not origin and re.fullmatch("bulkhead/[^/]+/" + key["keyid"][:16], m[4])), "no proof of a log that is this key's own")
    keyid = hashlib.sha256(m[4].encode() + b"\n\1" + public[1]).digest()[:4]  # C2SP signed-note
    sigs = [s for s in re.findall(r"— (\S+) (\S+)\n", m[7]) if s[0] == m[4] and base64.b64decode(s[1])[:4] == keyid]
    need(len(sigs) == 1 and ed25519(public[1], m[3].encode(), b64(sigs[0][1], 68)[4:]), "the checkpoint is not signed by this key")
    need(int(m[1]) < int(m[5]) and included(receipt["entry"].encode(), int(m[1]), int(m[5]), [b64(p, 32) for p in m[2].split("\n")[:-1]], b64(m[6], 32)), "the entry is not in the log")
    entry = parse(receipt["entry"])
    need(entry["event"] == "call.result" and entry["kind"] == "result", "the entry is of no result")
    need(hashlib.sha256(b64(receipt["salt"], 16) + canonical(answer).encode()).hexdigest() == entry["response"], "the entry is of another response")
    return entry

if __name__ == "__main__":
    if len(sys.argv) not in (3, 4): sys.exit(__doc__)
    try: entry = verify(*(parse(pathlib.Path(p).read_text("utf-8")) for p in sys.argv[1:3]), *sys.argv[3:4])
    except (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError) as e: sys.exit(f"refused: {e!r}")
    print("receipt ok:", *(json.dumps(entry.get(n)) for n in ("call", "actor", "resource", "outcome", "timestamp")))
