{#-
    Of the audiences that passed, those to publish: one of a priority group only together with all others of the group,
    since a person is in one of them at most. What holds a group back is logged.
-#}
{% macro whole_groups(passed, results) -%}
    {%- set groups = {} -%}
    {%- for name, node in segmentloom.audience_models().items() if node.config.meta.get('segmentloom_priority_group') -%}
        {%- do groups.setdefault(node.config.meta['segmentloom_priority_group'], {}).update({name: node}) -%}
    {%- endfor -%}
    {%- set published = dict(passed) -%}
    {%- for group, members in groups.items() if members.keys() | select('in', passed) | list -%}
        {%- set reasons = segmentloom.gaps_in_group(members, passed, results) -%}
        {%- if reasons -%}
            {%- do log(
                'segmentloom: nothing of the priority group ' ~ group ~ ' is published: ' ~ reasons | join('; '), info=true
            ) -%}
            {%- for name in members if name in published -%}{%- do published.pop(name) -%}{%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(published) }}
{%- endmacro %}

{# Why a group cannot be published as one, as a list of texts: what did not pass, and models that do not keep off each other. #}
{% macro gaps_in_group(members, passed, results) -%}
    {%- set built, reasons = [], [] -%}
    {%- for result in results if result.status == 'success' -%}{%- do built.append(result.node.unique_id) -%}{%- endfor -%}
    {%- for name, node in members.items() if name not in passed -%}
        {%- do reasons.append(
            node.name ~ (' did not pass its tests' if node.unique_id in built else ' was not built in this run')
        ) -%}
    {%- endfor -%}
    {%- for name, node in members.items() -%}
        {%- for other, its_node in members.items() if name < other -%}
            {%- if not (segmentloom.keeps_off(node, other, its_node) or segmentloom.keeps_off(its_node, name, node)) -%}
                {%- do reasons.append(
                    node.name ~ ' and ' ~ its_node.name ~ ' were compiled at different times: run `segmentloom-sync compile`'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(reasons) }}
{%- endmacro %}

{# Whether a model takes nobody whom the other one takes, as that is now. #}
{% macro keeps_off(node, other, its_node) -%}
    {%- set theirs = dict(its_node.config.meta.get('segmentloom_rule') or {}, audience=other) -%}
    {%- do theirs.pop('outranked_by', none) -%}
    {%- set texts = [] -%}
    {%- for first in (node.config.meta.get('segmentloom_rule') or {}).get('outranked_by', []) -%}
        {%- do texts.append(tojson(first, sort_keys=true)) -%}
    {%- endfor -%}
    {{ return(tojson(theirs, sort_keys=true) in texts) }}
{%- endmacro %}
