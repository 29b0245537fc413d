{# Makes the scratch tables `anew`, the conditions of a part of the plan for every profile, and `differing`, profiles of which
   the table says otherwise. #}
{% macro evaluate_anew(step, part, scratch, target_relation) -%}
    {%- if step.anew -%}
        {%- set anew = segmentloom.make_scratch(
            scratch, 'anew', segmentloom.conditions_of_all(step, part, scratch, 'uncounted_anew')
        ) -%}
        {%- set known_at, anew_at, tests = segmentloom.places(step.existing), segmentloom.places(part.columns), [] -%}
        {%- for column in step.known -%}
            {%- do tests.append(
                '(' ~ segmentloom.stored_answer(known_at[column], 'known') ~ ') <> ('
                ~ segmentloom.stored_answer(anew_at[column], 'anew') ~ ')'
            ) -%}
        {%- endfor -%}
        {%- if tests -%}
            {%- do segmentloom.make_scratch(
                scratch, 'differing', 'select known.profile_id from ' ~ segmentloom.words_relation(target_relation, step.existing)
                    ~ ' as known inner join ' ~ anew
                    ~ ' as anew on anew.profile_id = known.profile_id where ' ~ tests | join(' or ')
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# The rows of the table with the conditions that it has from now on. #}
{% macro other_conditions(step, part, scratch, target_relation) -%}
    {%- set known_at, anew_at = segmentloom.places(step.existing), segmentloom.places(part.columns) -%}
    select
        known.profile_id
        {%- for columns in step.columns | batch(62) %},
        {% set terms = [] -%}
        {%- for column in columns -%}
            {%- set answer = segmentloom.stored_answer(anew_at[column], 'anew') if column in anew_at
                else segmentloom.stored_answer(known_at[column], 'known') -%}
            {%- do terms.append('case when ' ~ answer ~ ' then ' ~ 2 ** loop.index0 ~ ' else 0 end') -%}
        {%- endfor -%}
        cast({{ segmentloom.added_up(terms) }} as {{ dbt.type_bigint() }}) as word_{{ loop.index0 }}
        {%- endfor %}

    from {{ segmentloom.words_relation(target_relation, step.existing) }} as known
    {%- if step.anew %}
    inner join {{ scratch.relations['anew'] }} as anew on anew.profile_id = known.profile_id
    {%- endif %}

    where known.profile_id not in (select profile_id from {{ scratch.relations['touched'] }})
    {%- if 'rows' in scratch.relations %}

    union all

    select * from {{ scratch.relations['rows'] }}
    {%- endif %}
{%- endmacro %}
