{# The audiences that are published or have a recorded definition, but no model in the project any more, as a list.
   Looked for only in runs that publish anyway. #}
{% macro gone_audiences(results, passed, tables) -%}
    {%- set gone = [] -%}
    {%- set built = [] -%}
    {%- for result in results if result.status == 'success' -%}
        {%- do built.append(result.node.name) -%}
    {%- endfor -%}
    {%- if passed or 'segmentloom__audience_membership' in built -%}
        {%- set known = segmentloom.audience_models() -%}
        {%- set names = segmentloom.recorded_definitions(tables['audience_changes']) | list -%}
        {%- for row in run_query('select audience from ' ~ tables['publications']).rows -%}
            {%- do names.append(row[0]) -%}
        {%- endfor -%}
        {#- One whose view others still read was published no more, but is not dropped yet. -#}
        {%- for row in segmentloom.standing_audiences() if row.audience and row.node_id not in graph.nodes -%}
            {%- do names.append(row.audience) -%}
        {%- endfor -%}
        {%- for name in names | unique if name not in known -%}
            {%- do gone.append(name) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(gone) }}
{%- endmacro %}
