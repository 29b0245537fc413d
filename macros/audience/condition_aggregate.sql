{#-
    A sum, an average, a least or a greatest value compared with its bound; without any value only is_not holds.
    An average is never divided: its sum is compared with the bound times how many there are, which is exact.
-#}
{% macro condition_aggregate(aggregate, found) -%}
    {%- set operators = {'is': '=', 'is_not': '=', 'gt': '>', 'gte': '>=', 'lt': '<', 'lte': '<=', 'between': 'between'} -%}
    {%- set used = [] -%}
    {%- for key in aggregate if key not in ['function', 'property'] -%} {%- do used.append(key) -%} {%- endfor -%}
    {%- if used | length != 1 or used[0] not in operators -%}
        {{ exceptions.raise_compiler_error('segmentloom: an aggregate has exactly one of is, is_not, gt, gte, lt, lte, between') }}
    {%- endif -%}
    {%- set operator = used[0] -%}
    {%- set limits = [] -%}
    {%- for bound in (aggregate[operator] if operator == 'between' else [aggregate[operator]]) -%}
        {%- if segmentloom.compares_times(aggregate) -%} {%- do limits.append(segmentloom.timestamp_literal(bound['timestamp'])) -%}
        {%- elif aggregate['function'] in ['min', 'max'] -%} {%- do limits.append(segmentloom.double_literal(bound)) -%}
        {%- elif aggregate['function'] == 'avg' -%} {%- do limits.append(segmentloom.decimal_literal(bound) ~ ' * ' ~ found.numbers) -%}
        {%- else -%} {%- do limits.append(segmentloom.decimal_literal(bound)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ 'not ' if operator == 'is_not' }}coalesce({{ found.value }} {{ operators[operator] }} {{ limits | join(' and ') }}, false)
{%- endmacro %}


{# Whether the bounds of a comparison are times: {'timestamp': ISO text}. #}
{% macro compares_times(comparison) -%}
    {%- for bound in [comparison.get('gt'), comparison.get('gte'), comparison.get('lt'), comparison.get('lte')]
        + comparison.get('between', []) if bound is mapping -%}
        {{ return(true) }}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}
