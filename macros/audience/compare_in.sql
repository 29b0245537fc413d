{# Whether a value equals one of some values: as text, number or boolean, each as it is written in the audience file.
   Only a text that begins like a JSON number, object or array can be mistaken for one, so only those need the exact text. #}
{% macro compare_in(column, path, values) -%}
    {%- set texts = [] -%}
    {%- set number_like_texts = [] -%}
    {%- set numbers = [] -%}
    {%- set booleans = [] -%}
    {%- for value in values -%}
        {%- if value is boolean -%} {%- do booleans.append(segmentloom.literal('true' if value else 'false')) -%}
        {%- elif value is number -%} {%- do numbers.append(segmentloom.double_literal(value)) -%}
        {%- elif value is string and modules.re.match('[-0-9{\\[]', value) -%}
            {%- do number_like_texts.append(segmentloom.literal(value)) -%}
        {%- elif value is string -%} {%- do texts.append(segmentloom.literal(value)) -%}
        {%- else -%}
            {{ exceptions.raise_compiler_error('segmentloom: is and in take texts, numbers and booleans') }}
        {%- endif -%}
    {%- endfor -%}
    {%- set tests = [] -%}
    {%- if texts -%}
        {%- do tests.append(segmentloom.json_raw_text(column, path) ~ ' in (' ~ texts | join(', ') ~ ')') -%}
    {%- endif -%}
    {%- if number_like_texts -%}
        {%- do tests.append(segmentloom.json_text(column, path) ~ ' in (' ~ number_like_texts | join(', ') ~ ')') -%}
    {%- endif -%}
    {%- if numbers -%}
        {%- do tests.append(segmentloom.json_number(column, path) ~ ' in (' ~ numbers | join(', ') ~ ')') -%}
    {%- endif -%}
    {%- if booleans -%}
        {%- do tests.append('lower(' ~ segmentloom.json_raw_text(column, path) ~ ') in (' ~ booleans | join(', ') ~ ')') -%}
    {%- endif -%}
    {%- if not tests -%}
        {{ exceptions.raise_compiler_error('segmentloom: a list of values is empty') }}
    {%- endif -%}
    ({% for test in tests %}{{ ' or ' if not loop.first }}coalesce({{ test }}, false){% endfor %})
{%- endmacro %}
