{# The changes of definitions that a run publishes, compared with what was recorded last: a list of mappings.
   A generated model carries the text of its audience; of one written by hand its own text is the definition. #}
{% macro definition_changes(passed, gone, recorded) -%}
    {%- set changes = [] -%}
    {%- set models = segmentloom.audience_models() -%}
    {%- for name in passed -%}
        {%- set text = models[name].config.meta.get('segmentloom_definition') or models[name].raw_code -%}
        {%- if recorded.get(name) != text -%}
            {%- do changes.append({
                'audience': name,
                'change': 'changed' if name in recorded else 'added',
                'old': recorded.get(name),
                'new': text,
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in gone if name in recorded -%}
        {%- do changes.append({'audience': name, 'change': 'removed', 'old': recorded[name], 'new': none}) -%}
    {%- endfor -%}
    {{ return(changes) }}
{%- endmacro %}
