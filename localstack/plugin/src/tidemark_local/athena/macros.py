"""DuckDB macros behind `tm_` names: Trino's answers where DuckDB's own function differs."""


def _error(name: str, message: str) -> str:
    return f"error('{name}: {message}')"


_DIVISION_BY_ZERO = _error("DIVISION_BY_ZERO", "Division by zero")
_INVALID_INDEX = _error("INVALID_FUNCTION_ARGUMENT", "SQL array indices start at 1")
_TOO_LONG = _error("INVALID_FUNCTION_ARGUMENT", "result of sequence function must not have more than 10000 entries")
_WRONG_STEP = _error(
    "INVALID_FUNCTION_ARGUMENT",
    "sequence stop value should be greater than or equal to start value if step is greater than zero"
    " otherwise stop should be less than or equal to start",
)
_ISO_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|\+00:00)?)?"

_STRINGS = {
    "tm_trim(x)": r"trim(x, E' \t\n\x0b\x0c\r')",
    "tm_ltrim(x)": r"ltrim(x, E' \t\n\x0b\x0c\r')",
    "tm_rtrim(x)": r"rtrim(x, E' \t\n\x0b\x0c\r')",
    "tm_substr(x, s, n)": """CASE WHEN s = 0 OR n <= 0 OR s < -length(x) THEN ''
        ELSE substring(x, s, n) END""",
    "tm_split_part(x, d, n)": f"""CASE
        WHEN n <= 0 THEN {_error("INVALID_FUNCTION_ARGUMENT", "Index must be greater than zero")}
        ELSE list_extract(string_split(x, d), n) END""",
    "tm_regexp_extract(x, p, g)": "CASE WHEN regexp_matches(x, p) THEN regexp_extract(x, p, g) END",
    "tm_timestamp_text(x, digits)": """CASE
        WHEN digits = 0 THEN strftime(x, '%Y-%m-%d %H:%M:%S')
        ELSE left(strftime(x, '%Y-%m-%d %H:%M:%S.%f'), 20 + digits) END""",
    "tm_json_scalar(x, p)": """CASE WHEN json_valid(x) AND json_type(x, p) NOT IN ('OBJECT', 'ARRAY')
        THEN json_extract_string(x, p) END""",
    "tm_json_array_length(x)": """CASE WHEN json_valid(x) AND json_type(x) = 'ARRAY'
        THEN json_array_length(x) END""",
}

_NUMBERS = {
    "tm_divide(a, b)": f"CASE WHEN b = 0 THEN {_DIVISION_BY_ZERO} ELSE a // b END",
    "tm_modulus(a, b)": f"CASE WHEN b = 0 THEN {_DIVISION_BY_ZERO} ELSE a % b END",
    "tm_divide_rounded(a, b)": f"""CASE WHEN b = 0 THEN {_DIVISION_BY_ZERO}
        WHEN abs(a % b) * 2 >= abs(b) THEN a // b + (CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE -1 END)
        ELSE a // b END""",
    "tm_ln(x)": """CASE WHEN x > 0 THEN ln(x) WHEN x = 0 THEN CAST('-Infinity' AS DOUBLE)
        WHEN x < 0 THEN CAST('NaN' AS DOUBLE) END""",
    "tm_left_shift(x, n)": f"""CASE
        WHEN n < 0 OR x < 0 THEN {_error("NOT_SUPPORTED", "bitwise_left_shift of negative values")}
        WHEN n >= 64 THEN 0 ELSE x << n END""",
    "tm_right_shift(x, n)": f"""CASE
        WHEN n < 0 OR x < 0 THEN {_error("NOT_SUPPORTED", "bitwise_right_shift of negative values")}
        WHEN n >= 64 THEN 0 ELSE x >> n END""",
    "tm_greatest_float(l)": """coalesce(list_max(list_filter(l, lambda v: NOT isnan(v))), list_max(l))""",
    "tm_least_float(l)": """list_min(l)""",
}

_TIMES = {
    # Half up towards the future, also before 1970: Trino's rounding of finer digits.
    "tm_round_timestamp(x, micros)": """make_timestamp(CAST(
        (epoch_us(x) + micros // 2) - ((epoch_us(x) + micros // 2) % micros + micros) % micros AS BIGINT))""",
    "tm_iso_date(x)": """CASE WHEN NOT regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}')
        THEN error('INVALID_FUNCTION_ARGUMENT: Invalid ISO date: ' || x) ELSE CAST(x AS DATE) END""",
    "tm_iso_timestamp(x)": rf"""CASE WHEN NOT regexp_full_match(x, '{_ISO_INSTANT}')
        THEN error('NOT_SUPPORTED: from_iso8601_timestamp takes UTC or no zone here, got ' || x)
        ELSE tm_round_timestamp(
            CAST(regexp_replace(replace(x, 'T', ' '), '(Z|\+00:00)$', '') AS TIMESTAMP), 1000) END""",
}

_COLLECTIONS = {
    "tm_subscript(l, i)": f"""CASE
        WHEN i <= 0 THEN {_INVALID_INDEX}
        WHEN i > len(l) THEN error('INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to'
            || ' array length: ' || i || ' > ' || len(l))
        ELSE list_extract(l, i) END""",
    "tm_element_at(l, i)": f"""CASE
        WHEN i = 0 THEN {_INVALID_INDEX}
        WHEN abs(i) > len(l) THEN NULL ELSE list_extract(l, i) END""",
    "tm_map_value(m, k)": """CASE WHEN m IS NULL OR k IS NULL THEN NULL WHEN NOT map_contains(m, k)
        THEN error('INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || CAST(k AS VARCHAR)) ELSE m[k] END""",
    "tm_contains(l, x)": """CASE WHEN l IS NULL OR x IS NULL THEN NULL WHEN list_contains(l, x) THEN true
        WHEN len(l) > list_count(l) THEN NULL ELSE false END""",
    "tm_array_position(l, x)": """CASE WHEN l IS NULL OR x IS NULL THEN NULL
        ELSE coalesce(list_position(l, x), 0) END""",
    "tm_array_extreme(l, v)": "CASE WHEN len(l) > list_count(l) THEN NULL ELSE v END",
    "tm_slice(l, s, n)": f"""CASE
        WHEN s = 0 THEN {_INVALID_INDEX}
        WHEN n < 0 THEN error('INVALID_FUNCTION_ARGUMENT: length must be greater than or equal to 0')
        WHEN n = 0 OR abs(s) > len(l) THEN list_slice(l, 1, 0)
        WHEN s > 0 THEN list_slice(l, s, s + n - 1)
        ELSE list_slice(l, len(l) + s + 1, len(l) + s + n) END""",
    "tm_concat_lists(a, b)": "CASE WHEN a IS NULL OR b IS NULL THEN NULL ELSE list_concat(a, b) END",
    "tm_sequence(l, size)": f"""CASE
        WHEN size > 10000 THEN {_TOO_LONG}
        WHEN size <= 0 THEN {_WRONG_STEP}
        ELSE l END""",
    "tm_any_match(l)": """CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN true
        WHEN len(l) > list_count(l) THEN NULL ELSE false END""",
    "tm_all_match(l)": """CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, false) THEN false
        WHEN len(l) > list_count(l) THEN NULL ELSE true END""",
    "tm_none_match(l)": """CASE WHEN l IS NULL THEN NULL WHEN list_contains(l, true) THEN false
        WHEN len(l) > list_count(l) THEN NULL ELSE true END""",
}

MACROS = {**_STRINGS, **_NUMBERS, **_TIMES, **_COLLECTIONS}


def create_statements() -> list[str]:
    return [f"CREATE OR REPLACE MACRO {head} AS ({body})" for head, body in MACROS.items()]
