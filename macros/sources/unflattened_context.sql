{#-
    JSON text of the context of a call from its flattened columns, `circumstances`: name without `context_` -> column.
    What has a place of its own in the protocol goes back there, as `context_page_url` to page.url; the rest keeps its name.
-#}
{% macro unflattened_context(table, circumstances) -%}
    {%- set groups = {} -%}
    {%- for name in [
        'app', 'campaign', 'consent', 'device', 'library', 'location', 'network', 'os', 'page', 'referrer', 'screen', 'traits',
    ] -%}{%- do groups.update({name: {}}) -%}{%- endfor -%}
    {%- set entries = segmentloom.entries_of(table, {'channel': 'channel', 'group_id': 'group_id'}) -%}
    {%- for name, column in circumstances.items() -%}
        {%- set group, _, rest = name.partition('_') -%}
        {%- if group in groups and rest -%}
            {%- do groups[group].update({rest: segmentloom.json_of(column)}) -%}
        {%- else -%}
            {%- do entries.update({name: segmentloom.json_of(column)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name, inner in groups.items() if inner -%}
        {%- do entries.update({name: segmentloom.inner_object(inner)}) -%}
    {%- endfor -%}
    {{ return(segmentloom.json_object_text(entries)) }}
{%- endmacro %}
