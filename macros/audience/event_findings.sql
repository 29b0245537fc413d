{#-
    The distinct things to find out about events for a definition's conditions: event_key(leaf) -> {leaf, column, value, numbers}.
    `value` is SQL for what was found, null for nothing; `numbers`, of averages only, for how many numbers are in it. Conditions that
    differ only in their threshold share one.
-#}
{% macro event_findings(definition) -%}
    {%- set findings = {} -%}
    {%- for leaf in segmentloom.deciding_leaves(definition) if 'event' in leaf or 'sequence' in leaf -%}
        {%- set key = segmentloom.event_key(leaf) -%}
        {%- if key not in findings -%}
            {%- set number = findings | length + 1 -%}
            {%- if 'sequence' in leaf -%}
                {%- set column = 'sequence_' ~ number -%}
                {%- do findings.update({key: {'leaf': leaf, 'column': column, 'value': column ~ '.is_found'}}) -%}
            {%- else -%}
                {%- set column = 'events_' ~ number -%}
                {%- do findings.update({key: {'leaf': leaf, 'column': column, 'value': 'event_findings.' ~ column}}) -%}
                {%- if leaf.get('aggregate', {}).get('function') == 'avg' -%}
                    {%- do findings[key].update({'numbers': 'event_findings.' ~ column ~ '_numbers'}) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(findings) }}
{%- endmacro %}
