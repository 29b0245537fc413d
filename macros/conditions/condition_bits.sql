{# The bit of each condition that counts answer: column -> {word, bit, event, counted, test, holds_for_none}. #}
{% macro condition_bits(plan) -%}
    {%- set columns_of, bits = {}, {} -%}
    {%- for counters in plan.counted.values() -%}
        {%- for counter in counters -%}{%- do columns_of.update({counter.key: counter.column}) -%}{%- endfor -%}
    {%- endfor -%}
    {%- for event in plan.counted -%}
        {%- for column, leaf in plan.leaves | dictsort if segmentloom.is_counted(leaf) and leaf['event'] == event -%}
            {%- do bits.update({column: {
                'word': bits | length // 62,
                'bit': bits | length % 62,
                'event': event,
                'counted': columns_of[segmentloom.event_key(leaf)],
                'threshold': leaf['count'],
                'holds_for_none': segmentloom.holds_for_none(leaf['count']),
            }}) -%}
        {%- endfor -%}
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
