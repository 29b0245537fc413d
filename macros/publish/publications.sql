{#-
    What is to be published: name -> {relation, definition, evaluated_at, generation, batch, rules, known_batch}.

    definition          of a compiled model, whose members are those of it and no others
    generation, batch   of the changes of conditions that the members are as of
    rules               a digest of the definition and of those it uses
    known_batch         the change that the published members are as of, so that only profiles that changed since have to be
                        compared; none when all have to be: at first, with other rules, or after too many changes
-#}
{% macro publications(passed, tables) -%}
    {%- set progress = segmentloom.progress_of(['int_segmentloom__conditions', 'int_segmentloom__condition_changes']) -%}
    {%- set conditions = progress.get('int_segmentloom__conditions') -%}
    {%- set changes = progress.get('int_segmentloom__condition_changes') -%}
    {%- set known, published = {}, {} -%}
    {%- for row in run_query('select audience, generation, batch, rules from ' ~ tables['publications']).rows -%}
        {%- do known.update({row[0]: {'generation': row[1], 'batch': row[2] | int, 'rules': row[3]}}) -%}
    {%- endfor -%}
    {%- for name, audience in passed.items() -%}
        {%- set before, definition = known.get(name), audience.node.config.meta.get('segmentloom_rule') -%}
        {%- set now = {
            'relation': audience.relation,
            'definition': definition if audience.node.config.meta.get('segmentloom_source') else none,
            'evaluated_at': segmentloom.as_of(),
            'generation': '',
            'batch': 0,
            'rules': '',
            'known_batch': none,
        } -%}
        {%- if definition -%}
            {%- do now.update({
                'evaluated_at': segmentloom.timestamp_literal(segmentloom.time_text(conditions.watermark)),
                'generation': changes.generation,
                'batch': changes.batch,
                'rules': segmentloom.definition_digest(name, definition),
            }) -%}
            {%- if before and before.generation == changes.generation and before.rules == now.rules
                and before.batch >= changes.batch - segmentloom.kept_changes() -%}
                {%- do now.update({'known_batch': before.batch}) -%}
            {%- endif -%}
        {%- endif -%}
        {%- do published.update({name: now}) -%}
    {%- endfor -%}
    {{ return(published) }}
{%- endmacro %}

{# How many changes of conditions are remembered; what was published before them is compared as a whole. #}
{% macro kept_changes() -%}
    {{ return(var('segmentloom_kept_changes', 100) | int) }}
{%- endmacro %}

{# A digest of all that an audience's members depend on beside the conditions: its definition, and those that it uses. #}
{% macro definition_digest(name, definition) -%}
    {%- set parts = [name, tojson(definition, sort_keys=true)] -%}
    {%- for used in segmentloom.used_audiences(definition) -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == 'audience_' ~ used -%}
            {%- set rule = node.config.meta.get('segmentloom_rule') -%}
            {#- What a model written by hand depends on is not known: its members may always be others. -#}
            {%- do parts.append(segmentloom.definition_digest(used, rule) if rule else invocation_id) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(local_md5(parts | join(' '))) }}
{%- endmacro %}
