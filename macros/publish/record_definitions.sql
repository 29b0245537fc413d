{# Adds a row to `audience_changes` for each definition that this run published for the first time, changed or saw gone.
   Who did it and by which commit dbt cannot know: `segmentloom-sync` hands it over in the variable SEGMENTLOOM_AUTHORS, a
   JSON mapping of audience to [changed_by, git_commit, is_uncommitted]. It is read here, where dbt parses nothing any more,
   so that another value makes dbt parse nothing anew. #}
{% macro record_definitions(passed, gone, table) -%}
    {%- set authors = fromjson(env_var('SEGMENTLOOM_AUTHORS', '{}')) -%}
    {%- set changes = segmentloom.definition_changes(passed, gone, segmentloom.recorded_definitions(table)) -%}
    {#- A statement may not be of any length: so many rows at once. -#}
    {%- for few in changes | batch(50) -%}
        {%- set rows = [] -%}
        {%- for change in few -%}
            {%- do rows.append(segmentloom.change_row(change, authors.get(change.audience, [none, none, none]))) -%}
        {%- endfor -%}
        {%- do segmentloom.run_together([
            'insert into ' ~ table ~ ' (audience, change, changed_at, changed_by, git_commit, is_uncommitted,'
                ~ ' old_hash, new_hash, old_definition, new_definition) ' ~ rows | join(' union all ')
        ]) -%}
    {%- endfor -%}
{%- endmacro %}
