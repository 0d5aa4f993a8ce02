/**
 * The functions and operators that a query may call: those that compute from their arguments alone and that Trino has under the same name, with DuckDB's
 * names for what its parser makes of operators and literals. Everything else is refused, so a function that reads files, settings or the
 * environment is refused without being known. Simplification: the rest of Trino's functions is missing.
 */
const COMPARING_AND_LOGIC = 'coalesce greatest if ifnull least nullif typeof';
const MATHEMATICAL =
  'abs acos asin atan atan2 cbrt ceil ceiling cos cosh degrees exp floor ln log log10 log2 mod pi pow power radians round sign sin sinh sqrt tan tanh';
const TEXT =
  'chr concat concat_ws contains ends_with format length levenshtein like_escape lower lpad ltrim not_like_escape position regexp_extract regexp_extract_all regexp_replace replace reverse rpad rtrim split split_part starts_with strpos substr substring translate trim upper';
const TIME =
  'current_date current_timestamp date date_add date_diff date_part date_trunc day dayofweek dayofyear epoch hour last_day minute month monthname now quarter second strftime strptime today week weekofyear year yearweek';
const INTERVALS =
  'to_days to_hours to_microseconds to_milliseconds to_minutes to_months to_quarters to_seconds to_weeks to_years';
const LISTS_AND_STRUCTS =
  'array_agg array_concat array_contains array_distinct array_extract array_intersect array_position array_slice array_sort cardinality element_at filter flatten list_extract list_slice list_value map map_entries map_keys map_values reduce row struct_extract struct_pack unnest';
const AGGREGATES =
  'any_value approx_count_distinct approx_quantile arbitrary arg_max arg_min avg bit_and bit_or bit_xor bool_and bool_or corr count count_if count_star covar_pop covar_samp kurtosis listagg max max_by median min min_by mode quantile_cont quantile_disc regr_intercept regr_slope skewness stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance';
const WINDOWS =
  'cume_dist dense_rank first first_value lag last last_value lead nth_value ntile percent_rank rank rank_dense row_number';
const HASHES = 'from_base64 from_hex md5 sha1 sha256 to_base64 to_hex';
const OPERATORS = '+ - * / // % || ~~ !~~ & | << >> ~';

export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set(
  [
    COMPARING_AND_LOGIC,
    MATHEMATICAL,
    TEXT,
    TIME,
    INTERVALS,
    LISTS_AND_STRUCTS,
    AGGREGATES,
    WINDOWS,
    HASHES,
    OPERATORS,
  ].flatMap(names => names.split(' ')),
);
