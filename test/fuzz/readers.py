"""
Independent readers. Each takes requests as JSON, one a line, and answers each with one line of JSON.
No reader knows anything of Millrace; what is documented to differ is told apart where the answers are compared.
"""
import csv
import json
import math
import re
import sys
from datetime import datetime, timedelta, timezone
from decimal import MAX_PREC, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

try:
    import duckdb
except ImportError:
    duckdb = None

csv.field_size_limit(1 << 30)
epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)


def milliseconds(moment):
    """Rounded down; a moment without a zone is in UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - epoch) // timedelta(milliseconds=1)


def csv_table(request):
    """{path, encoding, dialect: {delimiter, quotechar, doublequote, escapechar}} -> {rows} or {error}. quotechar null: no quotes."""
    dialect = dict(request["dialect"])
    if dialect["quotechar"] is None:
        dialect["quoting"] = csv.QUOTE_NONE
    try:
        with open(request["path"], newline="", encoding=request["encoding"]) as file:
            return {"rows": list(csv.reader(file, strict=True, **dialect))}
    except csv.Error as error:
        return {"error": str(error)}


def csv_written(request):
    """{path, rows, encoding, dialect, quoting, lineterminator}: writes a table, null cells as empty fields. -> {} or {error}"""
    dialect = dict(request["dialect"])
    dialect["quoting"] = getattr(csv, request["quoting"])
    try:
        with open(request["path"], "w", newline="", encoding=request["encoding"]) as file:
            csv.writer(file, lineterminator=request["lineterminator"], **dialect).writerows(request["rows"])
        return {}
    except csv.Error as error:
        return {"error": str(error)}
    except UnicodeEncodeError as error:
        return {"error": str(error)}


def duckdb_table(request):
    """{path, delimiter, quote, columns} -> {rows}, null as null, or {error}"""
    quote = request["quote"] or ""
    try:
        rows = duckdb.execute(
            "SELECT * FROM read_csv(?, auto_detect=false, header=true, delim=?, quote=?, escape=?, columns=?)",
            [request["path"], request["delimiter"], quote, quote, {name: "VARCHAR" for name in request["columns"]}],
        ).fetchall()
        return {"rows": [list(row) for row in rows]}
    except duckdb.Error as error:
        return {"error": str(error)}


def cell_value(request):
    """{type, text} -> {value} of a cell's text, or {error}. Numbers are doubles, times milliseconds."""
    text = request["text"].strip()
    try:
        match request["type"]:
            case "integer":
                return {"value": int(text)}
            case "number":
                return {"value": float(Decimal(text))}
            case "decimal":
                return {"value": f"{Decimal(text):f}"}
            case "boolean":
                return {"value": {"true": True, "false": False}[text.lower()]}
            case "timestamp":
                return {"value": milliseconds(datetime.fromisoformat(text))}
            case "date":
                return {"value": datetime.strptime(text, "%Y-%m-%d").date().isoformat()}
    except (ValueError, KeyError, InvalidOperation, OverflowError) as error:
        return {"error": str(error)}


def decimal(request):
    """{text} -> {value, exact}: the nearest double, and whether printing it gives the text's digits again; or {error}"""
    text = request["text"]
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII):
        return {"error": "not a number"}
    value = float(Decimal(text))
    if math.isinf(value):
        return {"error": "too large"}
    return {"value": value, "exact": is_exact(text), "tie": is_tie(text)}


def same_number(request):
    """{one, other}: decimal texts -> {same: whether they are one number with as many digits behind the point}"""
    try:
        one, other = Decimal(request["one"]), Decimal(request["other"])
        return {"same": one == other and one.as_tuple().exponent == other.as_tuple().exponent}
    except InvalidOperation:
        return {"same": False}


def is_exact(text):
    """Whether the digits of a decimal text come back when its double is printed, with as many digits or with the fewest."""
    exact = Decimal(text)
    value = float(exact)
    if math.isinf(value):
        return False
    digits = len(exact.normalize(Context(prec=MAX_PREC)).as_tuple().digits)
    return exact in [Decimal(repr(value)), *(printed(value, digits) if digits <= 17 else [])]


def printed(value, digits):
    """A double with so many digits. One half way between two texts is printed as either: C rounds to even, JavaScript up."""
    return [Context(prec=max(1, digits), rounding=rounding).create_decimal(Decimal(value)) for rounding in (ROUND_HALF_EVEN, ROUND_HALF_UP)]


def is_tie(text):
    value = float(Decimal(text))
    digits = len(Decimal(text).normalize(Context(prec=MAX_PREC)).as_tuple().digits)
    return not math.isinf(value) and digits <= 17 and len(set(printed(value, digits))) > 1


def json_records(request):
    """{text} -> {records, errors, inexact} of JSON Lines, the last two line numbers. Numbers are {"number": text}, objects {"object": [[key, value]]}."""
    inexact = []

    def number(text):
        if not is_exact(text):
            inexact.append(line)
        return {"number": text}

    def refuse(text):
        raise ValueError(text)

    records, errors = [], []
    for line, text in enumerate(request["text"].split("\n"), 1):
        if text.strip(" \t\r") == "":
            continue
        try:
            found = json.loads(
                text,
                parse_int=number,
                parse_float=number,
                parse_constant=refuse,
                object_pairs_hook=lambda pairs: {"object": list(dict(pairs).items())},
            )
            records.append(found) if isinstance(found, dict) and "object" in found else errors.append(line)
        except (ValueError, RecursionError):
            errors.append(line)
    return {"records": records, "errors": errors, "inexact": [line for line in inexact if line not in errors]}


def iso_time(request):
    """{text} -> {value} in milliseconds, {exact: whether nothing is finer}, or {error}"""
    try:
        moment = datetime.fromisoformat(request["text"])
        # Python cuts off what is finer than a microsecond.
        fraction = re.search(r"\.\d{3}(\d+)", request["text"])
        return {"value": milliseconds(moment), "exact": fraction is None or int(fraction[1]) == 0}
    except (ValueError, OverflowError) as error:
        return {"error": str(error)}


def zoned_time(request):
    """{text, pattern of strptime, zone} -> {value} in milliseconds, of a local time that comes twice the earlier one; or {error}"""
    try:
        local = datetime.strptime(request["text"], request["pattern"])
        return {"value": milliseconds(local if local.tzinfo else local.replace(tzinfo=ZoneInfo(request["zone"])))}
    except (ValueError, OverflowError, KeyError) as error:
        return {"error": str(error)}


def local_time(request):
    """{zone, at in milliseconds} -> {value}: what a clock there shows, as 2026-01-31 12:00:00.000 +01:00"""
    moment = (epoch + timedelta(milliseconds=request["at"])).astimezone(ZoneInfo(request["zone"]))
    offset = int(moment.utcoffset().total_seconds()) // 60
    sign = "-" if offset < 0 else "+"
    shown = moment.replace(tzinfo=None).isoformat(" ", "milliseconds")
    return {"value": f"{shown} {sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"}


if sys.argv[1] == "--has":
    if sys.version_info < (3, 11):
        sys.exit("too old")
    ZoneInfo("Europe/Berlin")
    print("python", "duckdb" if duckdb else "")
else:
    answer = globals()[sys.argv[1]]
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))))
