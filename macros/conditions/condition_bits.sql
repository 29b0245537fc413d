{# Where the answer is to each condition that counts give: column -> {word, bit, event, counted, threshold, holds_for_none}. #}
{% macro condition_bits(plan) -%}
    {%- set columns_of, bits = {}, {} -%}
    {%- for counters in plan.counted.values() -%}
        {%- for counter in counters -%}{%- do columns_of.update({counter.key: counter.column}) -%}{%- endfor -%}
    {%- endfor -%}
    {%- for column in plan.columns -%}
        {%- set leaf = plan.leaves[column] -%}
        {%- if segmentloom.is_counted(leaf) -%}
            {%- do bits.update({column: {
                'word': loop.index0 // 62,
                'bit': loop.index0 % 62,
                'event': leaf['event'],
                'counted': columns_of[segmentloom.event_key(leaf)],
                'threshold': leaf['count'],
                'holds_for_none': segmentloom.holds_for_none(leaf['count']),
            }}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(bits) }}
{%- endmacro %}

{# Whether a threshold holds for those who never did it. #}
{% macro holds_for_none(threshold) -%}
    {%- set operator, number = threshold['operator'], threshold['number'] -%}
    {{ return(
        (operator == '>=' and number <= 0) or operator == '<=' or (operator == '<' and number > 0)
        or (operator == '=' and number == 0) or (operator == '!=' and number != 0)
    ) }}
{%- endmacro %}
