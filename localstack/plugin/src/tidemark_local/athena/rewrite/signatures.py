"""The allow-list of plain functions: Trino signature and DuckDB text, one line each.

`{0}` is the first argument after coercion. Where DuckDB's function of that name answers
differently, the text corrects it; `tm_` names are macros of engine/macros.py. Overloads are tried
in order. T stands for any type, the same throughout a line.
"""

STRINGS = """
lower(varchar) -> varchar = lower({0})
upper(varchar) -> varchar = upper({0})
length(varchar) -> bigint = length({0})
length(varbinary) -> bigint = octet_length({0})
reverse(varchar) -> varchar = reverse({0})
trim(varchar) -> varchar = tm_trim({0})
ltrim(varchar) -> varchar = tm_ltrim({0})
rtrim(varchar) -> varchar = tm_rtrim({0})
substr(varchar, bigint) -> varchar = tm_substr({0}, {1}, 2147483647)
substr(varchar, bigint, bigint) -> varchar = tm_substr({0}, {1}, {2})
substring(varchar, bigint) -> varchar = tm_substr({0}, {1}, 2147483647)
substring(varchar, bigint, bigint) -> varchar = tm_substr({0}, {1}, {2})
strpos(varchar, varchar) -> bigint = strpos({0}, {1})
split_part(varchar, varchar, bigint) -> varchar = tm_split_part({0}, {1}, {2})
split(varchar, varchar) -> array(varchar) = string_split({0}, {1})
replace(varchar, varchar) -> varchar = replace({0}, {1}, '')
replace(varchar, varchar, varchar) -> varchar = replace({0}, {1}, {2})
lpad(varchar, bigint, varchar) -> varchar = lpad({0}, CAST({1} AS INTEGER), {2})
rpad(varchar, bigint, varchar) -> varchar = rpad({0}, CAST({1} AS INTEGER), {2})
starts_with(varchar, varchar) -> boolean = starts_with({0}, {1})
chr(bigint) -> varchar = chr(CAST({0} AS INTEGER))
codepoint(varchar) -> integer = unicode({0})
regexp_like(varchar, varchar) -> boolean = regexp_matches({0}, {1})
regexp_extract(varchar, varchar) -> varchar = tm_regexp_extract({0}, {1}, 0)
regexp_replace(varchar, varchar) -> varchar = regexp_replace({0}, {1}, '', 'g')
regexp_extract_all(varchar, varchar) -> array(varchar) = regexp_extract_all({0}, {1})
regexp_count(varchar, varchar) -> bigint = len(regexp_extract_all({0}, {1}))
to_utf8(varchar) -> varbinary = encode({0})
from_utf8(varbinary) -> varchar = decode({0})
to_hex(varbinary) -> varchar = hex({0})
from_hex(varchar) -> varbinary = unhex({0})
to_base64(varbinary) -> varchar = to_base64({0})
from_base64(varchar) -> varbinary = from_base64({0})
md5(varbinary) -> varbinary = unhex(md5({0}))
sha1(varbinary) -> varbinary = unhex(sha1({0}))
sha256(varbinary) -> varbinary = unhex(sha256({0}))
json_extract_scalar(varchar, varchar) -> varchar = tm_json_scalar({0}, {1})
json_extract_scalar(json, varchar) -> varchar = tm_json_scalar({0}, {1})
json_parse(varchar) -> json = CAST({0} AS JSON)
json_format(json) -> varchar = CAST({0} AS VARCHAR)
json_array_length(varchar) -> bigint = tm_json_array_length({0})
json_array_length(json) -> bigint = tm_json_array_length({0})
"""

NUMBERS = """
abs(bigint) -> same = abs({0})
abs(double) -> same = abs({0})
ceil(bigint) -> same = {0}
ceiling(bigint) -> same = {0}
floor(bigint) -> same = {0}
ceil(double) -> same = ceil({0})
ceiling(double) -> same = ceil({0})
floor(double) -> same = floor({0})
round(bigint) -> same = {0}
round(double) -> same = round({0})
round(double, integer) -> same = round({0}, {1})
truncate(double) -> same = trunc({0})
sign(bigint) -> same = sign({0})
sign(double) -> same = CASE WHEN isnan({0}) THEN {0} ELSE sign({0}) END
mod(bigint, bigint) -> same = tm_modulus({0}, {1})
mod(double, double) -> same = ({0} % {1})
sqrt(double) -> double = CASE WHEN {0} < 0 THEN CAST('NaN' AS DOUBLE) ELSE sqrt({0}) END
cbrt(double) -> double = cbrt({0})
exp(double) -> double = exp({0})
ln(double) -> double = tm_ln({0})
log2(double) -> double = CASE WHEN {0} > 0 THEN log2({0}) ELSE tm_ln({0}) END
log10(double) -> double = CASE WHEN {0} > 0 THEN log10({0}) ELSE tm_ln({0}) END
log(double, double) -> double = tm_ln({1}) / tm_ln({0})
power(double, double) -> double = pow({0}, {1})
pow(double, double) -> double = pow({0}, {1})
sin(double) -> double = sin({0})
cos(double) -> double = cos({0})
tan(double) -> double = tan({0})
atan(double) -> double = atan({0})
atan2(double, double) -> double = atan2({0}, {1})
degrees(double) -> double = degrees({0})
radians(double) -> double = radians({0})
pi() -> double = pi()
e() -> double = exp(CAST('1' AS DOUBLE))
nan() -> double = CAST('NaN' AS DOUBLE)
infinity() -> double = CAST('Infinity' AS DOUBLE)
is_nan(double) -> boolean = isnan({0})
is_finite(double) -> boolean = isfinite({0})
is_infinite(double) -> boolean = isinf({0})
bitwise_and(bigint, bigint) -> bigint = ({0} & {1})
bitwise_or(bigint, bigint) -> bigint = ({0} | {1})
bitwise_xor(bigint, bigint) -> bigint = xor({0}, {1})
bitwise_not(bigint) -> bigint = (~{0})
bitwise_left_shift(bigint, bigint) -> bigint = tm_left_shift({0}, {1})
bitwise_right_shift(bigint, bigint) -> bigint = tm_right_shift({0}, {1})
bitwise_right_shift_arithmetic(bigint, bigint) -> bigint = ({0} >> least({1}, 63))
"""

TIMES = """
year(timestamp) -> bigint = year({0})
quarter(timestamp) -> bigint = quarter({0})
month(timestamp) -> bigint = month({0})
week(timestamp) -> bigint = weekofyear({0})
week_of_year(timestamp) -> bigint = weekofyear({0})
year_of_week(timestamp) -> bigint = isoyear({0})
yow(timestamp) -> bigint = isoyear({0})
day(timestamp) -> bigint = day({0})
day_of_month(timestamp) -> bigint = day({0})
day_of_week(timestamp) -> bigint = isodow({0})
dow(timestamp) -> bigint = isodow({0})
day_of_year(timestamp) -> bigint = dayofyear({0})
doy(timestamp) -> bigint = dayofyear({0})
hour(timestamp) -> bigint = hour({0})
minute(timestamp) -> bigint = minute({0})
second(timestamp) -> bigint = second({0})
millisecond(timestamp) -> bigint = (millisecond({0}) % 1000)
last_day_of_month(timestamp) -> date = last_day({0})
from_unixtime(double) -> timestamp(3) with time zone = make_timestamp(CAST(round({0} * 1000) AS BIGINT) * 1000)
to_unixtime(timestamp) -> double = (epoch_us({0}) / CAST('1000000' AS DOUBLE))
from_iso8601_date(varchar) -> date = tm_iso_date({0})
from_iso8601_timestamp(varchar) -> timestamp(3) with time zone = tm_iso_timestamp({0})
to_iso8601(date) -> varchar = CAST({0} AS VARCHAR)
"""

COLLECTIONS = """
cardinality(array(T)) -> bigint = len({0})
cardinality(map(K,T)) -> bigint = cardinality({0})
element_at(array(T), bigint) -> T = tm_element_at({0}, {1})
contains(array(T), T) -> boolean = tm_contains({0}, {1})
array_position(array(T), T) -> bigint = tm_array_position({0}, {1})
array_sort(array(T)) -> array(T) = list_sort({0}, 'ASC', 'NULLS LAST')
array_min(array(T)) -> T = tm_array_extreme({0}, list_min({0}))
array_max(array(T)) -> T = tm_array_extreme({0}, list_max({0}))
reverse(array(T)) -> array(T) = list_reverse({0})
slice(array(T), bigint, bigint) -> array(T) = tm_slice({0}, {1}, {2})
flatten(array(array(T))) -> array(T) = flatten({0})
map_keys(map(K,T)) -> array(K) = map_keys({0})
map_values(map(K,T)) -> array(T) = map_values({0})
map(array(K), array(T)) -> map(K,T) = map({0}, {1})
element_at(map(K,T), K) -> T = {0}[{1}]
"""

LINES = [line for block in (STRINGS, NUMBERS, TIMES, COLLECTIONS) for line in block.strip().splitlines()]
